/** What there is to say of a data directory, or of one block. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type BlockMeta, BlockReader, isUlid, META_FILE, ulidTime } from '../block/index.ts';
import { writerOf } from '../lock.ts';
import { type DirectoryPart, overlaps, takeInventory } from './inventory.ts';

export interface DirectoryFacts {
  path: string;
  /** Blocks that count. */
  blocks: number;
  /** Their time in ms, `maxTime` exclusive; undefined without blocks. */
  minTime?: number;
  maxTime?: number;
  samples: number;
  chunks: number;
  /** Bytes of the blocks that count, and of everything. */
  blockBytes: number;
  sizeBytes: number;
  /** What takes space, `blocks` among it. */
  parts: DirectoryPart[];
  /** Who writes to the directory, as far as it is known. */
  writer?: string;
  /** What somebody should look at. */
  notes: string[];
}

/** Throws InputError `not_found`. */
export function directoryFacts(dir: string): DirectoryFacts {
  const { blocks, parts, leftovers } = takeInventory(dir);
  const live = blocks.filter((block) => block.state === 'live');
  const allBlocks = {
    name: 'blocks',
    files: blocks.reduce((sum, block) => sum + block.files, 0),
    sizeBytes: blocks.reduce((sum, block) => sum + block.sizeBytes, 0),
  };
  const notes: string[] = [];
  for (const [a, b] of overlaps(blocks)) notes.push(`${a.name} and ${b.name} overlap`);
  for (const block of blocks) {
    if (block.state === 'broken') notes.push(`${block.name} is broken: ${block.problem}`);
    else if (block.state !== 'live') notes.push(`${block.name} is ${block.state}, and can be removed`);
    if (block.meta?.compaction.failed) notes.push(`${block.name} could not be compacted`);
  }
  for (const path of leftovers) notes.push(`${path} is left from unfinished work, unless somebody is at it`);
  const writer = writerOf(dir);
  const all = [...(blocks.length > 0 ? [allBlocks] : []), ...parts];
  return {
    path: dir,
    blocks: live.length,
    ...(live.length > 0 && {
      minTime: Math.min(...live.map((block) => block.meta!.minTime)),
      maxTime: Math.max(...live.map((block) => block.meta!.maxTime)),
    }),
    samples: live.reduce((sum, block) => sum + (block.meta!.stats?.numSamples ?? 0), 0),
    chunks: live.reduce((sum, block) => sum + (block.meta!.stats?.numChunks ?? 0), 0),
    blockBytes: live.reduce((sum, block) => sum + block.sizeBytes, 0),
    sizeBytes: all.reduce((sum, part) => sum + part.sizeBytes, 0),
    parts: all,
    ...(writer !== undefined && { writer }),
    notes,
  };
}

export interface BlockFacts {
  path: string;
  meta: BlockMeta;
  /** When it was made, ms; by its name. */
  made: number;
  samples: number;
  chunks: number;
  series: number;
  labelNames: number;
  /** Distinct pairs of name and value. */
  labelPairs: number;
  /** Deleted stretches. */
  deletions: number;
  indexBytes: number;
  chunkBytes: number;
  sizeBytes: number;
}

/** Undefined where `path` is not a single block. Throws CorruptionError. */
export function blockFacts(path: string): BlockFacts | undefined {
  if (!existsSync(join(path, META_FILE))) return undefined;
  const { indexBytes, chunkBytes, sizeBytes } = takeInventory(path).blocks[0];
  const block = new BlockReader(path);
  try {
    const names = block.index.labelNames();
    const { meta } = block;
    return {
      path,
      meta,
      made: isUlid(basename(path)) ? ulidTime(basename(path)) : ulidTime(meta.ulid),
      samples: meta.stats?.numSamples ?? 0,
      chunks: meta.stats?.numChunks ?? 0,
      series: block.index.allPostings().length,
      labelNames: names.length,
      labelPairs: names.reduce((sum, name) => sum + block.index.labelValues(name).length, 0),
      deletions: block.tombstones.count,
      indexBytes,
      chunkBytes,
      sizeBytes,
    };
  } finally {
    block.close();
  }
}
