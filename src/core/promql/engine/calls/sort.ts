/**
 * `sort`, `sort_desc`, `sort_by_label`, `sort_by_label_desc`: the order of an instant query's result. In a range
 * query they do nothing, since its result is ordered by labels, and upstream warns of it.
 */
import { compareStrings, type Labels } from '../../../model/labels.ts';
import { ABSENT, FLOAT, StepColumn } from '../../functions/column.ts';
import type { Call } from '../../parser/ast.ts';
import type { Builder } from '../builder.ts';
import type { QueryContext } from '../context.ts';
import type { StepGrid } from '../grid.ts';
import type { SeriesMeta, VectorOperator } from '../operator.ts';
import { compareNaturally } from './natural-order.ts';

export function sortCall(builder: Builder, call: Call, grid: StepGrid): VectorOperator {
  const input = builder.vector(call.args[0], grid);
  const byLabel = call.func.name.startsWith('sort_by_label');
  if (!builder.context.isInstant || grid.count !== 1) {
    if (!builder.context.isInstant) {
      builder.context.annotations.warn(
        'sort is ineffective for range queries since results are always ordered by labels',
        call.range,
      );
    }
    return byLabel ? input : new FloatsOnly(input);
  }
  const descending = call.func.name.endsWith('_desc');
  if (!byLabel) return new Sorted(builder.context, input, byValue(descending), true);
  const names = call.args.slice(1).map((arg) => (arg.kind === 'stringLiteral' ? arg.value : ''));
  return new Sorted(builder.context, input, byLabels(names, descending), false);
}

/** Sorting by value leaves histograms out, also where there is nothing to sort. */
class FloatsOnly implements VectorOperator {
  readonly kind = 'vector';
  private readonly input: VectorOperator;

  constructor(input: VectorOperator) {
    this.input = input;
  }

  get series(): readonly SeriesMeta[] {
    return this.input.series;
  }

  prepare(): Promise<void> {
    return this.input.prepare();
  }

  evaluate(i: number, out: StepColumn): void {
    this.input.evaluate(i, out);
    for (let step = 0; step < out.length; step++) if (out.kind[step] !== FLOAT) out.kind[step] = ABSENT;
  }
}

interface Row {
  meta: SeriesMeta;
  number: number;
  v: number;
}

type Order = (a: Row, b: Row) => number;

class Sorted implements VectorOperator {
  readonly kind = 'vector';
  series: readonly SeriesMeta[] = [];
  private readonly context: QueryContext;
  private readonly input: VectorOperator;
  private readonly order: Order;
  private readonly floatsOnly: boolean;
  private rows: { number: number; column: StepColumn }[] = [];

  constructor(context: QueryContext, input: VectorOperator, order: Order, floatsOnly: boolean) {
    this.context = context;
    this.input = input;
    this.order = order;
    this.floatsOnly = floatsOnly;
  }

  async prepare(): Promise<void> {
    await this.input.prepare();
    const rows: Row[] = [];
    const columns = new Map<number, StepColumn>();
    for (let number = 0; number < this.input.series.length; number++) {
      this.context.checkpoint();
      const column = new StepColumn(1);
      this.input.evaluate(number, column);
      if (column.count() === 0 || (this.floatsOnly && column.kind[0] !== FLOAT)) continue;
      this.context.hold(1);
      columns.set(number, column);
      rows.push({ meta: this.input.series[number], number, v: column.v[0] });
    }
    rows.sort(this.order);
    this.series = rows.map((row) => row.meta);
    this.rows = rows.map(({ number }) => ({ number, column: columns.get(number)! }));
  }

  evaluate(i: number, out: StepColumn): void {
    out.copyFrom(this.rows[i].column);
  }
}

/** NaN is last either way. */
function byValue(descending: boolean): Order {
  const sign = descending ? -1 : 1;
  return (a, b) => {
    if (Number.isNaN(a.v) || Number.isNaN(b.v)) return Number(Number.isNaN(a.v)) - Number(Number.isNaN(b.v));
    return sign * (a.v - b.v);
  };
}

/** By the named labels in natural order (`node2` before `node10`), then by all labels. */
function byLabels(names: readonly string[], descending: boolean): Order {
  const sign = descending ? -1 : 1;
  return (a, b) => {
    for (const name of names) {
      const order = compareNaturally(a.meta.labels.get(name), b.meta.labels.get(name));
      if (order !== 0) return sign * order;
    }
    return sign * compareAll(a.meta.labels, b.meta.labels);
  };
}

function compareAll(a: Labels, b: Labels): number {
  return a.compare(b) || compareStrings(a.toString(), b.toString());
}
