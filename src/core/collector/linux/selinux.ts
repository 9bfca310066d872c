/** SELinux: whether it is on, its mode, and its access vector cache, from /sys/fs/selinux/. */
import type { Collector } from '../collector.ts';
import { malformed, parseNumber, readText, readTextIfAny, words } from '../files.ts';

const CONFIGURED_MODES: Readonly<Record<string, number>> = { enforcing: 1, permissive: 0, disabled: -1 };

export const selinux: Collector = {
  name: 'selinux',
  collect({ files }, out) {
    const enabled = out.gauge('node_selinux_enabled', 'SELinux is enabled, 1 is true, 0 is false');
    const enforceFile = files.sys('fs/selinux/enforce');
    const enforce = readTextIfAny(enforceFile);
    if (enforce === undefined) {
      enabled.add(0);
      return true;
    }
    enabled.add(1);
    out
      .gauge('node_selinux_current_mode', 'Current SELinux enforcement mode')
      .add(parseNumber(enforce.trim(), enforceFile));
    const config = readTextIfAny(files.rootfs('/etc/selinux/config')) ?? '';
    const mode = /^SELINUX=(\w+)/m.exec(config)?.[1].toLowerCase() ?? '';
    out
      .gauge('node_selinux_config_mode', 'Configured SELinux enforcement mode')
      .add(CONFIGURED_MODES[mode] ?? -1);

    const cacheFile = files.sys('fs/selinux/avc/cache_stats');
    for (const [name, v] of cacheTotals(readText(cacheFile), cacheFile)) {
      out.counter(`node_selinux_avc_${name}_total`, `SELinux AVC ${name}`).add(v);
    }

    const hashFile = files.sys('fs/selinux/avc/hash_stats');
    const hash = /entries: (\d+)\s+buckets used: (\d+)\/(\d+)\s+longest chain: (\d+)/.exec(
      readText(hashFile),
    );
    if (hash === null) throw malformed('expected entries, buckets used and longest chain', hashFile);
    const gauge = (name: string, v: string) =>
      out
        .gauge(`node_selinux_avc_${name}`, `SELinux AVC ${name.replaceAll('_', ' ')}`)
        .add(parseNumber(v, hashFile));
    gauge('hash_entries', hash[1]);
    gauge('hash_buckets_used', hash[2]);
    gauge('hash_buckets_available', hash[3]);
    gauge('hash_longest_chain', hash[4]);
    gauge('threshold', readText(files.sys('fs/selinux/avc/cache_threshold')).trim());
    return true;
  },
};

/** A line of names (`lookups hits misses allocations reclaims frees`), then a line of numbers for each CPU. */
function cacheTotals(text: string, file: string): Map<string, number> {
  const [names, ...rows] = text.split('\n').map(words);
  const totals = new Map(names.map((name) => [name, 0]));
  rows.forEach((row, i) => {
    if (row.length === 0) return;
    names.forEach((name, column) => {
      totals.set(name, totals.get(name)! + parseNumber(row[column], file, i + 2));
    });
  });
  return totals;
}
