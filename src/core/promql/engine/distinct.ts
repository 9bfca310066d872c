/**
 * Where metric names are dropped, several series may end up with one label set. They are one series then, unless two
 * of them have a value at the same time, which is an error, as in Prometheus.
 */
import { METRIC_NAME } from '../../model/labels.ts';
import { ABSENT, HISTOGRAM, StepColumn } from '../functions/column.ts';
import type { QueryContext } from './context.ts';
import { QueryError } from './errors.ts';
import { nameRemoved } from './names.ts';
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
    this.members = groupByLabels(series);
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
  const byHash = new Map<number, number[]>();
  const groups: number[][] = [];
  let shared = false;
  for (let i = 0; i < series.length; i++) {
    const { labels } = series[i];
    const hash = labels.hash();
    const candidates = byHash.get(hash);
    const found = candidates?.find((group) => series[groups[group][0]].labels.equals(labels));
    if (found !== undefined) {
      groups[found].push(i);
      shared = true;
      continue;
    }
    groups.push([i]);
    if (candidates === undefined) byHash.set(hash, [groups.length - 1]);
    else candidates.push(groups.length - 1);
  }
  return shared ? groups : null;
}

/** Whether all series have one metric name, so that dropping it cannot make two of them equal. */
export function haveOneName(series: readonly SeriesMeta[]): boolean {
  if (series.length === 0) return true;
  const name = series[0].labels.get(METRIC_NAME);
  for (let i = 1; i < series.length; i++) if (series[i].labels.get(METRIC_NAME) !== name) return false;
  return true;
}
