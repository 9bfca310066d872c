/** Making, copying and comparing histograms. */

import { CounterReset, type Histogram } from './histogram.ts';
import { isCustomSchema } from './histogram-bounds.ts';
import { NO_BUCKETS, NO_SPANS, sameLayout } from './histogram-layout.ts';

/** A float histogram without observations. */
export function emptyHistogram(schema = 0): Histogram {
  return {
    isFloat: true,
    counterReset: CounterReset.unknown,
    schema,
    zeroThreshold: 0,
    zeroCount: 0,
    count: 0,
    sum: 0,
    stale: false,
    positiveSpans: NO_SPANS,
    negativeSpans: NO_SPANS,
    positiveBuckets: NO_BUCKETS,
    negativeBuckets: NO_BUCKETS,
    customValues: NO_BUCKETS,
  };
}

/** The end of a series of histograms. */
export function staleHistogram(): Histogram {
  const h = emptyHistogram();
  h.sum = Number.NaN;
  h.stale = true;
  return h;
}

/** A copy with buckets of its own. Spans and custom bounds are shared: nobody writes to those. */
export function copyHistogram(h: Histogram): Histogram {
  return {
    isFloat: h.isFloat,
    counterReset: h.counterReset,
    schema: h.schema,
    zeroThreshold: h.zeroThreshold,
    zeroCount: h.zeroCount,
    count: h.count,
    sum: h.sum,
    stale: h.stale,
    positiveSpans: h.positiveSpans,
    negativeSpans: h.negativeSpans,
    positiveBuckets: h.positiveBuckets.length === 0 ? NO_BUCKETS : h.positiveBuckets.slice(),
    negativeBuckets: h.negativeBuckets.length === 0 ? NO_BUCKETS : h.negativeBuckets.slice(),
    customValues: h.customValues,
  };
}

/** A copy to calculate with: float counts. */
export function toFloatHistogram(h: Histogram): Histogram {
  const copy = copyHistogram(h);
  copy.isFloat = true;
  return copy;
}

/**
 * Whether both say the same about the same buckets, empty ones included. The counter reset hint does not count, nor
 * whether counts are stored as integers.
 */
export function histogramsEqual(a: Histogram, b: Histogram): boolean {
  if (a === b) return true;
  if (a.stale || b.stale) return a.stale && b.stale;
  return (
    a.schema === b.schema &&
    a.zeroThreshold === b.zeroThreshold &&
    Object.is(a.count, b.count) &&
    Object.is(a.sum, b.sum) &&
    Object.is(a.zeroCount, b.zeroCount) &&
    (!isCustomSchema(a.schema) || sameColumn(a.customValues, b.customValues)) &&
    sameLayout(a.positiveSpans, b.positiveSpans) &&
    sameLayout(a.negativeSpans, b.negativeSpans) &&
    sameColumn(a.positiveBuckets, b.positiveBuckets) &&
    sameColumn(a.negativeBuckets, b.negativeBuckets)
  );
}

/** Whether two columns hold the same values; a NaN equals itself. */
export function sameColumn(a: Float64Array, b: Float64Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
