/**
 * Where metric names are dropped, several series may end up with one label set. They are one series then, unless two
 * of them have a value at the same time, which is an error, as in Prometheus.
 */
import { ABSENT, HISTOGRAM, StepColumn } from '../functions/column.ts';
import type { QueryContext } from './context.ts';
import { QueryError } from './errors.ts';
import { LabelGroups } from './label-groups.ts';
import { haveLostOneName, nameRemoved } from './names.ts';
import type { SeriesMeta, VectorOperator } from './operator.ts';

export class DistinctSeries implements VectorOperator {
  readonly kind = 'vector';
  series: readonly SeriesMeta[] = [];
  private readonly context: QueryContext;
  private readonly input: VectorOperator;
  /** Members of each output series; null where every one is exactly the input of its own number. */
  private members: number[][] | null = null;
  private scratch: StepColumn | null = null;

  constructor(context: QueryContext, input: VectorOperator) {
    this.context = context;
    this.input = input;
  }

  async prepare(): Promise<void> {
    await this.input.prepare();
    const { series } = this.input;
    // Where names go at once, series were distinct as long as they had theirs.
    const isDistinct = !this.context.settings.delayedNameRemoval && haveLostOneName(series);
    this.members = isDistinct ? null : groupByLabels(series);
    this.series = this.members === null ? series : this.members.map((members) => series[members[0]]);
  }

  evaluate(i: number, out: StepColumn): void {
    if (this.members === null) {
      this.input.evaluate(i, out);
      return;
    }
    this.context.checkpoint();
    const [first, ...others] = this.members[i];
    this.input.evaluate(first, out);
    if (others.length === 0) return;
    if (this.scratch === null) this.scratch = new StepColumn(out.length);
    for (const member of others) {
      this.input.evaluate(member, this.scratch);
      mergeInto(out, this.scratch);
    }
  }
}

/** Removes the names that delayed name removal has left, at the very end of a query. */
export class FinalNames implements VectorOperator {
  readonly kind = 'vector';
  series: readonly SeriesMeta[] = [];
  private readonly input: VectorOperator;

  constructor(input: VectorOperator) {
    this.input = input;
  }

  async prepare(): Promise<void> {
    await this.input.prepare();
    this.series = this.input.series.map((meta) => (meta.dropName ? nameRemoved(meta) : meta));
  }

  evaluate(i: number, out: StepColumn): void {
    this.input.evaluate(i, out);
  }
}

/** Adds the values of `from` to `out`; throws QueryError where both have one at the same step. */
export function mergeInto(out: StepColumn, from: StepColumn): void {
  for (let step = 0; step < out.length; step++) {
    if (from.kind[step] === ABSENT) continue;
    if (out.kind[step] !== ABSENT) throw sameLabelset();
    if (from.kind[step] === HISTOGRAM) out.setHistogram(step, from.histogramAt(step));
    else out.setFloat(step, from.v[step]);
  }
}

export function sameLabelset(): QueryError {
  return new QueryError('vector cannot contain metrics with the same labelset');
}

/** Numbers of the series that share a label set, in order of first appearance; null where all are distinct. */
export function groupByLabels(series: readonly SeriesMeta[]): number[][] | null {
  const groups = new LabelGroups([], false);
  const groupOf = new Int32Array(series.length);
  for (let i = 0; i < series.length; i++) groupOf[i] = groups.of(series[i].labels);
  if (groups.keys.length === series.length) return null;
  const members: number[][] = groups.keys.map(() => []);
  for (let i = 0; i < series.length; i++) members[groupOf[i]].push(i);
  return members;
}
