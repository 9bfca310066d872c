/** `vector(s)`: a scalar as a series without labels; also what date functions use in place of an argument. */
import { EMPTY_LABELS } from '../../../model/labels.ts';
import { FLOAT, type StepColumn } from '../../functions/column.ts';
import type { Call } from '../../parser/ast.ts';
import type { OperatorBuilder } from '../build.ts';
import type { StepGrid } from '../grid.ts';
import type { ScalarOperator, SeriesMeta, VectorOperator } from '../operator.ts';

export class VectorOfScalar implements VectorOperator {
  readonly kind = 'vector';
  readonly series: readonly SeriesMeta[] = [{ labels: EMPTY_LABELS, dropName: false }];
  private readonly input: ScalarOperator;

  constructor(input: ScalarOperator) {
    this.input = input;
  }

  prepare(): Promise<void> {
    return this.input.prepare();
  }

  evaluate(_i: number, out: StepColumn): void {
    out.clear();
    out.kind.fill(FLOAT);
    out.v.set(this.input.values());
  }
}

export function vectorCall(builder: OperatorBuilder, call: Call, grid: StepGrid): VectorOperator {
  return new VectorOfScalar(builder.scalar(call.args[0], grid));
}
