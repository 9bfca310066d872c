/**
 * `rate`, `increase` and `delta` of an `anchored` or `smoothed` selector (experimental in Prometheus 3.14): no
 * extrapolation; the window's left border takes the last sample before it, and `smoothed` interpolates at both.
 */
import { FLOAT, type StepColumn } from './column.ts';
import type { RangeSamples } from './range-samples.ts';
import type { RateKind } from './rate-kind.ts';

export function extendedRate(
  samples: RangeSamples,
  kind: RateKind,
  modifier: 'anchored' | 'smoothed',
  out: StepColumn,
): void {
  const { t, v, lo, hi, count, windowStart, windowEnd } = samples;
  const smoothed = modifier === 'smoothed';
  const divisor = kind.perSecond ? samples.windowMs / 1000 : 1;
  for (let step = 0; step < out.length; step++) {
    const start = windowStart[step];
    const end = windowEnd[step];
    // One sample beyond the window on the left, and for `smoothed` one on the right where its end has no sample.
    let first = lo[step] > 0 ? lo[step] - 1 : 0;
    let last = hi[step] - 1;
    if (smoothed && last + 1 < count && (last < 0 || t[last] < end)) last++;
    if (last < 0 || first > last || t[last] <= start) continue;
    const left =
      smoothed && t[first] < start && first < last
        ? between(t, v, first, start, kind.isCounter, 'left')
        : v[first];
    const right =
      smoothed && last > 0 && t[last] > end ? between(t, v, last - 1, end, kind.isCounter, 'right') : v[last];
    let total = right - left;
    if (kind.isCounter) {
      if (t[first] <= start) first++;
      if (t[last] >= end) last--;
      total += lostToResets(v, first, last, left, right);
    }
    out.kind[step] = FLOAT;
    out.v[step] = total / divisor;
  }
}

/** The value at `time` on the line from sample `i` to the next; a counter reset between them starts from zero. */
function between(
  t: Float64Array,
  v: Float64Array,
  i: number,
  time: number,
  isCounter: boolean,
  edge: 'left' | 'right',
): number {
  let y1 = v[i];
  let y2 = v[i + 1];
  if (isCounter && y2 < y1) {
    if (edge === 'left') y1 = 0;
    else y2 += y1;
  }
  return y1 + ((y2 - y1) * (time - t[i])) / (t[i + 1] - t[i]);
}

function lostToResets(v: Float64Array, first: number, last: number, left: number, right: number): number {
  let lost = 0;
  let before = left;
  for (let i = first; i <= last; i++) {
    if (v[i] < before) lost += before;
    before = v[i];
  }
  return right < before ? lost + before : lost;
}
