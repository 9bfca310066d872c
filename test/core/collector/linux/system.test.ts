import { chmodSync, chownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { read, samples, unpackTree, value, writeTree } from '../tree.ts';

it('meminfo takes kilobytes for bytes and counts for counts', () => {
  const reading = read(unpackTree('server'), { collectors: ['meminfo'] });
  expect(value(reading, 'node_memory_MemAvailable_bytes')).toBe(11007824 * 1024);
  expect(value(reading, 'node_memory_Active_anon_bytes')).toBe(2003128 * 1024);
  expect(value(reading, 'node_memory_HugePages_Total')).toBe(16);
  expect(reading.families.get('node_memory_Active_anon_bytes')?.help).toBe(
    'Memory information field Active_anon_bytes.',
  );
  const legacy = read(unpackTree('legacy'), { collectors: ['meminfo'] });
  expect(legacy.families.has('node_memory_MemAvailable_bytes')).toBe(false);
  expect(value(legacy, 'node_memory_HighFree_bytes')).toBe(252 * 1024);
});

it('meminfo refuses lines of another shape', () => {
  const { failures } = read(unpackTree('server', { 'proc/meminfo': 'MemTotal: 1 kB\nMemFree 2 kB\n' }), {
    collectors: ['meminfo'],
  });
  expect(failures[0].reason).toMatch(/meminfo:2: expected "name: number" or "name: number kB"$/);
});

it('stat reads below the rows of the CPUs', () => {
  const reading = read(unpackTree('server'), { collectors: ['stat'] });
  expect(value(reading, 'node_intr_total')).toBe(8123456);
  expect(value(reading, 'node_context_switches_total')).toBe(38014093);
  expect(value(reading, 'node_boot_time_seconds')).toBe(1718000123);
  expect(value(reading, 'node_procs_running')).toBe(7);
  expect(value(reading, 'node_procs_blocked')).toBe(2);
});

it('vmstat takes the fields that it is told to', () => {
  const names = (options = {}) =>
    [...read(unpackTree('server'), { collectors: ['vmstat'], ...options }).families.keys()].filter((name) =>
      name.startsWith('node_vmstat'),
    );
  expect(names()).toEqual(
    ['oom_kill', 'pgfault', 'pgmajfault', 'pgpgin', 'pgpgout', 'pswpin', 'pswpout'].map(
      (f) => `node_vmstat_${f}`,
    ),
  );
  expect(names({ vmstatFields: { matches: (name: string) => name.startsWith('thp') } })).toEqual([
    'node_vmstat_thp_fault_alloc',
  ]);
});

it('pressure gives seconds, of what the kernel has', () => {
  const reading = read(unpackTree('server', { 'proc/pressure/irq': null }), { collectors: ['pressure'] });
  expect(value(reading, 'node_pressure_io_stalled_seconds_total')).toBe(159.229614);
  expect(value(reading, 'node_pressure_memory_waiting_seconds_total')).toBeCloseTo(0.002015, 9);
  expect(reading.families.has('node_pressure_irq_stalled_seconds_total')).toBe(false);
  expect(reading.failures).toEqual([]);
});

it('time tells the clock, its zone and its sources', () => {
  const clock = { now: () => 1234567890123, monotonic: () => 0, sleep: () => Promise.resolve() };
  const reading = read(unpackTree('server'), { collectors: ['time'], clock });
  expect(value(reading, 'node_time_seconds')).toBe(1234567890.123);
  expect(value(reading, 'node_time_zone_offset_seconds')).toBe(
    (0 - new Date(1234567890123).getTimezoneOffset()) * 60,
  );
  expect(samples(reading, 'node_time_clocksource_available_info')).toEqual([
    '{clocksource="acpi_pm", device="0"} 1',
    '{clocksource="hpet", device="0"} 1',
    '{clocksource="tsc", device="0"} 1',
  ]);
  expect(samples(reading, 'node_time_clocksource_current_info')).toEqual([
    '{clocksource="tsc", device="0"} 1',
  ]);
});

it('os reads quoted values, and the version as a number', () => {
  const reading = read(unpackTree('server'), { collectors: ['os'] });
  expect(samples(reading, 'node_os_info')?.[0]).toContain('pretty_name="Example Linux 20.04.1 LTS"');
  expect(value(reading, 'node_os_version')).toBe(20.04);
  expect(value(reading, 'node_os_support_end_timestamp_seconds')).toBe(Date.UTC(2031, 4, 29) / 1000);
  const fallback = read(writeTree({ 'usr/lib/os-release': 'ID=rolling\nNAME="A \\"B\\" $C"\n' }), {
    collectors: ['os'],
  });
  expect(samples(fallback, 'node_os_info')).toEqual(['{id="rolling", name="A \\"B\\" $C"} 1']);
  expect(fallback.families.has('node_os_version')).toBe(false);
});

it('thermal_zone leaves out sensors that do not answer', () => {
  const reading = read(unpackTree('server', { 'sys/class/thermal/thermal_zone0/temp': '\n' }), {
    collectors: ['thermal_zone'],
  });
  expect(samples(reading, 'node_thermal_zone_temp')).toEqual(['{type="acpitz", zone="1"} -44']);
  expect(samples(reading, 'node_cooling_device_cur_state')).toEqual([
    '{name="0", type="Processor"} 3',
    '{name="1", type="intel_powerclamp"} -1',
  ]);
});

it('powersupplyclass gives base units', () => {
  const reading = read(unpackTree('server'), { collectors: ['powersupplyclass'] });
  expect(samples(reading, 'node_power_supply_voltage_volt')).toEqual(['{power_supply="BAT0"} 12.229']);
  expect(samples(reading, 'node_power_supply_temp_celsius')).toEqual(['{power_supply="BAT0"} 30.1']);
  expect(samples(reading, 'node_power_supply_cyclecount')).toEqual(['{power_supply="BAT0"} 7']);
  expect(samples(reading, 'node_power_supply_info')).toContain('{power_supply="AC", type="Mains"} 1');
});

it('rapl numbers zones by their names', () => {
  const reading = read(unpackTree('server'), { collectors: ['rapl'] });
  const index = (name: string) => samples(reading, name)?.map((line) => line.replace(/, path="[^"]*"/, ''));
  expect(index('node_rapl_package_joules_total')).toEqual([
    '{index="0"} 240422.366267',
    '{index="10"} 540422.366267',
  ]);
  expect(index('node_rapl_core_joules_total')).toEqual([
    '{index="0"} 118821.284256',
    '{index="1"} 218821.284256',
  ]);
});

it('rapl says nothing where only root may read it', () => {
  const root = writeTree({
    'sys/class/powercap/intel-rapl:0/name': 'package-0\n',
    'sys/class/powercap/intel-rapl:0/energy_uj': '1\n',
  });
  chmodSync(join(root, 'sys/class/powercap/intel-rapl:0/energy_uj'), 0o000);
  const reading = asNobody(root, () => read(root, { collectors: ['rapl'] }));
  expect(reading.failures).toEqual([]);
  expect(samples(reading, 'node_scrape_collector_success')).toEqual(['{collector="rapl"} 0']);
});

/** As somebody who is not root, and who owns the folder. */
function asNobody<T>(folder: string, run: () => T): T {
  if (process.getuid?.() !== 0) return run();
  const nobody = 65_534;
  for (const entry of ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })])
    chownSync(join(folder, entry), nobody, nobody);
  process.seteuid!(nobody);
  try {
    return run();
  } finally {
    process.seteuid!(0);
  }
}

