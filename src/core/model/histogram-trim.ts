/**
 * Histograms without the observations on one side of a value: PromQL's `</` and `>/`.
 *
 * Where the value lies inside a bucket, its observations are divided by interpolation: exponential in exponential
 * buckets, linear in custom ones and in the zero bucket (which counts as one-sided where only one side has
 * buckets). A custom bucket without a lower or upper end has all its observations there, at minus or plus infinity,
 * except that the first is taken to start at zero where it ends above zero and the value is not negative. The sum
 * cannot be divided; it is estimated anew from the midpoints of what remains, unless all does.
 */

import type { Histogram } from './histogram.ts';
import { bucketBound, isCustomSchema } from './histogram-bounds.ts';
import { copyHistogram } from './histogram-copy.ts';
import { bucketIndexes, compactHistogram } from './histogram-layout.ts';

/** Keeps what is at most `limit` (`</`); a new histogram. */
export function trimUpper(h: Histogram, limit: number): Histogram {
  return trim(h, limit, true);
}

/** Keeps what is at least `limit` (`>/`); a new histogram. */
export function trimLower(h: Histogram, limit: number): Histogram {
  return trim(h, limit, false);
}

function trim(h: Histogram, limit: number, upper: boolean): Histogram {
  const out = copyHistogram(h);
  out.isFloat = true;
  const kept = new Kept(limit, upper);
  if (isCustomSchema(h.schema)) trimCustom(out, kept);
  else trimExponential(out, kept);
  if (kept.removedAny) {
    out.count = kept.count;
    out.sum = kept.sum;
  }
  compactHistogram(out, 0);
  return out;
}

/** Adds up what remains of one bucket after another. */
class Kept {
  readonly limit: number;
  readonly upper: boolean;
  count = 0;
  sum = 0;
  removedAny = false;

  constructor(limit: number, upper: boolean) {
    this.limit = limit;
    this.upper = upper;
  }

  /** What remains of `count` observations between two bounds; `linear` says how they are spread. */
  part(count: number, from: number, to: number, linear: boolean): number {
    const { limit, upper } = this;
    if (upper ? limit >= to : limit <= from) return this.keep(count, from, to, linear);
    const divides = upper ? limit > from : limit < to;
    if (!divides || count === 0) return this.remove(count);
    const below = count * (linear ? (limit - from) / (to - from) : logFraction(from, to, limit));
    this.removedAny = true;
    return upper ? this.keep(below, from, limit, linear) : this.keep(count - below, limit, to, linear);
  }

  /** All of `count` observations, taken to lie around the middle of the bounds. */
  keep(count: number, from: number, to: number, linear: boolean): number {
    if (count === 0) return count;
    this.count += count;
    this.sum += count * (linear ? (from + to) / 2 : geometricMean(from, to));
    return count;
  }

  /** All of `count` observations, at `value`. */
  keepAt(count: number, value: number): number {
    if (count === 0) return count;
    this.count += count;
    this.sum += count * value;
    return count;
  }

  remove(count: number): number {
    if (count !== 0) this.removedAny = true;
    return 0;
  }
}

/** Both bounds have the same sign, which the mean has too. */
function geometricMean(from: number, to: number): number {
  const product = from * to;
  const mean =
    product < Number.MAX_VALUE ? Math.sqrt(product) : Math.sqrt(Math.abs(from)) * Math.sqrt(Math.abs(to));
  return to > 0 ? mean : -mean;
}

/** How far `v` is from one bound to the other where observations are spread evenly over their logarithms. */
function logFraction(from: number, to: number, v: number): number {
  const low = Math.log2(Math.abs(from));
  const high = Math.log2(Math.abs(to));
  return (Math.log2(Math.abs(v)) - low) / (high - low);
}

function trimExponential(h: Histogram, kept: Kept): void {
  const negative = bucketIndexes(h.negativeSpans);
  for (let i = negative.length - 1; i >= 0; i--) {
    const from = -bucketBound(negative[i], h.schema, h.customValues);
    const to = -bucketBound(negative[i] - 1, h.schema, h.customValues);
    h.negativeBuckets[i] = kept.part(h.negativeBuckets[i], from, to, false);
  }
  const onlyPositive = h.negativeBuckets.length === 0 && h.positiveBuckets.length > 0;
  const onlyNegative = h.positiveBuckets.length === 0 && h.negativeBuckets.length > 0;
  const zeroFrom = onlyPositive ? 0 : -h.zeroThreshold;
  const zeroTo = onlyNegative ? 0 : h.zeroThreshold;
  h.zeroCount = kept.part(h.zeroCount, zeroFrom, zeroTo, true);
  const positive = bucketIndexes(h.positiveSpans);
  for (let i = 0; i < positive.length; i++) {
    const from = bucketBound(positive[i] - 1, h.schema, h.customValues);
    const to = bucketBound(positive[i], h.schema, h.customValues);
    h.positiveBuckets[i] = kept.part(h.positiveBuckets[i], from, to, false);
  }
}

function trimCustom(h: Histogram, kept: Kept): void {
  const indexes = bucketIndexes(h.positiveSpans);
  for (let i = 0; i < indexes.length; i++) {
    const from = bucketBound(indexes[i] - 1, h.schema, h.customValues);
    const to = bucketBound(indexes[i], h.schema, h.customValues);
    h.positiveBuckets[i] = customPart(kept, h.positiveBuckets[i], from, to);
  }
}

function customPart(kept: Kept, count: number, from: number, to: number): number {
  const { limit, upper } = kept;
  if (to === Number.POSITIVE_INFINITY) {
    // Its observations are infinite: only a limit of +Inf (from above), or any less (from below), leaves them.
    const stays = upper ? limit === to : limit < to;
    if (!stays) return kept.remove(count);
    // Without bounds at all nothing is known of where they are.
    const lowest = from === Number.NEGATIVE_INFINITY ? 0 : from;
    return kept.keepAt(count, upper ? lowest : Math.max(lowest, limit));
  }
  if (from !== Number.NEGATIVE_INFINITY) return kept.part(count, from, to, true);
  if (to > 0 && limit >= 0) return kept.part(count, 0, to, true);
  const stays = upper ? limit > from : limit === from;
  if (!stays) return kept.remove(count);
  if (to > 0 && limit === from) return kept.keep(count, 0, to, true);
  return kept.keepAt(count, upper ? Math.min(to, limit) : to);
}
