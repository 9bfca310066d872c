import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bucketsOf,
  emptyHistogram,
  formatHistogram,
  type Histogram,
} from '../../../../src/core/model/index.ts';
import { histogramJson } from '../../../../src/core/promql/index.ts';
import { histogramFromApi } from '../../../../src/core/source/http/api-histogram.ts';

function returned(h: Histogram): Histogram {
  return histogramFromApi(JSON.parse(histogramJson(h)));
}

const side = fc.array(
  fc.record({
    gap: fc.integer({ min: 0, max: 3 }),
    counts: fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 4 }),
  }),
  { maxLength: 3 },
);

function spansAndCounts(runs: readonly { gap: number; counts: number[] }[], start: number) {
  return {
    spans: runs.map(({ gap, counts }, i) => ({ offset: i === 0 ? start + gap : gap, length: counts.length })),
    counts: Float64Array.from(runs.flatMap(({ counts }) => counts)),
  };
}

describe('a histogram that comes back from the API', () => {
  it('has the same buckets, whatever its exponential schema', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -4, max: 8 }),
        fc.integer({ min: -5, max: 20 }),
        side,
        side,
        fc.integer({ min: 0, max: 3 }),
        (schema, start, positive, negative, zeroCount) => {
          const h = emptyHistogram(schema);
          const above = spansAndCounts(positive, start);
          const below = spansAndCounts(negative, start);
          h.positiveSpans = above.spans;
          h.positiveBuckets = above.counts;
          h.negativeSpans = below.spans;
          h.negativeBuckets = below.counts;
          h.zeroCount = zeroCount;
          h.zeroThreshold = 1e-128;
          h.count = 1000;
          h.sum = 1.5;
          expect(formatHistogram(returned(h))).toBe(formatHistogram(h));
        },
      ),
    );
  });

  it('keeps custom bounds, with empty buckets in the gaps', () => {
    const h = emptyHistogram(-53);
    h.customValues = Float64Array.of(0.1, 0.3, 5, 7);
    h.positiveSpans = [{ offset: 0, length: 5 }];
    h.positiveBuckets = Float64Array.of(1, 0, 2, 0, 4);
    h.count = 7;
    expect(returned(h)).toMatchObject({ schema: -53, count: 7 });
    const { upper, count } = bucketsOf(returned(h));
    const filled = [...upper].filter((_, i) => count[i] > 0);
    expect(filled).toEqual([0.1, 5, Number.POSITIVE_INFINITY]);
  });

  it('may be empty', () => {
    expect(formatHistogram(returned(emptyHistogram()))).toBe('{count:0, sum:0}');
  });
});
