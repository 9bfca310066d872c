import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BoundaryRule,
  bucketBound,
  bucketIndexes,
  bucketsIn,
  bucketsOf,
  compactHistogram,
  copyHistogram,
  exponentialBound,
  formatHistogram,
  formatTestHistogram,
  histogramsEqual,
  reduceResolution,
  sameLayout,
  spansOf,
  staleHistogram,
  validateHistogram,
} from '../../../src/core/model/index.ts';
import { custom, exponential, histogram, populated, snapshot, total } from './histograms.ts';

describe('exponential bounds', () => {
  it.each([
    // index, schema, upper bound
    [0, 0, 1],
    [1, 0, 2],
    [-1, 0, 0.5],
    [0, 8, 1],
    [1, -1, 4],
    [-1, -1, 0.25],
    [2, -4, 2 ** 32],
    [1, 2, 1.189207115002721],
    [-255, 8, 0.5013556375251013],
    [1024, 0, Number.MAX_VALUE],
    [1025, 0, Number.POSITIVE_INFINITY],
    [64, -4, Number.MAX_VALUE],
    [65, -4, Number.POSITIVE_INFINITY],
    [1024 * 256, 8, Number.MAX_VALUE],
    [1024 * 256 + 1, 8, Number.POSITIVE_INFINITY],
    [1023 * 256 + 255, 8, 1.7928322734501122e308],
    [-1074, 0, 5e-324],
    [-1075, 0, 0],
    [-1074 * 2 + 1, 1, 5e-324],
  ])('bucket %d of schema %d ends at %d', (index, schema, bound) => {
    expect(exponentialBound(index, schema)).toBe(bound);
  });

  it('are those of Prometheus to the last bit', () => {
    // The digest was taken after each bound had been compared with what a real Prometheus serves.
    const bounds = Float64Array.from({ length: 256 }, (_, i) => exponentialBound(i - 256, 8));
    expect(createHash('sha256').update(new Uint8Array(bounds.buffer)).digest('hex')).toBe(
      '9de5914e4bc19f96dd1f461efa1b8f3fd6bfe80297b3a5a46302dac8a388c730',
    );
  });

  it('coincide across schemas and ascend', () => {
    for (let schema = -4; schema < 8; schema++) {
      for (let index = -20; index < 20; index++) {
        expect(exponentialBound(index, schema)).toBe(exponentialBound(2 * index, schema + 1));
        expect(exponentialBound(index, schema)).toBeLessThan(exponentialBound(index + 1, schema));
      }
    }
  });

  it('of custom buckets are given', () => {
    const bounds = Float64Array.of(-1, 5);
    const infinity = Number.POSITIVE_INFINITY;
    expect([-1, 0, 1, 2].map((i) => bucketBound(i, -53, bounds))).toEqual([-infinity, -1, 5, infinity]);
  });
});

describe('layouts', () => {
  const indexes = fc.uniqueArray(fc.integer({ min: -50, max: 50 })).map((list) => list.sort((a, b) => a - b));
  const span = fc.record({ offset: fc.nat(3), length: fc.nat(3) });

  it('are spans of indexes and back', () => {
    fc.assert(
      fc.property(indexes, (list) => {
        const spans = spansOf(list);
        expect([...bucketIndexes(spans)]).toEqual(list);
        expect(bucketsIn(spans)).toBe(list.length);
      }),
    );
  });

  it('are the same where they cover the same buckets', () => {
    fc.assert(
      fc.property(fc.array(span, { maxLength: 4 }), fc.array(span, { maxLength: 4 }), (a, b) => {
        const same = String(bucketIndexes(a)) === String(bucketIndexes(b));
        expect(sameLayout(a, b)).toBe(same);
        expect(sameLayout(a, spansOf(bucketIndexes(a)))).toBe(true);
      }),
    );
  });
});

