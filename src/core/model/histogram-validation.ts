/** Whether a histogram is one that Prometheus would store; the reasons in upstream's words. */

import type { Histogram, Span } from './histogram.ts';
import { isCustomSchema, isExponentialSchema } from './histogram-bounds.ts';
import { bucketsIn } from './histogram-layout.ts';
import { formatG } from './number.ts';

/** What is wrong with `h`, or undefined where nothing is. */
export function validateHistogram(h: Histogram): string | undefined {
  const fault = isCustomSchema(h.schema) ? customFault(h) : exponentialFault(h);
  if (fault !== undefined) return fault;
  if (h.isFloat && h.count < 0) {
    return `observation count is  ${formatG(h.count)}: histogram's observation count is negative`;
  }
  const negative = negativeBucket(h.positiveBuckets);
  if (negative !== undefined) return `positive side: ${negative}`;
  return h.isFloat ? undefined : countFault(h);
}

/** What is wrong with a schema number that is beyond those stored, or undefined. */
export function schemaFault(schema: number): string | undefined {
  if (isCustomSchema(schema) || isExponentialSchema(schema)) return undefined;
  const range = 'which must be between -4 and 8 for exponential buckets, or -53 for custom buckets';
  return `histogram has an invalid schema, ${range}, got schema ${schema}`;
}

function customFault(h: Histogram): string | undefined {
  const bounds = boundsFault(h.customValues) ?? coverFault(h);
  if (bounds !== undefined) return `custom buckets: ${bounds}`;
  if (h.zeroCount !== 0) return 'custom buckets: must have zero count of 0';
  if (h.zeroThreshold !== 0) return 'custom buckets: must have zero threshold of 0';
  if (h.negativeSpans.length > 0) return 'custom buckets: must not have negative spans';
  if (h.negativeBuckets.length > 0) return 'custom buckets: must not have negative buckets';
  return undefined;
}

function boundsFault(bounds: Float64Array): string | undefined {
  for (let i = 0; i < bounds.length; i++) {
    if (Number.isNaN(bounds[i])) return 'histogram custom bounds must not be NaN';
    if (i > 0 && bounds[i] <= bounds[i - 1]) {
      const order = 'histogram custom bounds must be in strictly increasing order';
      return `previous bound is ${bounds[i - 1].toFixed(6)} and current is ${bounds[i].toFixed(6)}: ${order}`;
    }
  }
  if (bounds.length > 0 && bounds[bounds.length - 1] === Number.POSITIVE_INFINITY) {
    return 'last +Inf bound must not be explicitly defined: histogram custom bounds must be finite';
  }
  return undefined;
}

/** Whether the spans stay within the bounds. */
function coverFault(h: Histogram): string | undefined {
  const spans = spansFault(h.positiveSpans, h.positiveBuckets.length, 0);
  if (spans !== undefined) return spans;
  let covered = 0;
  for (const span of h.positiveSpans) covered += span.offset + span.length;
  if (h.customValues.length + 1 >= covered) return undefined;
  const defined = `only ${h.customValues.length} custom bounds defined`;
  return `${defined} which is insufficient to cover total span length of ${covered}: histogram custom bounds are too few`;
}

function exponentialFault(h: Histogram): string | undefined {
  const schema = schemaFault(h.schema);
  if (schema !== undefined) return schema;
  const positive = spansFault(h.positiveSpans, h.positiveBuckets.length, 1);
  if (positive !== undefined) return `positive side: ${positive}`;
  const negative =
    spansFault(h.negativeSpans, h.negativeBuckets.length, 1) ?? negativeBucket(h.negativeBuckets);
  if (negative !== undefined) return `negative side: ${negative}`;
  if (h.zeroCount < 0) {
    return `zero bucket has observation count of ${formatG(h.zeroCount)}: ${NEGATIVE_BUCKET}`;
  }
  return h.customValues.length > 0
    ? 'histogram with exponential schema must not have custom bounds'
    : undefined;
}

/** The first `free` spans may have any offset. */
function spansFault(spans: readonly Span[], buckets: number, free: number): string | undefined {
  for (let i = free; i < spans.length; i++) {
    if (spans[i].offset < 0) {
      return `span number ${i + 1} with offset ${spans[i].offset}: histogram has a span whose offset is negative`;
    }
  }
  const covered = bucketsIn(spans);
  if (covered === buckets) return undefined;
  const mismatch = 'histogram spans specify different number of buckets than provided';
  return `spans need ${covered} buckets, have ${buckets} buckets: ${mismatch}`;
}

const NEGATIVE_BUCKET = 'histogram has a bucket whose observation count is negative';

function negativeBucket(buckets: Float64Array): string | undefined {
  for (let i = 0; i < buckets.length; i++) {
    if (buckets[i] < 0) {
      return `bucket number ${i + 1} has observation count of ${formatG(buckets[i])}: ${NEGATIVE_BUCKET}`;
    }
  }
  return undefined;
}

/** Integer counts must add up; observations of NaN are counted but are in no bucket. */
function countFault(h: Histogram): string | undefined {
  let observed = h.zeroCount;
  for (const count of h.positiveBuckets) observed += count;
  for (const count of h.negativeBuckets) observed += count;
  const found = `${observed} observations found in buckets, but the Count field is ${h.count}`;
  if (Number.isNaN(h.sum)) {
    if (observed <= h.count) return undefined;
    return `${found}: histogram's observation count should be at least the number of observations found in the buckets`;
  }
  if (observed === h.count) return undefined;
  return `${found}: histogram's observation count should equal the number of observations found in the buckets (in absence of NaN)`;
}
