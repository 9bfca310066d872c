/**
 * Aggregations over the samples of a window: `sum_over_time`, `avg_over_time`, `quantile_over_time` and so on. Windows
 * overlap, so where a result can be carried from one to the next without changing it, it is.
 */
import { formatG } from '../../model/number.ts';
import type { StepColumn } from './column.ts';
import { type Implementation, rangeFunction } from './function.ts';
import { histogramAvgOverTime, histogramSumOverTime } from './histogram-over-time.ts';
import { nextLost } from './kahan.ts';
import { quantileOf } from './quantile.ts';
import { ignoreHistogramsBeside } from './range-annotations.ts';
import type { RangeSamples } from './range-samples.ts';
import { SlidingSum } from './sliding-sum.ts';
import { SortedWindow } from './sorted-window.ts';

export const countOverTime: Implementation = rangeFunction((samples, _scalars, out) => {
  const { lo, hi, histogramLo, histogramHi } = samples;
  for (let step = 0; step < out.length; step++) {
    const n = hi[step] - lo[step] + histogramHi[step] - histogramLo[step];
    if (n > 0) out.setFloat(step, n);
  }
});

export const presentOverTime: Implementation = rangeFunction((samples, _scalars, out) => {
  const { lo, hi, histogramLo, histogramHi } = samples;
  for (let step = 0; step < out.length; step++) {
    if (hi[step] > lo[step] || histogramHi[step] > histogramLo[step]) out.setFloat(step, 1);
  }
});

export const sumOverTime: Implementation = rangeFunction((samples, _scalars, out, site) => {
  const { lo, hi } = samples;
  const sum = new SlidingSum(samples);
  for (let step = 0; step < out.length; step++) {
    if (hi[step] > lo[step]) out.setFloat(step, sum.window(lo[step], hi[step]));
  }
  if (samples.histograms.length > 0) histogramSumOverTime(samples, out, site);
});

export const avgOverTime: Implementation = rangeFunction((samples, _scalars, out, site) => {
  const { v, lo, hi } = samples;
  const sum = new SlidingSum(samples);
  for (let step = 0; step < out.length; step++) {
    const n = hi[step] - lo[step];
    if (n === 0) continue;
    const total = sum.window(lo[step], hi[step]);
    out.setFloat(step, Number.isFinite(total) ? total / n : carefulMean(v, lo[step], hi[step]));
  }
  if (samples.histograms.length > 0) histogramAvgOverTime(samples, out, site);
});

/** The mean of values whose sum overflows or is not a number: a sum as long as that works, then a running mean. */
function carefulMean(v: Float64Array, from: number, to: number): number {
  let sum = 0;
  let lost = 0;
  let mean = 0;
  let incremental = false;
  for (let i = from; i < to; i++) {
    const n = i - from + 1;
    if (!incremental) {
      const t = sum + v[i];
      if (n === 1 || Number.isFinite(t) || Number.isNaN(t)) {
        lost = nextLost(sum, v[i], t, lost);
        sum = t;
        continue;
      }
      incremental = true;
      mean = sum / (n - 1);
      lost /= n - 1;
    }
    const q = (n - 1) / n;
    const scaled = q * mean;
    const t = scaled + v[i] / n;
    lost = nextLost(scaled, v[i] / n, t, q * lost);
    mean = t;
  }
  if (incremental) return mean + lost;
  return sum / (to - from) + lost / (to - from);
}

export const stdvarOverTime = varianceFunction((variance) => variance);
export const stddevOverTime = varianceFunction(Math.sqrt);

/** Welford's method, compensated. Each window is gone through anew: the running mean depends on where it starts. */
function varianceFunction(finish: (variance: number) => number): Implementation {
  return rangeFunction((samples, _scalars, out, site) => {
    ignoreHistogramsBeside(samples, site);
    const { v, lo, hi } = samples;
    for (let step = 0; step < out.length; step++) {
      if (hi[step] > lo[step]) out.setFloat(step, finish(variance(v, lo[step], hi[step])));
    }
  });
}