describe('compactHistogram', () => {
  it('keeps what is populated, and no more empty buckets than allowed', () => {
    fc.assert(
      fc.property(exponential, fc.constantFrom(0, 1, 2, Number.POSITIVE_INFINITY), (h, maxEmpty) => {
        const before = populated(h.positiveSpans, h.positiveBuckets);
        const compact = copyHistogram(h);
        compactHistogram(compact, maxEmpty);
        expect(populated(compact.positiveSpans, compact.positiveBuckets)).toEqual(before);
        expect(bucketsIn(compact.positiveSpans)).toBe(compact.positiveBuckets.length);
        expect(validateHistogram(compact)).toBeUndefined();
        let at = 0;
        for (const [i, { offset, length }] of compact.positiveSpans.entries()) {
          const counts = [...compact.positiveBuckets.subarray(at, at + length)];
          expect(counts[0]).not.toBe(0);
          expect(counts.at(-1)).not.toBe(0);
          if (i > 0) expect(offset).toBeGreaterThan(maxEmpty);
          const empties = counts.map((c) => (c === 0 ? '0' : '1')).join('');
          for (const run of empties.match(/0+/g) ?? []) expect(run.length).toBeLessThanOrEqual(maxEmpty);
          at += length;
        }
      }),
    );
  });
});

describe('reduceResolution', () => {
  it('gives the buckets that the wider bounds enclose', () => {
    fc.assert(
      fc.property(exponential, fc.nat(3), (h, steps) => {
        const target = Math.max(h.schema - steps, -4);
        const want: Record<number, number> = {};
        for (const [index, count] of Object.entries(populated(h.positiveSpans, h.positiveBuckets))) {
          const upper = exponentialBound(Number(index), h.schema);
          let wide = -500;
          while (exponentialBound(wide, target) < upper) wide++;
          want[wide] = (want[wide] ?? 0) + count;
        }
        const coarse = copyHistogram(h);
        reduceResolution(coarse, target);
        expect(coarse.schema).toBe(target);
        expect(populated(coarse.positiveSpans, coarse.positiveBuckets)).toEqual(want);
        expect(total(coarse)).toBe(total(h));
        expect(validateHistogram(coarse)).toBeUndefined();
      }),
    );
  });

  it('takes reserved schemas, and refuses to raise', () => {
    const fine = histogram('{{schema:0 count:3 buckets:[1 2]}}');
    fine.schema = 40;
    fine.positiveSpans = [
      { offset: 1, length: 1 },
      { offset: 2 ** 30, length: 1 },
    ];
    reduceResolution(fine, 8);
    expect(populated(fine.positiveSpans, fine.positiveBuckets)).toEqual({ 1: 3 });
    expect(() => reduceResolution(fine, 9)).toThrow(RangeError);
  });
});

describe('bucketsOf', () => {
  it('lists negative buckets, the zero bucket and positive ones in order', () => {
    const b = bucketsOf(histogram('{{schema:0 z_bucket:3 z_bucket_w:0.75 buckets:[1 2] n_buckets:[4 5]}}'));
    expect([...b.lower]).toEqual([-2, -1, -0.75, 0.75, 1]);
    expect([...b.upper]).toEqual([-1, -0.75, 0.75, 1, 2]);
    expect([...b.count]).toEqual([5, 4, 3, 1, 2]);
    const { openLeft, openRight, closedBoth } = BoundaryRule;
    expect([...b.rule]).toEqual([openRight, openRight, closedBoth, openLeft, openLeft]);
  });

  it('leaves out a zero bucket that holds nothing or less', () => {
    expect(bucketsOf(histogram('{{z_bucket:-1 z_bucket_w:0.5}}')).length).toBe(0);
    expect(bucketsOf(histogram('{{z_bucket_w:0.5}}')).length).toBe(0);
    expect(bucketsOf(histogram('{{z_bucket:-1 z_bucket_w:0.5}}'), true).length).toBe(1);
  });

  it('ascends without overlap, and holds all observations', () => {
    fc.assert(
      fc.property(fc.oneof(exponential, custom), (h) => {
        const b = bucketsOf(h);
        let sum = 0;
        for (let i = 0; i < b.length; i++) {
          expect(b.lower[i]).toBeLessThanOrEqual(b.upper[i]);
          if (i > 0) expect(b.upper[i - 1]).toBeLessThanOrEqual(b.lower[i]);
          sum += b.count[i];
        }
        expect(sum).toBe(total(h));
      }),
    );
  });
});

