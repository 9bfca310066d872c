/**
 * Sums of overlapping windows, each sample added once. The running sum is kept as two numbers (rounded sum and what
 * was lost, after Neumaier), so the difference of two running sums is as exact as summing the window anew.
 *
 * Where that cannot be relied on the window is summed anew after all: the series has infinities or NaN, or the result
 * is so small beside what the running sums are made of that the lost part no longer covers the cancellation.
 */
import { kahanSum, nextLost } from './kahan.ts';
import type { RangeSamples } from './range-samples.ts';

/** Below this share of the largest running sum, a difference of running sums is not trusted. */
const CANCELLATION_LIMIT = 1e-9;

export class SlidingSum {
  private readonly v: Float64Array;
  /** Running sums up to and excluding each sample; null where windows overlap too little to be worth it. */
  private readonly sums: Float64Array | null;
  private readonly lost: Float64Array | null;
  private readonly trusted: number;

  constructor(samples: RangeSamples) {
    this.v = samples.v;
    const prefix = overlapsMuch(samples) ? prefixSums(samples.v, samples.count) : null;
    this.sums = prefix?.sums ?? null;
    this.lost = prefix?.lost ?? null;
    this.trusted = prefix === null ? 0 : prefix.largest * CANCELLATION_LIMIT;
  }

  /** The sum of samples [from, to). */
  window(from: number, to: number): number {
    const { sums, lost } = this;
    if (sums === null || lost === null) return kahanSum(this.v, from, to);
    const a = sums[to];
    const b = -sums[from];
    const difference = a + b;
    // Knuth's exact error of the addition.
    const virtual = difference - a;
    const error = a - (difference - virtual) + (b - virtual);
    const sum = difference + (error + (lost[to] - lost[from]));
    return Math.abs(sum) >= this.trusted ? sum : kahanSum(this.v, from, to);
  }
}

/** Whether the windows together hold several times as many samples as there are. */
function overlapsMuch({ lo, hi, count }: RangeSamples): boolean {
  let inWindows = 0;
  for (let step = 0; step < lo.length; step++) inWindows += hi[step] - lo[step];
  return inWindows > 4 * count;
}

interface Prefix {
  sums: Float64Array;
  lost: Float64Array;
  largest: number;
}

/** Null where a value is not finite or the sum overflows. */
function prefixSums(v: Float64Array, count: number): Prefix | null {
  const sums = new Float64Array(count + 1);
  const lost = new Float64Array(count + 1);
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const t = sums[i] + v[i];
    if (!Number.isFinite(t)) return null;
    lost[i + 1] = nextLost(sums[i], v[i], t, lost[i]);
    sums[i + 1] = t;
    const size = Math.max(Math.abs(t), Math.abs(v[i]));
    if (size > largest) largest = size;
  }
  return { sums, lost, largest };
}
