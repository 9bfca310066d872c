/**
 * Writes the chunks of a buffer into blocks, one for each range of time that has samples. A series at a time: what is
 * held beside the buffer is the order of its chunks, and what a block writer holds.
 */
import type { Labels } from '../../model/index.ts';
import { type BlockMeta, BlockWriter } from '../block/index.ts';
import { ChunkList } from '../chunk/index.ts';
import type { ChunkBuffer } from './chunk-buffer.ts';
import type { ChunkJoiner } from './chunk-joiner.ts';
import type { ChunkTable } from './chunk-table.ts';

/** Bytes of chunks written between two places where others may work. */
const STEP_BYTES = 1 << 20;

export interface BlockRunOptions {
  /** Length of the blocks, ms; they start at multiples of it. */
  blockRange: number;
  joiner: ChunkJoiner;
  /** Called now and then with how many of the chunks are written. */
  progress?: (chunksDone: number, chunksTotal: number) => void;
}

/**
 * Writes all chunks of `buffer`, which must have been ended, into blocks in `dir`; returns what these are. `labelsOf`
 * names series; those of the same labels become one. In steps of some milliseconds; ended early, finished blocks
 * stay.
 */
export function* writeBlocks(
  dir: string,
  buffer: ChunkBuffer,
  labelsOf: (series: number) => Labels,
  options: BlockRunOptions,
): Generator<void, BlockMeta[]> {
  const { chunks } = buffer;
  const { ranks, labels } = rankSeries(chunks, labelsOf);
  yield;
  const { order, blockEnds } = orderChunks(chunks, ranks, options.blockRange);
  yield;
  const written: BlockMeta[] = [];
  let from = 0;
  for (const to of blockEnds) {
    const writer = new BlockWriter(dir, { durable: false });
    let finished = false;
    try {
      yield* addSeries(writer, chunks, order, ranks, labels, from, to, options);
      written.push((yield* writer.finishing())!);
      finished = true;
    } finally {
      if (!finished) writer.abort();
    }
    from = to;
  }
  options.progress?.(chunks.length, chunks.length);
  return written;
}

/** Adds the chunks `order[from]` to `order[to - 1]`, which are sorted by series. */
function* addSeries(
  writer: BlockWriter,
  chunks: ChunkTable,
  order: Uint32Array,
  ranks: Uint32Array,
  labels: readonly Labels[],
  from: number,
  to: number,
  { joiner, progress }: BlockRunOptions,
): Generator<void, void> {
  const list = new ChunkList();
  const joined = new ChunkList();
  let copied = 0;
  for (let at = from; at < to; ) {
    const rank = ranks[chunks.series[order[at]]];
    list.clear();
    for (; at < to && ranks[chunks.series[order[at]]] === rank; at++) {
      const i = order[at];
      const start = chunks.startOf(i);
      const end = start + chunks.size[i];
      list.push(
        chunks.encoding[i],
        chunks.mint[i],
        chunks.maxt[i],
        chunks.count[i],
        chunks.bytesOf(i),
        start,
        end,
      );
    }
    copied += list.used;
    if (joiner.isDone(list)) writer.addChunks(labels[rank], list);
    else {
      joined.clear();
      joiner.join(list, joined);
      writer.addChunks(labels[rank], joined);
    }
    if (copied < STEP_BYTES) continue;
    copied = 0;
    progress?.(at, chunks.length);
    yield;
  }
}

/** The place of each series that has chunks in the order of labels: `labels[ranks[series]]` are its labels. */
function rankSeries(
  chunks: ChunkTable,
  labelsOf: (series: number) => Labels,
): { ranks: Uint32Array; labels: Labels[] } {
  let top = 0;
  for (let i = 0; i < chunks.length; i++) if (chunks.series[i] >= top) top = chunks.series[i] + 1;
  const seen = new Uint8Array(top);
  const named: { series: number; labels: Labels }[] = [];
  for (let i = 0; i < chunks.length; i++) {
    const series = chunks.series[i];
    if (seen[series] === 1) continue;
    seen[series] = 1;
    named.push({ series, labels: labelsOf(series) });
  }
  named.sort((a, b) => a.labels.compare(b.labels));
  const ranks = new Uint32Array(top);
  const labels: Labels[] = [];
  for (const { series, labels: own } of named) {
    if (labels.length === 0 || !labels[labels.length - 1].equals(own)) labels.push(own);
    ranks[series] = labels.length - 1;
  }
  return { ranks, labels };
}

/** Chunks by block, series, and time of arrival; `blockEnds` says where in this order each block ends. */
function orderChunks(
  chunks: ChunkTable,
  ranks: Uint32Array,
  blockRange: number,
): { order: Uint32Array; blockEnds: number[] } {
  const n = chunks.length;
  const starts = new Map<number, number>();
  for (let i = 0; i < n; i++) {
    const block = Math.floor(chunks.mint[i] / blockRange);
    starts.set(block, (starts.get(block) ?? 0) + 1);
  }
  const blocks = [...starts.keys()].sort((a, b) => a - b);
  const number = new Map(blocks.map((block, i) => [block, i]));
  const bySeries = countingSort(n, 0, (i) => ranks[chunks.series[i]]);
  const order = countingSort(
    n,
    blocks.length,
    (i) => number.get(Math.floor(chunks.mint[bySeries[i]] / blockRange))!,
  ).map((i) => bySeries[i]);
  let end = 0;
  return { order, blockEnds: blocks.map((block) => (end += starts.get(block)!)) };
}

/** The numbers below `n` sorted by a key, which is less than `keys` (or anything, where that is 0); stable. */
function countingSort(n: number, keys: number, keyOf: (i: number) => number): Uint32Array {
  let top = keys;
  if (top === 0) for (let i = 0; i < n; i++) top = Math.max(top, keyOf(i) + 1);
  const next = new Uint32Array(top + 1);
  for (let i = 0; i < n; i++) next[keyOf(i) + 1]++;
  for (let key = 0; key < top; key++) next[key + 1] += next[key];
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[next[keyOf(i)]++] = i;
  return order;
}
