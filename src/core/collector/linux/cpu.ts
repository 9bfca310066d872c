/**
 * Seconds of each CPU in each mode (/proc/stat), and what sysfs says of the CPUs: throttling, isolation, online.
 * Format of /proc/stat: https://docs.kernel.org/filesystems/proc.html#miscellaneous-kernel-statistics-in-proc-stat
 */

import { attribute, numericAttribute } from '../attributes.ts';
import type { Collector, Host } from '../collector.ts';
import type { Families } from '../families.ts';
import { listFolder, malformed, parseNumber, readText } from '../files.ts';
import { collectCpuInfo } from './cpu-info.ts';
import { parseCpuList } from './cpu-list.ts';

/** The columns of a `cpuN` row. Old kernels have only the first few. */
const MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'];
const GUEST_MODES = ['user', 'nice'];
const COLUMNS = MODES.length + GUEST_MODES.length;
const IDLE = 3;

/** USER_HZ: the unit of /proc/stat is 10 ms on every architecture, whatever the kernel's own tick is. */
const TICKS_PER_SECOND = 100;

/** An idle counter that falls by more than this is a CPU that was taken out and put back: all starts anew. */
const HOTPLUG_SECONDS = 3;

/**
 * Keeps the last values it gave: iowait and idle of a CPU may go backwards by a few ticks, and a counter must not
 * (PromQL would see a reset).
 */
export class CpuCollector implements Collector {
  readonly name = 'cpu';
  private readonly last: Map<string, Float64Array> = new Map();

  collect(host: Host, out: Families): boolean {
    if (host.settings.cpuInfo) collectCpuInfo(host, out);
    this.collectSeconds(host, out);
    collectIsolated(host, out);
    const cpus = (listFolder(host.files.sys('devices/system/cpu')) ?? []).filter((name) =>
      /^cpu[0-9]+$/.test(name),
    );
    collectOnline(host, out, cpus);
    collectThrottles(host, out, cpus);
    return true;
  }

  private collectSeconds(host: Host, out: Families): void {
    const file = host.files.proc('stat');
    const seconds = out.counter(
      'node_cpu_seconds_total',
      'Seconds the CPUs spent in each mode.',
      'cpu',
      'mode',
    );
    const guest = out.counter(
      'node_cpu_guest_seconds_total',
      'Seconds the CPUs spent in guests (VMs) for each mode.',
      'cpu',
      'mode',
    );
    for (const [cpu, now] of parseCpuRows(readText(file), file)) {
      const kept = this.keepRising(cpu, now);
      for (let i = 0; i < MODES.length; i++) seconds.add(kept[i], cpu, MODES[i]);
      for (let i = 0; i < GUEST_MODES.length; i++) guest.add(kept[MODES.length + i], cpu, GUEST_MODES[i]);
    }
  }

  private keepRising(cpu: string, now: Float64Array): Float64Array {
    const last = this.last.get(cpu);
    if (last === undefined || last[IDLE] - now[IDLE] >= HOTPLUG_SECONDS) {
      this.last.set(cpu, now);
      return now;
    }
    for (let i = 0; i < COLUMNS; i++) if (now[i] > last[i]) last[i] = now[i];
    return last;
  }
}

/** CPU number (as text) -> seconds by column, 0 where the kernel has fewer columns. */
function parseCpuRows(text: string, file: string): Map<string, Float64Array> {
  const rows = new Map<string, Float64Array>();
  let start = 0;
  // The rows of the CPUs stand at the top; `intr` below can be very long and is not looked at.
  for (let line = 1; text.startsWith('cpu', start); line++) {
    const end = text.indexOf('\n', start);
    const fields = text.slice(start, end === -1 ? text.length : end).split(/ +/);
    start = end === -1 ? text.length : end + 1;
    const cpu = fields[0].slice(3);
    if (cpu === '') continue;
    if (!/^[0-9]+$/.test(cpu)) throw malformed(`expected cpu<number>, got ${fields[0]}`, file, line);
    const seconds = new Float64Array(COLUMNS);
    const columns = Math.min(COLUMNS, fields.length - 1);
    for (let i = 0; i < columns; i++) {
      seconds[i] = parseNumber(fields[i + 1], file, line) / TICKS_PER_SECOND;
    }
    rows.set(cpu, seconds);
  }
  if (start === 0) throw malformed('expected a row of a CPU', file, 1);
  return rows;
}

function collectIsolated({ files }: Host, out: Families): void {
  const file = files.sys('devices/system/cpu/isolated');
  const list = attribute(file);
  if (list === undefined) return;
  const isolated = out.gauge(
    'node_cpu_isolated',
    'Whether each core is isolated, information from /sys/devices/system/cpu/isolated.',
    'cpu',
  );
  for (const cpu of parseCpuList(list, file)) isolated.add(1, String(cpu));
}

function collectOnline({ files }: Host, out: Families, cpus: readonly string[]): void {
  const states = cpus.map((cpu) => attribute(files.sys(`devices/system/cpu/${cpu}/online`)));
  // A kernel without CPU hotplug has no such file for the first CPU, and then nothing is said of any.
  if (states[0] === undefined) return;
  const online = out.gauge('node_cpu_online', 'CPUs that are online and being scheduled.', 'cpu');
  cpus.forEach((cpu, i) => {
    online.add(states[i] === '1' ? 1 : 0, cpu.slice(3));
  });
}

function collectThrottles({ files }: Host, out: Families, cpus: readonly string[]): void {
  const cores = out.counter(
    'node_cpu_core_throttles_total',
    'Number of times this CPU core has been throttled.',
    'package',
    'core',
  );
  const packages = out.counter(
    'node_cpu_package_throttles_total',
    'Number of times this CPU package has been throttled.',
    'package',
  );
  const seen = new Set<string>();
  for (const cpu of cpus) {
    const folder = files.sys(`devices/system/cpu/${cpu}`);
    const coreThrottles = numericAttribute(`${folder}/thermal_throttle/core_throttle_count`);
    const packageThrottles = numericAttribute(`${folder}/thermal_throttle/package_throttle_count`);
    if (coreThrottles === undefined && packageThrottles === undefined) continue;
    const packageId = attribute(`${folder}/topology/physical_package_id`);
    const coreId = attribute(`${folder}/topology/core_id`);
    if (packageId === undefined || coreId === undefined) continue;
    // Hyper-threads share a core and cores share a package: the first one speaks for all.
    if (coreThrottles !== undefined && !seen.has(`${packageId}/${coreId}`)) {
      seen.add(`${packageId}/${coreId}`);
      cores.add(coreThrottles, packageId, coreId);
    }
    if (packageThrottles !== undefined && !seen.has(packageId)) {
      seen.add(packageId);
      packages.add(packageThrottles, packageId);
    }
  }
}
