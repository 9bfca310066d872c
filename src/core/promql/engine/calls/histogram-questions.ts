/**
 * Questions asked of histograms (quantiles, fractions): of native ones one by one, and of classic ones, whose `_bucket`
 * series are gathered by all their labels but `le`. Several questions of the same histograms are asked in one go.
 */

import type { Histogram } from '../../../model/histogram.ts';
import { type Labels, METRIC_NAME } from '../../../model/labels.ts';
import { parseGoFloat } from '../../../model/number.ts';
import { goQuote } from '../../../model/quote.ts';
import { Buckets } from '../../functions/classic-buckets.ts';
import { ABSENT, FLOAT, HISTOGRAM, StepColumn } from '../../functions/column.ts';
import type { SourceRange } from '../../parser/ast.ts';
import type { Builder } from '../builder.ts';
import type { QueryContext } from '../context.ts';
import { DistinctSeries } from '../distinct.ts';
import type { StepGrid } from '../grid.ts';
import { withoutName } from '../names.ts';
import type { ScalarOperator, SeriesMeta, VectorOperator } from '../operator.ts';

const BUCKET_LABEL = 'le';

/** What is asked of each histogram at each step. */
export interface Question {
  /** Undefined leaves the step absent. */
  native(h: Histogram, step: number, metric: string): number | undefined;
  /** The buckets may be changed. */
  classic(buckets: Buckets, step: number, metric: string): number | undefined;
  /** The label that tells this question's answers from another's, or null. */
  label: { name: string; valueAt(step: number): string } | null;
  scalars: readonly ScalarOperator[];
  /** Called once, when the scalars are known. */
  prepare(): void;
  /** Called behind the last step of each group of series, to say what was noted. */
  report(): void;
}

/** `range` is the place of the vector in the query. */
export function askHistograms(
  builder: Builder,
  asked: readonly Question[],
  input: VectorOperator,
  range: SourceRange,
  grid: StepGrid,
): VectorOperator {
  const operator = new HistogramQuestions(builder.context, asked, input, range, grid.count);
  return builder.context.settings.delayedNameRemoval
    ? operator
    : new DistinctSeries(builder.context, operator);
}

/** The series of one histogram, any of which may hold native ones too. */
interface Group {
  meta: SeriesMeta;
  metric: string;
  members: Member[];
}

interface Member {
  number: number;
  /** The label as it is, and the bound that it stands for; undefined where it stands for none. */
  le: string;
  upperBound: number | undefined;
}

/** A member that may be a bucket, and its values. */
interface BucketColumn {
  upperBound: number;
  column: StepColumn;
}

/** One question's answers, or of those the ones at the steps at which its label has a value. */
interface Output {
  question: number;
  label: string | null;
  /** 1 at those steps; null for all steps. */
  steps: Uint8Array | null;
}

class HistogramQuestions implements VectorOperator {
  readonly kind = 'vector';
  series: readonly SeriesMeta[] = [];
  private readonly context: QueryContext;
  private readonly asked: readonly Question[];
  private readonly input: VectorOperator;
  private readonly range: SourceRange;
  private readonly steps: number;
  private groups: Group[] = [];
  /** Each group has as many series. */
  private outputs: Output[] = [];
  /** Columns of one group's input, while its answers are worked out. */
  private pending: { group: number; answers: StepColumn[]; left: number } | null = null;
  /** Of one group after another. */
  private readonly columns: StepColumn[] = [];

  constructor(
    context: QueryContext,
    asked: readonly Question[],
    input: VectorOperator,
    range: SourceRange,
    steps: number,
  ) {
    this.context = context;
    this.asked = asked;
    this.input = input;
    this.range = range;
    this.steps = steps;
  }

  async prepare(): Promise<void> {
    await this.input.prepare();
    for (const question of this.asked) {
      for (const scalar of question.scalars) await scalar.prepare();
      question.prepare();
    }
    this.gather();
    this.outputs = this.asked.flatMap((question, number) => outputsOf(question, number, this.steps));
    const series: SeriesMeta[] = [];
    for (const { meta } of this.groups) {
      for (const { question, label } of this.outputs) {
        if (label === null) series.push(meta);
        else {
          const { name } = this.asked[question].label!;
          series.push({ labels: meta.labels.with(name, label), dropName: meta.dropName });
        }
      }
    }
    this.series = series;
  }

  evaluate(i: number, out: StepColumn): void {
    const { outputs } = this;
    const group = Math.floor(i / outputs.length);
    if (this.pending?.group !== group) {
      this.pending = { group, answers: this.answer(this.groups[group]), left: outputs.length };
    }
    const { question, steps } = outputs[i % outputs.length];
    out.copyFrom(this.pending.answers[question]);
    if (steps !== null) {
      for (let step = 0; step < out.length; step++) if (steps[step] === 0) out.kind[step] = ABSENT;
    }
    if (--this.pending.left === 0) this.pending = null;
  }

