/** One layout for two sets of buckets: that of the first, with room for what only the second has. */
import type { Span } from './histogram.ts';
import { bucketIndexes, sameLayout, spansOf } from './histogram-layout.ts';

export interface Aligned {
  spans: readonly Span[];
  /** The first set's counts, 0 where it had no such bucket. */
  buckets: Float64Array;
  /** Where each bucket of the second set is found in `buckets`; null where that is its own position. */
  positions: Int32Array | null;
  /** Where each bucket of the first set went to; null where none moved, and `buckets` is the array it was. */
  moved: Int32Array | null;
}

export function alignSides(spans: readonly Span[], buckets: Float64Array, other: readonly Span[]): Aligned {
  if (sameLayout(spans, other)) return { spans, buckets, positions: null, moved: null };
  const mine = bucketIndexes(spans);
  const theirs = bucketIndexes(other);
  const all = new Int32Array(mine.length + theirs.length);
  const moved = new Int32Array(mine.length);
  const positions = new Int32Array(theirs.length);
  let n = 0;
  for (let i = 0, j = 0; i < mine.length || j < theirs.length; n++) {
    const index = Math.min(
      i < mine.length ? mine[i] : Number.POSITIVE_INFINITY,
      j < theirs.length ? theirs[j] : Number.POSITIVE_INFINITY,
    );
    all[n] = index;
    if (i < mine.length && mine[i] === index) moved[i++] = n;
    if (j < theirs.length && theirs[j] === index) positions[j++] = n;
  }
  // The first has all that the second has.
  if (n === mine.length) return { spans, buckets, positions, moved: null };
  return { spans: spansOf(all, n), buckets: movedTo(buckets, moved, n), positions, moved };
}

/** A column of `length` with `values[i]` at `moved[i]`, zeros elsewhere. */
export function movedTo(values: Float64Array, moved: Int32Array, length: number): Float64Array {
  const out = new Float64Array(length);
  for (let i = 0; i < moved.length; i++) out[moved[i]] = values[i];
  return out;
}

/** Adds `sign` times the second set's counts. */
export function addAligned({ buckets, positions }: Aligned, counts: Float64Array, sign: 1 | -1): void {
  for (let i = 0; i < counts.length; i++) buckets[positions === null ? i : positions[i]] += sign * counts[i];
}
