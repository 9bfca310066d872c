/** `rate`, `increase`, `delta`, `irate`, `idelta` of native histograms. */

import { CounterReset, type Histogram } from '../../model/histogram.ts';
import {
  addHistogram,
  Combined,
  divideHistogram,
  multiplyHistogram,
  subtractHistogram,
} from '../../model/histogram-arithmetic.ts';
import { isCustomSchema } from '../../model/histogram-bounds.ts';
import { emptyHistogram, toFloatHistogram } from '../../model/histogram-copy.ts';
import { compactHistogram } from '../../model/histogram-layout.ts';
import { detectReset } from '../../model/histogram-reset.ts';
import type { StepColumn } from './column.ts';
import { extrapolation } from './extrapolation.ts';
import type { CallSite } from './function.ts';
import { reportBounds, reportCombined } from './histogram-annotations.ts';
import {
  rangeArgument,
  warnMixed,
  warnMixedSchemasOf,
  warnNotCounter,
  warnNotGauge,
} from './range-annotations.ts';
import type { RangeSamples } from './range-samples.ts';
import type { RateKind } from './rate-kind.ts';
import { startInWindow, startsAnew } from './start-times.ts';

/** The rate over a window that holds histograms alone; absent for fewer than two, unless the first one's start is known. */
export function histogramRateWindow(
  samples: RangeSamples,
  step: number,
  kind: RateKind,
  out: StepColumn,
  site: CallSite,
): void {
  const { histogramLo, histogramHi, histogramTimes, windowStart, windowEnd } = samples;
  const from = histogramLo[step];
  const last = histogramHi[step] - 1;
  const starts = kind.isCounter ? samples.histogramStarts : null;
  const startedAt =
    starts === null ? 0 : startInWindow(starts[from], histogramTimes[from], windowStart[step]);
  if (last === from && startedAt === 0) return;
  const total = difference(samples, from, last, kind.isCounter, startedAt !== 0, site);
  if (total === null) return;
  const factor = extrapolation(
    histogramTimes[from],
    histogramTimes[last],
    last - from,
    windowStart[step],
    windowEnd[step],
    kind.isCounter,
    samples.histograms[from].count,
    total.count,
    startedAt,
  );
  multiplyHistogram(total, kind.perSecond ? factor / (samples.windowMs / 1000) : factor);
  out.setHistogram(step, total);
}

/**
 * Last minus first, counter resets made good; null where the histograms do not combine. With `fromZero`, what the first
 * one had counted is part of it.
 */
function difference(
  samples: RangeSamples,
  from: number,
  to: number,
  isCounter: boolean,
  fromZero: boolean,
  site: CallSite,
): Histogram | null {
  const window = samples.histograms.slice(from, to + 1);
  const first = window[0];
  const last = window[window.length - 1];
  // A reset between the first two makes the first one irrelevant, its layout included.
  let before = first;
  const resetAtOnce = isCounter && window.length > 1 && isReset(samples, from + 1);
  if (resetAtOnce) {
    before = emptyHistogram(window[1].schema);
    before.customValues = window[1].customValues;
  }
  const custom = isCustomSchema(before.schema);
  const mixed = isCounter
    ? window.slice(1).some((h) => isCustomSchema(h.schema) !== custom)
    : isCustomSchema(last.schema) !== custom;
  if (mixed) {
    warnMixedSchemasOf(site);
    return null;
  }
  if (isCounter && window.some(isGauge)) warnNotCounter(site);
  if (!isCounter && !(isGauge(first) && isGauge(last))) warnNotGauge(site);
  // Resets are dealt with here, whatever the hints say of them.
  const total = toFloatHistogram(last);
  reportBounds(subtractHistogram(total, before), 'subtraction', site.annotations, rangeArgument(site));
  let added = 0;
  if (isCounter) {
    for (let i = from + (resetAtOnce ? 2 : 1); i <= to; i++) {
      if (isReset(samples, i)) added |= addHistogram(total, samples.histograms[i - 1]);
    }
    if (fromZero) added |= addHistogram(total, first);
  }
  reportBounds(added, 'addition', site.annotations, rangeArgument(site));
  if ((added & Combined.incompatible) !== 0) {
    warnMixedSchemasOf(site);
    return null;
  }
  total.counterReset = CounterReset.gauge;
  compactHistogram(total, 0);
  return total;
}

function isGauge(h: Histogram): boolean {
  return h.counterReset === CounterReset.gauge;
}

/** Whether the counter started again between histograms `i - 1` and `i`. */
function isReset({ histograms, histogramTimes, histogramStarts: st }: RangeSamples, i: number): boolean {
  return (
    detectReset(histograms[i], histograms[i - 1]) ||
    (st !== null && startsAnew(st[i - 1], histogramTimes[i - 1], st[i], histogramTimes[i]))
  );
}

/** `irate` or `idelta` of a window that holds at least one histogram. */
export function histogramInstantDelta(
  samples: RangeSamples,
  step: number,
  kind: RateKind,
  out: StepColumn,
  site: CallSite,
): void {
  const { t, lo, hi, histogramLo, histogramHi, histogramTimes, histograms } = samples;
  const last = histogramHi[step] - 1;
  const lastFloat = hi[step] - 1;
  const floats = hi[step] - lo[step];
  if (floats + last - histogramLo[step] + 1 < 2) return;
  const lastIsFloat = floats > 0 && t[lastFloat] > histogramTimes[last];
  const twoHistograms =
    !lastIsFloat && last > histogramLo[step] && !(floats > 0 && t[lastFloat] > histogramTimes[last - 1]);
  if (!twoHistograms) {
    warnMixed(site);
    return;
  }
  const [a, b] = [histograms[last - 1], histograms[last]];
  if (kind.isCounter && (isGauge(a) || isGauge(b))) warnNotCounter(site);
  if (!kind.isCounter && !(isGauge(a) && isGauge(b))) warnNotGauge(site);
  const result = toFloatHistogram(b);
  if (!kind.isCounter || !isReset(samples, last)) {
    const flags = subtractHistogram(result, a) & ~Combined.counterResetCollision;
    if (!reportCombined(flags, 'subtraction', site.annotations, rangeArgument(site))) {
      warnMixedSchemasOf(site);
      return;
    }
  }
  result.counterReset = CounterReset.gauge;
  compactHistogram(result, 0);
  if (kind.perSecond) divideHistogram(result, (histogramTimes[last] - histogramTimes[last - 1]) / 1000);
  out.setHistogram(step, result);
}
