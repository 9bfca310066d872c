/** The frame of the aggregations that have a scalar beside their vector, a value of it for each step. */
import type { StepColumn } from '../../functions/column.ts';
import type { Aggregate } from '../../parser/ast.ts';
import type { QueryContext } from '../context.ts';
import type { ScalarOperator, SeriesMeta, VectorOperator } from '../operator.ts';

export abstract class ParameterizedAggregation implements VectorOperator {
  readonly kind = 'vector';
  series: readonly SeriesMeta[] = [];
  protected readonly context: QueryContext;
  protected readonly expr: Aggregate;
  protected readonly input: VectorOperator;
  protected readonly param: ScalarOperator;
  protected readonly steps: number;

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
    this.series = this.announce();
  }

  abstract evaluate(i: number, out: StepColumn): void;

  /** The series of the result, once those of the input are known and the parameter has values. */
  protected abstract announce(): readonly SeriesMeta[];
}
