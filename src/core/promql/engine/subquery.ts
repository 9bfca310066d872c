/**
 * A subquery, `expr[window:step]`: evaluates an instant vector on a grid of its own, whose steps are multiples of the
 * subquery's step, and hands the points of a series to a range function as if they were samples.
 */
import { ABSENT, FLOAT, StepColumn } from '../functions/column.ts';
import { RangeSamples } from '../functions/range-samples.ts';
import type { Subquery } from '../parser/ast.ts';
import type { QueryContext } from './context.ts';
import { StepGrid } from './grid.ts';
import type { RangeOperator, SeriesMeta, VectorOperator } from './operator.ts';
import { selectionTimes } from './selection-times.ts';

export class SubqueryOperator implements RangeOperator {
  readonly kind = 'range';
  readonly windowMs: number;
  readonly steps: number;
  private readonly context: QueryContext;
  private readonly inner: VectorOperator;
  private readonly innerGrid: StepGrid;
  private readonly column: StepColumn;
  private readonly samples: RangeSamples;

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
    this.column = new StepColumn(innerGrid.count);
    this.samples = new RangeSamples(grid.count, this.windowMs);
    this.samples.t = new Float64Array(innerGrid.count);
    this.samples.v = new Float64Array(innerGrid.count);
    const times = selectionTimes(grid, context.grid, subquery.at, subquery.offset as number);
    for (let i = 0; i < grid.count; i++) {
      this.samples.stepTime[i] = grid.time(i);
      this.samples.windowEnd[i] = times[i];
      this.samples.windowStart[i] = times[i] - this.windowMs;
    }
  }

  get series(): readonly SeriesMeta[] {
    return this.inner.series;
  }

  async prepare(): Promise<void> {
    this.context.hold(this.innerGrid.count);
    await this.inner.prepare();
  }

  read(i: number): RangeSamples {
    const { column, samples, innerGrid } = this;
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
        samples.histograms.push(column.histogramAt(step));
      }
    }
    samples.count = kept;
    samples.placeWindows();
    return samples;
  }
}

/** The steps at which a subquery evaluates its expression: multiples of its step, over all windows of `grid`. */
export function subqueryGrid(context: QueryContext, subquery: Subquery, grid: StepGrid): StepGrid {
  const stepMs = (subquery.step as number | null) || context.settings.defaultSubqueryStepMs;
  if (grid.count === 0) return new StepGrid(grid.start, stepMs, 0);
  const times = selectionTimes(grid, context.grid, subquery.at, subquery.offset as number);
  const from = times[0] - (subquery.window as number);
  const to = times[times.length - 1];
  // Left-open: a step exactly at the window's start is out.
  const start = (Math.floor(from / stepMs) + 1) * stepMs;
  return new StepGrid(start, stepMs, to < start ? 0 : Math.floor((to - start) / stepMs) + 1);
}
