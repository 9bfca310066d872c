/** Deletes samples of a block: they are noted in its tombstones, and left out when it is next compacted. */
import type { Matcher } from '../../model/index.ts';
import { BlockReader, Tombstones, writeBlockMeta, writeTombstones } from '../block/index.ts';
import { ChunkMetas, selectPostings } from '../index/index.ts';

/** Series between two chances for others to work. */
const STEP_SERIES = 2000;

/**
 * Deletes what the series for which every matcher holds have in [mint, maxt] (ms, both inclusive) of the block in
 * `dir`. Returns how many of them had anything there.
 */
export function* deleteFromBlock(
  dir: string,
  matchers: readonly Matcher[],
  mint: number,
  maxt: number,
): Generator<void, number> {
  const block = new BlockReader(dir);
  try {
    const tombstones = new Tombstones();
    for (const [ref, intervals] of block.tombstones) {
      for (let i = 0; i < intervals.length; i += 2) tombstones.add(ref, intervals[i], intervals[i + 1]);
    }
    const metas = new ChunkMetas();
    let affected = 0;
    let seen = 0;
    for (const ref of selectPostings(block.index, matchers)) {
      if (++seen % STEP_SERIES === 0) yield;
      metas.length = 0;
      block.index.chunks(ref, mint, maxt, metas);
      if (metas.length === 0) continue;
      // No more than there is, so that a deletion of everything does not look like more than that.
      let from = Number.POSITIVE_INFINITY;
      let to = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < metas.length; i++) {
        from = Math.min(from, metas.mint[i]);
        to = Math.max(to, metas.maxt[i]);
      }
      tombstones.add(ref, Math.max(mint, from), Math.min(maxt, to));
      affected++;
    }
    if (affected === 0) return 0;
    writeTombstones(dir, tombstones);
    const { meta } = block;
    writeBlockMeta(dir, { ...meta, stats: { ...meta.stats, numTombstones: tombstones.count } });
    return affected;
  } finally {
    block.close();
  }
}
