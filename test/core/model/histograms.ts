/** Histograms for tests: from the notation of PromQL's test language, and at random. */
import fc from 'fast-check';
import {
  bucketIndexes,
  CounterReset,
  emptyHistogram,
  exponentialBound,
  type Histogram,
  spansOf,
} from '../../../src/core/model/index.ts';

/** `{{schema:1 count:4 buckets:[1 2 1]}}`; what is missing is zero. */
export function histogram(text: string): Histogram {
  const h = emptyHistogram();
  let positiveOffset = 0;
  let negativeOffset = 0;
  const list = (value: string) => Float64Array.from(value.slice(1, -1).split(/\s+/).filter(Boolean), number);
  for (const [, name, value] of text.slice(2, -2).matchAll(/(\w+):(\[[^\]]*\]|\S+)/g)) {
    if (name === 'schema') h.schema = number(value);
    else if (name === 'count') h.count = number(value);
    else if (name === 'sum') h.sum = number(value);
    else if (name === 'z_bucket') h.zeroCount = number(value);
    else if (name === 'z_bucket_w') h.zeroThreshold = number(value);
    else if (name === 'custom_values') h.customValues = list(value);
    else if (name === 'offset') positiveOffset = number(value);
    else if (name === 'n_offset') negativeOffset = number(value);
    else if (name === 'buckets') h.positiveBuckets = list(value);
    else if (name === 'n_buckets') h.negativeBuckets = list(value);
    else if (name === 'counter_reset_hint') {
      h.counterReset = {
        reset: CounterReset.reset,
        not_reset: CounterReset.notReset,
        gauge: CounterReset.gauge,
      }[value as 'reset'];
    } else throw new Error(`unknown field ${name}`);
  }
  if (h.positiveBuckets.length > 0) {
    h.positiveSpans = [{ offset: positiveOffset, length: h.positiveBuckets.length }];
  }
  if (h.negativeBuckets.length > 0) {
    h.negativeSpans = [{ offset: negativeOffset, length: h.negativeBuckets.length }];
  }
  return h;
}

function number(text: string): number {
  return Number(text.replace(/Inf/, 'Infinity'));
}

/** Index -> count of one side, empty buckets left out. */
export function populated(spans: Histogram['positiveSpans'], buckets: Float64Array): Record<number, number> {
  const indexes = bucketIndexes(spans);
  const out: Record<number, number> = {};
  for (let i = 0; i < indexes.length; i++) if (buckets[i] !== 0) out[indexes[i]] = buckets[i];
  return out;
}

const side = fc
  .uniqueArray(fc.integer({ min: -12, max: 12 }), { maxLength: 8 })
  .chain((indexes) => fc.tuple(fc.constant(indexes.sort((a, b) => a - b)), counts(indexes.length)));

function counts(length: number): fc.Arbitrary<number[]> {
  return fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length });
}

/** Exponential histograms with small integer counts, empty buckets among them. */
export const exponential: fc.Arbitrary<Histogram> = fc
  .record({
    schema: fc.integer({ min: -2, max: 3 }),
    zeroThreshold: fc.constantFrom(0, 0.001, 0.5, 1, 2, 3),
    zeroCount: fc.integer({ min: 0, max: 9 }),
    positive: side,
    negative: side,
  })
  .map(({ schema, zeroThreshold, zeroCount, positive, negative }) => {
    const h = emptyHistogram(schema);
    h.zeroThreshold = zeroThreshold;
    h.zeroCount = zeroCount;
    // No bucket begins within the zero bucket.
    const beyond = (index: number) => exponentialBound(index - 1, schema) >= zeroThreshold;
    h.positiveSpans = spansOf(positive[0].filter(beyond));
    h.positiveBuckets = Float64Array.from(positive[1].filter((_, i) => beyond(positive[0][i])));
    h.negativeSpans = spansOf(negative[0].filter(beyond));
    h.negativeBuckets = Float64Array.from(negative[1].filter((_, i) => beyond(negative[0][i])));
    h.count = total(h);
    h.sum = h.count * 1.5;
    return h;
  });

/** Custom histograms whose bounds are drawn from a few, so that two often share some. */
export const custom: fc.Arbitrary<Histogram> = fc
  .subarray([-5, -1, 0, 0.5, 1, 2, 5, 10])
  .chain((bounds) => fc.tuple(fc.constant(bounds), counts(bounds.length + 1)))
  .map(([bounds, buckets]) => {
    const h = emptyHistogram(-53);
    h.customValues = Float64Array.from(bounds);
    h.positiveSpans = [{ offset: 0, length: buckets.length }];
    h.positiveBuckets = Float64Array.from(buckets);
    h.count = total(h);
    h.sum = h.count * 2;
    return h;
  });

export function total(h: Histogram): number {
  let n = h.zeroCount;
  for (const count of h.positiveBuckets) n += count;
  for (const count of h.negativeBuckets) n += count;
  return n;
}

/** A deep copy, to see afterwards that something was not changed. */
export function snapshot(h: Histogram): string {
  return JSON.stringify(h, (_, value) => (value instanceof Float64Array ? [...value] : value));
}
