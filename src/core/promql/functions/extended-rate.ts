/**
 * `rate`, `increase` and `delta` of an `anchored` or `smoothed` selector (experimental in Prometheus 3.14): no
 * extrapolation; the window's left border takes the last sample before it, and `smoothed` interpolates at both.
 */
import { FLOAT, type StepColumn } from './column.ts';
import { extendedHistogramRate } from './extended-histogram-rate.ts';
import { ExtendedWindows, type Modifier, type Taken } from './extended-window.ts';
import type { CallSite } from './function.ts';
import { floatBetween } from './interpolation.ts';
import { warnMixed } from './range-annotations.ts';
import type { RangeSamples } from './range-samples.ts';
import type { RateKind } from './rate-kind.ts';

export function extendedRates(
  samples: RangeSamples,
  kind: RateKind,
  modifier: Modifier,
  out: StepColumn,
  site: CallSite,
): void {
  const floats = new ExtendedWindows(samples, 'floats', modifier);
  const histograms = new ExtendedWindows(samples, 'histograms', modifier);
  for (let step = 0; step < out.length; step++) {
    const anyFloat = floats.moveTo(step);
    const anyHistogram = histograms.moveTo(step);
    if (anyFloat && anyHistogram) {
      warnMixed(site);
    } else if (anyFloat) {
      const taken = floats.take(step);
      if (taken === null) continue;
      out.kind[step] = FLOAT;
      out.v[step] = floatRate(samples, taken, step, kind, modifier === 'smoothed');
    } else if (anyHistogram) {
      const taken = histograms.take(step);
      if (taken === null) continue;
      const rate = extendedHistogramRate(samples, taken, step, kind, modifier === 'smoothed', site);
      if (rate !== null) out.setHistogram(step, rate);
    }
  }
}

function floatRate(
  { t, v, windowStart, windowEnd, windowMs }: RangeSamples,
  taken: Taken,
  step: number,
  { isCounter, perSecond }: RateKind,
  smoothed: boolean,
): number {
  let { first, last } = taken;
  const start = windowStart[step];
  const end = windowEnd[step];
  const left = smoothed && t[first] < start ? floatBetween(t, v, first, start, isCounter) : v[first];
  const right =
    smoothed && last > 0 && t[last] > end ? floatBetween(t, v, last - 1, end, isCounter) : v[last];
  let total = right - left;
  if (isCounter) {
    // The borders have seen to resets beside them.
    if (t[first] <= start) first++;
    if (t[last] >= end) last--;
    total += lostToResets(v, first, last, left, right);
  }
  return perSecond ? total / (windowMs / 1000) : total;
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
