/** Operators that yield one number a step: literals, arithmetic between scalars. */
import type { BinaryOp } from '../parser/ast.ts';
import { scalarOperation } from './arithmetic.ts';
import type { StepGrid } from './grid.ts';
import type { ScalarOperator } from './operator.ts';

/** The same value at every step. */
export class ConstantScalar implements ScalarOperator {
  readonly kind = 'scalar';
  private readonly column: Float64Array;

  constructor(value: number, steps: number) {
    this.column = new Float64Array(steps).fill(value);
  }

  async prepare(): Promise<void> {}

  values(): Float64Array {
    return this.column;
  }
}

/** A column worked out once from other scalars, when it is first asked for. */
export class ComputedScalar implements ScalarOperator {
  readonly kind = 'scalar';
  private readonly inputs: readonly ScalarOperator[];
  private readonly compute: (inputs: readonly Float64Array[]) => Float64Array;
  private column: Float64Array | null = null;

  constructor(inputs: readonly ScalarOperator[], compute: (inputs: readonly Float64Array[]) => Float64Array) {
    this.inputs = inputs;
    this.compute = compute;
  }

  async prepare(): Promise<void> {
    for (const input of this.inputs) await input.prepare();
  }

  values(): Float64Array {
    if (this.column === null) this.column = this.compute(this.inputs.map((input) => input.values()));
    return this.column;
  }
}

/** The evaluation time in seconds. */
export function timeScalar(grid: StepGrid): ScalarOperator {
  return new ComputedScalar([], () =>
    Float64Array.from({ length: grid.count }, (_, i) => grid.time(i) / 1000),
  );
}

export function negatedScalar(input: ScalarOperator): ScalarOperator {
  return new ComputedScalar([input], ([values]) => values.map((v) => -v));
}

export function scalarBinary(op: BinaryOp, lhs: ScalarOperator, rhs: ScalarOperator): ScalarOperator {
  const operation = scalarOperation(op);
  return new ComputedScalar([lhs, rhs], ([left, right]) => left.map((v, i) => operation(v, right[i])));
}
