/** `count` and `group`, to which a value's kind makes no difference. */
import { ABSENT, FLOAT, type StepColumn } from '../../functions/column.ts';
import type { Aggregate } from '../../parser/ast.ts';
import type { QueryContext } from '../context.ts';
import type { VectorOperator } from '../operator.ts';
import { GroupedOperator } from './grouped.ts';

export class CountAggregation extends GroupedOperator {
  private counts = new Float64Array(0);
  private readonly constant: boolean;

  constructor(context: QueryContext, expr: Aggregate, input: VectorOperator, steps: number) {
    super(context, expr, input, steps);
    this.constant = expr.op === 'group';
  }

  protected start(cells: number): void {
    this.context.hold(cells);
    this.counts = new Float64Array(cells);
  }

  protected add(column: StepColumn, base: number): void {
    const { counts } = this;
    for (let step = 0; step < column.length; step++) if (column.kind[step] !== ABSENT) counts[base + step]++;
  }

  protected finish(base: number, out: StepColumn): void {
    for (let step = 0; step < out.length; step++) {
      const count = this.counts[base + step];
      if (count === 0) continue;
      out.kind[step] = FLOAT;
      out.v[step] = this.constant ? 1 : count;
    }
  }
}
