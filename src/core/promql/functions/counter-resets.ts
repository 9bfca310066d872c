/**
 * Where a counter of floats starts again: its value falls, or its start timestamp says so. Found once, then looked up by
 * windows that only move forward.
 */
import type { RangeSamples } from './range-samples.ts';
import { startsAnew } from './start-times.ts';

const NO_RESETS = new Int32Array(0);

export class CounterResets {
  private readonly v: Float64Array;
  /** Indices of the samples after a reset, ascending; `count` of them are in use. */
  private readonly at: Int32Array;
  private readonly count: number;
  private from = 0;

  constructor({ t, v, st, count: length }: RangeSamples) {
    this.v = v;
    let at = NO_RESETS;
    let count = 0;
    for (let i = 1; i < length; i++) {
      if (v[i] < v[i - 1] || (st !== null && startsAnew(st[i - 1], t[i - 1], st[i], t[i]))) {
        // Most series have none.
        if (count === 0) at = new Int32Array(length - i);
        at[count++] = i;
      }
    }
    this.at = at;
    this.count = count;
  }

  /**
   * `base` and, for each reset strictly after sample `lo` and before `hi`, the value before it, added in time order
   * (as Prometheus adds them, so that results are equal to the bit). `lo` must not go back between calls.
   */
  addTo(base: number, lo: number, hi: number): number {
    const { at, v, count } = this;
    while (this.from < count && at[this.from] <= lo) this.from++;
    let sum = base;
    for (let k = this.from; k < count && at[k] < hi; k++) sum += v[at[k] - 1];
    return sum;
  }
}
