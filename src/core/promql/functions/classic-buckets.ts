/**
 * Quantiles and fractions of classic histograms: cumulative counts with upper bounds, as they come from `_bucket`
 * series. After https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile.
 */
import { almostEqual } from '../../model/almost-equal.ts';

export interface Bucket {
  upperBound: number;
  /** Cumulative. */
  count: number;
}

/** Relative difference below which a falling count is a rounding error and not said. */
const SMALL_DELTA = 1e-12;

export interface MonotonicityFix {
  /** Bounds between which counts had to be raised. */
  minBound: number;
  maxBound: number;
  /** By how much at most. */
  maxDifference: number;
}

/** Sorts the buckets in place and joins those with equal bounds. */
export function sortedBuckets(buckets: Bucket[]): Bucket[] {
  buckets.sort((a, b) => a.upperBound - b.upperBound);
  const joined: Bucket[] = [];
  for (const bucket of buckets) {
    const last = joined[joined.length - 1];
    if (last !== undefined && last.upperBound === bucket.upperBound) last.count += bucket.count;
    else joined.push(bucket);
  }
  return joined;
}

/** Makes the counts of sorted buckets monotonic, in place. Returns what had to be fixed beyond rounding errors. */
export function makeMonotonic(buckets: Bucket[]): MonotonicityFix | null {
  let fix: MonotonicityFix | null = null;
  let before = buckets[0].count;
  for (let i = 1; i < buckets.length; i++) {
    const { count, upperBound } = buckets[i];
    if (count === before) continue;
    if (almostEqual(before, count, SMALL_DELTA)) {
      buckets[i].count = before;
    } else if (count < before) {
      fix ??= { minBound: upperBound, maxBound: upperBound, maxDifference: 0 };
      fix.maxBound = upperBound;
      fix.maxDifference = Math.max(fix.maxDifference, before - count);
      buckets[i].count = before;
    } else {
      before = count;
    }
  }
  return fix;
}

/** Whether the last of the sorted buckets has all that was counted. */
export function isComplete(buckets: readonly Bucket[]): boolean {
  return buckets.length > 0 && buckets[buckets.length - 1].upperBound === Number.POSITIVE_INFINITY;
}

/** The φ-quantile of sorted, monotonic buckets, for φ from 0 to 1. NaN where the histogram cannot say. */
export function bucketQuantile(q: number, buckets: readonly Bucket[]): number {
  if (!isComplete(buckets) || buckets.length < 2) return Number.NaN;
  const last = buckets.length - 1;
  const observations = buckets[last].count;
  if (observations === 0) return Number.NaN;
  let rank = q * observations;
  let b = 0;
  while (b < last && !(buckets[b].count >= rank)) b++;
  if (b === last) return buckets[last - 1].upperBound;
  if (b === 0 && buckets[0].upperBound <= 0) return buckets[0].upperBound;
  let start = 0;
  let { count } = buckets[b];
  if (b > 0) {
    start = buckets[b - 1].upperBound;
    count -= buckets[b - 1].count;
    rank -= buckets[b - 1].count;
  }
  return start + (buckets[b].upperBound - start) * (rank / count);
}

/** The share of observations between `lower` and `upper`, of sorted buckets. */
export function bucketFraction(lower: number, upper: number, buckets: readonly Bucket[]): number {
  if (!isComplete(buckets) || buckets.length < 2) return Number.NaN;
  const total = buckets[buckets.length - 1].count;
  if (total === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN;
  if (lower >= upper) return 0;
  return (rankOf(upper, buckets) - rankOf(lower, buckets)) / total;
}

/** How many observations are taken to be at most `value`: linear within a bucket; the first one starts at 0. */
function rankOf(value: number, buckets: readonly Bucket[]): number {
  if (value === Number.NEGATIVE_INFINITY) return 0;
  let before = 0;
  for (let i = 0; i < buckets.length; i++) {
    const { upperBound, count } = buckets[i];
    const start = i > 0 ? buckets[i - 1].upperBound : upperBound <= 0 ? Number.NEGATIVE_INFINITY : 0;
    if (value <= start) return before;
    if (value < upperBound) {
      // Within an open bucket nothing is known of where its observations lie.
      if (upperBound === Number.POSITIVE_INFINITY || start === Number.NEGATIVE_INFINITY) return before;
      return before + (count - before) * ((value - start) / (upperBound - start));
    }
    before = count;
  }
  return before;
}
