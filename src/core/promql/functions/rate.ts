/**
 * `rate`, `increase`, `delta`: the difference between the ends of a window, extrapolated to its borders as Prometheus
 * does it (https://prometheus.io/docs/prometheus/latest/querying/functions/#rate); and `irate`, `idelta`: that of the
 * last two samples.
 */
import type { StepColumn } from './column.ts';
import { FLOAT } from './column.ts';
import { CounterResets } from './counter-resets.ts';
import { extendedRates } from './extended-rate.ts';
import { extrapolation } from './extrapolation.ts';
import { type CallSite, type Implementation, rangeFunction } from './function.ts';
import { histogramInstantDelta, histogramRateWindow } from './histogram-rate.ts';
import { possibleNonCounter, warnMixed, warnOfOverlappingStarts } from './range-annotations.ts';
import type { RangeSamples } from './range-samples.ts';
import type { RateKind } from './rate-kind.ts';
import { startInWindow, startsAnew } from './start-times.ts';

export const rate = rateFunction({ isCounter: true, perSecond: true });
export const increase = rateFunction({ isCounter: true, perSecond: false });
export const delta = rateFunction({ isCounter: false, perSecond: false });

function rateFunction(kind: RateKind): Implementation {
  return rangeFunction((samples, _scalars, out, site) => {
    if (site.modifier !== null) extendedRates(samples, kind, site.modifier, out, site);
    else if (samples.histograms.length === 0) floatRates(samples, kind, out);
    else mixedRates(samples, kind, out, site);
    if (!kind.isCounter) return;
    possibleNonCounter(out, site);
    if (site.modifier === null) warnOfOverlappingStarts(samples, site);
  });
}

/** The usual case, a series of floats alone: every sample is touched once, whatever the windows overlap. */
function floatRates(samples: RangeSamples, kind: RateKind, out: StepColumn): void {
  const { t, v, lo, hi, windowStart, windowEnd } = samples;
  const st = kind.isCounter ? samples.st : null;
  const resets = kind.isCounter ? new CounterResets(samples) : null;
  const divisor = kind.perSecond ? samples.windowMs / 1000 : 1;
  for (let step = 0; step < out.length; step++) {
    const first = lo[step];
    const last = hi[step] - 1;
    if (last < first) continue;
    const startedAt = st === null ? 0 : startInWindow(st[first], t[first], windowStart[step]);
    if (last === first && startedAt === 0) continue;
    const difference = v[last] - v[first];
    let total = resets === null ? difference : resets.addTo(difference, first, last + 1);
    if (startedAt !== 0) total += v[first];
    const factor = extrapolation(
      t[first],
      t[last],
      last - first,
      windowStart[step],
      windowEnd[step],
      kind.isCounter,
      v[first],
      total,
      startedAt,
    );
    out.kind[step] = FLOAT;
    out.v[step] = total * (factor / divisor);
  }
}

function mixedRates(samples: RangeSamples, kind: RateKind, out: StepColumn, site: CallSite): void {
  const { lo, hi, histogramLo, histogramHi } = samples;
  floatRates(samples, kind, out);
  for (let step = 0; step < out.length; step++) {
    const floats = hi[step] - lo[step];
    const histograms = histogramHi[step] - histogramLo[step];
    if (histograms === 0) continue;
    out.kind[step] = 0;
    if (floats > 0) warnMixed(site);
    else histogramRateWindow(samples, step, kind, out, site);
  }
}

export const irate = instantFunction({ isCounter: true, perSecond: true });
export const idelta = instantFunction({ isCounter: false, perSecond: false });

function instantFunction(kind: RateKind): Implementation {
  return rangeFunction((samples, _scalars, out, site) => {
    const { t, v, st, lo, hi, histogramLo, histogramHi, histogramTimes } = samples;
    for (let step = 0; step < out.length; step++) {
      const last = hi[step] - 1;
      const before = last - 1;
      if (histogramHi[step] > histogramLo[step]) {
        const lastHistogram = histogramTimes[histogramHi[step] - 1];
        if (before < lo[step] || t[before] < lastHistogram) {
          histogramInstantDelta(samples, step, kind, out, site);
          continue;
        }
      }
      if (last <= lo[step]) continue;
      // A counter that has just been reset has grown from zero.
      const reset =
        kind.isCounter &&
        (v[last] < v[before] || (st !== null && startsAnew(st[before], t[before], st[last], t[last])));
      const difference = reset ? v[last] : v[last] - v[before];
      if (kind.perSecond) out.setFloat(step, difference / ((t[last] - t[before]) / 1000));
      else out.setFloat(step, difference);
    }
  });
}
