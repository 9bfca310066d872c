/**
 * Quantiles and fractions of native histograms: linear interpolation within custom buckets and the zero bucket,
 * exponential within the others. After https://prometheus.io/docs/specs/native_histograms/#quantiles.
 */

import type { Histogram } from '../../model/histogram.ts';
import { isCustomSchema } from '../../model/histogram-bounds.ts';
import { bucketsOf } from '../../model/histogram-buckets.ts';

/** The φ-quantile, for φ from 0 to 1. NaN where there are no observations, or where those that are NaN are reached. */
export function nativeQuantile(q: number, h: Histogram): number {
  if (h.count === 0) return Number.NaN;
  const custom = isCustomSchema(h.schema);
  const { length, lower, upper, count } = bucketsOf(h);
  // From the nearer end; NaN observations, which no bucket has, make only the counts from below reliable.
  const fromBelow = Number.isNaN(h.sum) || q < 0.5;
  const rank = fromBelow ? q * h.count : (1 - q) * h.count;
  let passed = 0;
  let at = -1;
  for (let k = 0; k < length; k++) {
    const i = fromBelow ? k : length - 1 - k;
    if (count[i] === 0) continue;
    at = i;
    passed += count[i];
    if (passed >= rank) break;
  }
  if (at < 0) return Number.NaN;
  let start = lower[at];
  let end = upper[at];
  if (custom) {
    if (start === Number.NEGATIVE_INFINITY) {
      if (end <= 0) return end;
      start = 0;
    } else if (end === Number.POSITIVE_INFINITY) {
      return start;
    }
  } else if (start < 0 && end > 0) {
    // A zero bucket of a histogram with one side only is taken to have just that side.
    if (h.negativeBuckets.length === 0 && h.positiveBuckets.length > 0) start = 0;
    else if (h.positiveBuckets.length === 0 && h.negativeBuckets.length > 0) end = 0;
  }
  passed = Math.min(passed, h.count);
  if (passed < rank) return Number.isNaN(h.sum) ? Number.NaN : end;
  const into = fromBelow ? rank - (passed - count[at]) : passed - rank;
  if (Number.isNaN(h.sum) && at < length - 1) {
    // Prometheus goes on to the last bucket to see whether any observation was NaN, and interpolates in that one.
    at = length - 1;
    start = lower[at];
    end = upper[at];
  }
  const fraction = into / count[at];
  if (custom || (start <= 0 && end >= 0)) return start + (end - start) * fraction;
  const logStart = Math.log2(Math.abs(start));
  const logEnd = Math.log2(Math.abs(end));
  if (start > 0) return 2 ** (logStart + (logEnd - logStart) * fraction);
  return -(2 ** (logEnd + (logStart - logEnd) * (1 - fraction)));
}

/** Whether some observations were NaN, and therefore are counted but in no bucket. */
export function hasNaNs(h: Histogram): boolean {
  if (!Number.isNaN(h.sum)) return false;
  const { length, count } = bucketsOf(h);
  let inBuckets = 0;
  for (let i = 0; i < length; i++) inBuckets += count[i];
  return inBuckets < h.count;
}

/** Whether the φ-quantile lies above all buckets, where the observations are that were NaN. */
export function isAmongNaNs(q: number, h: Histogram): boolean {
  if (h.count === 0 || !Number.isNaN(h.sum)) return false;
  const { length, count } = bucketsOf(h);
  const rank = q * h.count;
  let passed = 0;
  for (let i = 0; i < length; i++) {
    passed += count[i];
    if (count[i] !== 0 && passed >= rank) break;
  }
  // As above: of a negated histogram there are more in the buckets than in all.
  return Math.min(passed, h.count) < rank;
}

/** The share of observations in (lower, upper], where lower < upper; those that are NaN count as outside. */
export function nativeFraction(lower: number, upper: number, h: Histogram): number {
  if (h.count === 0) return Number.NaN;
  // Not more than all, whatever rounding or negative counts have made of the buckets.
  const rank = (value: number) => Math.min(rankOf(value, h), h.count);
  return (rank(upper) - rank(lower)) / h.count;
}

/** How many observations are taken to be at most `value`. */
function rankOf(value: number, h: Histogram): number {
  const custom = isCustomSchema(h.schema);
  const { length, lower, upper, count } = bucketsOf(h);
  let rank = 0;
  for (let i = 0; i < length; i++) {
    let start = lower[i];
    let end = upper[i];
    const isZero = !custom && start <= 0 && end >= 0;
    if (isZero) {
      if (h.negativeBuckets.length === 0 && h.positiveBuckets.length > 0) start = 0;
      else if (h.positiveBuckets.length === 0 && h.negativeBuckets.length > 0) end = 0;
    }
    if (custom && start === Number.NEGATIVE_INFINITY && end > 0) start = 0;
    if (start >= value) return rank;
    if (end > value) {
      if (custom || isZero) {
        if (start === Number.NEGATIVE_INFINITY) return rank;
        return rank + (count[i] * (value - start)) / (end - start);
      }
      return rank + count[i] * logFraction(value, start, end);
    }
    rank += count[i];
  }
  return rank;
}

/** How far `value` is into a bucket on a logarithmic scale, counted from the bucket's lower bound. */
function logFraction(value: number, lower: number, upper: number): number {
  const logLower = Math.log2(Math.abs(lower));
  const logUpper = Math.log2(Math.abs(upper));
  const logValue = Math.log2(Math.abs(value));
  if (value > 0) return (logValue - logLower) / (logUpper - logLower);
  return 1 - (logValue - logUpper) / (logLower - logUpper);
}
