/** `label_replace` and `label_join`: new labels from old ones; values pass through. */

import { type Labels, METRIC_NAME } from '../../../model/labels.ts';
import { LabelsBuilder } from '../../../model/labels-builder.ts';
import { isValidLabelName } from '../../../model/names.ts';
import { goQuote } from '../../../model/quote.ts';
import { compileRegex } from '../../../regex/index.ts';
import type { StepColumn } from '../../functions/column.ts';
import type { Call, Expr } from '../../parser/ast.ts';
import type { Builder } from '../builder.ts';
import { DistinctSeries } from '../distinct.ts';
import { QueryError } from '../errors.ts';
import type { StepGrid } from '../grid.ts';
import type { SeriesMeta, VectorOperator } from '../operator.ts';

export function labelReplaceCall(builder: Builder, call: Call, grid: StepGrid): VectorOperator {
  const [destination, replacement, source, pattern] = call.args.slice(1).map(text);
  return relabelled(builder, call, grid, () => {
    const regex = compilePattern(pattern, call);
    if (!isValidLabelName(destination)) {
      throw new QueryError(`invalid destination label name in label_replace(): ${destination}`, call.range);
    }
    const labelBuilder = new LabelsBuilder();
    return (meta) => {
      const value = regex.expand(meta.labels.get(source), replacement);
      if (value === undefined) return meta;
      return withLabel(meta, labelBuilder.reset(meta.labels).set(destination, value).labels(), destination);
    };
  });
}

export function labelJoinCall(builder: Builder, call: Call, grid: StepGrid): VectorOperator {
  const [destination, separator, ...sources] = call.args.slice(1).map(text);
  return relabelled(builder, call, grid, () => {
    for (const source of sources) {
      if (!isValidLabelName(source)) {
        throw new QueryError(`invalid source label name in label_join(): ${source}`, call.range);
      }
    }
    if (!isValidLabelName(destination)) {
      throw new QueryError(`invalid destination label name in label_join(): ${destination}`, call.range);
    }
    const labelBuilder = new LabelsBuilder();
    return (meta) => {
      const value = sources.map((source) => meta.labels.get(source)).join(separator);
      return withLabel(meta, labelBuilder.reset(meta.labels).set(destination, value).labels(), destination);
    };
  });
}

type Change = (meta: SeriesMeta) => SeriesMeta;

/** A name that has been set here stays, whatever was to become of the one before. */
function withLabel(meta: SeriesMeta, labels: Labels, destination: string): SeriesMeta {
  return { labels, dropName: meta.dropName && destination !== METRIC_NAME };
}

function relabelled(builder: Builder, call: Call, grid: StepGrid, makeChange: () => Change): VectorOperator {
  // Delayed name removal or not: the labels are as they were asked for.
  return new DistinctSeries(builder.context, new Relabelled(builder.vector(call.args[0], grid), makeChange));
}

class Relabelled implements VectorOperator {
  readonly kind = 'vector';
  series: readonly SeriesMeta[] = [];
  private readonly input: VectorOperator;
  private readonly makeChange: () => Change;

  /** `makeChange` may throw: a fault in the arguments is one of this operand, after those of the ones before it. */
  constructor(input: VectorOperator, makeChange: () => Change) {
    this.input = input;
    this.makeChange = makeChange;
  }

  async prepare(): Promise<void> {
    const change = this.makeChange();
    await this.input.prepare();
    this.series = this.input.series.map(change);
  }

  evaluate(i: number, out: StepColumn): void {
    this.input.evaluate(i, out);
  }
}

function compilePattern(pattern: string, call: Call) {
  try {
    return compileRegex(pattern);
  } catch {
    throw new QueryError(
      `invalid regular expression in label_replace(): ${goQuote(pattern).slice(1, -1)}`,
      call.range,
    );
  }
}

function text(expr: Expr): string {
  return expr.kind === 'paren' ? text(expr.expr) : expr.kind === 'stringLiteral' ? expr.value : '';
}
