/** What a data directory consists of: its blocks and the state they are in, and how many bytes everything takes. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CorruptionError, InputError } from '../../errors.ts';
import { type BlockMeta, INDEX_FILE, isUlid, META_FILE, readBlockMeta } from '../block/index.ts';

/**
 * `live`: it counts. `replaced`: a newer block has all of it. `deletable`: nothing is left of it. `broken`: its
 * meta.json cannot be read, and so nothing can. All but the first may be removed, or are left alone, by a server.
 */
export type BlockState = 'live' | 'replaced' | 'deletable' | 'broken';

export interface BlockEntry {
  /** The block's name, a ULID. */
  name: string;
  path: string;
  state: BlockState;
  /** Unless it is broken. */
  meta?: BlockMeta;
  /** Why it is broken. */
  problem?: string;
  indexBytes: number;
  chunkBytes: number;
  sizeBytes: number;
  files: number;
}

/** A part of a data directory beside its blocks: `wal`, `wbl`, `chunks_head`, `snapshots`, … */
export interface DirectoryPart {
  name: string;
  files: number;
  sizeBytes: number;
}

export interface Inventory {
  path: string;
  /** By time, broken ones at the end. */
  blocks: BlockEntry[];
  parts: DirectoryPart[];
  /** What unfinished work left behind, if nobody is at it. */
  leftovers: string[];
}

/** Looks at a data directory, or at a single block. Throws InputError `not_found`. */
export function takeInventory(dir: string): Inventory {
  if (!existsSync(dir)) throw new InputError('not_found', 'no such directory', { file: dir });
  if (!statSync(dir).isDirectory()) throw new InputError('not_found', 'not a directory', { file: dir });
  if (existsSync(join(dir, META_FILE))) {
    return { path: dir, blocks: [blockEntry(dir)], parts: [], leftovers: [] };
  }
  const inventory: Inventory = { path: dir, blocks: [], parts: [], leftovers: [] };
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (isUlid(entry.name) && entry.isDirectory()) inventory.blocks.push(blockEntry(path));
    else if (/\.tmp(-for-(creation|deletion))?$/.test(entry.name)) inventory.leftovers.push(path);
    else if (entry.isDirectory()) inventory.parts.push({ name: entry.name, ...sizeOf(path) });
  }
  markReplaced(inventory.blocks);
  inventory.blocks.sort(byTime);
  inventory.parts.sort((a, b) => (a.name < b.name ? -1 : 1));
  return inventory;
}

/** Pairs of neighbours in time that overlap; of live blocks. */
export function overlaps(blocks: readonly BlockEntry[]): [BlockEntry, BlockEntry][] {
  const found: [BlockEntry, BlockEntry][] = [];
  let latest: BlockEntry | undefined;
  for (const block of blocks) {
    if (block.state !== 'live') continue;
    if (latest !== undefined && block.meta!.minTime < latest.meta!.maxTime) found.push([latest, block]);
    if (latest === undefined || block.meta!.maxTime > latest.meta!.maxTime) latest = block;
  }
  return found;
}

function blockEntry(path: string): BlockEntry {
  const indexBytes = fileBytes(join(path, INDEX_FILE));
  const chunkBytes = sizeOf(join(path, 'chunks')).sizeBytes;
  const entry = { name: basename(path), path, indexBytes, chunkBytes, ...sizeOf(path) };
  try {
    const meta = readBlockMeta(path);
    return { ...entry, meta, state: meta.compaction.deletable === true ? 'deletable' : 'live' };
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    if (!(error instanceof CorruptionError) && syscall === undefined) throw error;
    const problem = code === 'ENOENT' ? `${join(path, META_FILE)}: is not there` : message;
    return { ...entry, state: 'broken', problem };
  }
}

/** A block is replaced when another one names it as a parent. */
function markReplaced(blocks: readonly BlockEntry[]): void {
  const parents = new Set(
    blocks.flatMap(({ meta }) => (meta?.compaction.parents ?? []).map(({ ulid }) => ulid)),
  );
  for (const block of blocks) if (block.state === 'live' && parents.has(block.name)) block.state = 'replaced';
}

function byTime(a: BlockEntry, b: BlockEntry): number {
  if (a.meta === undefined || b.meta === undefined)
    return Number(a.meta === undefined) - Number(b.meta === undefined);
  return a.meta.minTime - b.meta.minTime || a.meta.maxTime - b.meta.maxTime;
}

/** Of all files below a directory. Those that vanish meanwhile, as they do beside a running server, do not count. */
export function sizeOf(path: string): { files: number; sizeBytes: number } {
  const total = { files: 0, sizeBytes: 0 };
  let entries: string[];
  try {
    entries = readdirSync(path, { recursive: true, encoding: 'utf8' });
  } catch {
    return total;
  }
  for (const entry of entries) {
    const stat = statSync(join(path, entry), { throwIfNoEntry: false });
    if (stat?.isFile() !== true) continue;
    total.files++;
    total.sizeBytes += stat.size;
  }
  return total;
}

function fileBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
