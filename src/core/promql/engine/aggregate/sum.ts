/**
 * `sum` and `avg`, which know floats and native histograms but not both at one step of one group: that yields nothing
 * and a warning. Histograms are rare, so their cells are made only where one is met.
 */

import { CounterReset, type Histogram } from '../../../model/histogram.ts';
import { Combined, divideHistogram, hasOverflow } from '../../../model/histogram-arithmetic.ts';
import { toFloatHistogram } from '../../../model/histogram-copy.ts';
import { HistogramSum } from '../../../model/histogram-sum.ts';
import { type Labels, METRIC_NAME } from '../../../model/labels.ts';
import { FLOAT, HISTOGRAM, type StepColumn } from '../../functions/column.ts';
import { reportCombined, warnMixedSchemas } from '../../functions/histogram-annotations.ts';
import type { Aggregate } from '../../parser/ast.ts';
import type { QueryContext } from '../context.ts';
import type { SeriesMeta, VectorOperator } from '../operator.ts';
import { AvgFold, type FloatFold, SumFold } from './fold.ts';
import { GroupedOperator } from './grouped.ts';

/** One cell that has met a histogram. */
interface HistogramCell {
  sum: HistogramSum;
  count: number;
  /** Only for `avg`: the sum has overflowed, and `sum` is the running mean. */
  incremental: boolean;
  sawReset: boolean;
  sawNotReset: boolean;
  /** Exponential and custom buckets met here: no result. */
  incompatible: boolean;
}

export class SumAggregation extends GroupedOperator {
  private fold: FloatFold | null = null;
  private sawFloat = new Uint8Array(0);
  private readonly histogramCells = new Map<number, HistogramCell>();
  private readonly isAverage: boolean;

  constructor(context: QueryContext, expr: Aggregate, input: VectorOperator, steps: number) {
    super(context, expr, input, steps);
    this.isAverage = expr.op === 'avg';
  }

  protected start(cells: number): void {
    this.context.hold(cells);
    this.sawFloat = new Uint8Array(cells);
    this.fold = this.isAverage ? new AvgFold(cells) : new SumFold(cells);
  }

  protected add(column: StepColumn, base: number, series: SeriesMeta): void {
    this.fold!.add(column.kind, column.v, base);
    if (column.histograms === null) {
      noteFloats(column.kind, this.sawFloat, base);
      return;
    }
    for (let step = 0; step < column.length; step++) {
      if (column.kind[step] === FLOAT) this.sawFloat[base + step] = 1;
      else if (column.kind[step] === HISTOGRAM)
        this.addHistogram(base + step, column.histogramAt(step), series.labels);
    }
  }

  protected finish(base: number, out: StepColumn): void {
    if (this.histogramCells.size === 0) {
      this.finishFloats(base, out);
      return;
    }
    const { annotations } = this.context;
    const { range } = this.expr.expr;
    for (let step = 0; step < out.length; step++) {
      const cell = this.histogramCells.get(base + step);
      if (cell === undefined) {
        if (this.sawFloat[base + step] !== 0) out.setFloat(step, this.fold!.result(base + step));
        continue;
      }
      if (this.sawFloat[base + step] !== 0) {
        annotations.warn('encountered a mix of histograms and floats for aggregation', range);
        continue;
      }
      if (cell.incompatible) continue;
      if (cell.sawReset && cell.sawNotReset) {
        reportCombined(Combined.counterResetCollision, 'aggregation', annotations, range);
      }
      if (this.isAverage && !cell.incremental) cell.sum.divide(cell.count);
      out.setHistogram(step, cell.sum.total());
    }
  }

  private finishFloats(base: number, out: StepColumn): void {
    const { sawFloat } = this;
    const fold = this.fold!;
    for (let step = 0; step < out.length; step++) {
      if (sawFloat[base + step] !== 0) out.setFloat(step, fold.result(base + step));
    }
  }

  private addHistogram(number: number, h: Histogram, labels: Labels): void {
    const cell = this.histogramCells.get(number);
    if (cell === undefined) {
      this.context.hold(1);
      this.histogramCells.set(number, {
        sum: new HistogramSum(h),
        count: 1,
        incremental: false,
        sawReset: h.counterReset === CounterReset.reset,
        sawNotReset: h.counterReset === CounterReset.notReset,
        incompatible: false,
      });
      return;
    }
    if (cell.incompatible) return;
    cell.count++;
    cell.sawReset ||= h.counterReset === CounterReset.reset;
    cell.sawNotReset ||= h.counterReset === CounterReset.notReset;
    if (this.isAverage) this.addToAverage(cell, h, labels);
    else this.addReported(cell, h, labels);
  }

  /** A sum over a count, until the sum overflows; from then on a running mean. */
  private addToAverage(cell: HistogramCell, h: Histogram, labels: Labels): void {
    const n = cell.count;
    if (!cell.incremental) {
      const before = cell.sum.clone();
      this.addReported(cell, h, labels);
      if (cell.incompatible || !hasOverflow(cell.sum.uncorrected)) return;
      cell.incremental = true;
      cell.sum = before;
      cell.sum.divide(n - 1);
    }
    const share = toFloatHistogram(h);
    divideHistogram(share, n);
    cell.sum.multiply((n - 1) / n);
    this.addReported(cell, share, labels);
  }

  private addReported(cell: HistogramCell, h: Histogram, labels: Labels): void {
    const { annotations } = this.context;
    const { range } = this.expr.expr;
    // Collisions are looked for among all of a group, not between neighbours.
    const flags = cell.sum.add(h) & ~Combined.counterResetCollision;
    if (reportCombined(flags, 'aggregation', annotations, range)) return;
    cell.incompatible = true;
    warnMixedSchemas(labels.get(METRIC_NAME), annotations, range);
  }
}

function noteFloats(kind: Uint8Array, saw: Uint8Array, base: number): void {
  for (let step = 0; step < kind.length; step++) if (kind[step] === FLOAT) saw[base + step] = 1;
}
