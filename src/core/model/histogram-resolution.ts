/** Exponential histograms at a lower schema: each step down merges buckets in pairs. */
import type { Histogram, Span } from './histogram.ts';
import { bucketIndexes, spansOf } from './histogram-layout.ts';

/** The buckets of one side. */
export interface Side {
  spans: readonly Span[];
  buckets: Float64Array;
}

/** The index at schema `to` of the bucket that holds bucket `index` of the finer schema `from`. */
export function coarserIndex(index: number, from: number, to: number): number {
  return Math.floor((index - 1) / 2 ** (from - to)) + 1;
}

/** Changes `h` in place to the lower schema `to`; its buckets are new arrays then. `h` may have a reserved schema. */
export function reduceResolution(h: Histogram, to: number): void {
  if (to > h.schema) throw new RangeError(`cannot raise the resolution from schema ${h.schema} to ${to}`);
  if (to === h.schema) return;
  const positive = coarserSide({ spans: h.positiveSpans, buckets: h.positiveBuckets }, h.schema, to);
  const negative = coarserSide({ spans: h.negativeSpans, buckets: h.negativeBuckets }, h.schema, to);
  h.positiveSpans = positive.spans;
  h.positiveBuckets = positive.buckets;
  h.negativeSpans = negative.spans;
  h.negativeBuckets = negative.buckets;
  h.schema = to;
}

/** A side at a lower schema; the side itself where nothing changes. */
export function coarserSide(side: Side, from: number, to: number): Side {
  if (from === to || side.buckets.length === 0) return side;
  const indexes = bucketIndexes(side.spans);
  const counts = new Float64Array(indexes.length);
  let n = 0;
  for (let i = 0; i < indexes.length; i++) {
    const index = coarserIndex(indexes[i], from, to);
    // Written into the array that is read: there are never more coarse buckets than fine ones.
    if (n === 0 || indexes[n - 1] !== index) indexes[n++] = index;
    counts[n - 1] += side.buckets[i];
  }
  return { spans: spansOf(indexes, n), buckets: counts.slice(0, n) };
}
