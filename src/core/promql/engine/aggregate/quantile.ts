/** `quantile(φ, …)`: needs all values of a group at a step, so it keeps them until the group is read out. */
import { formatG } from '../../../model/number.ts';
import { FLOAT, HISTOGRAM, StepColumn } from '../../functions/column.ts';
import { quantileOf } from '../../functions/quantile.ts';
import { type Aggregate, withoutParens } from '../../parser/ast.ts';
import type { QueryContext } from '../context.ts';
import type { ScalarOperator, SeriesMeta, VectorOperator } from '../operator.ts';
import { groupSeries } from './grouping.ts';
import { ignoredHistogram } from './numeric.ts';
import { outOfBounds } from './parameter.ts';

export class QuantileAggregation implements VectorOperator {
  readonly kind = 'vector';
  series: readonly SeriesMeta[] = [];
  private readonly context: QueryContext;
  private readonly expr: Aggregate;
  private readonly input: VectorOperator;
  private readonly param: ScalarOperator;
  private readonly steps: number;
  private members: number[][] = [];

  constructor(
    context: QueryContext,
    expr: Aggregate,
    input: VectorOperator,
    param: ScalarOperator,
    steps: number,
  ) {
    this.context = context;
    this.expr = expr;
    this.input = input;
    this.param = param;
    this.steps = steps;
  }

  async prepare(): Promise<void> {
    await this.input.prepare();
    await this.param.prepare();
    const { groupOf, groups } = groupSeries(this.input.series, this.expr);
    this.series = groups;
    this.members = groups.map(() => []);
    for (let i = 0; i < groupOf.length; i++) this.members[groupOf[i]].push(i);
    for (const q of outOfBounds(this.param.values(), 0, 1)) {
      this.context.annotations.warn(
        `quantile value should be between 0 and 1, got ${formatG(q)}`,
        withoutParens(this.expr.param!).range,
      );
    }
  }

  evaluate(i: number, out: StepColumn): void {
    const { steps } = this;
    const members = this.members[i];
    this.context.hold(members.length * steps);
    const values = new Float64Array(members.length * steps);
    const counts = new Int32Array(steps);
    const column = new StepColumn(steps);
    for (const member of members) {
      this.context.checkpoint();
      this.input.evaluate(member, column);
      for (let step = 0; step < steps; step++) {
        if (column.kind[step] === HISTOGRAM) ignoredHistogram(this.context, this.expr);
        if (column.kind[step] === FLOAT) values[step * members.length + counts[step]++] = column.v[step];
      }
    }
    out.clear();
    const qs = this.param.values();
    for (let step = 0; step < steps; step++) {
      if (counts[step] === 0) continue;
      const from = step * members.length;
      out.setFloat(step, quantileOf(qs[step], values.subarray(from, from + counts[step])));
    }
    this.context.release(members.length * steps);
  }
}