function variance(v: Float64Array, from: number, to: number): number {
  let mean = 0;
  let lostMean = 0;
  let squares = 0;
  let lostSquares = 0;
  for (let i = from; i < to; i++) {
    const n = i - from + 1;
    const distance = v[i] - (mean + lostMean);
    const share = distance / n;
    let t = mean + share;
    lostMean = nextLost(mean, share, t, lostMean);
    mean = t;
    const square = distance * (v[i] - (mean + lostMean));
    t = squares + square;
    lostSquares = nextLost(squares, square, t, lostSquares);
    squares = t;
  }
  return (squares + lostSquares) / (to - from);
}

export const quantileOverTime: Implementation = rangeFunction((samples, [q], out, site) => {
  ignoreHistogramsBeside(samples, site);
  const { lo, hi } = samples;
  const sorted = new SortedWindow(samples.v, samples.count);
  for (let step = 0; step < out.length; step++) {
    if (hi[step] === lo[step]) continue;
    if (!(q[step] >= 0 && q[step] <= 1)) {
      site.annotations.warn(
        `quantile value should be between 0 and 1, got ${formatG(q[step])}`,
        site.argRanges[0],
      );
    }
    sorted.moveTo(lo[step], hi[step]);
    out.setFloat(step, sorted.quantile(q[step]));
  }
});

/** Median of the distances from the median; NaN counts as the smallest, twice. */
export const madOverTime: Implementation = rangeFunction((samples, _scalars, out, site) => {
  ignoreHistogramsBeside(samples, site);
  const { lo, hi } = samples;
  const sorted = new SortedWindow(samples.v, samples.count);
  for (let step = 0; step < out.length; step++) {
    if (hi[step] === lo[step]) continue;
    sorted.moveTo(lo[step], hi[step]);
    out.setFloat(step, medianDeviation(sorted));
  }
});

function medianDeviation(sorted: SortedWindow): number {
  const values = sorted.values();
  const median = sorted.quantile(0.5);
  return quantileOf(
    0.5,
    values.map((v) => Math.abs(v - median)),
  );
}

export const lastOverTime = edgeFunction('last', false);
export const firstOverTime = edgeFunction('first', false);
export const tsOfLastOverTime = edgeFunction('last', true);
export const tsOfFirstOverTime = edgeFunction('first', true);

/** The value, or the time in seconds, of the window's last or first sample, which may be a float or a histogram. */
function edgeFunction(edge: 'first' | 'last', wantTime: boolean): Implementation {
  return rangeFunction(
    (samples, _scalars, out) => {
      for (let step = 0; step < out.length; step++) setEdge(samples, step, edge, wantTime, out);
    },
    { keepsName: !wantTime },
  );
}

function setEdge(
  samples: RangeSamples,
  step: number,
  edge: 'first' | 'last',
  wantTime: boolean,
  out: StepColumn,
): void {
  const { t, v, lo, hi, histogramLo, histogramHi, histogramTimes, histograms } = samples;
  const float = edge === 'last' ? hi[step] - 1 : lo[step];
  const histogram = edge === 'last' ? histogramHi[step] - 1 : histogramLo[step];
  const hasFloat = hi[step] > lo[step];
  const hasHistogram = histogramHi[step] > histogramLo[step];
  if (!hasFloat && !hasHistogram) return;
  const floatFirst = !hasHistogram || (hasFloat && t[float] < histogramTimes[histogram]);
  const useFloat = hasFloat && (!hasHistogram || floatFirst === (edge === 'first'));
  if (wantTime) out.setFloat(step, (useFloat ? t[float] : histogramTimes[histogram]) / 1000);
  else if (useFloat) out.setFloat(step, v[float]);
  else out.setHistogram(step, histograms[histogram]);
}
