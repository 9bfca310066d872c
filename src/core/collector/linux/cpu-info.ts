/** What /proc/cpuinfo calls each CPU; off by default, as in node_exporter. */
import type { Host } from '../collector.ts';
import type { Families } from '../families.ts';
import { readText } from '../files.ts';

/** Label -> field of /proc/cpuinfo on x86; other architectures name few of them, which leaves the labels empty. */
const FIELDS = {
  package: 'physical id',
  core: 'core id',
  cpu: 'processor',
  vendor: 'vendor_id',
  family: 'cpu family',
  model: 'model',
  model_name: 'model name',
  microcode: 'microcode',
  stepping: 'stepping',
  cachesize: 'cache size',
};

export function collectCpuInfo({ files }: Host, out: Families): void {
  const info = out.gauge('node_cpu_info', 'CPU information from /proc/cpuinfo.', ...Object.keys(FIELDS));
  for (const block of readText(files.proc('cpuinfo')).split('\n\n')) {
    const fields = new Map<string, string>();
    for (const line of block.split('\n')) {
      const colon = line.indexOf(':');
      if (colon !== -1) fields.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
    }
    if (!fields.has('processor')) continue;
    info.add(1, ...Object.values(FIELDS).map((field) => fields.get(field) ?? ''));
  }
}
