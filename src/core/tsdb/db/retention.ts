/** Which blocks are too old, or too much, as Prometheus decides it. */
import type { BlockMeta } from '../block/index.ts';

export interface Retention {
  /** How far back from the newest block (or from now, if that is earlier) samples are kept, ms; 0 for ever. */
  maxAge: number;
  /** How much the directory may hold, bytes; 0 without limit. */
  maxBytes: number;
}

/** Blocks to remove, and why; one may be both. */
export interface ExpiredBlocks {
  tooOld: string[];
  tooMuch: string[];
}

/**
 * `headBytes` is what the log and the head's files take. A block that is ahead of `now` (ms) makes no other one older
 * than it is.
 */
export function expiredBlocks(
  metas: readonly BlockMeta[],
  sizeOf: (ulid: string) => number,
  headBytes: number,
  { maxAge, maxBytes }: Retention,
  now = Number.POSITIVE_INFINITY,
): ExpiredBlocks {
  const newestFirst = [...metas].sort((a, b) => b.maxTime - a.maxTime);
  const expired: ExpiredBlocks = { tooOld: [], tooMuch: [] };
  if (maxAge > 0) {
    const newest = Math.min(newestFirst[0]?.maxTime ?? 0, now);
    for (const { ulid, maxTime } of newestFirst) {
      if (newest - maxTime >= maxAge) expired.tooOld.push(ulid);
    }
  }
  if (maxBytes > 0) {
    let bytes = headBytes;
    for (const { ulid } of newestFirst) {
      bytes += sizeOf(ulid);
      if (bytes > maxBytes) expired.tooMuch.push(ulid);
    }
  }
  return expired;
}
