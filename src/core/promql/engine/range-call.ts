/** A function over windows (`rate`, `max_over_time`, …): one series in, one series out. */
import type { StepColumn } from '../functions/column.ts';
import type { CallSite, RangeImplementation } from '../functions/function.ts';
import type { QueryContext } from './context.ts';
import { FunctionCall } from './function-call.ts';
import type { RangeOperator, ScalarOperator } from './operator.ts';

export class RangeCall extends FunctionCall<RangeOperator> {
  private readonly implementation: RangeImplementation;

  constructor(
    context: QueryContext,
    implementation: RangeImplementation,
    input: RangeOperator,
    scalars: readonly ScalarOperator[],
    site: CallSite,
  ) {
    super(context, implementation.keepsName, input, scalars, site);
    this.implementation = implementation;
  }

  protected apply(i: number, scalars: readonly Float64Array[], out: StepColumn, site: CallSite): void {
    out.clear();
    this.implementation.run(this.input.read(i), scalars, out, site);
  }
}
