/** `max_over_time` and `min_over_time`, and when those values were seen: a monotonic deque slides over the windows. */
import { FLOAT, type StepColumn } from './column.ts';
import { type Implementation, rangeFunction } from './function.ts';
import { ignoreHistogramsBeside } from './range-annotations.ts';
import type { RangeSamples } from './range-samples.ts';

export const maxOverTime: Implementation = rangeFunction((samples, _scalars, out, site) => {
  ignoreHistogramsBeside(samples, site);
  slideExtreme(samples, out, 1, false);
});

export const minOverTime: Implementation = rangeFunction((samples, _scalars, out, site) => {
  ignoreHistogramsBeside(samples, site);
  slideExtreme(samples, out, -1, false);
});

export const tsOfMaxOverTime: Implementation = rangeFunction((samples, _scalars, out, site) => {
  ignoreHistogramsBeside(samples, site);
  slideExtreme(samples, out, 1, true);
});

export const tsOfMinOverTime: Implementation = rangeFunction((samples, _scalars, out, site) => {
  ignoreHistogramsBeside(samples, site);
  slideExtreme(samples, out, -1, true);
});

/**
 * The deque holds indices of candidates: in time order, values from best to worst, so its front is the answer. A
 * sample enters and leaves once. NaN counts only where a window has nothing else.
 */
function slideExtreme(samples: RangeSamples, out: StepColumn, sign: 1 | -1, wantTime: boolean): void {
  const { t, v, lo, hi } = samples;
  const deque = new Int32Array(samples.count);
  let front = 0;
  let back = 0;
  let next = 0;
  for (let step = 0; step < out.length; step++) {
    const from = lo[step];
    const to = hi[step];
    if (from === to) continue;
    if (next < from) {
      // The window has jumped over everything that was waiting.
      next = from;
      front = back = 0;
    }
    if (next === from && (step + 1 === out.length || lo[step + 1] >= to)) {
      // Nothing is left from the window before, and nothing is wanted by the next one.
      const best = bestOf(v, from, to, sign);
      out.kind[step] = FLOAT;
      if (wantTime) out.v[step] = t[best >= 0 ? best : to - 1] / 1000;
      else out.v[step] = best >= 0 ? v[best] : Number.NaN;
      next = to;
      front = back = 0;
      continue;
    }
    for (; next < to; next++) {
      const value = v[next];
      if (Number.isNaN(value)) continue;
      // For a time the newest of equal values counts, for a value it makes no difference.
      while (back > front && sign * v[deque[back - 1]] <= sign * value) back--;
      deque[back++] = next;
    }
    while (front < back && deque[front] < from) front++;
    out.kind[step] = FLOAT;
    const best = front < back ? deque[front] : -1;
    if (wantTime) out.v[step] = t[best >= 0 ? best : to - 1] / 1000;
    else out.v[step] = best >= 0 ? v[best] : Number.NaN;
  }
}

/** Where the best of values [from, to) is, the last one of equals; -1 where all are NaN. */
function bestOf(v: Float64Array, from: number, to: number, sign: 1 | -1): number {
  let best = -1;
  for (let i = from; i < to; i++) {
    if (best < 0 ? !Number.isNaN(v[i]) : sign * v[best] <= sign * v[i]) best = i;
  }
  return best;
}
