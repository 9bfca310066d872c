/** `rate`, `increase` and `delta` of native histograms in an `anchored` or `smoothed` selector. */
import { CounterReset, type Histogram } from '../../model/histogram.ts';
import { addHistogram, divideHistogram, subtractHistogram } from '../../model/histogram-arithmetic.ts';
import { isCustomSchema } from '../../model/histogram-bounds.ts';
import { toFloatHistogram } from '../../model/histogram-copy.ts';
import { compactHistogram } from '../../model/histogram-layout.ts';
import { detectReset } from '../../model/histogram-reset.ts';
import type { Taken } from './extended-window.ts';
import type { CallSite } from './function.ts';
import { reportBounds } from './histogram-annotations.ts';
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
  const { annotations } = site;
  const place = rangeArgument(site);
  if (!areOfOneKind(samples, taken, kind.isCounter, site)) return null;
  const interpolatesLeft = smoothed && t[first] < start;
  const left = interpolatesLeft ? between(samples, first, start, kind.isCounter, site) : histograms[first];
  const interpolatesRight = smoothed && last > 0 && t[last] > end;
  const right = interpolatesRight ? between(samples, last - 1, end, kind.isCounter, site) : histograms[last];
  if (!kind.isCounter && !(isGauge(left) && isGauge(right))) warnNotGauge(site);
  const total = toFloatHistogram(right);
  reportBounds(subtractHistogram(total, left), 'subtraction', annotations, place);
  if (kind.isCounter) {
    // Interpolation at the start has seen to a reset before the second sample.
    for (let i = first + (interpolatesLeft ? 2 : 1); i <= last; i++) {
      if (!detectReset(histograms[i], histograms[i - 1])) continue;
      reportBounds(addHistogram(total, histograms[i - 1]), 'addition', annotations, place);
    }
  }
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
  for (let i = first; i <= last; i++) {
    if (isCustomSchema(histograms[i].schema) !== custom) {
      warnMixedSchemasOf(site);
      return false;
    }
    if (isCounter && isGauge(histograms[i])) warnNotCounter(site);
  }
  return true;
}

function isGauge(h: Histogram): boolean {
  return h.counterReset === CounterReset.gauge;
}

/** The histogram at `time` between samples `i` and `i + 1`, which must be of one kind. */
function between(
  { histogramTimes: t, histograms }: RangeSamples,
  i: number,
  time: number,
  isCounter: boolean,
  site: CallSite,
): Histogram {
  const fraction = (time - t[i]) / (t[i + 1] - t[i]);
  const [a, b] = [histograms[i], histograms[i + 1]];
  const result = histogramBetween(a, b, fraction, isCounter, site.annotations, rangeArgument(site));
  if (result === null) throw new Error('interpolation between histograms of two kinds');
  return result;
}
