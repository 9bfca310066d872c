/**
 * A subquery, `expr[window:step]`: evaluates an instant vector on a grid of its own, whose steps are multiples of the
 * subquery's step, and hands the points of a series to a range function as if they were samples.
 */
import { ABSENT, FLOAT, StepColumn } from '../functions/column.ts';
import type { RangeSamples } from '../functions/range-samples.ts';
import type { Subquery } from '../parser/ast.ts';
import type { QueryContext } from './context.ts';
import { gridBetween, StepGrid } from './grid.ts';
import type { RangeOperator, SeriesMeta, VectorOperator } from './operator.ts';
import { windowsFor } from './range-selector.ts';
import { withoutHint } from './reset-hints.ts';
import { SelectionTimes } from './selection-times.ts';

export class SubqueryOperator implements RangeOperator {
  readonly kind = 'range';
  readonly windowMs: number;
  readonly steps: number;
  private readonly context: QueryContext;
  private readonly inner: VectorOperator;
  private readonly innerGrid: StepGrid;
  private readonly grid: StepGrid;
  private readonly times: SelectionTimes;
  /** Made for the first series: there may be millions of steps and no series. */
  private buffers: { column: StepColumn; samples: RangeSamples } | null = null;

  /** `inner` must have been built for `subqueryGrid(…)` of the same arguments. */
  constructor(
    context: QueryContext,
    subquery: Subquery,
    grid: StepGrid,
    inner: VectorOperator,
    innerGrid: StepGrid,
  ) {
    this.context = context;
    this.inner = inner;
    this.innerGrid = innerGrid;
    this.windowMs = subquery.window as number;
    this.steps = grid.count;
    this.grid = grid;
    this.times = new SelectionTimes(context, grid, subquery.at, subquery.offset as number);
  }

  get series(): readonly SeriesMeta[] {
    return this.inner.series;
  }

  async prepare(): Promise<void> {
    await this.inner.prepare();
  }

  read(i: number): RangeSamples {
    if (this.buffers === null) this.buffers = this.makeBuffers();
    const { innerGrid } = this;
    const { column, samples } = this.buffers;
    this.inner.evaluate(i, column);
    samples.histograms = [];
    samples.histogramTimes = [];
    let kept = 0;
    for (let step = 0; step < column.length; step++) {
      const kind = column.kind[step];
      if (kind === ABSENT) continue;
      if (kind === FLOAT) {
        samples.t[kept] = innerGrid.time(step);
        samples.v[kept] = column.v[step];
        kept++;
      } else {
        samples.histogramTimes.push(innerGrid.time(step));
        samples.histograms.push(withoutHint(column.histogramAt(step)));
      }
    }
    samples.count = kept;
    samples.placeWindows();
    return samples;
  }

  private makeBuffers(): { column: StepColumn; samples: RangeSamples } {
    const { context, innerGrid } = this;
    context.hold(innerGrid.count);
    const samples = windowsFor(context, this.grid, this.times, this.windowMs);
    samples.t = new Float64Array(innerGrid.count);
    samples.v = new Float64Array(innerGrid.count);
    return { column: new StepColumn(innerGrid.count), samples };
  }
}

/** The steps of a subquery: multiples of its step, over all windows of `grid`. There may be any number. */
export function allSteps(context: QueryContext, subquery: Subquery, grid: StepGrid): StepGrid {
  const stepMs = (subquery.step as number | null) || context.settings.defaultSubqueryStepMs;
  if (grid.count === 0) return new StepGrid(grid.start, stepMs, 0);
  const times = new SelectionTimes(context, grid, subquery.at, subquery.offset as number);
  const from = times.first - (subquery.window as number);
  const to = times.last;
  // Left-open: a step exactly at the window's start is out.
  const start = (Math.floor(from / stepMs) + 1) * stepMs;
  return gridBetween(start, to, stepMs);
}

/** Those of them at which it evaluates its expression, and one if there are any. Throws TooManySamples. */
export function subqueryGrid(context: QueryContext, subquery: Subquery, grid: StepGrid): StepGrid {
  const all = allSteps(context, subquery, grid);
  const reach = context.reaches.get(subquery);
  if (reach === undefined) return context.admit(all);
  const { start, stepMs, count } = all;
  const first = Math.max(0, Math.ceil((reach.mint - start) / stepMs));
  const last = Math.min(count - 1, Math.floor((reach.maxt - start) / stepMs));
  // Parameters are looked at even where there is nothing.
  if (first > last) return new StepGrid(start, stepMs, 1);
  return context.admit(new StepGrid(start + first * stepMs, stepMs, last - first + 1));
}
