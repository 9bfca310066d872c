/** The table in which promtool lists blocks. */
import { formatByteSize } from '../core/model/byte-size.ts';
import { type BlockEntry, takeInventory } from '../core/tsdb/compaction/index.ts';

const TITLES = [
  'BLOCK ULID',
  'MIN TIME',
  'MAX TIME',
  'DURATION',
  'NUM SAMPLES',
  'NUM CHUNKS',
  'NUM SERIES',
  'SIZE',
];
/** Columns are at least so wide, and so far apart. */
const LEAST_WIDTH = 13;
const GAP = 2;

export function promtoolBlocks(dir: string, humanReadable: boolean, only?: ReadonlySet<string>): string[] {
  const blocks = takeInventory(dir).blocks.filter(
    ({ name, meta }) => meta !== undefined && (only?.has(name) ?? true),
  );
  const rows = [TITLES, ...blocks.map((block) => cellsOf(block, humanReadable))];
  const widths = TITLES.map((_, i) => Math.max(LEAST_WIDTH, ...rows.map((row) => row[i].length + GAP)));
  return rows.map((row) =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]))).join(''),
  );
}

function cellsOf({ name, meta, sizeBytes }: BlockEntry, humanReadable: boolean): string[] {
  const { minTime, maxTime, stats } = meta!;
  const time = (ms: number) =>
    humanReadable
      ? `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`
      : String(ms);
  return [
    name,
    time(minTime),
    time(maxTime),
    goDuration(maxTime - minTime),
    String(stats?.numSamples ?? 0),
    String(stats?.numChunks ?? 0),
    String(stats?.numSeries ?? 0),
    humanReadable ? formatByteSize(sizeBytes) : String(sizeBytes),
  ];
}

/** As Go prints durations: `1h0m0s`, `1m0.001s`, `250ms`. */
export function goDuration(ms: number): string {
  if (ms === 0) return '0s';
  if (ms < 1000) return `${ms}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = (ms % 60_000) / 1000;
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}s`;
}
