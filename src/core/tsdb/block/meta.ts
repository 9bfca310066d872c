/** meta.json: what a block says of itself. docs/format/block.md. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CorruptionError } from '../../errors.ts';

export const META_FILE = 'meta.json';
const VERSION = 1;

export interface BlockStats {
  numSamples?: number;
  /** Not written by every version of Prometheus. */
  numFloatSamples?: number;
  numHistogramSamples?: number;
  numSeries?: number;
  numChunks?: number;
  numTombstones?: number;
}

/** A block that went into another one. */
export interface BlockParent {
  ulid: string;
  minTime: number;
  maxTime: number;
}

export interface BlockCompaction {
  /** 1 for what the head wrote, one more for each time blocks were made into larger ones. */
  level: number;
  /** ULIDs of all level 1 blocks that went into this one. */
  sources?: string[];
  /** Nothing is left of the block: it may be removed. */
  deletable?: boolean;
  /** The blocks that were made into this one directly. */
  parents?: BlockParent[];
  /** A compaction of this block failed, and it is left out of further ones. */
  failed?: boolean;
  /** For example `from-out-of-order`. Those that are not known say nothing. */
  hints?: string[];
}

export interface BlockMeta {
  ulid: string;
  /** Milliseconds since the epoch; `maxTime` is behind the last sample. */
  minTime: number;
  maxTime: number;
  stats?: BlockStats;
  compaction: BlockCompaction;
  version: number;
}

/** What a block says that was made of samples that came out of order: it does not tell up to where the others reach. */
export const OUT_OF_ORDER_HINT = 'from-out-of-order';

export function isOutOfOrder({ compaction }: Pick<BlockMeta, 'compaction'>): boolean {
  return compaction.hints?.includes(OUT_OF_ORDER_HINT) === true;
}

/** Before a time in milliseconds: up to there a block has what came in order. Prometheus passes over it. */
const IN_ORDER_HINT = 'in-order-until=';

/** What a block of these says of how far samples in order reach, where its parents do not say it. */
export function inOrderHint(end: number): string {
  return `${IN_ORDER_HINT}${end}`;
}

/**
 * Up to where a block certainly has what came in order, ms. One of late samples alone says nothing of it. Of parents
 * that overlap some may be of late samples, and where there is no hint nothing tells which: they say nothing either.
 */
export function inOrderEnd(meta: Pick<BlockMeta, 'maxTime' | 'compaction'>): number {
  if (isOutOfOrder(meta)) return Number.NEGATIVE_INFINITY;
  const { hints, parents } = meta.compaction;
  const hint = hints?.find((one) => one.startsWith(IN_ORDER_HINT));
  if (hint !== undefined) return Number(hint.slice(IN_ORDER_HINT.length));
  if (parents === undefined) return meta.maxTime;
  return parents
    .filter((one) => parents.every((other) => one === other || areApart(one, other)))
    .reduce((end, one) => Math.max(end, one.maxTime), Number.NEGATIVE_INFINITY);
}

type TimeSpan = Pick<BlockMeta, 'minTime' | 'maxTime'>;

function areApart(a: TimeSpan, b: TimeSpan): boolean {
  return a.maxTime <= b.minTime || b.maxTime <= a.minTime;
}

/** Reads a block's meta.json. Fields that are not known are kept. Throws CorruptionError, and what `open` throws. */
export function readBlockMeta(dir: string): BlockMeta {
  const file = join(dir, META_FILE);
  const text = readFileSync(file, 'utf8');
  let meta: Partial<BlockMeta> | null;
  try {
    meta = JSON.parse(text);
  } catch (error) {
    throw new CorruptionError(`is not JSON: ${(error as Error).message}`, { file });
  }
  if (typeof meta !== 'object' || meta === null) throw new CorruptionError('is not a JSON object', { file });
  if (meta.version !== VERSION)
    throw new CorruptionError(`has version ${meta.version}, not ${VERSION}`, { file });
  if (typeof meta.ulid !== 'string') throw new CorruptionError('has no ulid', { file });
  // As Go reads it: what is left out is zero.
  const { minTime = 0, maxTime = 0 } = meta;
  if (!Number.isFinite(minTime) || !Number.isFinite(maxTime)) {
    throw new CorruptionError('has no time range', { file });
  }
  if (maxTime < minTime) throw new CorruptionError('has a time range that ends before it begins', { file });
  return {
    ...meta,
    ulid: meta.ulid,
    minTime,
    maxTime,
    compaction: { ...meta.compaction, level: meta.compaction?.level ?? 0 },
    version: VERSION,
  };
}

/** Writes meta.json so that it is either there as a whole or as it was before (if it is durable, after a crash too). */
export function writeBlockMeta(dir: string, meta: BlockMeta, durable = true): void {
  const file = join(dir, META_FILE);
  const temporary = `${file}.tmp`;
  const fd = openSync(temporary, 'w');
  try {
    writeFileSync(fd, JSON.stringify(meta, null, '\t'));
    if (durable) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, file);
}
