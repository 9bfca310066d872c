/**
 * Sums, differences and multiples of histograms. Operands are brought to a common layout first (see
 * histogram-reconcile.ts); an exponential histogram and a custom one do not combine.
 *
 * All functions change their first argument in place, whose buckets must be its own (`copyHistogram`,
 * `toFloatHistogram`), and leave the second as it is. Results are not compacted.
 */

import { CounterReset, type CounterResetHint, type Histogram } from './histogram.ts';
import { addAligned, alignSides } from './histogram-align.ts';
import { isCustomSchema } from './histogram-bounds.ts';
import { NO_BUCKETS, NO_SPANS } from './histogram-layout.ts';
import { commonLayout, type InLayout, inLayout, type Layout } from './histogram-reconcile.ts';

/** What came of combining two histograms; flags, to be tested with `&`. */
export const Combined = {
  ok: 0,
  /** One is exponential, the other has custom buckets: nothing was changed. */
  incompatible: 1,
  /** One says that its counter was reset, the other that it was not. */
  counterResetCollision: 2,
  /** Custom bounds differed and were reduced to those that both have. */
  boundsReconciled: 4,
} as const;

/** Adds `other` to `h`; returns flags of `Combined`. */
export function addHistogram(h: Histogram, other: Histogram): number {
  return combine(h, other, 1);
}

/**
 * Takes `other` from `h`; returns flags of `Combined`. PromQL's `-` makes a gauge of the result, which is left to
 * the caller.
 */
export function subtractHistogram(h: Histogram, other: Histogram): number {
  return combine(h, other, -1);
}

/** Multiplies all counts and the sum. A negative factor makes a gauge of the histogram. */
export function multiplyHistogram(h: Histogram, factor: number): void {
  h.isFloat = true;
  h.zeroCount *= factor;
  h.count *= factor;
  h.sum *= factor;
  for (let i = 0; i < h.positiveBuckets.length; i++) h.positiveBuckets[i] *= factor;
  for (let i = 0; i < h.negativeBuckets.length; i++) h.negativeBuckets[i] *= factor;
  if (factor < 0) h.counterReset = CounterReset.gauge;
}

/** Divides all counts and the sum. Divided by zero they become infinite or NaN, and the buckets go. */
export function divideHistogram(h: Histogram, divisor: number): void {
  h.isFloat = true;
  h.zeroCount /= divisor;
  h.count /= divisor;
  h.sum /= divisor;
  if (divisor === 0) {
    h.positiveSpans = NO_SPANS;
    h.negativeSpans = NO_SPANS;
    h.positiveBuckets = NO_BUCKETS;
    h.negativeBuckets = NO_BUCKETS;
    return;
  }
  for (let i = 0; i < h.positiveBuckets.length; i++) h.positiveBuckets[i] /= divisor;
  for (let i = 0; i < h.negativeBuckets.length; i++) h.negativeBuckets[i] /= divisor;
  if (divisor < 0) h.counterReset = CounterReset.gauge;
}

/** Whether any count or the sum is infinite. */
export function hasOverflow(h: Histogram): boolean {
  const infinite = (v: number) => v === Number.POSITIVE_INFINITY || v === Number.NEGATIVE_INFINITY;
  if (infinite(h.zeroCount) || infinite(h.count) || infinite(h.sum)) return true;
  return h.positiveBuckets.some(infinite) || h.negativeBuckets.some(infinite);
}

/** The hint of a sum or difference: gauge wins, then unknown; reset against not reset is a collision. */
export function combinedHint(
  a: CounterResetHint,
  b: CounterResetHint,
): { hint: CounterResetHint; collision: boolean } {
  if (a === b) return { hint: a, collision: false };
  if (a === CounterReset.gauge || b === CounterReset.gauge)
    return { hint: CounterReset.gauge, collision: false };
  return { hint: CounterReset.unknown, collision: a !== CounterReset.unknown && b !== CounterReset.unknown };
}

/** Changes `h` to the layout. */
export function adoptLayout(h: Histogram, layout: Layout): void {
  const changed = inLayout(h, layout);
  h.zeroCount = changed.zeroCount;
  setSides(h, changed);
  h.schema = layout.schema;
  h.zeroThreshold = layout.zeroThreshold;
  h.customValues = layout.customValues;
}

function setSides(h: Histogram, { positive, negative }: Pick<InLayout, 'positive' | 'negative'>): void {
  h.positiveSpans = positive.spans;
  h.positiveBuckets = positive.buckets;
  h.negativeSpans = negative.spans;
  h.negativeBuckets = negative.buckets;
}

function combine(h: Histogram, other: Histogram, sign: 1 | -1): number {
  if (isCustomSchema(h.schema) !== isCustomSchema(other.schema)) return Combined.incompatible;
  const { hint, collision } = combinedHint(h.counterReset, other.counterReset);
  h.counterReset = hint;
  h.isFloat = true;
  const layout = commonLayout(h, other);
  const reconciled = boundsReconciled(layout, h, other);
  adoptLayout(h, layout);
  const added = inLayout(other, layout);
  h.zeroCount += sign * added.zeroCount;
  h.count += sign * other.count;
  h.sum += sign * other.sum;
  const positive = alignSides(h.positiveSpans, h.positiveBuckets, added.positive.spans);
  addAligned(positive, added.positive.buckets, sign);
  const negative = alignSides(h.negativeSpans, h.negativeBuckets, added.negative.spans);
  addAligned(negative, added.negative.buckets, sign);
  setSides(h, { positive, negative });
  return (collision ? Combined.counterResetCollision : 0) | (reconciled ? Combined.boundsReconciled : 0);
}

/** Whether bringing both to their common layout costs either of them custom bounds. */
export function boundsReconciled(layout: Layout, a: Histogram, b: Histogram): boolean {
  const kept = layout.customValues.length;
  return isCustomSchema(layout.schema) && (a.customValues.length !== kept || b.customValues.length !== kept);
}