describe('text', () => {
  it.each([
    ['{{}}', '{count:0, sum:0}'],
    [
      '{{schema:0 count:15 sum:1.5e+06 z_bucket:3 z_bucket_w:0.001 buckets:[1 0 2] n_buckets:[4 5]}}',
      '{count:15, sum:1.5e+06, [-2,-1):5, [-1,-0.5):4, [-0.001,0.001]:3, (0.5,1]:1, (2,4]:2}',
    ],
    ['{{count:3 z_bucket:2 z_bucket_w:0.75 buckets:[1]}}', '{count:3, sum:0, [-0.75,0.75]:2, (0.5,1]:1}'],
    ['{{count:-3 z_bucket:-2 z_bucket_w:0.5 buckets:[-1]}}', '{count:-3, sum:0, [-0.5,0.5]:-2, (0.5,1]:-1}'],
    [
      '{{schema:-53 count:6 sum:3 custom_values:[5 10] buckets:[1 2 3]}}',
      '{count:6, sum:3, [-Inf,5]:1, (5,10]:2, (10,+Inf]:3}',
    ],
  ])('%s', (source, text) => {
    expect(formatHistogram(histogram(source))).toBe(text);
  });

  it.each([
    '{{}}',
    '{{schema:-1 count:4 sum:-5.5 z_bucket:1 z_bucket_w:0.001 offset:-2 buckets:[1 0 2] n_offset:3 n_buckets:[1]}}',
    '{{schema:-53 count:1 custom_values:[-2 0.5 1e+06] offset:2 buckets:[1]}}',
    '{{schema:-53 custom_values:[]}}',
    '{{count:1 counter_reset_hint:gauge buckets:[1]}}',
    '{{count:1 counter_reset_hint:not_reset}}',
    '{{count:1 counter_reset_hint:reset}}',
  ])('of tests: %s', (text) => {
    expect(formatTestHistogram(histogram(text))).toBe(text);
  });

  it('of tests has one span a side, and leaves the histogram alone', () => {
    const h = histogram('{{buckets:[0 1 0 0 2 0]}}');
    const before = snapshot(h);
    expect(formatTestHistogram(h)).toBe('{{offset:1 buckets:[1 0 0 2]}}');
    expect(snapshot(h)).toBe(before);
  });
});

describe('histogramsEqual', () => {
  it('looks at every number, and at nothing else', () => {
    const text = '{{schema:1 count:6 sum:2 z_bucket:1 z_bucket_w:0.5 offset:1 buckets:[1 2] n_buckets:[2]}}';
    const h = histogram(text);
    expect(histogramsEqual(h, histogram(text))).toBe(true);
    expect(histogramsEqual(h, { ...h, counterReset: 2, isFloat: false })).toBe(true);
    const split = {
      ...h,
      positiveSpans: [
        { offset: 1, length: 1 },
        { offset: 0, length: 0 },
        { offset: 0, length: 1 },
      ],
    };
    expect(histogramsEqual(h, split)).toBe(true);
    for (const other of [
      { ...h, schema: 2 },
      { ...h, count: 7 },
      { ...h, sum: 3 },
      { ...h, zeroCount: 2 },
      { ...h, zeroThreshold: 0.25 },
      { ...h, positiveSpans: [{ offset: 2, length: 2 }] },
      { ...h, positiveBuckets: Float64Array.of(1, 3) },
      { ...h, negativeBuckets: Float64Array.of(0) },
      staleHistogram(),
    ]) {
      expect(histogramsEqual(h, other)).toBe(false);
      expect(histogramsEqual(other, h)).toBe(false);
    }
    expect(histogramsEqual(staleHistogram(), staleHistogram())).toBe(true);
    expect(histogramsEqual({ ...h, sum: Number.NaN }, { ...h, sum: Number.NaN })).toBe(true);
    const bounds = histogram('{{schema:-53 custom_values:[1 2]}}');
    expect(histogramsEqual(bounds, histogram('{{schema:-53 custom_values:[1 3]}}'))).toBe(false);
  });
});

