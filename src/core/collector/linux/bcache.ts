/**
 * Caches in front of slower disks (bcache), from /sys/fs/bcache/<uuid>/. Attributes:
 * https://docs.kernel.org/admin-guide/bcache.html
 */
import { attribute } from '../attributes.ts';
import type { Collector } from '../collector.ts';
import type { Families } from '../families.ts';
import { listFolder, malformed, parseNumber } from '../files.ts';

interface Metric {
  /** Attribute, below the folder that the metric's list is for. */
  file: string;
  /** Family without `node_bcache_`; a counter where it ends in `_total`. */
  name: string;
  help: string;
}

const CACHE_SET: readonly Metric[] = [
  {
    file: 'average_key_size',
    name: 'average_key_size_sectors',
    help: 'Average data per key in the btree (sectors).',
  },
  {
    file: 'btree_cache_size',
    name: 'btree_cache_size_bytes',
    help: 'Amount of memory currently used by the btree cache.',
  },
  {
    file: 'cache_available_percent',
    name: 'cache_available_percent',
    help: 'Percentage of cache device without dirty data, usable for writeback (may contain clean cached data).',
  },
  { file: 'congested', name: 'congested', help: 'Congestion.' },
  {
    file: 'root_usage_percent',
    name: 'root_usage_percent',
    help: 'Percentage of the root btree node in use (tree depth increases if too high).',
  },
  { file: 'tree_depth', name: 'tree_depth', help: 'Depth of the btree.' },
  {
    file: 'internal/active_journal_entries',
    name: 'active_journal_entries',
    help: 'Number of journal entries that are newer than the index.',
  },
  { file: 'internal/btree_nodes', name: 'btree_nodes', help: 'Total nodes in the btree.' },
  {
    file: 'internal/cache_read_races',
    name: 'cache_read_races_total',
    help: 'Counts instances where while data was being read from the cache, the bucket was reused and invalidated - i.e. where the pointer was stale after the read completed.',
  },
];

const BACKING_DEVICE: readonly Metric[] = [
  {
    file: 'dirty_data',
    name: 'dirty_data_bytes',
    help: 'Amount of dirty data for this backing device in the cache.',
  },
  {
    file: 'stats_total/bypassed',
    name: 'bypassed_bytes_total',
    help: 'Amount of IO (both reads and writes) that has bypassed the cache.',
  },
  {
    file: 'stats_total/cache_hits',
    name: 'cache_hits_total',
    help: 'Hits counted per individual IO as bcache sees them.',
  },
  {
    file: 'stats_total/cache_misses',
    name: 'cache_misses_total',
    help: 'Misses counted per individual IO as bcache sees them.',
  },
  {
    file: 'stats_total/cache_bypass_hits',
    name: 'cache_bypass_hits_total',
    help: 'Hits for IO intended to skip the cache.',
  },
  {
    file: 'stats_total/cache_bypass_misses',
    name: 'cache_bypass_misses_total',
    help: 'Misses for IO intended to skip the cache.',
  },
  {
    file: 'stats_total/cache_miss_collisions',
    name: 'cache_miss_collisions_total',
    help: 'Instances where data insertion from cache miss raced with write (data already present).',
  },
  {
    file: 'stats_total/cache_readaheads',
    name: 'cache_readaheads_total',
    help: 'Count of times readahead occurred.',
  },
];

const CACHE_DEVICE: readonly Metric[] = [
  {
    file: 'io_errors',
    name: 'io_errors',
    help: 'Number of errors that have occurred, decayed by io_error_halflife.',
  },
  {
    file: 'metadata_written',
    name: 'metadata_written_bytes_total',
    help: 'Sum of all non data writes (btree writes and all other metadata).',
  },
  {
    file: 'written',
    name: 'written_bytes_total',
    help: 'Sum of all data that has been written to the cache.',
  },
];

