/**
 * `timestamp(v)`: when a selector's samples were taken, or, for anything else, the evaluation time; in seconds.
 * `start_timestamp(v)` (experimental): when they had started to count, 0 where unknown; nothing for anything else.
 */
import { ABSENT, FLOAT, type StepColumn } from '../../functions/column.ts';
import { type Call, withoutParens } from '../../parser/ast.ts';
import type { Builder } from '../builder.ts';
import { DistinctSeries } from '../distinct.ts';
import type { StepGrid } from '../grid.ts';
import { withoutName } from '../names.ts';
import type { SeriesMeta, VectorOperator } from '../operator.ts';

export function timestampCall(builder: Builder, call: Call, grid: StepGrid): VectorOperator {
  const arg = withoutParens(call.args[0]);
  let evaluate: (i: number, out: StepColumn) => void;
  let input: VectorOperator;
  if (arg.kind === 'vectorSelector') {
    const selector = builder.selector(arg, grid);
    input = selector;
    evaluate = (i, out) => selector.evaluateTimestamps(i, out);
  } else {
    input = builder.vector(arg, grid);
    evaluate = (i, out) => {
      input.evaluate(i, out);
      out.histograms = null;
      for (let step = 0; step < out.length; step++) {
        if (out.kind[step] === ABSENT) continue;
        out.kind[step] = FLOAT;
        out.v[step] = grid.time(step) / 1000;
      }
    };
  }
  return timestamps(builder, input, evaluate);
}

export function startTimestampCall(builder: Builder, call: Call, grid: StepGrid): VectorOperator {
  const arg = withoutParens(call.args[0]);
  if (arg.kind === 'vectorSelector') {
    const selector = builder.selector(arg, grid);
    return timestamps(builder, selector, (i, out) => selector.evaluateStartTimestamps(i, out));
  }
  const input = builder.vector(arg, grid);
  return timestamps(builder, input, (i, out) => {
    // For what evaluating it has to say.
    input.evaluate(i, out);
    out.clear();
  });
}

function timestamps(
  { context }: Builder,
  input: VectorOperator,
  fill: (i: number, out: StepColumn) => void,
): VectorOperator {
  const operator = new Timestamps(input, fill, (meta) => withoutName(meta, context));
  return context.settings.delayedNameRemoval ? operator : new DistinctSeries(context, operator);
}

class Timestamps implements VectorOperator {
  readonly kind = 'vector';
  series: readonly SeriesMeta[] = [];
  private readonly input: VectorOperator;
  private readonly fill: (i: number, out: StepColumn) => void;
  private readonly rename: (meta: SeriesMeta) => SeriesMeta;

  constructor(
    input: VectorOperator,
    fill: (i: number, out: StepColumn) => void,
    rename: (meta: SeriesMeta) => SeriesMeta,
  ) {
    this.input = input;
    this.fill = fill;
    this.rename = rename;
  }

  async prepare(): Promise<void> {
    await this.input.prepare();
    this.series = this.input.series.map(this.rename);
  }

  evaluate(i: number, out: StepColumn): void {
    this.fill(i, out);
  }
}
