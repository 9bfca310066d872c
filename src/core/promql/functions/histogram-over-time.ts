/** `sum_over_time` and `avg_over_time` of native histograms. */

import { CounterReset, type Histogram } from '../../model/histogram.ts';
import { Combined, divideHistogram, hasOverflow } from '../../model/histogram-arithmetic.ts';
import { toFloatHistogram } from '../../model/histogram-copy.ts';
import { HistogramSum } from '../../model/histogram-sum.ts';
import { ABSENT, type StepColumn } from './column.ts';
import type { CallSite } from './function.ts';
import { reportCombined } from './histogram-annotations.ts';
import { rangeArgument, warnMixed, warnMixedSchemasOf } from './range-annotations.ts';
import type { RangeSamples } from './range-samples.ts';

/** Sets the steps whose windows hold histograms; those with floats too become absent, with a warning. */
export function histogramSumOverTime(samples: RangeSamples, out: StepColumn, site: CallSite): void {
  eachHistogramWindow(samples, out, site, (window) => sumOf(window, site));
}

export function histogramAvgOverTime(samples: RangeSamples, out: StepColumn, site: CallSite): void {
  eachHistogramWindow(samples, out, site, (window) => averageOf(window, site));
}

function eachHistogramWindow(
  samples: RangeSamples,
  out: StepColumn,
  site: CallSite,
  combine: (window: readonly Histogram[]) => Histogram | null,
): void {
  const { lo, hi, histogramLo, histogramHi, histograms } = samples;
  for (let step = 0; step < out.length; step++) {
    if (histogramHi[step] === histogramLo[step]) continue;
    if (hi[step] > lo[step]) {
      out.kind[step] = ABSENT;
      warnMixed(site);
      continue;
    }
    const result = combine(histograms.slice(histogramLo[step], histogramHi[step]));
    if (result !== null) out.setHistogram(step, result);
  }
}

function sumOf(window: readonly Histogram[], site: CallSite): Histogram | null {
  const sum = new HistogramSum(window[0]);
  for (const h of window.slice(1)) {
    if (!addReported(sum, h, site)) return null;
  }
  warnOfCollision(window, site);
  return sum.total();
}

/** A sum over a count, until the sum overflows; from then on a running mean. */
function averageOf(window: readonly Histogram[], site: CallSite): Histogram | null {
  let sum = new HistogramSum(window[0]);
  let incremental = false;
  for (let i = 1; i < window.length; i++) {
    const n = i + 1;
    if (!incremental) {
      const before = sum.clone();
      if (!addReported(sum, window[i], site)) return null;
      if (!hasOverflow(sum.uncorrected)) continue;
      incremental = true;
      sum = before;
      sum.divide(n - 1);
    }
    const share = toFloatHistogram(window[i]);
    divideHistogram(share, n);
    sum.multiply((n - 1) / n);
    if (!addReported(sum, share, site)) return null;
  }
  warnOfCollision(window, site);
  if (!incremental) sum.divide(window.length);
  return sum.total();
}

function addReported(sum: HistogramSum, h: Histogram, site: CallSite): boolean {
  const flags = sum.add(h);
  // Collisions are looked for among all of the window, not between neighbours.
  if (reportCombined(flags & ~COLLISION, 'aggregation', site.annotations, rangeArgument(site))) return true;
  warnMixedSchemasOf(site);
  return false;
}

const COLLISION = Combined.counterResetCollision;

function warnOfCollision(window: readonly Histogram[], site: CallSite): void {
  const saw = (hint: number) => window.some((h) => h.counterReset === hint);
  if (saw(CounterReset.reset) && saw(CounterReset.notReset)) {
    reportCombined(COLLISION, 'aggregation', site.annotations, rangeArgument(site));
  }
}
