/** Rewrites the blocks of a data directory, one after the other. Takes the directory's lock. */
import { CorruptionError, InputError } from '../../errors.ts';
import { runStepsWithPauses, takeInventory } from '../compaction/index.ts';
import { lockDirectory } from '../lock.ts';
import { type BlockRewrite, rewriteBlock } from './rewrite-block.ts';
import type { RewriteRules } from './rules.ts';

export interface RewriteOptions {
  /** Only counts; takes no lock. */
  dryRun?: boolean;
  /** Blocks in which something was deleted before are rewritten, too. */
  clean?: boolean;
  signal?: AbortSignal;
  /** Called now and then with the block at hand and the part of it that is done. */
  progress?: (ulid: string, part: number) => void;
  onRewrite?: (rewrite: BlockRewrite) => void;
  /** Told of a block that is damaged, and left as it is. */
  onDamage?: (ulid: string, error: CorruptionError) => void;
  onNotice?: (notice: string) => void;
}

/**
 * Throws InputError `locked` where somebody else writes to the directory, and the signal's reason: the blocks that were
 * told of are done then, and the others as they were.
 */
export async function rewriteDirectory(
  dir: string,
  rules: RewriteRules,
  options: RewriteOptions = {},
): Promise<void> {
  const { blocks } = takeInventory(dir);
  if (blocks.length === 1 && blocks[0].path === dir) {
    throw new InputError('bad_directory', 'is a single block, not a data directory', { file: dir });
  }
  const lock = options.dryRun ? undefined : lockDirectory(dir);
  try {
    for (const notice of lock?.notices ?? []) options.onNotice?.(notice);
    for (const { name, state } of takeInventory(dir).blocks) {
      if (state !== 'live') continue;
      try {
        const steps = rewriteBlock(dir, name, rules, {
          dryRun: options.dryRun === true,
          clean: options.clean === true,
          progress: (part) => options.progress?.(name, part),
        });
        const rewrite = await runStepsWithPauses(steps, options.signal);
        options.onRewrite?.(rewrite);
      } catch (error) {
        if (!(error instanceof CorruptionError)) throw error;
        options.onDamage?.(name, error);
      }
    }
  } finally {
    lock?.release();
  }
}