it('selinux tells mode and cache where it is on, and that it is off where it is off', () => {
  const avc = 'sys/fs/selinux/avc';
  const on = read(
    writeTree({
      'sys/fs/selinux/enforce': '1',
      'etc/selinux/config': '# mode\nSELINUX=permissive\nSELINUXTYPE=targeted\n',
      [`${avc}/cache_stats`]: 'lookups hits misses allocations reclaims frees\n10 9 8 7 6 5\n1 2 3 4 5 6\n',
      [`${avc}/hash_stats`]: 'entries: 503\nbuckets used: 512/513\nlongest chain: 2\n',
      [`${avc}/cache_threshold`]: '514',
    }),
    { collectors: ['selinux'] },
  );
  expect(on.failures).toEqual([]);
  expect(value(on, 'node_selinux_enabled')).toBe(1);
  expect(value(on, 'node_selinux_current_mode')).toBe(1);
  expect(value(on, 'node_selinux_config_mode')).toBe(0);
  expect(value(on, 'node_selinux_avc_lookups_total')).toBe(11);
  expect(value(on, 'node_selinux_avc_frees_total')).toBe(11);
  expect(value(on, 'node_selinux_avc_hash_buckets_available')).toBe(513);
  expect(value(on, 'node_selinux_avc_threshold')).toBe(514);
  expect(on.families.get('node_selinux_avc_hash_longest_chain')?.help).toBe('SELinux AVC hash longest chain');
  const off = read(writeTree({}), { collectors: ['selinux'] });
  expect(value(off, 'node_selinux_enabled')).toBe(0);
});

it('edac, nfsd and zfs name what is missing', () => {
  const reading = read(
    unpackTree('server', {
      'sys/devices/system/edac/mc/mc0/csrow0/ue_count': null,
      'proc/net/rpc/nfsd': 'rc 1 6\n',
      'proc/spl/kstat/zfs/arcstats': 'no table\n',
    }),
    { collectors: ['edac', 'nfsd', 'zfs'] },
  );
  expect(
    reading.failures.map(({ collector, reason }) => `${collector}: ${reason.replace(/\S*\//g, '')}`),
  ).toEqual([
    "edac: ENOENT: no such file or directory, open 'ue_count'".replace("'ue_count'", "ue_count'"),
    'nfsd: nfsd:1: expected 3 numbers after "rc", got 2',
    'zfs: arcstats: expected a line "name type data"',
  ]);
});

it('btrfs works out how often each layout stores a byte', () => {
  const fs = 'sys/fs/btrfs/11111111-2222-3333-4444-555555555555';
  const layouts = ['data/raid6', 'metadata/raid1c3', 'system/dup', 'data/raid0'];
  const reading = read(
    writeTree({
      ...Object.fromEntries(['a', 'b', 'c', 'd'].map((disk) => [`${fs}/devices/${disk}/size`, '8\n'])),
      ...Object.fromEntries(layouts.map((layout) => [`${fs}/allocation/${layout}/total_bytes`, '1\n'])),
      'sys/fs/btrfs/features/raid56': '1\n',
    }),
    { collectors: ['btrfs'] },
  );
  expect(
    samples(reading, 'node_btrfs_allocation_ratio')?.map((line) => line.replace(/, uuid="[^"]*"/, '')),
  ).toEqual([
    '{block_group_type="data", mode="raid0"} 1',
    '{block_group_type="data", mode="raid6"} 2',
    '{block_group_type="metadata", mode="raid1c3"} 3',
    '{block_group_type="system", mode="dup"} 2',
  ]);
  expect(samples(reading, 'node_btrfs_device_size_bytes')?.[0]).toMatch(/ 4096$/);
});
