/**
 * Quantiles and fractions of classic histograms: cumulative counts with upper bounds, as they come from `_bucket`
 * series. After https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile.
 */
import { almostEqual } from '../../model/almost-equal.ts';

/** One classic histogram: bounds in ascending order, each once, with cumulative counts. Used again for the next. */
export class Buckets {
  length = 0;
  readonly upperBounds: Float64Array;
  readonly counts: Float64Array;

  constructor(capacity: number) {
    this.upperBounds = new Float64Array(capacity);
    this.counts = new Float64Array(capacity);
  }

  clear(): void {
    this.length = 0;
  }

  /** Adds a bucket whose bound is not below the last one's. Buckets of one bound are joined. */
  add(upperBound: number, count: number): void {
    const last = this.length - 1;
    if (last >= 0 && this.upperBounds[last] === upperBound) {
      this.counts[last] += count;
      return;
    }
    this.upperBounds[this.length] = upperBound;
    this.counts[this.length] = count;
    this.length++;
  }

  copyFrom(other: Buckets): void {
    this.upperBounds.set(other.upperBounds);
    this.counts.set(other.counts);
    this.length = other.length;
  }
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

/** Makes the counts monotonic, in place. Returns what had to be fixed beyond rounding errors. */
export function makeMonotonic({ length, upperBounds, counts }: Buckets): MonotonicityFix | null {
  let fix: MonotonicityFix | null = null;
  let before = counts[0];
  for (let i = 1; i < length; i++) {
    const count = counts[i];
    if (count === before) continue;
    if (before >= 0 && count > 1 && count - before > 2 * SMALL_DELTA * count) {
      // The usual case, without asking whether they are equal but for rounding.
      before = count;
    } else if (almostEqual(before, count, SMALL_DELTA)) {
      counts[i] = before;
    } else if (count < before) {
      const upperBound = upperBounds[i];
      fix ??= { minBound: upperBound, maxBound: upperBound, maxDifference: 0 };
      fix.maxBound = upperBound;
      fix.maxDifference = Math.max(fix.maxDifference, before - count);
      counts[i] = before;
    } else {
      before = count;
    }
  }
  return fix;
}

/** Whether the last of the buckets has all that was counted. */
export function isComplete({ length, upperBounds }: Buckets): boolean {
  return length > 0 && upperBounds[length - 1] === Number.POSITIVE_INFINITY;
}

/** The φ-quantile of monotonic buckets, for φ from 0 to 1. NaN where the histogram cannot say. */
export function bucketQuantile(q: number, buckets: Buckets): number {
  if (!isComplete(buckets) || buckets.length < 2) return Number.NaN;
  const { upperBounds, counts } = buckets;
  const last = buckets.length - 1;
  const observations = counts[last];
  if (observations === 0) return Number.NaN;
  let rank = q * observations;
  let b = 0;
  while (b < last && !(counts[b] >= rank)) b++;
  if (b === last) return upperBounds[last - 1];
  if (b === 0 && upperBounds[0] <= 0) return upperBounds[0];
  let start = 0;
  let count = counts[b];
  if (b > 0) {
    start = upperBounds[b - 1];
    count -= counts[b - 1];
    rank -= counts[b - 1];
  }
  return start + (upperBounds[b] - start) * (rank / count);
}

/** The share of observations between `lower` and `upper`. */
export function bucketFraction(lower: number, upper: number, buckets: Buckets): number {
  if (!isComplete(buckets) || buckets.length < 2) return Number.NaN;
  const total = buckets.counts[buckets.length - 1];
  if (total === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN;
  if (lower >= upper) return 0;
  return (rankOf(upper, buckets) - rankOf(lower, buckets)) / total;
}

/** How many observations are taken to be at most `value`: linear within a bucket; the first one starts at 0. */
function rankOf(value: number, { length, upperBounds, counts }: Buckets): number {
  if (value === Number.NEGATIVE_INFINITY) return 0;
  let before = 0;
  for (let i = 0; i < length; i++) {
    const upperBound = upperBounds[i];
    const start = i > 0 ? upperBounds[i - 1] : upperBound <= 0 ? Number.NEGATIVE_INFINITY : 0;
    if (value <= start) return before;
    if (value < upperBound) {
      // Within an open bucket nothing is known of where its observations lie.
      if (upperBound === Number.POSITIVE_INFINITY || start === Number.NEGATIVE_INFINITY) return before;
      return before + (counts[i] - before) * ((value - start) / (upperBound - start));
    }
    before = counts[i];
  }
  return before;
}