describe('validateHistogram', () => {
  it('accepts what the generators make', () => {
    fc.assert(
      fc.property(fc.oneof(exponential, custom), (h) => {
        expect(validateHistogram(h)).toBeUndefined();
        expect(validateHistogram({ ...h, isFloat: false })).toBeUndefined();
      }),
    );
  });

  const exp = histogram('{{count:3 sum:1 buckets:[1 2]}}');
  const cbh = histogram('{{schema:-53 count:3 sum:1 custom_values:[1 2] buckets:[1 2]}}');
  const whole = { ...exp, isFloat: false };
  const span = (offset: number, length: number) => ({ offset, length });
  it.each([
    [
      { ...exp, schema: 9 },
      /^histogram has an invalid schema, which must be between -4 and 8.* got schema 9$/,
    ],
    [{ ...exp, positiveSpans: [span(0, 1)] }, /^positive side: spans need 1 buckets, have 2 buckets: /],
    [
      { ...exp, positiveSpans: [span(-3, 1), span(-1, 1)] },
      /^positive side: span number 2 with offset -1: histogram has a span whose offset is negative$/,
    ],
    [
      { ...exp, negativeSpans: [span(0, 1)], negativeBuckets: Float64Array.of(-1) },
      /^negative side: bucket number 1 has observation count of -1: histogram has a bucket whose/,
    ],
    [
      { ...exp, positiveBuckets: Float64Array.of(1, -0.5) },
      /^positive side: bucket number 2 has .* of -0.5: /,
    ],
    [{ ...exp, zeroCount: -1 }, /^zero bucket has observation count of -1: /],
    [{ ...exp, count: -1 }, /^observation count is {2}-1: histogram's observation count is negative$/],
    [
      { ...exp, customValues: Float64Array.of(1) },
      /^histogram with exponential schema must not have custom bounds$/,
    ],
    [
      { ...whole, count: 4 },
      /^3 observations found in buckets, but the Count field is 4: .* should equal .*\(in absence of NaN\)$/,
    ],
    [
      { ...whole, count: 2, sum: Number.NaN },
      /^3 observations found .* is 2: .* should be at least the number/,
    ],
    [{ ...cbh, zeroCount: 1 }, /^custom buckets: must have zero count of 0$/],
    [{ ...cbh, zeroThreshold: 1 }, /^custom buckets: must have zero threshold of 0$/],
    [{ ...cbh, negativeSpans: [span(0, 1)] }, /^custom buckets: must not have negative spans$/],
    [{ ...cbh, negativeBuckets: Float64Array.of(1) }, /^custom buckets: must not have negative buckets$/],
    [
      { ...cbh, customValues: Float64Array.of(2, 1) },
      /^custom buckets: previous bound is 2.000000 and current is 1.000000: .* strictly increasing order$/,
    ],
    [{ ...cbh, customValues: Float64Array.of(1, Number.NaN) }, /^custom buckets: .* must not be NaN$/],
    [
      { ...cbh, customValues: Float64Array.of(1, Number.POSITIVE_INFINITY) },
      /^custom buckets: last \+Inf bound must not be explicitly defined: .* must be finite$/,
    ],
    [
      { ...cbh, customValues: Float64Array.of() },
      /^custom buckets: only 0 custom bounds defined which is insufficient to cover total span length of 2: .* too few$/,
    ],
    [{ ...cbh, positiveSpans: [span(-1, 2)] }, /^custom buckets: span number 1 with offset -1: /],
  ])('refuses fault %#', (h, reason) => {
    expect(validateHistogram(h)).toMatch(reason);
  });

  it('lets NaN observations be counted beyond the buckets', () => {
    expect(validateHistogram({ ...whole, count: 5, sum: Number.NaN })).toBeUndefined();
    expect(validateHistogram({ ...exp, count: 99 })).toBeUndefined();
  });
});
