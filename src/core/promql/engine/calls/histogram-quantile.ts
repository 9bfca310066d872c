/**
 * `histogram_quantile`, `histogram_quantiles` and `histogram_fraction`: of native histograms one by one, and of
 * classic ones, whose `_bucket` series are gathered by all their labels but `le`.
 */

import { formatBound } from '../../../exposition/bound-label.ts';
import type { Histogram } from '../../../model/histogram.ts';
import { isValidLabelName } from '../../../model/names.ts';
import { formatG } from '../../../model/number.ts';
import { goQuote } from '../../../model/quote.ts';
import type { Annotations } from '../../functions/annotations.ts';
import {
  bucketFraction,
  bucketQuantile,
  isComplete,
  makeMonotonic,
} from '../../functions/classic-buckets.ts';
import { ForcedMonotonicity } from '../../functions/forced-monotonicity.ts';
import { hasNaNs, isAmongNaNs, nativeFraction, nativeQuantile } from '../../functions/native-quantile.ts';
import type { Call, Expr, SourceRange } from '../../parser/ast.ts';
import type { Builder } from '../builder.ts';
import { QueryError } from '../errors.ts';
import type { StepGrid } from '../grid.ts';
import type { ScalarOperator, VectorOperator } from '../operator.ts';
import { askHistograms, type Question } from './histogram-questions.ts';

export function histogramQuantileCall(builder: Builder, call: Call, grid: StepGrid): VectorOperator {
  const phi = builder.scalar(call.args[0], grid);
  const [place, vector] = [call.args[0].range, call.args[1]];
  const question = quantileQuestion(builder.context.annotations, grid, phi, place, vector.range, null);
  return askHistograms(builder, [question], builder.vector(vector, grid), vector.range, grid);
}

export function histogramQuantilesCall(builder: Builder, call: Call, grid: StepGrid): VectorOperator {
  const [vector, label, ...phis] = call.args;
  const name = stringOf(label);
  if (!isValidLabelName(name)) throw new QueryError(`invalid label name ${goQuote(name)}`, label.range);
  const { annotations } = builder.context;
  const asked = phis.map((phi) =>
    quantileQuestion(annotations, grid, builder.scalar(phi, grid), phi.range, vector.range, name),
  );
  return askHistograms(builder, asked, builder.vector(vector, grid), vector.range, grid);
}

export function histogramFractionCall(builder: Builder, call: Call, grid: StepGrid): VectorOperator {
  const [lower, upper] = call.args.slice(0, 2).map((arg) => builder.scalar(arg, grid));
  const range = call.args[2].range;
  const question: Question = {
    label: null,
    scalars: [lower, upper],
    prepare: () => {},
    report: () => {},
    native: (h, step, metric) => {
      const from = lower.values()[step];
      const to = upper.values()[step];
      if (h.count === 0 || Number.isNaN(from) || Number.isNaN(to)) return Number.NaN;
      if (from >= to) return 0;
      if (hasNaNs(h)) {
        builder.context.annotations.info(
          `input to histogram_fraction has NaN observations, which are excluded from all fractions for metric name ${goQuote(metric)}`,
          range,
        );
      }
      return nativeFraction(from, to, h);
    },
    classic: (buckets, step) => {
      return bucketFraction(lower.values()[step], upper.values()[step], buckets);
    },
  };
  return askHistograms(builder, [question], builder.vector(call.args[2], grid), range, grid);
}

const FORCED_MONOTONICITY =
  'input to histogram_quantile needed to be fixed for monotonicity (see ' +
  'https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)';

function quantileQuestion(
  annotations: Annotations,
  grid: StepGrid,
  phi: ScalarOperator,
  phiRange: SourceRange,
  vectorRange: SourceRange,
  label: string | null,
): Question {
  const noteNaN = (h: Histogram, q: number, metric: string) => {
    if (!Number.isNaN(h.sum)) return;
    const among = isAmongNaNs(q, h);
    if (!among && !hasNaNs(h)) return;
    const effect = among ? 'result is NaN' : 'result is skewed higher';
    annotations.info(
      `input to histogram_quantile has NaN observations, ${effect} for metric name ${goQuote(metric)}`,
      vectorRange,
    );
  };
  // What was not monotonic, by metric: nearly every step may have something, so it is said once for all of them.
  const forced = new Map<string, ForcedMonotonicity>();
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
      if (!(q >= 0 && q <= 1)) return outside(q);
      noteNaN(h, q, metric);
      return nativeQuantile(q, h);
    },
    classic: (buckets, step, metric) => {
      const q = phi.values()[step];
      if (!(q >= 0 && q <= 1)) return outside(q);
      const fix = isComplete(buckets) ? makeMonotonic(buckets) : null;
      if (fix !== null) {
        const evidence = new ForcedMonotonicity(fix, grid.time(step));
        forced.set(metric, forced.get(metric)?.plus(evidence) ?? evidence);
      }
      return bucketQuantile(q, buckets);
    },
    report: () => {
      for (const [metric, evidence] of forced) {
        annotations.info(`${FORCED_MONOTONICITY} for metric name ${goQuote(metric)}`, vectorRange, evidence);
      }
      forced.clear();
    },
  };
}

/** The φ-quantile for φ that are not between 0 and 1. */
function outside(q: number): number {
  if (Number.isNaN(q)) return Number.NaN;
  return q < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function stringOf(expr: Expr): string {
  if (expr.kind === 'paren') return stringOf(expr.expr);
  if (expr.kind !== 'stringLiteral') throw new QueryError('expected a string', expr.range);
  return expr.value;
}
