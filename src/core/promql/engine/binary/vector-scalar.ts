/** A binary operator between an instant vector and a scalar, either way round. */
import { ABSENT, FLOAT, StepColumn } from '../../functions/column.ts';
import type { Binary } from '../../parser/ast.ts';
import { isComparison } from '../arithmetic.ts';
import type { QueryContext } from '../context.ts';
import { withoutName } from '../names.ts';
import type { ScalarOperator, SeriesMeta, VectorOperator } from '../operator.ts';
import { ElementOperation } from './element.ts';

export class VectorScalar implements VectorOperator {
  readonly kind = 'vector';
  series: readonly SeriesMeta[] = [];
  private readonly context: QueryContext;
  private readonly expr: Binary;
  private readonly vector: VectorOperator;
  private readonly scalar: ScalarOperator;
  private readonly scalarOnLeft: boolean;
  private readonly operation: ElementOperation;
  private readonly scratch: StepColumn;

  constructor(
    context: QueryContext,
    expr: Binary,
    vector: VectorOperator,
    scalar: ScalarOperator,
    scalarOnLeft: boolean,
    steps: number,
  ) {
    this.context = context;
    this.expr = expr;
    this.vector = vector;
    this.scalar = scalar;
    this.scalarOnLeft = scalarOnLeft;
    this.operation = new ElementOperation(expr, context.annotations, { keepRight: scalarOnLeft });
    this.scratch = new StepColumn(steps);
  }

  async prepare(): Promise<void> {
    await this.vector.prepare();
    await this.scalar.prepare();
    this.series = dropsName(this.expr)
      ? this.vector.series.map((meta) => withoutName(meta, this.context))
      : this.vector.series;
  }

  evaluate(i: number, out: StepColumn): void {
    const { scratch, operation, scalarOnLeft } = this;
    this.vector.evaluate(i, scratch);
    const scalars = this.scalar.values();
    out.clear();
    for (let step = 0; step < out.length; step++) {
      const kind = scratch.kind[step];
      if (kind === ABSENT) continue;
      const s = scalars[step];
      if (kind === FLOAT) {
        if (scalarOnLeft) operation.floats(s, scratch.v[step], out, step);
        else operation.floats(scratch.v[step], s, out, step);
      } else if (scalarOnLeft) {
        operation.mixed(s, scratch.histogramAt(step), out, step);
      } else {
        operation.mixed(scratch.histogramAt(step), s, out, step);
      }
    }
  }
}

/** Arithmetic and `bool` comparisons make a new quantity; filters and trims keep the old one and its name. */
export function dropsName(expr: Binary): boolean {
  if (isComparison(expr.op)) return expr.bool;
  return (
    expr.op !== 'and' && expr.op !== 'or' && expr.op !== 'unless' && expr.op !== '</' && expr.op !== '>/'
  );
}