/** Lines of `writeback_rate_debug`, families, helps. */
const WRITEBACK = [
  ['target', 'dirty_target_bytes', 'Current dirty data target threshold for this backing device in bytes.'],
  ['rate', 'writeback_rate', 'Current writeback rate for this backing device in bytes.'],
  [
    'proportional',
    'writeback_rate_proportional_term',
    'Current result of proportional controller, part of writeback rate',
  ],
  [
    'integral',
    'writeback_rate_integral_term',
    'Current result of integral controller, part of writeback rate',
  ],
  ['change', 'writeback_change', 'Last writeback rate change step for this backing device.'],
] as const;

export const bcache: Collector = {
  name: 'bcache',
  collect({ files }, out) {
    const root = files.sys('fs/bcache');
    for (const uuid of listFolder(root) ?? []) {
      const folder = `${root}/${uuid}`;
      const parts = listFolder(folder);
      // `register` and its like beside the cache sets are files to write to.
      if (parts === undefined || !uuid.includes('-')) continue;
      collectMetrics(out, CACHE_SET, folder, { uuid });
      collectReadDuration(out, folder, uuid);
      for (const part of parts) {
        if (/^bdev\d+$/.test(part)) {
          const labels = { uuid, backing_device: part };
          collectMetrics(out, BACKING_DEVICE, `${folder}/${part}`, labels);
          collectWriteback(out, `${folder}/${part}/writeback_rate_debug`, labels);
        } else if (/^cache\d+$/.test(part)) {
          collectMetrics(out, CACHE_DEVICE, `${folder}/${part}`, { uuid, cache_device: part });
        }
      }
    }
    return true;
  },
};

function collectMetrics(
  out: Families,
  metrics: readonly Metric[],
  folder: string,
  labels: Readonly<Record<string, string>>,
): void {
  for (const { file, name, help } of metrics) {
    const text = attribute(`${folder}/${file}`);
    if (text !== undefined) add(out, name, help, parseSize(text, `${folder}/${file}`), labels);
  }
}

/** sysfs has microseconds; node_exporter takes them for nanoseconds, and so do we. */
function collectReadDuration(out: Families, folder: string, uuid: string): void {
  const file = `${folder}/internal/btree_read_average_duration_us`;
  const text = attribute(file);
  if (text === undefined) return;
  const seconds = parseNumber(text, file) * 1e-9;
  add(out, 'btree_read_average_duration_seconds', 'Average btree read duration.', seconds, { uuid });
}

/** Lines such as `rate: 1.1M/sec`. */
function collectWriteback(out: Families, file: string, labels: Readonly<Record<string, string>>): void {
  const text = attribute(file);
  if (text === undefined) return;
  for (const [line, name, help] of WRITEBACK) {
    const size = new RegExp(`^${line}:\\s*(\\S+?)(?:/sec)?$`, 'm').exec(text)?.[1];
    if (size !== undefined) add(out, name, help, parseSize(size, file), labels);
  }
}

function add(
  out: Families,
  name: string,
  help: string,
  v: number,
  labels: Readonly<Record<string, string>>,
): void {
  const names = Object.keys(labels);
  const family = name.endsWith('_total')
    ? out.counter(`node_bcache_${name}`, help, ...names)
    : out.gauge(`node_bcache_${name}`, help, ...names);
  family.add(v, ...Object.values(labels));
}

const SUFFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];

/**
 * Numbers as bcache prints them: in powers of 1024, but the digit after the point counts hundreds of the next
 * smaller unit (`bch_hprint` in the kernel's drivers/md/bcache/util.c), so `1.5k` is 1024 + 500.
 */
function parseSize(text: string, file: string): number {
  const match = /^(-?)(\d+)(?:\.(\d))?([kMGTPEZY]?)$/.exec(text);
  if (match === null) throw malformed(`expected a size, got ${JSON.stringify(text)}`, file);
  const power = SUFFIXES.indexOf(match[4]);
  const whole = Number(match[2]) * 1024 ** power;
  const part = match[3] === undefined ? 0 : Number(match[3]) * 100 * 1024 ** Math.max(0, power - 1);
  return match[1] === '-' ? -(whole + part) : whole + part;
}
