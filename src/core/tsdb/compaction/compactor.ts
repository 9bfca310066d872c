/**
 * Writes one block from several, or from one of which much was deleted. A series at a time: what is in memory is
 * what the block writer holds and the chunks of one series.
 */
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BlockMeta,
  BlockReader,
  BlockWriter,
  type BlockWriterOptions,
  inOrderEnd,
  inOrderHint,
  isOutOfOrder,
  makeUlid,
  mergedByLabels,
  OUT_OF_ORDER_HINT,
  writeBlockMeta,
} from '../block/index.ts';
import { ChunkList } from '../chunk/index.ts';
import { PageCache } from '../index/index.ts';
import { ChunkMerger } from './merge-chunks.ts';

/** Bytes of chunks copied between two places where others may work. */
const STEP_BYTES = 1 << 20;
/** Behind the name of a block that is being removed. */
export const REMOVED_SUFFIX = '.tmp-for-deletion';

export interface CompactionOptions {
  /** When the new block is made, ms; now if not given. */
  nowMs?: number;
  segmentBytes?: number;
  /** Where nothing is left, an empty block is written (log-start.ts says when it has to be). */
  evenEmpty?: boolean;
  /** Called now and then with how many of the blocks' series were read. */
  progress?: (seriesRead: number, seriesTotal: number) => void;
}

/** The meta.json of the block that these become, as far as it is known before. */
export function compactedMeta(
  metas: readonly BlockMeta[],
): Required<Pick<BlockWriterOptions, 'minTime' | 'maxTime' | 'compaction'>> {
  const sources = new Set(metas.flatMap((meta) => meta.compaction.sources ?? []));
  const planned = {
    minTime: Math.min(...metas.map((meta) => meta.minTime)),
    maxTime: Math.max(...metas.map((meta) => meta.maxTime)),
    compaction: {
      level: Math.max(...metas.map((meta) => meta.compaction.level)) + 1,
      sources: [...sources].sort(),
      parents: metas.map(({ ulid, minTime, maxTime }) => ({ ulid, minTime, maxTime })),
    },
  };
  const hint = compactedHint(metas, planned);
  return hint === undefined ? planned : { ...planned, compaction: { ...planned.compaction, hints: [hint] } };
}

/** What else the new block has to say of how far samples in order reach in it. */
function compactedHint(
  metas: readonly BlockMeta[],
  planned: Pick<BlockMeta, 'minTime' | 'maxTime' | 'compaction'>,
): string | undefined {
  // What is made of such blocks alone says as little as they do of how far the others reach.
  if (metas.every(isOutOfOrder)) return OUT_OF_ORDER_HINT;
  const end = metas.reduce((latest, meta) => Math.max(latest, inOrderEnd(meta)), planned.minTime);
  return end === inOrderEnd(planned) ? undefined : inOrderHint(end);
}

/**
 * Compacts blocks, given by their directories in order of time, into a new block in `parent`, without what their
 * tombstones delete. Returns its meta.json, or undefined where nothing is left to write; the blocks stay as they are.
 * Throws CorruptionError where one is damaged. In steps of some milliseconds (`steps.ts` runs them): ended early, or
 * by a fault, it leaves nothing behind.
 */
export function* compactBlocks(
  parent: string,
  dirs: readonly string[],
  options: CompactionOptions = {},
): Generator<void, BlockMeta | undefined> {
  const cache = new PageCache();
  const blocks: BlockReader[] = [];
  try {
    for (const dir of dirs) blocks.push(new BlockReader(dir, cache));
    return yield* writeCompacted(parent, blocks, options);
  } finally {
    for (const block of blocks) block.close();
  }
}

function* writeCompacted(
  parent: string,
  blocks: readonly BlockReader[],
  options: CompactionOptions,
): Generator<void, BlockMeta | undefined> {
  const sets = blocks.map((block) => block.select([], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY));
  const total = sets.reduce((sum, set) => sum + set.length, 0);
  const writer = new BlockWriter(parent, {
    ...compactedMeta(blocks.map((block) => block.meta)),
    ulid: makeUlid(options.nowMs ?? Date.now()),
    ...(options.segmentBytes !== undefined && { segmentBytes: options.segmentBytes }),
    ...(options.evenEmpty && { evenEmpty: true }),
  });
  let finished = false;
  try {
    const read = new ChunkList();
    const merged = new ChunkList();
    const merger = new ChunkMerger();
    let done = 0;
    let copied = 0;
    for (const { labels, parts } of mergedByLabels(sets)) {
      read.clear();
      merged.clear();
      for (const { set, series } of parts) sets[set].readChunks(series, read);
      merger.merge(read, merged);
      writer.addChunks(labels, merged);
      done += parts.length;
      copied += merged.used;
      if (copied < STEP_BYTES) continue;
      copied = 0;
      options.progress?.(done, total);
      yield;
    }
    options.progress?.(total, total);
    const meta = yield* writer.finishing();
    finished = true;
    return meta;
  } finally {
    if (!finished) writer.abort();
  }
}

/**
 * Compacts blocks of `parent`, in steps as `compactBlocks`, and removes them once the new one is there. Where nothing
 * is left of them they are removed only. As long as both are there a reader sees the same samples twice, which does
 * no harm.
 */
export function* replaceByCompacted(
  parent: string,
  metas: readonly BlockMeta[],
  options: CompactionOptions = {},
): Generator<void, BlockMeta | undefined> {
  const dirs = metas.map((meta) => join(parent, meta.ulid));
  const written = yield* compactBlocks(parent, dirs, options);
  // First all are marked, so that whoever finds them after a crash in between knows that they can go.
  if (written === undefined) {
    for (const [i, meta] of metas.entries()) {
      writeBlockMeta(dirs[i], { ...meta, compaction: { ...meta.compaction, deletable: true } });
    }
  }
  for (const dir of dirs) removeBlock(dir);
  return written;
}

/** Removes a block so that nobody takes what is left of it, should this be cut short, for a block. */
export function removeBlock(dir: string): void {
  const going = dir + REMOVED_SUFFIX;
  renameSync(dir, going);
  rmSync(going, { recursive: true, force: true });
}
