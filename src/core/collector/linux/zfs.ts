/** OpenZFS, from /proc/spl/kstat/zfs/. Its tables say of each number what it is, and node_exporter keeps those names. */
import type { Collector } from '../collector.ts';
import type { Families } from '../families.ts';
import { listFolder, malformed, parseNumber, readTextIfAny, words } from '../files.ts';

/** Table -> the prefix of its families without `node_`. */
const TABLES: Readonly<Record<string, string>> = {
  abdstats: 'zfs_abd',
  arcstats: 'zfs_arc',
  dbufstats: 'zfs_dbuf',
  dmu_tx: 'zfs_dmu_tx',
  dnodestats: 'zfs_dnode',
  fm: 'zfs_fm',
  vdev_cache_stats: 'zfs_vdev_cache',
  vdev_mirror_stats: 'zfs_vdev_mirror',
  xuio_stats: 'zfs_xuio',
  zfetchstats: 'zfs_zfetch',
  zil: 'zfs_zil',
};

/** The kstat types that hold 64-bit integers; the others are texts and 32-bit numbers that ZFS does not use. */
const INT64 = '3';
const UINT64 = '4';

const POOL_STATES = ['online', 'degraded', 'faulted', 'offline', 'removed', 'unavail', 'suspended'];

export const zfs: Collector = {
  name: 'zfs',
  collect({ files }, out) {
    const root = files.proc('spl/kstat/zfs');
    const entries = listFolder(root);
    if (entries === undefined) return false;
    for (const [table, prefix] of Object.entries(TABLES)) {
      const file = `${root}/${table}`;
      const text = entries.includes(table) ? readTextIfAny(file) : undefined;
      if (text === undefined) continue;
      for (const { name, type, data, line } of kstatRows(text, file)) {
        if (type !== UINT64 && type !== INT64) continue;
        out
          .untyped(`node_${prefix}_${name.replaceAll('-', '_')}`, `kstat.zfs.misc.${table}.${name}`)
          .add(parseNumber(data, file, line));
      }
    }
    for (const pool of entries) if (!(pool in TABLES)) collectPool(out, `${root}/${pool}`, pool);
    return true;
  },
};

interface KstatRow {
  name: string;
  type: string;
  data: string;
  line: number;
}

/** The rows below the line `name type data`. */
function kstatRows(text: string, file: string): KstatRow[] {
  const rows: KstatRow[] = [];
  let isBelow = false;
  text.split('\n').forEach((line, i) => {
    const [name, type, ...data] = words(line);
    if (isBelow && data.length > 0) rows.push({ name, type, data: data.join(' '), line: i + 1 });
    else if (name === 'name' && type === 'type' && data[0] === 'data') isBelow = true;
  });
  if (!isBelow) throw malformed('expected a line "name type data"', file);
  return rows;
}

function collectPool(out: Families, folder: string, pool: string): void {
  let names: string[] | undefined;
  try {
    names = listFolder(folder);
  } catch {
    return;
  }
  for (const name of names ?? []) {
    const file = `${folder}/${name}`;
    // A pool may be exported while we look at it.
    const text = readTextIfAny(file);
    if (text === undefined) continue;
    if (name === 'io') collectIo(out, text, file, pool);
    else if (name === 'state') collectState(out, text.trim().toLowerCase(), pool);
    else if (name.startsWith('objset-')) collectDataset(out, text, file, pool);
  }
}

/** A line of names from `nread` on, and a line of numbers. */
function collectIo(out: Families, text: string, file: string, pool: string): void {
  const lines = text.split('\n').map(words);
  const head = lines.findIndex((line) => line[0] === 'nread');
  if (head === -1) return;
  lines[head].forEach((name, column) => {
    out
      .untyped(`node_zfs_zpool_${name}`, `kstat.zfs.misc.io.${name}`, 'zpool')
      .add(parseNumber(lines[head + 1]?.[column], file, head + 2), pool);
  });
}

function collectState(out: Families, state: string, pool: string): void {
  const states = out.gauge('node_zfs_zpool_state', 'kstat.zfs.misc.state', 'zpool', 'state');
  for (const name of POOL_STATES) states.add(name === state ? 1 : 0, pool, name);
}

function collectDataset(out: Families, text: string, file: string, pool: string): void {
  let dataset = '';
  for (const { name, type, data, line } of kstatRows(text, file)) {
    if (name === 'dataset_name') dataset = data;
    if (type !== UINT64) continue;
    out
      .untyped(
        `node_zfs_zpool_dataset_${name.replaceAll('-', '_')}`,
        `kstat.zfs.misc.objset.${name}`,
        'zpool',
        'dataset',
      )
      .add(parseNumber(data, file, line), pool, dataset);
  }
}
