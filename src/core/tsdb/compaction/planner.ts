/**
 * Which blocks to make into one next, decided as Prometheus decides it, so that the two can take turns on one
 * directory: overlapping blocks first, then small blocks into larger ranges, then blocks of which much was deleted.
 * Times in milliseconds.
 */
import { type BlockMeta, isOutOfOrder } from '../block/index.ts';

const HOUR = 3600 * 1000;
export const MIN_BLOCK_RANGE = 2 * HOUR;
const RANGE_STEPS = 10;
const RANGE_FACTOR = 3;
/** A block is written again when more than this part of its series has tombstones. */
const MAX_TOMBSTONE_RATIO = 0.05;

/** What is planned needs only this of a block. */
export type PlannedBlock = Pick<BlockMeta, 'ulid' | 'minTime' | 'maxTime' | 'stats' | 'compaction'>;

/**
 * The lengths that blocks have: 2 h, 6 h, 18 h, …, up to `maxRange` (by default of Prometheus a tenth of the
 * retention time, and 31 days at most).
 */
export function blockRanges(maxRange: number, minRange = MIN_BLOCK_RANGE): number[] {
  const ranges: number[] = [];
  for (let i = 0, range = minRange; i < RANGE_STEPS && (i === 0 || range <= maxRange); i++) {
    ranges.push(range);
    range *= RANGE_FACTOR;
  }
  return ranges;
}

/**
 * The blocks to compact next, in order of time; none if all is as it should be.
 *
 * Blocks of late samples that reach beyond all others are compacted among themselves only. Together with others they
 * would become a block that says of a time whose samples are still in the head and its log that it has them, and with
 * the next start those would be taken for stored.
 */
export function planCompaction<T extends PlannedBlock>(blocks: readonly T[], ranges: readonly number[]): T[] {
  const end = blocks.reduce(
    (t, block) => (isOutOfOrder(block) ? t : Math.max(t, block.maxTime)),
    Number.NEGATIVE_INFINITY,
  );
  const isBeyond = (block: T) => isOutOfOrder(block) && block.maxTime > end;
  const planned = planAmong(
    blocks.filter((block) => !isBeyond(block)),
    ranges,
  );
  return planned.length > 0 ? planned : planAmong(blocks.filter(isBeyond), ranges);
}

function planAmong<T extends PlannedBlock>(blocks: readonly T[], ranges: readonly number[]): T[] {
  const sorted = [...blocks].sort((a, b) => a.minTime - b.minTime);
  const overlapping = firstOverlap(sorted);
  if (overlapping.length > 0) return overlapping;
  // The newest block is left alone, so that there is time for others to copy it as it is.
  const settled = sorted.slice(0, -1);
  const levelled = nextRange(settled, ranges);
  if (levelled.length > 0) return levelled;
  return mostlyDeleted(settled, ranges);
}

/** The first group of blocks that overlap each other. */
function firstOverlap<T extends PlannedBlock>(sorted: readonly T[]): T[] {
  let group: T[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const block of sorted) {
    if (block.minTime < end) group.push(block);
    else if (group.length > 1) break;
    else group = [block];
    end = Math.max(end, block.maxTime);
  }
  return group.length > 1 ? group : [];
}

/** Blocks that fill one of the larger ranges, or that lie in one that is past. */
function nextRange<T extends PlannedBlock>(sorted: readonly T[], ranges: readonly number[]): T[] {
  const newest = sorted.at(-1);
  if (newest === undefined) return [];
  for (const range of ranges.slice(1)) {
    for (const group of groupsOf(sorted, range)) {
      if (group.some((block) => block.compaction.failed)) continue;
      const mint = group[0].minTime;
      const maxt = group[group.length - 1].maxTime;
      // Another block may still come into the range of the newest ones, unless they fill it.
      const complete = maxt - mint === range || maxt <= newest.minTime;
      if (complete && group.length > 1) return group;
    }
  }
  return [];
}

/** Blocks that lie in the same multiple of `range`. */
function groupsOf<T extends PlannedBlock>(sorted: readonly T[], range: number): T[][] {
  const groups = new Map<number, T[]>();
  for (const block of sorted) {
    const start = Math.floor(block.minTime / range) * range;
    // Those of a longer range, or not aligned to any, do not fit in.
    if (block.maxTime > start + range) continue;
    const group = groups.get(start);
    if (group === undefined) groups.set(start, [block]);
    else group.push(block);
  }
  return [...groups.values()];
}

/** A block with many tombstones, from the newest back to those that are small: these are soon compacted anyway. */
function mostlyDeleted<T extends PlannedBlock>(sorted: readonly T[], ranges: readonly number[]): T[] {
  const large = ranges[ranges.length >> 1];
  for (let i = sorted.length - 1; i >= 0; i--) {
    const { minTime, maxTime, stats, compaction } = sorted[i];
    if (compaction.failed) continue;
    const tombstones = stats?.numTombstones ?? 0;
    const series = stats?.numSeries ?? 0;
    if (maxTime - minTime < large) return tombstones > 0 && tombstones >= series ? [sorted[i]] : [];
    if (tombstones / (series + 1) > MAX_TOMBSTONE_RATIO) return [sorted[i]];
  }
  return [];
}
