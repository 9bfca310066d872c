/**
 * `absent` and `absent_over_time`: one series, 1 where the argument has nothing. Its labels are those that the
 * argument's selector demands with `=`, each once.
 */
import { EMPTY_LABELS, type Labels, labelsFromPairs, METRIC_NAME } from '../../../model/labels.ts';
import { ABSENT, FLOAT, StepColumn } from '../../functions/column.ts';
import type { Call, Expr } from '../../parser/ast.ts';
import { mayAnnotate } from '../../plan/may-annotate.ts';
import type { Builder } from '../builder.ts';
import type { QueryContext } from '../context.ts';
import type { StepGrid } from '../grid.ts';
import type { RangeOperator, SeriesMeta, VectorOperator } from '../operator.ts';

export function absentCall(builder: Builder, call: Call, grid: StepGrid): VectorOperator {
  const input = builder.vector(call.args[0], grid);
  const column = new StepColumn(grid.count);
  return new Absent(builder.context, call.args[0], input, grid.count, (i, mark) => {
    input.evaluate(i, column);
    for (let step = 0; step < grid.count; step++) if (column.kind[step] !== ABSENT) mark[step] = 1;
  });
}

export function absentOverTimeCall(builder: Builder, call: Call, grid: StepGrid): VectorOperator {
  const input = builder.range(call.args[0], grid);
  return new Absent(builder.context, call.args[0], input, grid.count, (i, mark) => {
    const { lo, hi, histogramLo, histogramHi } = input.read(i);
    for (let step = 0; step < grid.count; step++) {
      if (hi[step] > lo[step] || histogramHi[step] > histogramLo[step]) mark[step] = 1;
    }
  });
}

class Absent implements VectorOperator {
  readonly kind = 'vector';
  readonly series: readonly SeriesMeta[];
  private readonly context: QueryContext;
  private readonly input: VectorOperator | RangeOperator;
  private readonly steps: number;
  /** Every series may have something to say, so none is left out. */
  private readonly evaluateAll: boolean;
  private readonly markPresent: (i: number, mark: Uint8Array) => void;

  constructor(
    context: QueryContext,
    argument: Expr,
    input: VectorOperator | RangeOperator,
    steps: number,
    markPresent: (i: number, mark: Uint8Array) => void,
  ) {
    this.context = context;
    this.series = [{ labels: absentLabels(argument), dropName: false }];
    this.evaluateAll = mayAnnotate(argument) && argument.kind !== 'matrixSelector';
    this.input = input;
    this.steps = steps;
    this.markPresent = markPresent;
  }

  prepare(): Promise<void> {
    return this.input.prepare();
  }

  evaluate(_i: number, out: StepColumn): void {
    const present = new Uint8Array(this.steps);
    for (let i = 0; i < this.input.series.length; i++) {
      this.context.checkpoint();
      this.markPresent(i, present);
      // Most series are there all the time: the first one usually settles it.
      if (!this.evaluateAll && !present.includes(0)) break;
    }
    out.clear();
    for (let step = 0; step < this.steps; step++) {
      if (present[step] !== 0) continue;
      out.kind[step] = FLOAT;
      out.v[step] = 1;
    }
  }
}

function absentLabels(expr: Expr): Labels {
  const selector = expr.kind === 'matrixSelector' ? expr.selector : expr;
  if (selector.kind !== 'vectorSelector') return EMPTY_LABELS;
  const values = new Map<string, string>();
  const met = new Set<string>();
  for (const { name, type, value } of selector.matchers) {
    if (name === METRIC_NAME) continue;
    // Anything but a first equality takes the label away again; what came before that does not matter.
    if (type === '=' && !met.has(name)) {
      met.add(name);
      values.set(name, value);
    } else {
      values.delete(name);
    }
  }
  return labelsFromPairs(values);
}
