import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HostCollector } from '../../../../src/core/collector/index.ts';
import { hostAt, read, samples, unpackTree } from '../tree.ts';

const ONLY = { collectors: ['cpu'] };

it('turns ticks into seconds, by the numbers that the CPUs have', () => {
  const reading = read(unpackTree('server'), ONLY);
  expect(samples(reading, 'node_cpu_seconds_total')?.filter((line) => line.includes('cpu="3"'))).toEqual([
    '{cpu="3", mode="idle"} 3001.01',
    '{cpu="3", mode="iowait"} 10.08',
    '{cpu="3", mode="irq"} 0.29',
    '{cpu="3", mode="nice"} 4',
    '{cpu="3", mode="softirq"} 2.51',
    '{cpu="3", mode="steal"} 0.3',
    '{cpu="3", mode="system"} 66.01',
    '{cpu="3", mode="user"} 200.58',
  ]);
  expect(samples(reading, 'node_cpu_guest_seconds_total')).toEqual([
    '{cpu="0", mode="nice"} 0.05',
    '{cpu="0", mode="user"} 0.64',
    '{cpu="1", mode="nice"} 0.1',
    '{cpu="1", mode="user"} 0.6',
    '{cpu="3", mode="nice"} 0',
    '{cpu="3", mode="user"} 0',
  ]);
});

it('takes columns that an old kernel lacks for 0', () => {
  const seconds = samples(read(unpackTree('legacy'), ONLY), 'node_cpu_seconds_total');
  expect(seconds).toContain('{cpu="0", mode="softirq"} 4.06');
  expect(seconds).toContain('{cpu="0", mode="steal"} 0');
});

function rowOf(reading: ReturnType<HostCollector['collect']>): number[] {
  return reading
    .find((family) => family.name === 'node_cpu_seconds_total')!
    .samples.map((sample) => sample.v);
}

it('never lets a counter fall by a few ticks, but starts anew after a hotplug', () => {
  const root = unpackTree('server', { 'proc/stat': 'cpu0 100 0 100 1000 50 0 0 0 0 0\n' });
  const collector = new HostCollector({ ...hostAt(root), ...ONLY });
  const next = (row: string) => {
    writeFileSync(join(root, 'proc/stat'), `cpu  0 0\ncpu0 ${row}\n`);
    return rowOf(collector.collect());
  };
  expect(rowOf(collector.collect())).toEqual([1, 0, 1, 10, 0.5, 0, 0, 0]);
  expect(next('150 0 100 999 40 0 0 0 0 0')).toEqual([1.5, 0, 1, 10, 0.5, 0, 0, 0]);
  expect(next('150 0 120 1001 51 0 0 0 0 0')).toEqual([1.5, 0, 1.2, 10.01, 0.51, 0, 0, 0]);
  expect(next('3 0 4 5 0 0 0 0 0 0')).toEqual([0.03, 0, 0.04, 0.05, 0, 0, 0, 0]);
});

it('counts throttling once for each core and package', () => {
  const sibling = 'sys/devices/system/cpu/cpu2';
  const reading = read(
    unpackTree('server', {
      [`${sibling}/topology/physical_package_id`]: '0\n',
      [`${sibling}/topology/core_id`]: '1\n',
      [`${sibling}/thermal_throttle/core_throttle_count`]: '6\n',
      [`${sibling}/thermal_throttle/package_throttle_count`]: '30\n',
    }),
    ONLY,
  );
  expect(samples(reading, 'node_cpu_core_throttles_total')).toEqual([
    '{core="0", package="0"} 5',
    '{core="0", package="1"} 9',
    '{core="1", package="0"} 6',
  ]);
  expect(samples(reading, 'node_cpu_package_throttles_total')).toEqual(['{package="0"} 30']);
});

it('lists isolated CPUs, and online ones where the kernel tells', () => {
  const reading = read(unpackTree('server'), ONLY);
  expect(samples(reading, 'node_cpu_isolated')).toEqual(['{cpu="1"} 1', '{cpu="3"} 1', '{cpu="4"} 1']);
  expect(samples(reading, 'node_cpu_online')).toEqual(['{cpu="0"} 1', '{cpu="1"} 0', '{cpu="3"} 0']);
  const untold = read(unpackTree('server', { 'sys/devices/system/cpu/cpu0/online': null }), ONLY);
  expect(untold.families.has('node_cpu_online')).toBe(false);
});

it('names the CPUs only where it is told to', () => {
  const cpuinfo = `processor\t: 0
vendor_id\t: ExampleChip
cpu family\t: 6
model\t\t: 142
model name\t: Example(R) CPU: 2.40GHz
stepping\t: 10
microcode\t: 0xb4
cache size\t: 8192 KB
physical id\t: 0
core id\t\t: 0
flags\t\t: fpu

`;
  const root = unpackTree('server', { 'proc/cpuinfo': cpuinfo });
  expect(read(root, ONLY).families.has('node_cpu_info')).toBe(false);
  expect(samples(read(root, { ...ONLY, cpuInfo: true }), 'node_cpu_info')).toEqual([
    '{cachesize="8192 KB", core="0", cpu="0", family="6", microcode="0xb4", model="142", model_name="Example(R) CPU: 2.40GHz", package="0", stepping="10", vendor="ExampleChip"} 1',
  ]);
});

it.each([
  ['no CPU at all', 'intr 1 2\n', /stat:1: expected a row of a CPU$/],
  ['a CPU without a number', 'cpu  1\ncpux 1 2 3\n', /stat:2: expected cpu<number>, got cpux$/],
  ['ticks that are no number', 'cpu  1\ncpu0 1 -x 3\n', /stat:2: expected a number, got "-x"$/],
  ['a row that breaks off', 'cpu  1\ncpu0 1 ', /stat:2: expected a number, got ""$/],
])('refuses /proc/stat with %s', (_, text, reason) => {
  expect(read(unpackTree('server', { 'proc/stat': text }), ONLY).failures[0].reason).toMatch(reason);
});

it.each(['1-x', '3-99999999999', 'all'])('refuses the CPU list %s', (list) => {
  const root = unpackTree('server', { 'sys/devices/system/cpu/isolated': `${list}\n` });
  expect(read(root, ONLY).failures[0].reason).toMatch(/isolated:1: expected a list of CPUs/);
});
