/** The buckets of a histogram as columns, each with its bounds. */

import type { Histogram } from './histogram.ts';
import { bucketBound, isCustomSchema } from './histogram-bounds.ts';
import { bucketIndexes } from './histogram-layout.ts';

/** Which bounds belong to a bucket; numbers as in the HTTP API. */
export const BoundaryRule = { openLeft: 0, openRight: 1, openBoth: 2, closedBoth: 3 } as const;
export type BoundaryRule = (typeof BoundaryRule)[keyof typeof BoundaryRule];

export interface Buckets {
  length: number;
  /** -Infinity where a custom bucket has none. */
  lower: Float64Array;
  upper: Float64Array;
  count: Float64Array;
  /** A BoundaryRule each. */
  rule: Uint8Array;
}

/**
 * All buckets from the least values to the greatest: the negative ones, the zero bucket, the positive ones; empty
 * buckets within spans included. Where a bucket reaches into the zero bucket, it ends there. The zero bucket is left
 * out unless its count is positive (as in the HTTP API), or as `withZero` says.
 */
export function bucketsOf(h: Histogram, withZero: boolean = h.zeroCount > 0): Buckets {
  const negative = bucketIndexes(h.negativeSpans);
  const positive = bucketIndexes(h.positiveSpans);
  const zeros = withZero ? 1 : 0;
  const length = negative.length + zeros + positive.length;
  const out: Buckets = {
    length,
    lower: new Float64Array(length),
    upper: new Float64Array(length),
    count: new Float64Array(length),
    rule: new Uint8Array(length),
  };
  let n = 0;
  for (let i = negative.length - 1; i >= 0; i--, n++) {
    const upper = -bucketBound(negative[i] - 1, h.schema, h.customValues);
    out.lower[n] = -bucketBound(negative[i], h.schema, h.customValues);
    out.upper[n] = Math.min(upper, -h.zeroThreshold);
    out.count[n] = h.negativeBuckets[i];
    out.rule[n] = BoundaryRule.openRight;
  }
  if (zeros > 0) {
    out.lower[n] = -h.zeroThreshold;
    out.upper[n] = h.zeroThreshold;
    out.count[n] = h.zeroCount;
    out.rule[n++] = BoundaryRule.closedBoth;
  }
  const custom = isCustomSchema(h.schema);
  for (let i = 0; i < positive.length; i++, n++) {
    const lower = bucketBound(positive[i] - 1, h.schema, h.customValues);
    out.lower[n] = custom ? lower : Math.max(lower, h.zeroThreshold);
    out.upper[n] = bucketBound(positive[i], h.schema, h.customValues);
    out.count[n] = h.positiveBuckets[i];
    out.rule[n] = custom && positive[i] === 0 ? BoundaryRule.closedBoth : BoundaryRule.openLeft;
  }
  return out;
}
