/** Histograms for tests: made from a map of buckets, and taken apart into one. */
import fc from 'fast-check';
import {
  CounterReset,
  type CounterResetHint,
  CUSTOM_BUCKETS_SCHEMA,
  type Histogram,
  type Span,
} from '../../../../src/core/model/index.ts';

export interface PlainHistogram {
  isFloat: boolean;
  counterReset: CounterResetHint;
  schema: number;
  zeroThreshold: number;
  zeroCount: number;
  sum: number;
  /** Bucket index -> count. */
  positive: Record<number, number>;
  negative: Record<number, number>;
  customValues: number[];
}

export function histogram(plain: PlainHistogram): Histogram {
  const positive = fromBuckets(plain.positive);
  const negative = fromBuckets(plain.negative);
  const counts = [...positive.counts, ...negative.counts];
  return {
    isFloat: plain.isFloat,
    counterReset: plain.counterReset,
    schema: plain.schema,
    zeroThreshold: plain.zeroThreshold,
    zeroCount: plain.zeroCount,
    count: counts.reduce((a, b) => a + b, plain.zeroCount),
    sum: plain.sum,
    stale: false,
    positiveSpans: positive.spans,
    negativeSpans: negative.spans,
    positiveBuckets: positive.counts,
    negativeBuckets: negative.counts,
    customValues: Float64Array.from(plain.customValues),
  };
}

export function staleHistogram(isFloat: boolean): Histogram {
  const plain: PlainHistogram = {
    isFloat,
    counterReset: CounterReset.unknown,
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    sum: 0,
    positive: {},
    negative: {},
    customValues: [],
  };
  return { ...histogram(plain), stale: true, sum: Number.NaN };
}

/** What a histogram says, in a form that two can be compared by: buckets without a count are left out. */
export function meaning(h: Histogram): unknown {
  if (h.stale) return { isFloat: h.isFloat, stale: true };
  return {
    isFloat: h.isFloat,
    schema: h.schema,
    zeroThreshold: h.zeroThreshold,
    zeroCount: h.zeroCount,
    count: h.count,
    sum: h.sum,
    positive: toBuckets(h.positiveSpans, h.positiveBuckets),
    negative: toBuckets(h.negativeSpans, h.negativeBuckets),
    customValues: [...h.customValues],
  };
}

function fromBuckets(buckets: Record<number, number>): { spans: Span[]; counts: Float64Array } {
  const indices = Object.keys(buckets)
    .map(Number)
    .sort((a, b) => a - b);
  const spans: Span[] = [];
  let next = 0;
  for (const index of indices) {
    if (spans.length > 0 && index === next) spans[spans.length - 1].length++;
    else spans.push({ offset: index - next, length: 1 });
    next = index + 1;
  }
  return { spans, counts: Float64Array.from(indices.map((index) => buckets[index])) };
}

function toBuckets(spans: readonly Span[], counts: Float64Array): Record<number, number> {
  const out: Record<number, number> = {};
  let index = 0;
  let i = 0;
  for (const span of spans) {
    index += span.offset;
    for (let k = 0; k < span.length; k++, index++, i++) if (counts[i] !== 0) out[index] = counts[i];
  }
  return out;
}

/** Series of histograms as a target might expose them: mostly growing counters, with every kind of break in them. */
export const histogramSeries: fc.Arbitrary<Histogram[]> = fc
  .record({
    isFloat: fc.boolean(),
    gauge: fc.boolean(),
    custom: fc.boolean(),
    steps: fc.array(
      fc.record({
        adds: fc.array(fc.tuple(fc.integer({ min: -20, max: 20 }), fc.integer({ min: 0, max: 1000 })), {
          maxLength: 5,
        }),
        zero: fc.integer({ min: 0, max: 3 }),
        sum: fc.double({ noNaN: true }),
        event: fc.constantFrom(
          '',
          '',
          '',
          '',
          '',
          '',
          'reset',
          'schema',
          'threshold',
          'stale',
          'drop',
          'bounds',
          'hint',
        ),
      }),
      { minLength: 1, maxLength: 40 },
    ),
  })
  .map(({ isFloat, gauge, custom, steps }) => {
    const plain: PlainHistogram = {
      isFloat,
      counterReset: gauge ? CounterReset.gauge : CounterReset.unknown,
      schema: custom ? CUSTOM_BUCKETS_SCHEMA : 3,
      zeroThreshold: custom ? 0 : 2 ** -128,
      zeroCount: 0,
      sum: 0,
      positive: {},
      negative: {},
      customValues: custom ? [0.005, 0.25, 1 / 3, 1, 2.5, 1e9] : [],
    };
    const out: Histogram[] = [];
    for (const { adds, zero, sum, event } of steps) {
      plain.counterReset = gauge ? CounterReset.gauge : CounterReset.unknown;
      if (event === 'reset') Object.assign(plain, { positive: {}, negative: {}, zeroCount: 0 });
      if (event === 'schema' && !custom) plain.schema = plain.schema === 3 ? -4 : 3;
      if (event === 'threshold' && !custom)
        plain.zeroThreshold = plain.zeroThreshold === 0.1 ? 2 ** -128 : 0.1;
      if (event === 'drop') plain.positive = Object.fromEntries(Object.entries(plain.positive).slice(1));
      if (event === 'bounds' && custom)
        plain.customValues = [...plain.customValues, plain.customValues.at(-1)! * 2];
      if (event === 'hint' && !gauge) plain.counterReset = CounterReset.reset;
      if (!custom) plain.zeroCount += zero;
      plain.sum = sum;
      for (const [index, count] of adds) {
        const side = index < 0 && !custom ? plain.negative : plain.positive;
        const bucket = custom ? Math.abs(index) % 7 : Math.abs(index);
        side[bucket] = (side[bucket] ?? 0) + (isFloat ? count / 8 : count);
      }
      out.push(event === 'stale' ? staleHistogram(isFloat) : histogram(plain));
    }
    return out;
  });
