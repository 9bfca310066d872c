/**
 * Native histograms. Integer and float histograms are one class here: buckets are absolute counts in a
 * Float64Array either way, and `isFloat` decides only how they are encoded. (Prometheus keeps two types, and deltas
 * for integers; counts beyond 2^53 lose their last bits here, which no real histogram reaches.)
 */

/** `length` consecutive buckets, `offset` buckets after the end of the previous span (after index 0 for the first). */
export interface Span {
  offset: number;
  length: number;
}

/** The schema of histograms with custom bucket bounds; exponential ones run from -4 to 8. */
export const CUSTOM_BUCKETS_SCHEMA = -53;
export const MIN_EXPONENTIAL_SCHEMA = -4;
export const MAX_EXPONENTIAL_SCHEMA = 8;

/** What is known about a counter reset between this histogram and the one before it; numbers as on disk. */
export const CounterReset = { unknown: 0, reset: 1, notReset: 2, gauge: 3 } as const;
export type CounterResetHint = (typeof CounterReset)[keyof typeof CounterReset];

export interface Histogram {
  isFloat: boolean;
  counterReset: CounterResetHint;
  schema: number;
  zeroThreshold: number;
  zeroCount: number;
  count: number;
  sum: number;
  /** The end of the series: on disk, a histogram whose sum is the stale NaN (a `number` could lose its payload). */
  stale: boolean;
  positiveSpans: readonly Span[];
  negativeSpans: readonly Span[];
  /** Absolute counts, one for each bucket that the spans cover. */
  positiveBuckets: Float64Array;
  negativeBuckets: Float64Array;
  /** Upper bounds of custom buckets, ascending, without the last one (+Inf); empty for exponential schemas. */
  customValues: Float64Array;
}
