/**
 * Holt's linear trend (double exponential smoothing) over windows that move forward.
 *
 * What a window starts with fades with every further sample, and rounding makes the last trace of it vanish: from some
 * sample on the numbers are, bit for bit, those of the window before, which started earlier. So the way of the last
 * window is kept, and a new one is followed only until it meets that way, usually some hundred samples. Where they
 * never meet, each window costs what it would have anyway.
 */

export class DoubleExponential {
  private readonly v: Float64Array;
  private smoothing = 0;
  private trendFactor = 0;
  /** Level and trend of the last window at its samples [from + 1, to). */
  private readonly levels: Float64Array;
  private readonly trends: Float64Array;
  private from = 0;
  private to = 0;

  /** Of `count` samples. */
  constructor(v: Float64Array, count: number) {
    this.v = v;
    this.levels = new Float64Array(count);
    this.trends = new Float64Array(count);
  }

  /** The factors of the windows that follow. */
  setFactors(smoothing: number, trendFactor: number): void {
    if (smoothing === this.smoothing && trendFactor === this.trendFactor) return;
    this.smoothing = smoothing;
    this.trendFactor = trendFactor;
    // The last window's way is none to be met any more.
    this.to = 0;
  }

  /** The level at the end of samples [from, to), of which there are at least two. Neither may go back. */
  window(from: number, to: number): number {
    const { v, levels, trends } = this;
    const met = this.follow(from, from + 1, to, v[from], v[from], v[from + 1] - v[from]);
    const last = this.to - 1;
    if (met <= last) this.follow(from, last + 1, to, levels[last], levels[last - 1], trends[last]);
    this.from = from;
    this.to = to;
    return levels[to - 1];
  }

  /**
   * Goes through samples [start, to) of a window, with the level before them, the one before that, and the trend, which
   * at the window's second sample is given and not worked out. Returns where the way of the last window is met, or `to`.
   */
  private follow(
    from: number,
    start: number,
    to: number,
    startLevel: number,
    startBefore: number,
    startTrend: number,
  ): number {
    const { v, levels, trends, smoothing, trendFactor } = this;
    // The last window has a level before its sample i, and so all that decides about what follows, from here on.
    const comparable = this.from + 2;
    const known = this.to;
    let level = startLevel;
    let before = startBefore;
    let trend = startTrend;
    let metBefore = false;
    for (let i = start; i < to; i++) {
      if (i > from + 1) trend = trendFactor * (level - before) + (1 - trendFactor) * trend;
      const next = smoothing * v[i] + (1 - smoothing) * (level + trend);
      before = level;
      level = next;
      // Not where it is zero, which may be either of two.
      const meets = i < known && i >= comparable && level === levels[i] && level !== 0;
      if (meets && metBefore && trend === trends[i]) return i;
      metBefore = meets;
      levels[i] = level;
      trends[i] = trend;
    }
    return to;
  }
}
