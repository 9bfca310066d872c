/** `quantile(φ, …)`: needs all values of a group at a step, so it keeps them until the group is read out. */
import { formatG } from '../../../model/number.ts';
import { FLOAT, HISTOGRAM, StepColumn } from '../../functions/column.ts';
import { quantileOf } from '../../functions/quantile.ts';
import { withoutParens } from '../../parser/ast.ts';
import type { SeriesMeta } from '../operator.ts';
import { groupSeries } from './grouping.ts';
import { ignoredHistogram } from './numeric.ts';
import { outOfBounds } from './parameter.ts';
import { ParameterizedAggregation } from './parameterized.ts';

export class QuantileAggregation extends ParameterizedAggregation {
  private members: number[][] = [];

  protected announce(): readonly SeriesMeta[] {
    const { groupOf, groups } = groupSeries(this.input.series, this.expr);
    this.members = groups.map(() => []);
    for (let i = 0; i < groupOf.length; i++) this.members[groupOf[i]].push(i);
    for (const q of outOfBounds(this.param.values(), 0, 1)) {
      this.context.annotations.warn(
        `quantile value should be between 0 and 1, got ${formatG(q)}`,
        withoutParens(this.expr.param!).range,
      );
    }
    return groups;
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
