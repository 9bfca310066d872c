/** Copies a database, as blocks: those that there are cost nothing, being links to the same files. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { linkBlock } from '../block/index.ts';
import { runStepsWithPauses } from '../compaction/index.ts';
import { type Head, imageInOrder, imageLate } from '../head/index.ts';
import type { BlockSet } from './block-set.ts';
import type { TaskRunner } from './tasks.ts';

/** See Database.snapshot. Throws what the file system throws, also where `into` exists. */
export async function snapshotDatabase(
  dir: string,
  into: string,
  blocks: BlockSet,
  head: Head | undefined,
  tasks: TaskRunner,
): Promise<void> {
  mkdirSync(into);
  // Of the head first: a sample that goes from there to a block meanwhile would be in neither.
  if (head !== undefined) {
    const { minTime: mint, maxTime: maxt } = head;
    const nowMs = head.clock.now();
    if (mint <= maxt) {
      const image = await runStepsWithPauses(imageInOrder(head, mint, maxt));
      await tasks.run('headBlock', { dir, into, image, range: { mint, maxt: maxt + 1, nowMs, late: false } });
    }
    if (head.minLateTime <= head.maxLateTime) {
      const { image, ranges } = imageLate(head);
      await tasks.run('lateBlocks', { dir, into, image, ranges, nowMs });
    }
  }
  for (const { ulid } of blocks.metas) linkBlock(join(dir, ulid), join(into, ulid));
}
