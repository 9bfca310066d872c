/** Makes staged blocks into those that an import leaves: one for each range, in spite of how often it was met. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BlockReader, BlockWriter, isUlid, mergedByLabels, readBlockMeta } from '../block/index.ts';
import { ChunkList } from '../chunk/index.ts';
import { PageCache } from '../index/index.ts';
import type { ChunkJoiner } from './chunk-joiner.ts';
import { markWithinLog } from './log-reach.ts';
import type { Staging } from './staging.ts';

/** Bytes of chunks copied between two places where others may work. */
const STEP_BYTES = 1 << 20;
/** Blocks that are open at a time. */
const MAX_JOINED = 64;

/**
 * Joins the blocks of all runs; returns the paths, in the staging folder, of those that are to be moved to `parent`.
 * In steps of some milliseconds.
 */
export function* joinStagedBlocks(
  staging: Staging,
  parent: string,
  blockRange: number,
  joiner: ChunkJoiner,
  progress: (done: number, total: number) => void,
): Generator<void, string[]> {
  const byRange = new Map<number, string[]>();
  for (let run = 1; run <= staging.note.runs; run++) {
    const dir = staging.runDir(run);
    for (const name of readdirSync(dir).filter(isUlid)) {
      const range = Math.floor(readBlockMeta(join(dir, name)).minTime / blockRange);
      const path = `run-${run}/${name}`;
      const others = byRange.get(range);
      if (others === undefined) byRange.set(range, [path]);
      else others.push(path);
    }
  }
  const paths: string[] = [];
  let done = 0;
  for (const [, parts] of [...byRange].sort((a, b) => a[0] - b[0])) {
    paths.push(yield* joinAll(staging, parts, joiner));
    progress(++done, byRange.size);
  }
  markWithinLog(
    parent,
    paths.map((path) => join(staging.dir, path)),
  );
  return paths;
}

/** Joins any number of blocks, some at a time; returns the path of what they become. */
function* joinAll(staging: Staging, paths: string[], joiner: ChunkJoiner): Generator<void, string> {
  let rest = paths;
  while (rest.length > 1) {
    const next: string[] = [];
    for (let i = 0; i < rest.length; i += MAX_JOINED) {
      const some = rest.slice(i, i + MAX_JOINED);
      next.push(some.length === 1 ? some[0] : `joined/${yield* joinBlocks(staging, some, joiner)}`);
    }
    rest = next;
  }
  return rest[0];
}

/** Writes one block from several of the same range, given in order of their input; returns its ULID. */
function* joinBlocks(
  staging: Staging,
  paths: readonly string[],
  joiner: ChunkJoiner,
): Generator<void, string> {
  const cache = new PageCache();
  const blocks: BlockReader[] = [];
  const writer = new BlockWriter(staging.joinedDir(), { durable: false });
  let finished = false;
  try {
    for (const path of paths) blocks.push(new BlockReader(join(staging.dir, path), cache));
    const sets = blocks.map((block) => block.select([], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY));
    const read = new ChunkList();
    const joined = new ChunkList();
    let copied = 0;
    for (const { labels, parts } of mergedByLabels(sets)) {
      read.clear();
      for (const { set, series } of parts) sets[set].readChunks(series, read);
      copied += read.used;
      if (joiner.isDone(read)) writer.addChunks(labels, read);
      else {
        joined.clear();
        joiner.join(read, joined);
        writer.addChunks(labels, joined);
      }
      if (copied < STEP_BYTES) continue;
      copied = 0;
      yield;
    }
    const meta = yield* writer.finishing();
    finished = true;
    return meta!.ulid;
  } finally {
    if (!finished) writer.abort();
    for (const block of blocks) block.close();
  }
}
