/**
 * The sum of many histograms with the rounding errors of each addition kept beside it (Kahan's summation in
 * Neumaier's form), as Prometheus sums and averages histograms since 3.10 or so.
 */

import type { Histogram } from './histogram.ts';
import { alignSides, movedTo } from './histogram-align.ts';
import {
  addHistogram,
  adoptLayout,
  boundsReconciled,
  Combined,
  combinedHint,
  divideHistogram,
  multiplyHistogram,
} from './histogram-arithmetic.ts';
import { isCustomSchema } from './histogram-bounds.ts';
import { copyHistogram, emptyHistogram, toFloatHistogram } from './histogram-copy.ts';
import { compactHistogram } from './histogram-layout.ts';
import { commonLayout, inLayout } from './histogram-reconcile.ts';

export class HistogramSum {
  private sum: Histogram;
  /** What was lost, in the layout of `sum`. */
  private lost: Histogram;

  /** Starts with a copy of `first`. */
  constructor(first: Histogram) {
    this.sum = toFloatHistogram(first);
    this.lost = noLoss(this.sum);
  }

  /** Adds a histogram, which is left as it is; returns flags of `Combined`. */
  add(other: Histogram): number {
    const { sum, lost } = this;
    if (isCustomSchema(sum.schema) !== isCustomSchema(other.schema)) return Combined.incompatible;
    const { hint, collision } = combinedHint(sum.counterReset, other.counterReset);
    sum.counterReset = hint;
    const layout = commonLayout(sum, other);
    const reconciled = boundsReconciled(layout, sum, other);
    adoptLayout(sum, layout);
    adoptLayout(lost, layout);
    const { zeroCount, positive, negative } = inLayout(other, layout);
    step(scalars, sum.count, other.count, lost.count);
    sum.count = scalars[0];
    lost.count = scalars[1];
    step(scalars, sum.sum, other.sum, lost.sum);
    sum.sum = scalars[0];
    lost.sum = scalars[1];
    step(scalars, sum.zeroCount, zeroCount, lost.zeroCount);
    sum.zeroCount = scalars[0];
    lost.zeroCount = scalars[1];

    const up = alignSides(sum.positiveSpans, sum.positiveBuckets, positive.spans);
    if (up.moved !== null) lost.positiveBuckets = movedTo(lost.positiveBuckets, up.moved, up.buckets.length);
    sum.positiveSpans = lost.positiveSpans = up.spans;
    sum.positiveBuckets = up.buckets;
    addColumn(up.buckets, lost.positiveBuckets, positive.buckets, up.positions);
    const down = alignSides(sum.negativeSpans, sum.negativeBuckets, negative.spans);
    if (down.moved !== null)
      lost.negativeBuckets = movedTo(lost.negativeBuckets, down.moved, down.buckets.length);
    sum.negativeSpans = lost.negativeSpans = down.spans;
    sum.negativeBuckets = down.buckets;
    addColumn(down.buckets, lost.negativeBuckets, negative.buckets, down.positions);
    return (collision ? Combined.counterResetCollision : 0) | (reconciled ? Combined.boundsReconciled : 0);
  }

  /** Multiplies the sum so far. */
  multiply(factor: number): void {
    multiplyHistogram(this.sum, factor);
    multiplyHistogram(this.lost, factor);
  }

  /** Divides the sum so far; not the same as multiplying by the inverse, which is rounded. */
  divide(divisor: number): void {
    divideHistogram(this.sum, divisor);
    divideHistogram(this.lost, divisor);
  }

  /** A copy that goes its own way. */
  clone(): HistogramSum {
    const copy = new HistogramSum(this.sum);
    copy.lost = copyHistogram(this.lost);
    return copy;
  }

  /** The sum, corrected and compacted; a new histogram. */
  total(): Histogram {
    const total = copyHistogram(this.sum);
    const hint = total.counterReset;
    addHistogram(total, this.lost);
    total.counterReset = hint;
    compactHistogram(total, 0);
    return total;
  }

  /** The sum without its correction, as it is added to: for tests of overflow. Not to be changed. */
  get uncorrected(): Histogram {
    return this.sum;
  }
}

/** [sum, lost] */
const scalars = new Float64Array(2);

function step(out: Float64Array, sum: number, added: number, lost: number): void {
  const next = sum + added;
  out[0] = next;
  if (next === Number.POSITIVE_INFINITY || next === Number.NEGATIVE_INFINITY) out[1] = 0;
  else if (Math.abs(sum) >= Math.abs(added)) out[1] = lost + (sum - next + added);
  else out[1] = lost + (added - next + sum);
}

function addColumn(
  sums: Float64Array,
  lost: Float64Array,
  added: Float64Array,
  positions: Int32Array | null,
): void {
  for (let i = 0; i < added.length; i++) {
    const at = positions === null ? i : positions[i];
    step(scalars, sums[at], added[i], lost[at]);
    sums[at] = scalars[0];
    lost[at] = scalars[1];
  }
}

/** Zeros in the layout of `h`. */
function noLoss(h: Histogram): Histogram {
  const lost = emptyHistogram(h.schema);
  lost.zeroThreshold = h.zeroThreshold;
  lost.positiveSpans = h.positiveSpans;
  lost.negativeSpans = h.negativeSpans;
  lost.positiveBuckets = new Float64Array(h.positiveBuckets.length);
  lost.negativeBuckets = new Float64Array(h.negativeBuckets.length);
  lost.customValues = h.customValues;
  return lost;
}
