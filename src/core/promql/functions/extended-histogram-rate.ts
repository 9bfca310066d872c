/** `rate`, `increase` and `delta` of native histograms in an `anchored` or `smoothed` selector. */
import { CounterReset, type Histogram } from '../../model/histogram.ts';
import {
  addHistogram,
  Combined,
  divideHistogram,
  subtractHistogram,
} from '../../model/histogram-arithmetic.ts';
import { isCustomSchema } from '../../model/histogram-bounds.ts';
import { toFloatHistogram } from '../../model/histogram-copy.ts';
import { compactHistogram } from '../../model/histogram-layout.ts';
import { detectReset } from '../../model/histogram-reset.ts';
import type { Taken } from './extended-window.ts';
import type { CallSite } from './function.ts';
import { reportCombined } from './histogram-annotations.ts';
import { histogramBetween } from './interpolation.ts';
import { rangeArgument, warnMixedSchemasOf, warnNotCounter, warnNotGauge } from './range-annotations.ts';
import type { RangeSamples } from './range-samples.ts';
import type { RateKind } from './rate-kind.ts';

/** Null where the histograms do not combine, which has been reported. */
export function extendedHistogramRate(
  samples: RangeSamples,
  taken: Taken,
  step: number,
  kind: RateKind,
  smoothed: boolean,
  site: CallSite,
): Histogram | null {
  const { first, last } = taken;
  const { histogramTimes: t, histograms, windowStart, windowEnd } = samples;
  const start = windowStart[step];
  const end = windowEnd[step];
  if (!areOfOneKind(samples, taken, kind.isCounter, site)) return null;
  const interpolatesLeft = smoothed && t[first] < start;
  const left = interpolatesLeft ? between(samples, first, start, kind.isCounter) : histograms[first];
  const interpolatesRight = smoothed && last > 0 && t[last] > end;
  const right = interpolatesRight ? between(samples, last - 1, end, kind.isCounter) : histograms[last];
  const total = toFloatHistogram(right);
  let flags = subtractHistogram(total, left);
  if (kind.isCounter) {
    // Interpolation at the start has seen to a reset before the second sample.
    for (let i = first + (interpolatesLeft ? 2 : 1); i <= last; i++) {
      if (detectReset(histograms[i], histograms[i - 1])) flags |= addHistogram(total, histograms[i - 1]);
    }
  }
  const { annotations } = site;
  reportCombined(flags & ~Combined.counterResetCollision, 'subtraction', annotations, rangeArgument(site));
  if (kind.perSecond) divideHistogram(total, samples.windowMs / 1000);
  total.counterReset = CounterReset.gauge;
  compactHistogram(total, 0);
  return total;
}

/** Says what is wrong with the samples taken together; false where it is so wrong that there can be no result. */
function areOfOneKind(
  { histograms }: RangeSamples,
  { first, last }: Taken,
  isCounter: boolean,
  site: CallSite,
): boolean {
  const custom = isCustomSchema(histograms[first].schema);
  const isGauge = (i: number) => histograms[i].counterReset === CounterReset.gauge;
  if (!isCounter && !(isGauge(first) && isGauge(last))) warnNotGauge(site);
  let anyGauge = false;
  for (let i = first; i <= last; i++) {
    anyGauge ||= isGauge(i);
    if (isCustomSchema(histograms[i].schema) === custom) continue;
    warnMixedSchemasOf(site);
    return false;
  }
  if (isCounter && anyGauge) warnNotCounter(site);
  return true;
}

/** The histogram at `time` between samples `i` and `i + 1`, which must be of one kind. */
function between(
  { histogramTimes: t, histograms }: RangeSamples,
  i: number,
  time: number,
  isCounter: boolean,
): Histogram {
  const fraction = (time - t[i]) / (t[i + 1] - t[i]);
  const result = histogramBetween(histograms[i], histograms[i + 1], fraction, isCounter);
  if (result === null) throw new Error('interpolation between histograms of two kinds');
  return result;
}
