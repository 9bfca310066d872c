/**
 * A layout that two histograms can both be brought to, so that they can be added or compared bucket by bucket:
 * for exponential ones the lower of their schemas and the wider of their zero buckets (widened on until it cuts
 * through no populated bucket of either), for custom ones the bounds that both have.
 */

import type { Histogram } from './histogram.ts';
import { exponentialBound, isCustomSchema } from './histogram-bounds.ts';
import { sameColumn } from './histogram-copy.ts';
import { bucketIndexes, NO_BUCKETS, NO_SPANS, spansOf } from './histogram-layout.ts';
import { coarserSide, type Side } from './histogram-resolution.ts';

export interface Layout {
  schema: number;
  zeroThreshold: number;
  customValues: Float64Array;
}

/** What of a histogram depends on its layout. Arrays are the histogram's own where nothing had to change. */
export interface InLayout {
  zeroCount: number;
  positive: Side;
  negative: Side;
}

/** Both must be exponential, or both custom. */
export function commonLayout(a: Histogram, b: Histogram): Layout {
  if (isCustomSchema(a.schema)) {
    const same = sameColumn(a.customValues, b.customValues);
    const customValues = same ? a.customValues : commonBounds(a.customValues, b.customValues);
    return { schema: a.schema, zeroThreshold: 0, customValues };
  }
  let zeroThreshold = a.zeroThreshold;
  // Each may have to go further than the other asks.
  for (let other = b.zeroThreshold; zeroThreshold !== other; ) {
    if (zeroThreshold < other) zeroThreshold = widerThreshold(a, other);
    else other = widerThreshold(b, zeroThreshold);
  }
  return { schema: Math.min(a.schema, b.schema), zeroThreshold, customValues: NO_BUCKETS };
}

/** The histogram in a layout that `commonLayout` made of it and another. */
export function inLayout(h: Histogram, layout: Layout): InLayout {
  let positive: Side = { spans: h.positiveSpans, buckets: h.positiveBuckets };
  let negative: Side = { spans: h.negativeSpans, buckets: h.negativeBuckets };
  if (isCustomSchema(h.schema)) {
    if (h.customValues !== layout.customValues && !sameColumn(h.customValues, layout.customValues)) {
      positive = between(positive, h.customValues, layout.customValues);
    }
    return { zeroCount: 0, positive, negative: { spans: NO_SPANS, buckets: NO_BUCKETS } };
  }
  let zeroCount = h.zeroCount;
  if (h.zeroThreshold !== layout.zeroThreshold) {
    const up = splitAtZero(positive, h.schema, layout.zeroThreshold);
    const down = splitAtZero(negative, h.schema, layout.zeroThreshold);
    zeroCount += up.within + down.within;
    positive = up.beyond;
    negative = down.beyond;
  }
  return {
    zeroCount,
    positive: coarserSide(positive, h.schema, layout.schema),
    negative: coarserSide(negative, h.schema, layout.schema),
  };
}

/**
 * Where a zero bucket widened to at least `threshold` can end: there, or if that lies inside a populated bucket, at
 * the end of that bucket.
 */
export function widerThreshold(h: Histogram, threshold: number): number {
  const up = populatedEnd(h.positiveSpans, h.positiveBuckets, h.schema, threshold);
  return populatedEnd(h.negativeSpans, h.negativeBuckets, h.schema, up);
}

function populatedEnd(
  spans: Side['spans'],
  buckets: Float64Array,
  schema: number,
  threshold: number,
): number {
  const indexes = bucketIndexes(spans);
  for (let i = 0; i < indexes.length; i++) {
    const upper = exponentialBound(indexes[i], schema);
    if (upper <= threshold) continue;
    return buckets[i] !== 0 && exponentialBound(indexes[i] - 1, schema) < threshold ? upper : threshold;
  }
  return threshold;
}

/** A side without the buckets that end within the zero bucket, and what those held. */
function splitAtZero(side: Side, schema: number, threshold: number): { beyond: Side; within: number } {
  const indexes = bucketIndexes(side.spans);
  let within = 0;
  let from = 0;
  while (from < indexes.length && exponentialBound(indexes[from], schema) <= threshold)
    within += side.buckets[from++];
  if (from === 0) return { beyond: side, within };
  return { beyond: { spans: spansOf(indexes.subarray(from)), buckets: side.buckets.slice(from) }, within };
}

/** The bounds that both have, ascending. */
function commonBounds(a: Float64Array, b: Float64Array): Float64Array {
  const common: number[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      common.push(a[i]);
      i++;
      j++;
    } else if (a[i] < b[j]) i++;
    else j++;
  }
  return common.length === 0 ? NO_BUCKETS : Float64Array.from(common);
}

/** Custom buckets summed up between fewer bounds: one for each, and one beyond the last. */
function between(side: Side, from: Float64Array, to: Float64Array): Side {
  const counts = new Float64Array(to.length + 1);
  const indexes = bucketIndexes(side.spans);
  let target = 0;
  for (let i = 0; i < indexes.length; i++) {
    const upper = indexes[i] < from.length ? from[indexes[i]] : Number.POSITIVE_INFINITY;
    while (target < to.length && to[target] < upper) target++;
    counts[target] += side.buckets[i];
  }
  return { spans: [{ offset: 0, length: counts.length }], buckets: counts };
}
