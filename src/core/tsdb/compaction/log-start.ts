/**
 * Where the log of a data directory begins to count: who opens it takes nothing from the log that is older than the
 * end of the newest block of samples that came in order. So that block does not go without a trace when nothing is
 * left in it: an empty one takes its place, or what was deleted would come back from the log.
 */
import { join } from 'node:path';
import { type BlockMeta, BlockWriter, isOutOfOrder, makeUlid } from '../block/index.ts';
import { listCheckpoints, listSegments } from '../wal/index.ts';
import { compactedMeta } from './compactor.ts';
import { takeInventory } from './inventory.ts';

type Told = Pick<BlockMeta, 'ulid' | 'maxTime' | 'compaction'>;

/** Whether `blocks`, of `all` that there are, tell where the log begins, and no other does. */
export function tellLogStart(blocks: readonly Told[], all: readonly Told[]): boolean {
  const going = new Set(blocks.map(({ ulid }) => ulid));
  return endOf(blocks) > endOf(all.filter(({ ulid }) => !going.has(ulid)));
}

/** The same of blocks of the data directory `dir`, which may be without a log. */
export function tellLogStartOf(dir: string, blocks: readonly Told[]): boolean {
  const wal = join(dir, 'wal');
  if (listSegments(wal).length === 0 && listCheckpoints(wal).length === 0) return false;
  const live = takeInventory(dir).blocks.filter(({ state }) => state === 'live');
  return tellLogStart(
    blocks,
    live.map(({ meta }) => meta!),
  );
}

/** Writes a block with the range of `meta` and nothing in it, which from then on counts in its stead. */
export function writeEmptied(dir: string, meta: BlockMeta, nowMs = Date.now()): void {
  new BlockWriter(dir, { ...compactedMeta([meta]), ulid: makeUlid(nowMs), evenEmpty: true }).finish();
}

function endOf(blocks: readonly Told[]): number {
  return blocks.reduce(
    (end, block) => (isOutOfOrder(block) ? end : Math.max(end, block.maxTime)),
    Number.NEGATIVE_INFINITY,
  );
}