  private gather(): void {
    const byKey = new Map<number, Group[]>();
    const { series } = this.input;
    for (let number = 0; number < series.length; number++) {
      const { labels } = series[number];
      const key = labels.without(BUCKET_LABEL);
      const group = this.groupOf(key, series[number], byKey);
      const le = labels.get(BUCKET_LABEL);
      group.members.push({ number, le, upperBound: parseGoFloat(le) });
    }
  }

  private groupOf(key: Labels, meta: SeriesMeta, byKey: Map<number, Group[]>): Group {
    const hash = key.hash();
    let bucket = byKey.get(hash);
    if (bucket === undefined) byKey.set(hash, (bucket = []));
    let group = bucket.find((candidate) => this.keys.get(candidate)!.equals(key));
    if (group === undefined) {
      group = {
        meta: withoutName({ labels: key, dropName: meta.dropName }, this.context),
        metric: meta.labels.get(METRIC_NAME),
        members: [],
      };
      this.keys.set(group, key);
      bucket.push(group);
      this.groups.push(group);
    }
    return group;
  }

  private readonly keys = new Map<Group, Labels>();

  /** A float that is not of a bucket is no part of a classic histogram. */
  private badBucketLabel(metric: string, le: string): void {
    this.context.annotations.warn(
      `bucket label "${BUCKET_LABEL}" is missing or has a malformed value of ${goQuote(le)} for metric name ${goQuote(metric)}`,
      this.range,
    );
  }

  /** The answer to every question about one group. */
  private answer({ metric, members }: Group): StepColumn[] {
    this.context.checkpoint();
    this.context.hold(members.length * this.steps);
    const answers = this.asked.map(() => new StepColumn(this.steps));
    const { columns } = this;
    while (columns.length < members.length) columns.push(new StepColumn(this.steps));
    for (const [i, { number }] of members.entries()) this.input.evaluate(number, columns[i]);
    const sorted = bucketColumns(members, columns);
    const buckets = new Buckets(sorted.length);
    // A question may change its buckets, which others still want to see.
    const own = this.asked.length === 1 ? buckets : new Buckets(sorted.length);
    const hasNative = members.some((_, i) => columns[i].histograms !== null);
    const hasOthers = members.some(({ upperBound }) => upperBound === undefined);
    // Where names go at once, Prometheus remembers a classic histogram from step to step without its own.
    let classicMetric = metric;
    for (let step = 0; step < this.steps; step++) {
      buckets.clear();
      for (let i = 0; i < sorted.length; i++) {
        const { column, upperBound } = sorted[i];
        if (column.kind[step] === FLOAT) buckets.add(upperBound, column.v[step]);
      }
      if (hasOthers) this.reportOthers(members, step, metric);
      const histogram = hasNative ? this.nativeAt(members, step) : null;
      if (histogram !== null && buckets.length > 0) {
        this.context.annotations.warn(
          `vector contains a mix of classic and native histograms for metric name ${goQuote(metric)}`,
          this.range,
        );
        continue;
      }
      for (let q = 0; q < this.asked.length; q++) {
        const question = this.asked[q];
        let result: number | undefined;
        if (histogram !== null) result = question.native(histogram, step, metric);
        else if (buckets.length > 0) {
          if (own !== buckets) own.copyFrom(buckets);
          result = question.classic(own, step, classicMetric);
        }
        if (result !== undefined) answers[q].setFloat(step, result);
      }
      if (buckets.length > 0 && !this.context.settings.delayedNameRemoval) classicMetric = '';
    }
    for (const question of this.asked) question.report();
    this.context.release(members.length * this.steps);
    return answers;
  }

  private nativeAt(members: readonly Member[], step: number): Histogram | null {
    for (let i = members.length - 1; i >= 0; i--) {
      if (this.columns[i].kind[step] === HISTOGRAM) return this.columns[i].histogramAt(step);
    }
    return null;
  }

  private reportOthers(members: readonly Member[], step: number, metric: string): void {
    for (const [i, { upperBound, le }] of members.entries()) {
      if (upperBound === undefined && this.columns[i].kind[step] === FLOAT) this.badBucketLabel(metric, le);
    }
  }
}

/** Those that are buckets, by their bounds. */
function bucketColumns(members: readonly Member[], columns: readonly StepColumn[]): BucketColumn[] {
  const found: BucketColumn[] = [];
  for (const [i, { upperBound }] of members.entries()) {
    if (upperBound !== undefined) found.push({ upperBound, column: columns[i] });
  }
  return found.sort((a, b) => a.upperBound - b.upperBound);
}

/** A parameter may have several values in a range query, and its label with it. */
function outputsOf({ label }: Question, question: number, steps: number): Output[] {
  if (label === null) return [{ question, label: null, steps: null }];
  const outputs = new Map<string, Output>();
  for (let step = 0; step < steps; step++) {
    const value = label.valueAt(step);
    let output = outputs.get(value);
    if (output === undefined) {
      output = { question, label: value, steps: new Uint8Array(steps) };
      outputs.set(value, output);
    }
    output.steps![step] = 1;
  }
  return [...outputs.values()];
}
