/** A function that maps an instant vector series by series (`abs`, `clamp`, `histogram_count`, …). */
import { StepColumn } from '../functions/column.ts';
import type { CallSite, VectorImplementation } from '../functions/function.ts';
import type { QueryContext } from './context.ts';
import { FunctionCall } from './function-call.ts';
import type { ScalarOperator, VectorOperator } from './operator.ts';

export class VectorCall extends FunctionCall<VectorOperator> {
  private readonly implementation: VectorImplementation;
  private readonly scratch: StepColumn;

  constructor(
    context: QueryContext,
    implementation: VectorImplementation,
    input: VectorOperator,
    scalars: readonly ScalarOperator[],
    site: CallSite,
    steps: number,
  ) {
    super(context, implementation.keepsName, input, scalars, site);
    this.implementation = implementation;
    this.scratch = new StepColumn(steps);
  }

  protected apply(i: number, scalars: readonly Float64Array[], out: StepColumn, site: CallSite): void {
    this.input.evaluate(i, this.scratch);
    out.clear();
    this.implementation.run(this.scratch, scalars, out, site);
  }
}
