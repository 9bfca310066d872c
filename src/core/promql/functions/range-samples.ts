/**
 * The input of a range function: one series' samples over all windows of the query at once, with the window of each
 * step as a pair of indices. Windows are left-open, (end - window, end], and move forward only, so a function may
 * slide over the samples and touch each of them once.
 */
import type { Histogram } from '../../model/histogram.ts';

export class RangeSamples {
  /** Float samples in time order; `count` of them are in use. Stale markers have been taken out. */
  t: Float64Array = new Float64Array(0);
  v: Float64Array = new Float64Array(0);
  count = 0;
  /** Histogram samples in time order, `histogramTimes` parallel to `histograms`; mostly empty. */
  histogramTimes: number[] = [];
  histograms: Histogram[] = [];
  /** Start timestamps parallel to `t` and to `histograms`, or null where there are none or nobody wants them. */
  st: Float64Array | null = null;
  histogramStarts: number[] | null = null;
  /** Step i sees float samples [lo[i], hi[i]). */
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  /** Step i sees histogram samples [histogramLo[i], histogramHi[i]); zeros where there are none. */
  readonly histogramLo: Int32Array;
  readonly histogramHi: Int32Array;
  /** Start (exclusive) and end (inclusive) of each step's window, ms. */
  readonly windowStart: Float64Array;
  readonly windowEnd: Float64Array;
  /** The evaluation time of each step, ms: differs from `windowEnd` by the selector's offset or `@`. */
  readonly stepTime: Float64Array;
  /** Length of a window, ms. */
  readonly windowMs: number;
  /** How far `anchored` and `smoothed` look beyond a window, ms. */
  readonly lookbackMs: number;

  /** `stepTime` stays the caller's. */
  constructor(stepTime: Float64Array, windowMs: number, lookbackMs: number) {
    const steps = stepTime.length;
    this.lo = new Int32Array(steps);
    this.hi = new Int32Array(steps);
    this.histogramLo = new Int32Array(steps);
    this.histogramHi = new Int32Array(steps);
    this.windowStart = new Float64Array(steps);
    this.windowEnd = new Float64Array(steps);
    this.stepTime = stepTime;
    this.windowMs = windowMs;
    this.lookbackMs = lookbackMs;
  }

  get steps(): number {
    return this.lo.length;
  }

  /** Finds every step's window among the samples; two indices that only move forward. */
  placeWindows(): void {
    const { t, count, lo, hi, windowStart, windowEnd } = this;
    let from = 0;
    let to = 0;
    for (let i = 0; i < lo.length; i++) {
      while (from < count && t[from] <= windowStart[i]) from++;
      if (to < from) to = from;
      while (to < count && t[to] <= windowEnd[i]) to++;
      lo[i] = from;
      hi[i] = to;
    }
    this.placeHistogramWindows();
  }

  private placeHistogramWindows(): void {
    const { histogramTimes, histogramLo, histogramHi, windowStart, windowEnd } = this;
    const count = histogramTimes.length;
    if (count === 0) {
      histogramLo.fill(0);
      histogramHi.fill(0);
      return;
    }
    let from = 0;
    let to = 0;
    for (let i = 0; i < histogramLo.length; i++) {
      while (from < count && histogramTimes[from] <= windowStart[i]) from++;
      if (to < from) to = from;
      while (to < count && histogramTimes[to] <= windowEnd[i]) to++;
      histogramLo[i] = from;
      histogramHi[i] = to;
    }
  }
}
