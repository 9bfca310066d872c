/**
 * A native histogram from the form that the HTTP API gives it, which has the buckets' bounds and not the schema they came
 * from. Exponential bounds are recognised; any others become custom buckets, an empty one wherever there is a gap.
 */

import {
  CUSTOM_BUCKETS_SCHEMA,
  type Histogram,
  MAX_EXPONENTIAL_SCHEMA,
  MIN_EXPONENTIAL_SCHEMA,
  type Span,
} from '../../model/histogram.ts';
import { exponentialBound } from '../../model/histogram-bounds.ts';
import { BoundaryRule } from '../../model/histogram-buckets.ts';
import { emptyHistogram } from '../../model/histogram-copy.ts';
import { parseGoFloat } from '../../model/number.ts';

export interface ApiHistogram {
  count: string;
  sum: string;
  /** Boundary rule, lower and upper bound, count; those that hold anything. */
  buckets?: [number, string, string, string][];
}

interface Bucket {
  rule: number;
  lower: number;
  upper: number;
  count: number;
}

export function histogramFromApi(api: ApiHistogram): Histogram {
  const buckets = (api.buckets ?? []).map(
    ([rule, lower, upper, count]): Bucket => ({
      rule,
      lower: number(lower),
      upper: number(upper),
      count: number(count),
    }),
  );
  const h = emptyHistogram();
  h.count = number(api.count);
  h.sum = number(api.sum);
  const zero = buckets.find(
    ({ rule, lower, upper }) =>
      rule === BoundaryRule.closedBoth && lower === -upper && Number.isFinite(upper),
  );
  if (zero !== undefined) {
    h.zeroThreshold = zero.upper;
    h.zeroCount = zero.count;
  }
  const positive = buckets.filter((bucket) => bucket.rule === BoundaryRule.openLeft);
  const negative = buckets
    .filter((bucket) => bucket.rule === BoundaryRule.openRight)
    .map(mirrored)
    .reverse();
  const schema = schemaOf([...positive, ...negative], h.zeroThreshold);
  if (schema === undefined) return withCustomBuckets(h, buckets);
  h.schema = schema;
  [h.positiveSpans, h.positiveBuckets] = exponential(positive, schema);
  [h.negativeSpans, h.negativeBuckets] = exponential(negative, schema);
  return h;
}

function number(text: string): number {
  return parseGoFloat(text) ?? Number.NaN;
}

function mirrored({ rule, lower, upper, count }: Bucket): Bucket {
  return { rule, lower: -upper, upper: -lower, count };
}

/** The least schema that has all the buckets; a bucket may begin where the zero bucket ends. */
function schemaOf(buckets: readonly Bucket[], zeroThreshold: number): number | undefined {
  for (let schema = MIN_EXPONENTIAL_SCHEMA; schema <= MAX_EXPONENTIAL_SCHEMA; schema++) {
    const fits = buckets.every(({ lower, upper }) => {
      const index = indexOf(upper, schema);
      if (exponentialBound(index, schema) !== upper) return false;
      return exponentialBound(index - 1, schema) === lower || lower === zeroThreshold;
    });
    if (fits) return schema;
  }
  return undefined;
}

/** The bucket whose upper bound is `upper`, if there is one. */
function indexOf(upper: number, schema: number): number {
  // Behind the last bucket of finite numbers.
  if (upper === Number.POSITIVE_INFINITY) return 2 ** schema * 1024 + 1;
  return Math.round(Math.log2(upper) * 2 ** schema);
}

/** Spans and counts of buckets in ascending order. */
function exponential(buckets: readonly Bucket[], schema: number): [Span[], Float64Array] {
  const spans: Span[] = [];
  let next = 0;
  for (const { upper } of buckets) {
    const index = indexOf(upper, schema);
    const last = spans[spans.length - 1];
    if (last !== undefined && index === next) last.length++;
    else spans.push({ offset: index - next, length: 1 });
    next = index + 1;
  }
  return [spans, Float64Array.from(buckets, ({ count }) => count)];
}

function withCustomBuckets(h: Histogram, buckets: readonly Bucket[]): Histogram {
  const bounds = new Set<number>();
  for (const { lower, upper } of buckets) {
    if (Number.isFinite(lower)) bounds.add(lower);
    if (Number.isFinite(upper)) bounds.add(upper);
  }
  const customValues = Float64Array.from(bounds).sort();
  const counts = new Float64Array(customValues.length + 1);
  for (const { upper, count } of buckets) {
    const at = customValues.indexOf(upper);
    counts[at < 0 ? customValues.length : at] = count;
  }
  return {
    ...h,
    schema: CUSTOM_BUCKETS_SCHEMA,
    zeroThreshold: 0,
    zeroCount: 0,
    customValues,
    positiveSpans: [{ offset: 0, length: counts.length }],
    positiveBuckets: counts,
  };
}
