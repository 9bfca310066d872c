/** A range-vector selector, `selector[window]`: hands a series' samples to a range function, windows in place. */
import type { SampleColumns } from '../../model/columns.ts';
import { isStale } from '../../model/value.ts';
import { RangeSamples } from '../functions/range-samples.ts';
import type { MatrixSelector } from '../parser/ast.ts';
import type { QueryContext } from './context.ts';
import type { StepGrid } from './grid.ts';
import type { RangeOperator, SeriesMeta } from './operator.ts';
import { Selection } from './selection.ts';
import { SelectionTimes } from './selection-times.ts';

export class RangeSelector implements RangeOperator {
  readonly kind = 'range';
  readonly windowMs: number;
  readonly steps: number;
  private readonly context: QueryContext;
  private readonly selection: Selection;
  private readonly grid: StepGrid;
  private readonly times: SelectionTimes;
  /** Made for the first series: a subquery may have millions of steps and no series. */
  private samples: RangeSamples | null = null;
  /** `anchored` and `smoothed` also look at the sample before the window, and `smoothed` at the one after it. */
  private readonly lookBehindMs: number;
  private readonly lookAheadMs: number;

  /** `definiteHints`: see plan/histogram-stats.ts. */
  constructor(context: QueryContext, matrix: MatrixSelector, grid: StepGrid, definiteHints = false) {
    this.context = context;
    const { selector } = matrix;
    this.selection = new Selection(context, selector, definiteHints);
    this.windowMs = matrix.window as number;
    this.steps = grid.count;
    const { lookbackMs } = context.settings;
    this.lookBehindMs = selector.anchored || selector.smoothed ? lookbackMs : 0;
    this.lookAheadMs = selector.smoothed ? lookbackMs : 0;
    this.grid = grid;
    this.times = new SelectionTimes(context, grid, selector.at, selector.offset as number);
  }

  get series(): readonly SeriesMeta[] {
    return this.selection.series;
  }

  async prepare(): Promise<void> {
    if (this.steps === 0) return;
    await this.selection.prepare({
      mint: this.times.first - this.windowMs + 1 - this.lookBehindMs,
      maxt: this.times.last + this.lookAheadMs,
    });
  }

  read(i: number): RangeSamples {
    if (this.samples === null) this.samples = windowsFor(this.context, this.grid, this.times, this.windowMs);
    const { samples } = this;
    splitColumns(this.selection.read(i), samples, this.context.settings.useStartTimestamps);
    samples.placeWindows();
    return samples;
  }
}

/**
 * Empty samples with the windows of all steps, each from `windowMs` before its time to `aheadMs` after it. Shared by
 * selectors and subqueries.
 */
export function windowsFor(
  context: QueryContext,
  grid: StepGrid,
  times: SelectionTimes,
  windowMs: number,
  aheadMs = 0,
): RangeSamples {
  context.hold(grid.count);
  const samples = new RangeSamples(grid.times, windowMs, context.settings.lookbackMs);
  for (let i = 0; i < grid.count; i++) {
    samples.windowEnd[i] = times.at(i) + aheadMs;
    samples.windowStart[i] = times.at(i) - windowMs;
  }
  return samples;
}

/** Takes the stale markers out, in place, and the histograms apart from the floats. */
export function splitColumns(columns: SampleColumns, samples: RangeSamples, withStarts: boolean): void {
  const { t, v, histograms } = columns;
  const st = withStarts ? columns.st : null;
  if (samples.histograms.length > 0) {
    samples.histograms = [];
    samples.histogramTimes = [];
  }
  samples.histogramStarts = st === null ? null : [];
  let kept = 0;
  for (let i = 0; i < columns.length; i++) {
    const h = histograms === null ? null : (histograms[i] ?? null);
    if (h !== null) {
      if (h.stale) continue;
      samples.histograms.push(h);
      samples.histogramTimes.push(t[i]);
      if (st !== null) samples.histogramStarts!.push(st[i]);
      continue;
    }
    if (isStale(v, i)) continue;
    t[kept] = t[i];
    v[kept] = v[i];
    if (st !== null) st[kept] = st[i];
    kept++;
  }
  samples.t = t;
  samples.v = v;
  samples.st = st;
  samples.count = kept;
}
