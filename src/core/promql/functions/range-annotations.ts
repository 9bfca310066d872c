/** What range functions say about the kinds of samples they were given, in upstream's words. */
import { type Labels, METRIC_NAME, METRIC_TYPE } from '../../model/labels.ts';
import { goQuote } from '../../model/quote.ts';
import { FLOAT, type StepColumn } from './column.ts';
import type { CallSite } from './function.ts';
import { warnMixedSchemas } from './histogram-annotations.ts';
import type { RangeSamples } from './range-samples.ts';
import { overlaps } from './start-times.ts';

const COUNTER_SUFFIX = /(_total|_sum|_count|_bucket)$/;

/** The place that upstream names: the first argument, also where that is `quantile_over_time`'s scalar. */
export function rangeArgument(site: CallSite) {
  return site.argRanges[0];
}

function metricName(site: CallSite): string {
  return goQuote(site.labels.get(METRIC_NAME));
}

/** A counter function has yielded floats for a metric that is not called a counter, by its name or its type. */
export function possibleNonCounter(out: StepColumn, site: CallSite): void {
  const name = site.labels.get(METRIC_NAME);
  if (name === '' || !out.kind.includes(FLOAT)) return;
  const reason = site.typeLabels ? notCounterByType(site.labels) : notCounterByName(name);
  if (reason === null) return;
  site.annotations.info(`metric might not be a counter, ${reason}: ${goQuote(name)}`, rangeArgument(site));
}

let lastName = '';
let lastIsCounter = false;

function notCounterByName(name: string): string | null {
  // Series of one selection mostly have one name.
  if (name !== lastName) {
    lastName = name;
    lastIsCounter = COUNTER_SUFFIX.test(name);
  }
  return lastIsCounter ? null : 'name does not end in _total/_sum/_count/_bucket';
}

function notCounterByType(labels: Labels): string | null {
  const type = labels.get(METRIC_TYPE);
  if (type === 'counter' || type === 'histogram') return null;
  return `__type__ label is not set to "counter" or "histogram", got ${goQuote(type)}`;
}

/** Two neighbours in a window count over the same time, though by their starts they are of different counters. */
export function warnOfOverlappingStarts(samples: RangeSamples, site: CallSite): void {
  const { t, st, lo, hi, histogramTimes, histogramStarts, histogramLo, histogramHi } = samples;
  if (st === null || histogramStarts === null) return;
  for (let step = 0; step < samples.steps; step++) {
    if (
      anyOverlap(t, st, lo[step], hi[step]) ||
      anyOverlap(histogramTimes, histogramStarts, histogramLo[step], histogramHi[step])
    ) {
      site.annotations.warn(
        `sample has start time that overlaps with previous sample timestamp for metric ${metricName(site)}`,
        rangeArgument(site),
      );
      return;
    }
  }
}

function anyOverlap(t: ArrayLike<number>, st: ArrayLike<number>, from: number, to: number): boolean {
  for (let i = from + 1; i < to; i++) if (overlaps(st[i - 1], t[i - 1], st[i])) return true;
  return false;
}

/** A window holds floats and histograms, and the function can do nothing with both. */
export function warnMixed(site: CallSite): void {
  site.annotations.warn(
    `encountered a mix of histograms and floats for metric name ${metricName(site)}`,
    rangeArgument(site),
  );
}

/** For functions of floats: histograms beside floats in a window are left out. */
export function ignoreHistogramsBeside(samples: RangeSamples, site: CallSite): void {
  if (samples.histograms.length === 0) return;
  const { lo, hi, histogramLo, histogramHi } = samples;
  for (let step = 0; step < samples.steps; step++) {
    if (hi[step] > lo[step] && histogramHi[step] > histogramLo[step]) {
      site.annotations.info(
        `ignored histograms in a range containing both floats and histograms for metric name ${metricName(site)}`,
        rangeArgument(site),
      );
      return;
    }
  }
}

export function warnNotCounter(site: CallSite): void {
  site.annotations.warn(
    `this native histogram metric is not a counter: ${metricName(site)}`,
    rangeArgument(site),
  );
}

export function warnNotGauge(site: CallSite): void {
  site.annotations.warn(
    `this native histogram metric is not a gauge: ${metricName(site)}`,
    rangeArgument(site),
  );
}

export function warnMixedSchemasOf(site: CallSite): void {
  warnMixedSchemas(site.labels.get(METRIC_NAME), site.annotations, rangeArgument(site));
}
