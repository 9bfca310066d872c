/**
 * `histogram_quantile`, `histogram_quantiles` and `histogram_fraction`: of native histograms one by one, and of
 * classic ones, whose `_bucket` series are gathered by all their labels but `le`.
 */

import { formatBound } from '../../../exposition/bound-label.ts';
import type { Histogram } from '../../../model/histogram.ts';
import { type Labels, METRIC_NAME } from '../../../model/labels.ts';
import { formatG, parseGoFloat } from '../../../model/number.ts';
import { goQuote } from '../../../model/quote.ts';
import {
  type Bucket,
  bucketFraction,
  bucketQuantile,
  isComplete,
  type MonotonicityFix,
  makeMonotonic,
  sortedBuckets,
} from '../../functions/classic-buckets.ts';
import { ABSENT, FLOAT, HISTOGRAM, StepColumn } from '../../functions/column.ts';
import { nativeFraction, nativeQuantile } from '../../functions/native-quantile.ts';
import type { Call, Expr, SourceRange } from '../../parser/ast.ts';
import type { Builder } from '../builder.ts';
import type { QueryContext } from '../context.ts';
import { DistinctSeries } from '../distinct.ts';
import { QueryError } from '../errors.ts';
import type { StepGrid } from '../grid.ts';
import { withoutName } from '../names.ts';
import type { ScalarOperator, SeriesMeta, VectorOperator } from '../operator.ts';

const BUCKET_LABEL = 'le';

/** What is asked of each histogram at each step. */
interface Question {
  /** Undefined leaves the step absent. */
  native(h: Histogram, step: number, metric: string): number | undefined;
  classic(buckets: Bucket[], step: number, metric: string): number | undefined;
  /** The label that tells this question's answers from another's, or null. */
  label: { name: string; valueAt(step: number): string } | null;
  scalars: readonly ScalarOperator[];
  /** Called once, when the scalars are known. */
  prepare(): void;
}

export function histogramQuantileCall(builder: Builder, call: Call, grid: StepGrid): VectorOperator {
  const phi = builder.scalar(call.args[0], grid);
  const question = quantileQuestion(builder.context, phi, call.args[0].range, call.args[1].range, null);
  return questions(builder, [question], builder.vector(call.args[1], grid), call.args[1].range, grid);
}

export function histogramQuantilesCall(builder: Builder, call: Call, grid: StepGrid): VectorOperator {
  const [vector, label, ...phis] = call.args;
  const name = stringOf(label);
  const asked = phis.map((phi) => {
    const operator = builder.scalar(phi, grid);
    return quantileQuestion(builder.context, operator, phi.range, vector.range, name);
  });
  return questions(builder, asked, builder.vector(vector, grid), vector.range, grid);
}

export function histogramFractionCall(builder: Builder, call: Call, grid: StepGrid): VectorOperator {
  const [lower, upper] = call.args.slice(0, 2).map((arg) => builder.scalar(arg, grid));
  const range = call.args[2].range;
  const question: Question = {
    label: null,
    scalars: [lower, upper],
    prepare: () => {},
    native: (h, step, metric) => {
      if (Number.isNaN(h.sum)) {
        builder.context.annotations.info(
          `input to histogram_fraction has NaN observations, which are excluded from all fractions for metric name ${goQuote(metric)}`,
          range,
        );
      }
      return nativeFraction(lower.values()[step], upper.values()[step], h);
    },
    classic: (buckets, step) => {
      return bucketFraction(lower.values()[step], upper.values()[step], sortedBuckets(buckets));
    },
  };
  return questions(builder, [question], builder.vector(call.args[2], grid), range, grid);
}

function quantileQuestion(
  context: QueryContext,
  phi: ScalarOperator,
  phiRange: SourceRange,
  vectorRange: SourceRange,
  label: string | null,
): Question {
  const { annotations } = context;
  const noteNaN = (h: Histogram, result: number, metric: string) => {
    if (!Number.isNaN(h.sum) || h.count === 0) return;
    const effect = Number.isNaN(result) ? 'result is NaN' : 'result is skewed higher';
    annotations.info(
      `input to histogram_quantile has NaN observations, ${effect} for metric name ${goQuote(metric)}`,
      vectorRange,
    );
  };
  return {
    label: label === null ? null : { name: label, valueAt: (step) => formatBound(phi.values()[step]) },
    scalars: [phi],
    // Whether or not there is a histogram to ask.
    prepare: () => {
      for (const q of phi.values()) {
        if (q >= 0 && q <= 1) continue;
        annotations.warn(`quantile value should be between 0 and 1, got ${formatG(q)}`, phiRange);
      }
    },
    native: (h, step, metric) => {
      const q = phi.values()[step];
      const result = nativeQuantile(q, h);
      if (q >= 0 && q <= 1) noteNaN(h, result, metric);
      return result;
    },
    classic: (buckets, step, metric) => {
      const q = phi.values()[step];
      const sorted = sortedBuckets(buckets);
      // Nothing is fixed where the answer does not depend on it.
      const fix = q >= 0 && q <= 1 && isComplete(sorted) ? makeMonotonic(sorted) : null;
      if (fix !== null) forcedMonotonicity(context, fix, metric, vectorRange);
      return bucketQuantile(q, sorted);
    },
  };
}

function forcedMonotonicity(
  context: QueryContext,
  _fix: MonotonicityFix,
  metric: string,
  range: SourceRange,
): void {
  context.annotations.info(
    'input to histogram_quantile needed to be fixed for monotonicity (see ' +
      'https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile) ' +
      `for metric name ${goQuote(metric)}`,
    range,
  );
}

function questions(
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
    const answers = this.asked.map(() => new StepColumn(this.steps));
    const columns = members.map(({ number }) => {
      const column = new StepColumn(this.steps);
      this.input.evaluate(number, column);
      return column;
    });
    this.context.hold(columns.length * this.steps);
    for (let step = 0; step < this.steps; step++) {
      const classic: Bucket[] = [];
      let histogram: Histogram | null = null;
      for (const [i, column] of columns.entries()) {
        const { upperBound, le } = members[i];
        if (column.kind[step] === HISTOGRAM) histogram = column.histogramAt(step);
        else if (column.kind[step] === FLOAT) {
          if (upperBound !== undefined) classic.push({ upperBound, count: column.v[step] });
          else this.badBucketLabel(metric, le);
        }
      }
      if (histogram !== null && classic.length > 0) {
        this.context.annotations.warn(
          `vector contains a mix of classic and native histograms for metric name ${goQuote(metric)}`,
          this.range,
        );
        continue;
      }
      for (const [q, question] of this.asked.entries()) {
        let result: number | undefined;
        if (histogram !== null) result = question.native(histogram, step, metric);
        else if (classic.length > 0)
          result = question.classic(
            classic.map((b) => ({ ...b })),
            step,
            metric,
          );
        if (result !== undefined) answers[q].setFloat(step, result);
      }
    }
    this.context.release(columns.length * this.steps);
    return answers;
  }
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

function stringOf(expr: Expr): string {
  if (expr.kind === 'paren') return stringOf(expr.expr);
  if (expr.kind !== 'stringLiteral') throw new QueryError('expected a string', expr.range);
  return expr.value;
}
