/** `min`, `max`, `stddev`, `stdvar`: about floats only; histograms are left out, with an info. */
import { FLOAT, HISTOGRAM, type StepColumn } from '../../functions/column.ts';
import type { Aggregate } from '../../parser/ast.ts';
import type { QueryContext } from '../context.ts';
import type { VectorOperator } from '../operator.ts';
import { ExtremeFold, type FloatFold, VarianceFold } from './fold.ts';
import { GroupedOperator } from './grouped.ts';

export class NumericAggregation extends GroupedOperator {
  private fold: FloatFold | null = null;
  private seen = new Uint8Array(0);

  constructor(context: QueryContext, expr: Aggregate, input: VectorOperator, steps: number) {
    super(context, expr, input, steps);
  }

  protected start(cells: number): void {
    this.context.hold(cells);
    this.seen = new Uint8Array(cells);
    this.fold = foldFor(this.expr.op, cells);
  }

  protected add(column: StepColumn, base: number): void {
    this.fold!.add(column.kind, column.v, base);
    for (let step = 0; step < column.length; step++) {
      if (column.kind[step] === FLOAT) this.seen[base + step] = 1;
      else if (column.kind[step] === HISTOGRAM) ignoredHistogram(this.context, this.expr);
    }
  }

  protected finish(base: number, out: StepColumn): void {
    for (let step = 0; step < out.length; step++) {
      if (this.seen[base + step] !== 0) out.setFloat(step, this.fold!.result(base + step));
    }
  }
}

function foldFor(op: Aggregate['op'], cells: number): FloatFold {
  switch (op) {
    case 'max':
      return new ExtremeFold(cells, 1);
    case 'min':
      return new ExtremeFold(cells, -1);
    case 'stddev':
      return new VarianceFold(cells, true);
    case 'stdvar':
      return new VarianceFold(cells, false);
    default:
      throw new Error(`no numeric aggregation: ${op}`);
  }
}

/** Says, once a query, that an aggregation has left histograms out. */
export function ignoredHistogram(context: QueryContext, expr: Aggregate): void {
  // Upstream points at the vector, but for the ranking aggregations at the whole call.
  const range = expr.op === 'topk' || expr.op === 'bottomk' ? expr.range : expr.expr.range;
  context.annotations.info(`ignored histogram in ${expr.op} aggregation`, range);
}
