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
  makeUlid,
  mergeByLabels,
  writeBlockMeta,
} from '../block/index.ts';
import { ChunkList } from '../chunk/index.ts';
import { PageCache } from '../index/index.ts';
import { ChunkMerger } from './merge-chunks.ts';

/** Behind the name of a block that is being removed. */
export const REMOVED_SUFFIX = '.tmp-for-deletion';

export interface CompactionOptions {
  /** Told to the new block, for tests. */
  nowMs?: number;
  segmentBytes?: number;
  /** Called after each series with how many of the blocks' series were read; may throw, which undoes everything. */
  progress?: (seriesRead: number, seriesTotal: number) => void;
}

/** The meta.json of the block that these become, as far as it is known before. */
export function compactedMeta(
  metas: readonly BlockMeta[],
): Required<Pick<BlockWriterOptions, 'minTime' | 'maxTime' | 'compaction'>> {
  const sources = new Set(metas.flatMap((meta) => meta.compaction.sources ?? []));
  return {
    minTime: Math.min(...metas.map((meta) => meta.minTime)),
    maxTime: Math.max(...metas.map((meta) => meta.maxTime)),
    compaction: {
      level: Math.max(...metas.map((meta) => meta.compaction.level)) + 1,
      sources: [...sources].sort(),
      parents: metas.map(({ ulid, minTime, maxTime }) => ({ ulid, minTime, maxTime })),
    },
  };
}

/**
 * Compacts blocks, given by their directories in order of time, into a new block in `parent`, without what their
 * tombstones delete. Returns its meta.json, or undefined where nothing is left of them; the blocks stay as they are.
 * Throws CorruptionError where one is damaged, and leaves nothing behind then.
 */
export function compactBlocks(
  parent: string,
  dirs: readonly string[],
  options: CompactionOptions = {},
): BlockMeta | undefined {
  const cache = new PageCache();
  const blocks: BlockReader[] = [];
  try {
    for (const dir of dirs) blocks.push(new BlockReader(dir, cache));
    return writeCompacted(parent, blocks, options);
  } finally {
    for (const block of blocks) block.close();
  }
}

function writeCompacted(
  parent: string,
  blocks: readonly BlockReader[],
  options: CompactionOptions,
): BlockMeta | undefined {
  const sets = blocks.map((block) => block.select([], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY));
  const total = sets.reduce((sum, set) => sum + set.length, 0);
  const writer = new BlockWriter(parent, {
    ...compactedMeta(blocks.map((block) => block.meta)),
    ulid: makeUlid(options.nowMs ?? Date.now()),
    ...(options.segmentBytes !== undefined && { segmentBytes: options.segmentBytes }),
  });
  try {
    const read = new ChunkList();
    const merged = new ChunkList();
    const merger = new ChunkMerger();
    let done = 0;
    mergeByLabels(sets, (labels, parts) => {
      read.clear();
      merged.clear();
      for (const { set, series } of parts) sets[set].readChunks(series, read);
      merger.merge(read, merged);
      writer.addChunks(labels, merged);
      done += parts.length;
      options.progress?.(done, total);
    });
    return writer.finish();
  } catch (error) {
    writer.abort();
    throw error;
  }
}

/**
 * Compacts blocks of `parent`, and removes them once the new one is there. Where nothing is left of them they are
 * removed only. As long as both are there a reader sees the same samples twice, which does no harm.
 */
export function replaceByCompacted(
  parent: string,
  metas: readonly BlockMeta[],
  options: CompactionOptions = {},
): BlockMeta | undefined {
  const dirs = metas.map((meta) => join(parent, meta.ulid));
  const written = compactBlocks(parent, dirs, options);
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
