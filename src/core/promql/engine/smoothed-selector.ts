/**
 * An instant-vector selector that is `smoothed` (experimental in Prometheus 3.14): at each step the value on the line
 * between the samples before and after it, neither further away than the lookback; the newest sample where there is
 * none after it.
 */
import { CounterReset, type Histogram } from '../../model/histogram.ts';
import { METRIC_NAME } from '../../model/labels.ts';
import { goQuote } from '../../model/quote.ts';
import type { StepColumn } from '../functions/column.ts';
import { warnMixedSchemas } from '../functions/histogram-annotations.ts';
import { floatBetween, histogramBetween } from '../functions/interpolation.ts';
import type { RangeSamples } from '../functions/range-samples.ts';
import type { VectorSelector } from '../parser/ast.ts';
import type { QueryContext } from './context.ts';
import type { StepGrid } from './grid.ts';
import type { SeriesMeta, VectorOperator } from './operator.ts';
import { splitColumns, windowsFor } from './range-selector.ts';
import { Selection } from './selection.ts';
import { SelectionTimes } from './selection-times.ts';

export class SmoothedSelector implements VectorOperator {
  readonly kind = 'vector';
  private readonly context: QueryContext;
  private readonly selector: VectorSelector;
  private readonly grid: StepGrid;
  private readonly times: SelectionTimes;
  private readonly selection: Selection;
  private samples: RangeSamples | null = null;

  /** `definiteHints`: see plan/histogram-stats.ts. */
  constructor(context: QueryContext, selector: VectorSelector, grid: StepGrid, definiteHints: boolean) {
    this.context = context;
    this.selector = selector;
    this.grid = grid;
    this.selection = new Selection(context, selector, definiteHints);
    this.times = new SelectionTimes(context, grid, selector.at, selector.offset as number);
  }

  get series(): readonly SeriesMeta[] {
    return this.selection.series;
  }

  async prepare(): Promise<void> {
    if (this.grid.count === 0) return;
    const { lookbackMs } = this.context.settings;
    await this.selection.prepare({
      mint: this.times.first - lookbackMs + 1,
      maxt: this.times.last + lookbackMs,
    });
  }

  evaluate(i: number, out: StepColumn): void {
    const samples = this.read(i);
    out.clear();
    for (let step = 0; step < out.length; step++) {
      const anyFloat = samples.hi[step] > samples.lo[step];
      const anyHistogram = samples.histogramHi[step] > samples.histogramLo[step];
      if (anyFloat && anyHistogram) this.warnMixed(i);
      else if (anyFloat) placeFloat(samples, step, this.times.at(step), out);
      else if (anyHistogram) this.placeHistogram(i, samples, step, out);
    }
  }

  private read(i: number): RangeSamples {
    const { lookbackMs } = this.context.settings;
    this.samples ??= windowsFor(this.context, this.grid, this.times, lookbackMs, lookbackMs);
    splitColumns(this.selection.read(i), this.samples, false);
    this.samples.placeWindows();
    return this.samples;
  }

  private placeHistogram(series: number, samples: RangeSamples, step: number, out: StepColumn): void {
    const { histogramTimes: t, histograms, histogramLo, histogramHi } = samples;
    const time = this.times.at(step);
    const next = firstFrom(t, histogramLo[step], histogramHi[step], time);
    if (next < histogramHi[step] && t[next] === time) {
      out.setHistogram(step, histograms[next]);
    } else if (next > histogramLo[step]) {
      const before = histograms[next - 1];
      if (next === histogramHi[step]) {
        out.setHistogram(step, before);
        return;
      }
      const fraction = (time - t[next - 1]) / (t[next] - t[next - 1]);
      const after = histograms[next];
      const { annotations } = this.context;
      const { range } = this.selector;
      const between = histogramBetween(before, after, fraction, isCounter(after), annotations, range);
      if (between !== null) out.setHistogram(step, between);
      else this.warnMixedSchemas(series);
    }
  }

  private warnMixed(series: number): void {
    const name = goQuote(this.series[series].labels.get(METRIC_NAME));
    this.context.annotations.warn(
      `encountered a mix of histograms and floats for metric name ${name}`,
      this.selector.range,
    );
  }

  private warnMixedSchemas(series: number): void {
    const { annotations } = this.context;
    warnMixedSchemas(this.series[series].labels.get(METRIC_NAME), annotations, this.selector.range);
  }
}

function placeFloat(samples: RangeSamples, step: number, time: number, out: StepColumn): void {
  const { t, v, lo, hi } = samples;
  const next = firstFrom(t, lo[step], hi[step], time);
  if (next < hi[step] && t[next] === time) out.setFloat(step, v[next]);
  else if (next > lo[step]) {
    // A float does not say whether it is a counter, so a fall is taken for a fall.
    out.setFloat(step, next === hi[step] ? v[next - 1] : floatBetween(t, v, next - 1, time, false));
  }
}

/** The first of the ascending times [from, to) that is not before `time`; `to` where all are. */
function firstFrom(t: ArrayLike<number>, from: number, to: number, time: number): number {
  let at = from;
  while (at < to && t[at] < time) at++;
  return at;
}

function isCounter(h: Histogram): boolean {
  return h.counterReset !== CounterReset.gauge;
}
