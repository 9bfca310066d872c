/** What unfinished work left in a data directory: whoever has the lock, and nobody at work, removes it. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UNFINISHED_SUFFIX } from '../block/index.ts';
import { takeInventory } from '../compaction/index.ts';

/** At the start, of all there may be. */
export function clearLeftovers(dir: string): void {
  remove([...takeInventory(dir).leftovers, ...checkpoints(dir)]);
}

/** What a thread left that ended in the middle of its work. What is being removed goes on being removed. */
export function clearUnfinished(dir: string): void {
  const blocks = readdirSync(dir).filter((name) => name.endsWith(UNFINISHED_SUFFIX));
  remove([...blocks.map((name) => join(dir, name)), ...checkpoints(dir)]);
}

function checkpoints(dir: string): string[] {
  const names = readdirSync(join(dir, 'wal')).filter((name) => /^checkpoint\..*\.tmp$/.test(name));
  return names.map((name) => join(dir, 'wal', name));
}

function remove(paths: readonly string[]): void {
  for (const path of paths) rmSync(path, { recursive: true, force: true });
}
