/** Between scalars and vectors: `time()`, `pi()`, `vector(s)`, `scalar(v)`, and what the query says of itself. */
import { ABSENT, FLOAT, StepColumn } from '../../functions/column.ts';
import type { Call } from '../../parser/ast.ts';
import { mayAnnotate } from '../../plan/may-annotate.ts';
import type { Builder } from '../builder.ts';
import type { QueryContext } from '../context.ts';
import type { StepGrid } from '../grid.ts';
import type { ScalarOperator, VectorOperator } from '../operator.ts';
import { ComputedScalar, ConstantScalar, timeScalar } from '../scalars.ts';
import { VectorOfScalar } from './vector-of-scalar.ts';

export function timeCall(_builder: Builder, _call: Call, grid: StepGrid): ScalarOperator {
  return timeScalar(grid);
}

export function piCall(_builder: Builder, _call: Call, grid: StepGrid): ScalarOperator {
  return new ConstantScalar(Math.PI, grid.count);
}

/** `start()`, `end()`, `range()` and `step()`, in seconds, of the query and not of a subquery. */
export function queryTimeCall(builder: Builder, call: Call, grid: StepGrid): ScalarOperator {
  const { start, end, isInstant } = builder.context;
  const { stepMs } = builder.context.grid;
  const ms = {
    start,
    end,
    range: end - start,
    // An instant query has no step.
    step: isInstant ? 0 : stepMs,
  }[call.func.name as 'start' | 'end' | 'range' | 'step'];
  return new ConstantScalar(ms / 1000, grid.count);
}

export function extremeCall(builder: Builder, call: Call, grid: StepGrid): ScalarOperator {
  const pick = call.func.name === 'min_of' ? Math.min : Math.max;
  const inputs = call.args.map((arg) => builder.scalar(arg, grid));
  return new ComputedScalar(inputs, ([a, b]) => a.map((v, i) => pick(v, b[i])));
}

export function vectorCall(builder: Builder, call: Call, grid: StepGrid): VectorOperator {
  return new VectorOfScalar(builder.scalar(call.args[0], grid));
}

export function scalarCall(builder: Builder, call: Call, grid: StepGrid): ScalarOperator {
  const scalar = new ScalarOfVector(builder.context, builder.vector(call.args[0], grid), grid.count);
  // Beside an empty vector nobody asks for the value, but what it has to say is said all the same.
  if (mayAnnotate(call.args[0])) builder.context.atEnd(() => scalar.values());
  return scalar;
}

/** The value of the only series that has one at a step, else NaN. Histograms do not count. */
class ScalarOfVector implements ScalarOperator {
  readonly kind = 'scalar';
  private readonly context: QueryContext;
  private readonly input: VectorOperator;
  private readonly steps: number;
  private column: Float64Array | null = null;

  constructor(context: QueryContext, input: VectorOperator, steps: number) {
    this.context = context;
    this.input = input;
    this.steps = steps;
  }

  prepare(): Promise<void> {
    return this.input.prepare();
  }

  values(): Float64Array {
    if (this.column === null) this.column = this.compute();
    return this.column;
  }

  private compute(): Float64Array {
    const values = new Float64Array(this.steps).fill(Number.NaN);
    const seen = new Uint8Array(this.steps);
    const column = new StepColumn(this.steps);
    for (let i = 0; i < this.input.series.length; i++) {
      this.context.checkpoint();
      this.input.evaluate(i, column);
      for (let step = 0; step < this.steps; step++) {
        if (column.kind[step] === ABSENT || column.kind[step] !== FLOAT) continue;
        values[step] = seen[step] === 0 ? column.v[step] : Number.NaN;
        seen[step] = 1;
      }
    }
    return values;
  }
}
