/**
 * Which samples an `anchored` or `smoothed` range selector takes for a window: the last one at or before its start, or
 * else the first one after it, up to the last one before its end, or, for `smoothed`, the first one at or after its end.
 * None of them may be further from the window than the lookback.
 */
import type { RangeSamples } from './range-samples.ts';

export type Modifier = 'anchored' | 'smoothed';

/** Indices of samples of one kind, both inclusive. */
export interface Taken {
  first: number;
  last: number;
}

/** Slides over one kind of a series' samples; steps must be asked for in order. */
export class ExtendedWindows {
  private readonly samples: RangeSamples;
  private readonly times: ArrayLike<number>;
  private readonly count: number;
  private readonly smoothed: boolean;
  /** Samples [from, to) are within the lookback of the step's window. */
  private from = 0;
  private to = 0;

  constructor(samples: RangeSamples, kind: 'floats' | 'histograms', modifier: Modifier) {
    this.samples = samples;
    this.times = kind === 'floats' ? samples.t : samples.histogramTimes;
    this.count = kind === 'floats' ? samples.count : samples.histogramTimes.length;
    this.smoothed = modifier === 'smoothed';
  }

  /** Goes to `step`; returns whether there is any sample near its window. */
  moveTo(step: number): boolean {
    const { times, count, samples, smoothed } = this;
    const { lookbackMs } = samples;
    const earliest = samples.windowStart[step] - lookbackMs;
    const latest = samples.windowEnd[step] + (smoothed ? lookbackMs : 0);
    while (this.from < count && times[this.from] <= earliest) this.from++;
    if (this.to < this.from) this.to = this.from;
    while (this.to < count && times[this.to] <= latest) this.to++;
    return this.to > this.from;
  }

  /** What is taken for the step that `moveTo` went to; null where nothing lies beyond the window's start. */
  take(step: number): Taken | null {
    const { times, from, to, smoothed } = this;
    const start = this.samples.windowStart[step];
    const end = this.samples.windowEnd[step];
    let first = from;
    while (first + 1 < to && times[first + 1] <= start) first++;
    let last = to - 1;
    if (smoothed) while (last > first && times[last - 1] >= end) last--;
    return times[last] <= start || times[first] > end ? null : { first, last };
  }
}
