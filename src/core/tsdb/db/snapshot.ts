/** Copies a database, as blocks: those that there are cost nothing, being links to the same files. */
import { copyFileSync, linkSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
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

function linkBlock(from: string, to: string): void {
  mkdirSync(join(to, 'chunks'), { recursive: true });
  for (const name of readdirSync(join(from, 'chunks')))
    link(join(from, 'chunks', name), join(to, 'chunks', name));
  link(join(from, 'index'), join(to, 'index'));
  // These change: a link would change with them, or not, depending on how they are written.
  for (const name of ['meta.json', 'tombstones']) {
    try {
      copyFileSync(join(from, name), join(to, name));
    } catch (error) {
      if (name === 'meta.json' || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

function link(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EXDEV' && code !== 'EPERM' && code !== 'EMLINK') throw error;
    copyFileSync(from, to);
  }
}
