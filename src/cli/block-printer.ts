/** Blocks as rows for people, and as records for programs. */
import { formatByteSize } from '../core/model/byte-size.ts';
import { formatDuration } from '../core/model/duration.ts';
import { formatTimestamp } from '../core/model/timestamp.ts';
import type { BlockEntry } from '../core/tsdb/compaction/index.ts';
import type { Column } from './text-table.ts';

export const BLOCK_COLUMNS: readonly Column[] = [
  { title: 'BLOCK', align: 'left', shrinks: false },
  { title: 'FROM', align: 'left', shrinks: false },
  { title: 'LENGTH', align: 'right', shrinks: false },
  { title: 'SAMPLES', align: 'right', shrinks: false },
  { title: 'SERIES', align: 'right', shrinks: false },
  { title: 'CHUNKS', align: 'right', shrinks: false },
  { title: 'SIZE', align: 'right', shrinks: false },
  { title: 'LEVEL', align: 'right', shrinks: false },
  { title: 'STATE', align: 'left', shrinks: true },
];

export function blockRow({ name, meta, sizeBytes, ...entry }: BlockEntry): string[] {
  if (meta === undefined) return [name, '', '', '', '', '', formatByteSize(sizeBytes), '', stateOf(entry)];
  const { numSamples = 0, numSeries = 0, numChunks = 0 } = meta.stats ?? {};
  return [
    name,
    formatTimestamp(meta.minTime),
    lengthOf(meta.maxTime - meta.minTime),
    String(numSamples),
    String(numSeries),
    String(numChunks),
    formatByteSize(sizeBytes),
    String(meta.compaction.level),
    stateOf({ ...entry, meta }),
  ];
}

/** Field names as in meta.json; times in ms. */
export function blockRecord(entry: BlockEntry): Record<string, unknown> {
  const { meta } = entry;
  return {
    ulid: entry.name,
    path: entry.path,
    state: entry.state,
    ...(entry.problem !== undefined && { problem: entry.problem }),
    ...(meta !== undefined && {
      minTime: meta.minTime,
      maxTime: meta.maxTime,
      stats: meta.stats ?? {},
      compaction: meta.compaction,
    }),
    indexBytes: entry.indexBytes,
    chunkBytes: entry.chunkBytes,
    sizeBytes: entry.sizeBytes,
  };
}

/** Whole seconds: blocks may end at any millisecond. */
export function lengthOf(ms: number): string {
  return formatDuration(ms < 1000 ? ms : Math.round(ms / 1000) * 1000);
}

/** What is special about a block. */
function stateOf({ state, problem, meta }: Pick<BlockEntry, 'state' | 'problem' | 'meta'>): string {
  const notes: string[] = state === 'live' ? [] : [problem === undefined ? state : `${state}: ${problem}`];
  if (meta?.stats?.numTombstones) notes.push(`${meta.stats.numTombstones} deletions`);
  if (meta?.compaction.failed) notes.push('compaction failed');
  notes.push(...(meta?.compaction.hints ?? []));
  return notes.join(', ');
}
