/**
 * Copies a data directory as it is at one moment, also while somebody writes to it: its blocks as links to the same
 * files (copies, on another file system), and blocks of what only the log has. The copy appears by rename when all of
 * it is there.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { InputError } from '../../errors.ts';
import { type BlockMeta, linkBlock, readBlockMeta, syncTree, UNFINISHED_SUFFIX } from '../block/index.ts';
import { MIN_BLOCK_RANGE } from '../compaction/index.ts';
import { copySamples, type SampleSource } from '../copy/index.ts';

/** A directory as it was when it was opened. */
export interface SnapshotSource {
  /** Directories of its blocks; a writer may remove them at any time. */
  blocks: readonly string[];
  /** What the blocks do not have. */
  log: SampleSource;
  close(): Promise<void>;
}

export interface SnapshotOptions {
  /** Leave out what only the log has. */
  skipHead?: boolean;
  signal?: AbortSignal;
  /** Called now and then with the part that is done, from 0 to 1. */
  progress?: (part: number) => void;
}

/** By time. */
export interface Snapshot {
  linked: BlockMeta[];
  /** Made of what only the log had. */
  written: BlockMeta[];
}

/** How often it is begun again where a writer replaces blocks meanwhile. */
const ATTEMPTS = 10;
/** Part of the work that links are, for those who watch. */
const LINKS_PART = 0.1;

/** What stands for a snapshot that is being made; the next attempt at the same one removes what was left of it. */
export function unfinishedSnapshot(into: string): string {
  return into + UNFINISHED_SUFFIX;
}

/** Throws InputError `exists` where something is in the way of a snapshot at `path`. */
export function refuseExisting(path: string): void {
  if (!existsSync(path)) return;
  throw new InputError('exists', 'is there already; a snapshot wants a name of its own', { file: path });
}

/**
 * Makes the new directory `into`. Rejects with InputError `exists`, what the source throws, and the signal's reason;
 * then nothing is left.
 */
export async function takeSnapshot(
  open: () => SnapshotSource,
  into: string,
  options: SnapshotOptions = {},
): Promise<Snapshot> {
  refuseExisting(into);
  const staging = unfinishedSnapshot(into);
  try {
    const snapshot = await fillSnapshot(open, staging, options);
    await syncTree(staging);
    renameSync(staging, into);
    return snapshot;
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    throw error;
  }
}

/** As `takeSnapshot`, but what was in the directory goes, and it is seen while it is filled. */
export async function fillSnapshot(
  open: () => SnapshotSource,
  into: string,
  options: SnapshotOptions = {},
): Promise<Snapshot> {
  const { signal, progress } = options;
  for (let attempt = 1; ; attempt++) {
    rmSync(into, { recursive: true, force: true });
    mkdirSync(into, { recursive: true });
    const source = open();
    try {
      const linked: BlockMeta[] = [];
      for (const [i, block] of source.blocks.entries()) {
        await new Promise((resolve) => setImmediate(resolve));
        signal?.throwIfAborted();
        linkBlock(block, join(into, basename(block)));
        linked.push(readBlockMeta(join(into, basename(block))));
        progress?.((LINKS_PART * i) / source.blocks.length);
      }
      if (options.skipHead) return { linked, written: [] };
      const { blocks: written } = await copySamples([source.log], into, {
        blockRange: MIN_BLOCK_RANGE,
        ...(signal !== undefined && { signal }),
        progress: (part) => progress?.(LINKS_PART + part * (1 - LINKS_PART)),
      });
      return { linked, written };
    } catch (error) {
      // A block went while it was linked: it is in another one now.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === ATTEMPTS) throw error;
    } finally {
      await source.close();
    }
  }
}
