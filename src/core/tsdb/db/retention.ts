/** Which blocks are too old, or too much, as Prometheus decides it. */
import type { BlockMeta } from '../block/index.ts';

export interface Retention {
  /** How far back from the newest block samples are kept, ms; 0 for ever. */
  maxAge: number;
  /** How much the directory may hold, bytes; 0 without limit. */
  maxBytes: number;
}

/** Blocks to remove, and why; one may be both. */
export interface ExpiredBlocks {
  tooOld: string[];
  tooMuch: string[];
}

/** `headBytes` is what the log and the head's files take. */
export function expiredBlocks(
  metas: readonly BlockMeta[],
  sizeOf: (ulid: string) => number,
  headBytes: number,
  { maxAge, maxBytes }: Retention,
): ExpiredBlocks {
  const newestFirst = [...metas].sort((a, b) => b.maxTime - a.maxTime);
  const expired: ExpiredBlocks = { tooOld: [], tooMuch: [] };
  if (maxAge > 0) {
    for (const { ulid, maxTime } of newestFirst) {
      if (newestFirst[0].maxTime - maxTime >= maxAge) expired.tooOld.push(ulid);
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
