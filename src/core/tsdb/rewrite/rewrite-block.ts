/**
 * Writes a block anew by rules. The old block stays until the new one, which names it as its parent, is complete: from
 * that moment on the old one does not count any more, and it is removed.
 */
import { join } from 'node:path';
import {
  type BlockMeta,
  BlockReader,
  type BlockSeriesSet,
  BlockWriter,
  countJoined,
  RenamedSeries,
  writeBlockMeta,
} from '../block/index.ts';
import { ChunkList } from '../chunk/index.ts';
import { compactedMeta, removeBlock, tellLogStartOf } from '../compaction/index.ts';
import { ChunkJoiner } from '../import/index.ts';
import { fateOf, noRewrites, type RewriteCounts, type RewriteRules } from './rules.ts';

/** Series between two places where others may work. */
const STEP = 1024;
/** Bytes of chunks copied between two such places, and how much more work it is to decode and join them. */
const STEP_BYTES = 1 << 19;
const JOINING_WEIGHT = 16;

export interface BlockRewrite {
  before: BlockMeta;
  /** The new block; undefined where nothing changes, or where nothing is left to write. */
  after?: BlockMeta;
  counts: RewriteCounts;
  isChanged: boolean;
}

export interface BlockRewriteOptions {
  /** Only counts. */
  dryRun?: boolean;
  /** A block in which something was deleted before is rewritten, too. */
  clean?: boolean;
  /** Called now and then with the part that is done, from 0 to 1. */
  progress?: (part: number) => void;
}

/**
 * Rewrites the block `ulid` of `parent`, what is deleted in it being left out. In steps of some milliseconds; ended
 * early, or by a fault, all is as it was. Throws CorruptionError.
 */
export function* rewriteBlock(
  parent: string,
  ulid: string,
  rules: RewriteRules,
  options: BlockRewriteOptions = {},
): Generator<void, BlockRewrite> {
  const dir = join(parent, ulid);
  const block = new BlockReader(dir);
  let rewrite: BlockRewrite;
  try {
    const wasCut = block.tombstones.size > 0;
    const planPart = options.dryRun ? 1 : PLAN_PART;
    const plan = yield* planRewrite(block, rules, (part) => options.progress?.(part * planPart));
    const isChanged = plan.isChanged || (options.clean === true && wasCut);
    rewrite = { before: block.meta, counts: plan.counts, isChanged };
    if (!isChanged || options.dryRun) return rewrite;
    const after = yield* write(parent, block, plan, options);
    if (after !== undefined) rewrite.after = after;
  } finally {
    block.close();
  }
  const { before, after } = rewrite;
  // Whoever finds it after a crash at this point knows by this that it can go.
  if (after === undefined) {
    writeBlockMeta(dir, { ...before, compaction: { ...before.compaction, deletable: true } });
  }
  removeBlock(dir);
  return rewrite;
}

/** The part of the work that is to look at every series, where a block is written then. */
const PLAN_PART = 0.2;

interface Plan {
  set: BlockSeriesSet;
  /** Series that stay. */
  kept: RenamedSeries;
  counts: RewriteCounts;
  isChanged: boolean;
}

/** Looks at every series. Deletions are noted in the tombstones of the reader, not on disk. */
function* planRewrite(
  block: BlockReader,
  rules: RewriteRules,
  progress: (part: number) => void,
): Generator<void, Plan> {
  const set = block.select([], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  const counts = noRewrites();
  counts.series = set.length;
  const kept = new RenamedSeries([set], (labels) => fateOf(labels, rules).labels);
  const before = new ChunkList();
  const after = new ChunkList();
  const { deletion } = rules;
  const isReached =
    deletion !== undefined && deletion.mint < block.meta.maxTime && deletion.maxt >= block.meta.minTime;
  for (let series = 0; series < set.length; series++) {
    if (series % STEP === STEP - 1) {
      progress(series / set.length);
      yield;
    }
    const labels = set.labels(series);
    const fate = fateOf(labels, rules);
    const isCut = fate.isDeleted && isReached;
    if (fate.labels !== null && fate.labels !== labels) counts.renamed++;
    let isLeft = fate.labels !== null;
    if (isCut || !isLeft) {
      before.clear();
      set.readChunks(series, before);
      after.clear();
      if (isCut && isLeft) {
        block.tombstones.add(set.refs[series], deletion!.mint, deletion!.maxt);
        set.readChunks(series, after);
        if (after.length === 0) isLeft = false;
      }
      counts.samples += samplesOf(before) - samplesOf(after);
      if (!isLeft) counts.dropped++;
    }
    if (isLeft) kept.add(fate.labels!, 0, series);
  }
  if (counts.renamed > 0) counts.joined = yield* countJoined(kept);
  const isChanged = counts.samples > 0 || counts.renamed > 0 || counts.dropped > 0;
  return { set, kept, counts, isChanged };
}

function* write(
  parent: string,
  block: BlockReader,
  { set, kept }: Plan,
  options: BlockRewriteOptions,
): Generator<void, BlockMeta | undefined> {
  const { hints } = block.meta.compaction;
  const planned = compactedMeta([block.meta]);
  const compaction = hints === undefined ? planned.compaction : { ...planned.compaction, hints };
  const evenEmpty = tellLogStartOf(parent, [block.meta]);
  const writer = new BlockWriter(parent, { ...planned, compaction, evenEmpty });
  let finished = false;
  try {
    const list = new ChunkList();
    const joined = new ChunkList();
    const joiner = new ChunkJoiner();
    let copied = 0;
    let done = 0;
    for (const { labels, parts } of kept.merged()) {
      list.clear();
      for (const { series } of parts) set.readChunks(series, list);
      done += parts.length;
      copied += list.used;
      if (joiner.isDone(list)) writer.addChunks(labels, list);
      else {
        copied += list.used * JOINING_WEIGHT;
        joined.clear();
        joiner.join(list, joined);
        writer.addChunks(labels, joined);
      }
      if (copied < STEP_BYTES) continue;
      copied = 0;
      options.progress?.(PLAN_PART + (1 - PLAN_PART) * (done / kept.length));
      yield;
    }
    const meta = yield* writer.finishing();
    finished = true;
    return meta;
  } finally {
    if (!finished) writer.abort();
  }
}

function samplesOf(list: ChunkList): number {
  let samples = 0;
  for (let i = 0; i < list.length; i++) samples += list.count[i];
  return samples;
}
