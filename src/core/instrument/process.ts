/**
 * What this process can say of itself, under the names that every Prometheus client library uses for a process, and
 * those of Node's usual client for the runtime. Linux' /proc where it is there, else what Node knows.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { getHeapSpaceStatistics } from 'node:v8';
import type { MetricFamily } from '../model/family.ts';
import { labelsFromObject, METRIC_NAME } from '../model/labels.ts';
import type { MetricType } from '../model/metadata.ts';

/** Set by the build. */
const VERSION = process.env['TSMON_VERSION'] ?? 'unbuilt';

/** `/proc/<pid>/stat` counts in ticks, of which Linux shows user space 100 a second on every architecture. */
const TICKS_PER_SECOND = 100;
/** What client libraries say where there is no limit. */
const MOST_BYTES = 2 ** 64;

/** Read at the moment of the call; what has to be watched over time is in runtime.ts. */
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
  add(
    'gauge',
    'process_virtual_memory_max_bytes',
    'Maximum amount of virtual memory available in bytes.',
    limitOf('Max address space', MOST_BYTES),
  );
  const network = networkBytes();
  add(
    'counter',
    'process_network_receive_bytes_total',
    'Number of bytes received by the process over the network.',
    network?.received,
  );
  add(
    'counter',
    'process_network_transmit_bytes_total',
    'Number of bytes sent by the process over the network.',
    network?.sent,
  );
  add('gauge', 'process_open_fds', 'Number of open file descriptors.', openFiles());
  add(
    'gauge',
    'process_max_fds',
    'Maximum number of open file descriptors.',
    limitOf('Max open files', Number.POSITIVE_INFINITY),
  );
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
  const [major, minor, patch] = process.version.slice(1).split('.');
  add('gauge', 'nodejs_version_info', 'Node.js version info.', 1, {
    version: process.version,
    major: `v${major}`,
    minor,
    patch,
  });
  families.push(...heapSpaces(), activeResources());
  return families;
}

/** The parts of V8's heap. */
function heapSpaces(): MetricFamily[] {
  const spaces = getHeapSpaceStatistics();
  const family = (what: string, help: string, bytes: (space: (typeof spaces)[number]) => number) =>
    bySubject(`nodejs_heap_space_size_${what}_bytes`, help, 'space', (count) => {
      for (const space of spaces) count(space.space_name.replace(/_space$/, ''), bytes(space));
    });
  return [
    family('total', 'Process heap space size total from Node.js in bytes.', (space) => space.space_size),
    family('used', 'Process heap space size used from Node.js in bytes.', (space) => space.space_used_size),
    family(
      'available',
      'Process heap space size available from Node.js in bytes.',
      (space) => space.space_available_size,
    ),
  ];
}

/** What keeps the event loop alive. */
function activeResources(): MetricFamily {
  const numbers = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) numbers.set(type, (numbers.get(type) ?? 0) + 1);
  const help =
    'Number of active resources that are currently keeping the event loop alive, grouped by async resource type.';
  return bySubject('nodejs_active_resources', help, 'type', (count) => {
    for (const [type, n] of numbers) count(type, n);
  });
}

function bySubject(
  name: string,
  help: string,
  label: string,
  fill: (count: (subject: string, v: number) => void) => void,
): MetricFamily {
  const family: MetricFamily = { name, type: 'gauge', help, unit: '', samples: [] };
  fill((subject, v) => {
    family.samples.push({ labels: labelsFromObject({ [METRIC_NAME]: name, [label]: subject }), v });
  });
  return family;
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

/** The soft limit of that name. */
function limitOf(name: string, unlimited: number): number | undefined {
  try {
    for (const line of readFileSync('/proc/self/limits', 'utf8').split('\n')) {
      if (!line.startsWith(name)) continue;
      const [soft] = line.slice(name.length).trim().split(/\s+/);
      return soft === 'unlimited' ? unlimited : Number(soft);
    }
    return undefined;
  } catch {
    return undefined;
  }
}

/** Of all processes that share this one's network, as every client library has it. */
function networkBytes(): { received: number; sent: number } | undefined {
  try {
    const lines = readFileSync('/proc/self/net/netstat', 'utf8').split('\n');
    const [names, values] = lines.filter((line) => line.startsWith('IpExt:')).map((line) => line.split(' '));
    const value = (name: string) => Number(values[names.indexOf(name)]);
    return { received: value('InOctets'), sent: value('OutOctets') };
  } catch {
    return undefined;
  }
}
