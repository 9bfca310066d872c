/**
 * Compacts the blocks of a data directory until nothing is left to do, as a Prometheus that runs on it would. Takes
 * the directory's lock.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { CorruptionError, InputError } from '../../errors.ts';
import { type BlockMeta, writeBlockMeta } from '../block/index.ts';
import { runStepsWithPauses } from '../block/steps.ts';
import { lockDirectory } from '../lock.ts';
import { removeBlock, replaceByCompacted } from './compactor.ts';
import { takeInventory } from './inventory.ts';
import { tellLogStartOf } from './log-start.ts';
import { blockRanges, planCompaction } from './planner.ts';

/** As Prometheus without a limit of retention. */
export const DEFAULT_MAX_BLOCK_RANGE = 31 * 24 * 3600 * 1000;

/** What happened to some blocks. */
export interface CompactionEvent {
  blocks: readonly BlockMeta[];
  /** The block they became; undefined where nothing was left of them. */
  written?: BlockMeta;
  /** Why they could not be compacted: they are marked, and left alone from then on. */
  failure?: CorruptionError;
}

export interface CompactDirectoryOptions {
  /** The longest block to make, ms. */
  maxBlockRange?: number;
  signal?: AbortSignal;
  progress?: (blocks: readonly BlockMeta[], seriesRead: number, seriesTotal: number) => void;
  onEvent?: (event: CompactionEvent) => void;
  /** What people should know: what was cleared away, and what is left alone. */
  onNotice?: (notice: string) => void;
}

/** The groups of blocks that would be compacted, the first one as they are now, each next as if that were done. */
export function planDirectory(dir: string, maxBlockRange = DEFAULT_MAX_BLOCK_RANGE): BlockMeta[][] {
  const ranges = blockRanges(maxBlockRange);
  let metas = liveMetas(dir);
  const groups: BlockMeta[][] = [];
  for (;;) {
    const planned = planCompaction(metas, ranges);
    if (planned.length === 0) return groups;
    groups.push(planned);
    const rest = metas.filter((meta) => !planned.includes(meta));
    metas = [
      ...rest,
      {
        ...planned[0],
        minTime: Math.min(...planned.map((meta) => meta.minTime)),
        maxTime: Math.max(...planned.map((meta) => meta.maxTime)),
        stats: {},
      },
    ];
  }
}

/** Throws InputError `locked` where somebody else writes to the directory. Aborted, it leaves nothing half done. */
export async function compactDirectory(dir: string, options: CompactDirectoryOptions = {}): Promise<void> {
  takeInventory(dir);
  const lock = lockDirectory(dir);
  try {
    for (const notice of lock.notices) options.onNotice?.(notice);
    clearAway(dir, options);
    const ranges = blockRanges(options.maxBlockRange ?? DEFAULT_MAX_BLOCK_RANGE);
    for (;;) {
      const planned = planCompaction(liveMetas(dir), ranges);
      if (planned.length === 0) return;
      await compactGroup(dir, planned, options);
    }
  } finally {
    lock.release();
  }
}

async function compactGroup(
  dir: string,
  blocks: readonly BlockMeta[],
  options: CompactDirectoryOptions,
): Promise<void> {
  const progress = (done: number, total: number) => options.progress?.(blocks, done, total);
  try {
    const steps = replaceByCompacted(dir, blocks, { progress, evenEmpty: tellLogStartOf(dir, blocks) });
    const written = await runStepsWithPauses(steps, options.signal);
    options.onEvent?.(written === undefined ? { blocks } : { blocks, written });
  } catch (error) {
    if (!(error instanceof CorruptionError)) throw error;
    for (const meta of blocks) {
      writeBlockMeta(join(dir, meta.ulid), { ...meta, compaction: { ...meta.compaction, failed: true } });
    }
    options.onEvent?.({ blocks, failure: error });
  }
}

/** Removes what unfinished work left, and blocks that a newer one has replaced. Nobody else is at it: we have the lock. */
function clearAway(dir: string, { onNotice }: CompactDirectoryOptions): void {
  const { blocks, leftovers } = takeInventory(dir);
  for (const path of leftovers) {
    rmSync(path, { recursive: true, force: true });
    onNotice?.(`${path}: removed, since it was left from unfinished work`);
  }
  for (const { state, path, problem } of blocks) {
    if (state === 'replaced' || state === 'deletable') {
      removeBlock(path);
      onNotice?.(
        `${path}: removed, since it was ${state === 'replaced' ? 'compacted into another block' : 'empty'}`,
      );
    } else if (state === 'broken') {
      onNotice?.(`${path}: left alone, since it is broken: ${problem}`);
    }
  }
}

/** Of the blocks that can be compacted. */
function liveMetas(dir: string): BlockMeta[] {
  const { blocks } = takeInventory(dir);
  if (blocks.length === 1 && blocks[0].path === dir) {
    throw new InputError('bad_directory', 'is a single block, not a data directory', { file: dir });
  }
  const live = blocks.filter((block) => block.state === 'live').map((block) => block.meta!);
  // Overlapping blocks are compacted whatever happened to them before: those that failed must not come up again.
  return live.filter((meta) => !meta.compaction.failed || isAlone(meta, live));
}

function isAlone(meta: BlockMeta, all: readonly BlockMeta[]): boolean {
  return all.every(
    (other) => other === meta || other.minTime >= meta.maxTime || meta.minTime >= other.maxTime,
  );
}
