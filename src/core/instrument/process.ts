/**
 * What this process can say of itself, under the names that every Prometheus client library uses for a process, and
 * those of Node's usual client for the runtime. Linux' /proc where it is there, else what Node knows.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { MetricFamily } from '../model/family.ts';
import { labelsFromObject, METRIC_NAME } from '../model/labels.ts';
import type { MetricType } from '../model/metadata.ts';

/** Set by the build. */
const VERSION = process.env['TSMON_VERSION'] ?? 'unbuilt';

/** `/proc/<pid>/stat` counts in ticks, of which Linux shows user space 100 a second on every architecture. */
const TICKS_PER_SECOND = 100;

export function processFamilies(): MetricFamily[] {
  const families: MetricFamily[] = [];
  const add = (
    type: MetricType,
    name: string,
    help: string,
    v: number | undefined,
    labels: Record<string, string> = {},
  ) => {
    if (v === undefined) return;
    const samples = [{ labels: labelsFromObject({ ...labels, [METRIC_NAME]: name }), v }];
    families.push({ name, type, help, unit: '', samples });
  };
  const cpu = process.cpuUsage();
  const memory = process.memoryUsage();
  const status = linuxStatus();
  add('gauge', 'tsmon_build_info', 'The version of tsmon and of what it runs on; always 1.', 1, {
    version: VERSION,
    node_version: process.version,
    platform: process.platform,
    arch: process.arch,
  });
  add(
    'counter',
    'process_cpu_seconds_total',
    'Total user and system CPU time spent in seconds.',
    (cpu.user + cpu.system) / 1e6,
  );
  add('gauge', 'process_resident_memory_bytes', 'Resident memory size in bytes.', memory.rss);
  add('gauge', 'process_virtual_memory_bytes', 'Virtual memory size in bytes.', status.virtualBytes);
  add('gauge', 'process_open_fds', 'Number of open file descriptors.', openFiles());
  add('gauge', 'process_max_fds', 'Maximum number of open file descriptors.', maxOpenFiles());
  add(
    'gauge',
    'process_start_time_seconds',
    'Start time of the process since unix epoch in seconds.',
    status.startTime ?? (Date.now() - process.uptime() * 1000) / 1000,
  );
  add('gauge', 'nodejs_heap_size_total_bytes', 'Process heap size from Node.js in bytes.', memory.heapTotal);
  add(
    'gauge',
    'nodejs_heap_size_used_bytes',
    'Process heap size used from Node.js in bytes.',
    memory.heapUsed,
  );
  add('gauge', 'nodejs_external_memory_bytes', 'Node.js external memory size in bytes.', memory.external);
  return families;
}

/** From `/proc/self/stat` and the boot time; empty elsewhere. */
function linuxStatus(): { startTime?: number; virtualBytes?: number } {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    // The command's name, in parentheses, may hold anything; the fields that follow it are plain.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const boot = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'));
    const startTime = boot === null ? undefined : Number(boot[1]) + Number(fields[19]) / TICKS_PER_SECOND;
    return { ...(startTime === undefined ? {} : { startTime }), virtualBytes: Number(fields[20]) };
  } catch {
    return {};
  }
}

function openFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}

function maxOpenFiles(): number | undefined {
  try {
    const line = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    if (line === null) return undefined;
    return line[1] === 'unlimited' ? Number.POSITIVE_INFINITY : Number(line[1]);
  } catch {
    return undefined;
  }
}
