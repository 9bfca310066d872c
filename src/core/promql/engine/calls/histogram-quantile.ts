/**
 * `histogram_quantile`, `histogram_quantiles` and `histogram_fraction`: of native histograms one by one, and of
 * classic ones, whose `_bucket` series are gathered by all their labels but `le`.
 */

import type { Histogram } from '../../../model/histogram.ts';
import { type Labels, METRIC_NAME } from '../../../model/labels.ts';
import { formatG, parseGoFloat } from '../../../model/number.ts';
import { goQuote } from '../../../model/quote.ts';
import {
  type Bucket,
  bucketFraction,
  bucketQuantile,
  type MonotonicityFix,
  makeMonotonic,
  sortedBuckets,
} from '../../functions/classic-buckets.ts';
import { FLOAT, HISTOGRAM, StepColumn } from '../../functions/column.ts';
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
  /** Labels that tell this question's answers from another's, or null. */
  label: { name: string; value: string } | null;
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
    get label() {
      return label === null ? null : { name: label, value: formatG(phi.values()[0] ?? Number.NaN) };
    },
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
      const fix = makeMonotonic(sorted);
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
    : new DistinctSeries(builder.context, operator, 'per-step');
}

/** The series of one histogram: classic buckets by bound, and the series that has native ones. */
interface Group {
  meta: SeriesMeta;
  metric: string;
  buckets: { number: number; upperBound: number }[];
  native: number[];
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
    const series: SeriesMeta[] = [];
    for (const { meta } of this.groups) {
      for (const { label } of this.asked) {
        if (label === null) series.push(meta);
        else series.push({ labels: meta.labels.with(label.name, label.value), dropName: meta.dropName });
      }
    }
    this.series = series;
  }

  evaluate(i: number, out: StepColumn): void {
    const group = Math.floor(i / this.asked.length);
    if (this.pending?.group !== group) {
      this.pending = { group, answers: this.answer(this.groups[group]), left: this.asked.length };
    }
    out.copyFrom(this.pending.answers[i % this.asked.length]);
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
      if (le === '') {
        group.native.push(number);
        continue;
      }
      const upperBound = parseGoFloat(le);
      if (upperBound === undefined) this.badBucketLabel(labels, le);
      else group.buckets.push({ number, upperBound });
      group.native.push(number);
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
        buckets: [],
        native: [],
      };
      this.keys.set(group, key);
      bucket.push(group);
      this.groups.push(group);
    }
    return group;
  }

  private readonly keys = new Map<Group, Labels>();

  private badBucketLabel(labels: Labels, le: string): void {
    this.context.annotations.warn(
      `bucket label "${BUCKET_LABEL}" is missing or has a malformed value of ${goQuote(le)} for metric name ${goQuote(labels.get(METRIC_NAME))}`,
      this.range,
    );
  }

  /** The answer to every question about one group. */
  private answer({ metric, buckets, native }: Group): StepColumn[] {
    this.context.checkpoint();
    const answers = this.asked.map(() => new StepColumn(this.steps));
    const bounds = new Map(buckets.map(({ number, upperBound }) => [number, upperBound]));
    const columns = native.map((number) => {
      const column = new StepColumn(this.steps);
      this.input.evaluate(number, column);
      return { column, upperBound: bounds.get(number) };
    });
    this.context.hold(columns.length * this.steps);
    for (let step = 0; step < this.steps; step++) {
      const classic: Bucket[] = [];
      let histogram: Histogram | null = null;
      for (const { column, upperBound } of columns) {
        if (column.kind[step] === HISTOGRAM) histogram = column.histogramAt(step);
        else if (column.kind[step] === FLOAT) {
          if (upperBound !== undefined) classic.push({ upperBound, count: column.v[step] });
          else this.withoutBound(metric);
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

  /** A float series without `le` is no part of a classic histogram. */
  private withoutBound(metric: string): void {
    this.context.annotations.warn(
      `bucket label "${BUCKET_LABEL}" is missing or has a malformed value of "" for metric name ${goQuote(metric)}`,
      this.range,
    );
  }
}

function stringOf(expr: Expr): string {
  if (expr.kind === 'paren') return stringOf(expr.expr);
  if (expr.kind !== 'stringLiteral') throw new QueryError('expected a string', expr.range);
  return expr.value;
}
