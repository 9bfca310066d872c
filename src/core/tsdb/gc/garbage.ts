/** What of a data directory nobody needs any more, and its removal. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { InputError } from '../../errors.ts';
import { readBlockMeta } from '../block/index.ts';
import { removeBlock, sizeOf, takeInventory, tellLogStartOf, writeEmptied } from '../compaction/index.ts';
import { expiredBlocks, type Retention } from '../db/index.ts';
import { findChunkSnapshot, HEAD_CHUNKS_DIR, listChunkSnapshots } from '../head/index.ts';
import { lockDirectory } from '../lock.ts';
import { checkpointName, listCheckpoints, segmentName, syncDirectory } from '../wal/index.ts';

export interface Garbage {
  /**
   * `unfinished`: left from work that was ended; of an import, what it could go on from. `replaced`: a newer block has
   * all of it. `empty`: nothing is left of a block. `expired`: older, or more, than is to be kept. `checkpointed`: a
   * part of the log that a newer checkpoint has. `superseded`: an older snapshot of the head. `original`: what was
   * damaged and set aside, by repair or when the log was opened.
   */
  reason: 'unfinished' | 'replaced' | 'empty' | 'expired' | 'checkpointed' | 'superseded' | 'original';
  /** Below the data directory. */
  path: string;
  sizeBytes: number;
}

export interface GarbageOptions extends Partial<Retention> {
  /** Also what was damaged and set aside. */
  originals?: boolean;
  /** Only finds out; takes no lock. */
  dryRun?: boolean;
  signal?: AbortSignal;
  /** Called for each thing when it is removed. */
  onGarbage?: (garbage: Garbage) => void;
  onNotice?: (notice: string) => void;
}

const LOGS = ['wal', 'wbl'];
/** Where repair keeps originals (repair-directory.ts). */
const KEPT_DIR = 'damaged';

/**
 * Removes the garbage of `dir`, one thing after the other, each in one step. Throws InputError `locked` where somebody
 * else writes to the directory, and the signal's reason.
 */
export async function collectGarbage(dir: string, options: GarbageOptions = {}): Promise<void> {
  const { blocks } = takeInventory(dir);
  if (blocks.length === 1 && blocks[0].path === dir) {
    throw new InputError('bad_directory', 'is a single block, not a data directory', { file: dir });
  }
  const lock = options.dryRun ? undefined : lockDirectory(dir);
  try {
    for (const notice of lock?.notices ?? []) options.onNotice?.(notice);
    for (const garbage of findGarbage(dir, options)) {
      await new Promise((resolve) => setImmediate(resolve));
      options.signal?.throwIfAborted();
      if (!options.dryRun) remove(dir, garbage);
      options.onGarbage?.(garbage);
    }
  } finally {
    lock?.release();
  }
}

/** In the order in which it can be removed. */
function findGarbage(dir: string, options: GarbageOptions): Garbage[] {
  const found: Garbage[] = [];
  const add = (reason: Garbage['reason'], path: string) =>
    found.push({ reason, path: relative(dir, path), sizeBytes: bytesOf(path) });
  const { blocks, leftovers } = takeInventory(dir);
  for (const path of leftovers) add('unfinished', path);
  for (const part of [...LOGS, HEAD_CHUNKS_DIR]) {
    for (const name of namesIn(join(dir, part)))
      if (/\.tmp/.test(name)) add('unfinished', join(dir, part, name));
  }
  for (const { state, path } of blocks) {
    if (state === 'replaced') add('replaced', path);
    else if (state === 'deletable') add('empty', path);
  }
  for (const name of expired(dir, options)) add('expired', join(dir, name));
  for (const path of checkpointed(join(dir, 'wal'))) add('checkpointed', path);
  const newest = findChunkSnapshot(dir)?.dir;
  for (const { dir: path } of listChunkSnapshots(dir)) if (path !== newest) add('superseded', path);
  if (options.originals) for (const path of originals(dir)) add('original', path);
  return found;
}

function expired(dir: string, { maxAge = 0, maxBytes = 0 }: GarbageOptions): string[] {
  const { blocks, parts } = takeInventory(dir);
  const live = blocks.filter(({ state }) => state === 'live');
  const bytes = new Map(live.map(({ name, sizeBytes }) => [name, sizeBytes]));
  const headBytes = parts
    .filter(({ name }) => LOGS.includes(name) || name === HEAD_CHUNKS_DIR)
    .reduce((sum, part) => sum + part.sizeBytes, 0);
  // What is both too old and too much is one block.
  const lists = expiredBlocks(
    live.map(({ meta }) => meta!),
    (ulid) => bytes.get(ulid) ?? 0,
    headBytes,
    { maxAge, maxBytes },
  );
  const found = new Set(Object.values(lists).flat());
  for (const { name, meta } of live) {
    // What there would be in its place is what it is already.
    if (meta!.stats?.numSeries === 0 && tellLogStartOf(dir, [meta!])) found.delete(name);
  }
  return [...found];
}

/** Parts of the log that its newest checkpoint stands for, the oldest first, so that there is never a gap. */
function checkpointed(wal: string): string[] {
  const checkpoints = listCheckpoints(wal);
  const newest = checkpoints.at(-1);
  if (newest === undefined) return [];
  const segments = namesIn(wal)
    .filter((name) => /^\d+$/.test(name) && Number(name) <= newest)
    .map(Number)
    .sort((a, b) => a - b);
  return [
    ...segments.map((segment) => join(wal, segmentName(segment))),
    ...checkpoints.slice(0, -1).map((checkpoint) => join(wal, checkpointName(checkpoint))),
  ];
}

function originals(dir: string): string[] {
  const checkpoint = listCheckpoints(join(dir, 'wal')).at(-1);
  const places = [...LOGS, HEAD_CHUNKS_DIR].map((part) => join(dir, part));
  if (checkpoint !== undefined) places.push(join(dir, 'wal', checkpointName(checkpoint)));
  const setAside = places.flatMap((place) =>
    namesIn(place)
      .filter((name) => /\.damaged(\.\d+)?$/.test(name))
      .map((name) => join(place, name)),
  );
  const kept = namesIn(dir).includes(KEPT_DIR) ? [join(dir, KEPT_DIR)] : [];
  return [...setAside, ...kept];
}

function remove(dir: string, { reason, path }: Garbage): void {
  const full = join(dir, path);
  if (reason === 'expired') {
    const meta = readBlockMeta(full);
    if (tellLogStartOf(dir, [meta])) writeEmptied(dir, meta);
  }
  if (reason === 'replaced' || reason === 'empty' || reason === 'expired') removeBlock(full);
  else rmSync(full, { recursive: true, force: true });
  if (reason === 'checkpointed') syncDirectory(join(dir, 'wal'));
}

function bytesOf(path: string): number {
  const stat = statSync(path);
  return stat.isDirectory() ? sizeOf(path).sizeBytes : stat.size;
}

/** None where there is no such directory. */
function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
