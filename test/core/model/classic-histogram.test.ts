import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClassicHistogram, classicPartOf } from '../../../src/core/model/classic-histogram.ts';
import { populated } from './histograms.ts';

const INFINITY = Number.POSITIVE_INFINITY;

function classic(buckets: readonly (readonly [number, number])[], count?: number): ClassicHistogram {
  const histogram = new ClassicHistogram();
  for (const [bound, value] of buckets) histogram.setBucket(bound, value);
  if (count !== undefined) histogram.setCount(count);
  return histogram;
}

describe('the parts of a classic histogram', () => {
  it('are told by the names', () => {
    expect(classicPartOf('a_bucket')).toEqual({ base: 'a', part: 'bucket' });
    expect(classicPartOf('a_sum_count')).toEqual({ base: 'a_sum', part: 'count' });
    expect(classicPartOf('_sum')).toEqual({ base: '', part: 'sum' });
    expect(classicPartOf('a')).toBeUndefined();
    expect(classicPartOf('a_buckets')).toBeUndefined();
  });
});

describe('a classic histogram as a native one', () => {
  it('has the same bounds, and counts that are not cumulative', () => {
    const histogram = classic([
      [5, 4],
      [1, 1],
      [INFINITY, 6],
    ]);
    histogram.setSum(12);
    const native = histogram.toNative();
    expect(native).toMatchObject({ schema: -53, count: 6, sum: 12, isFloat: false });
    expect([...native.customValues]).toEqual([1, 5]);
    expect(populated(native.positiveSpans, native.positiveBuckets)).toEqual({ 0: 1, 1: 3, 2: 2 });
  });

  it('has a last bucket even without a sample of it', () => {
    const native = classic([[1, 1]], 4).toNative();
    expect(populated(native.positiveSpans, native.positiveBuckets)).toEqual({ 0: 1, 1: 3 });
    expect(native.count).toBe(4);
  });

  it('has the count of the highest bucket where there is no other', () => {
    expect(classic([[1, 3]]).toNative().count).toBe(3);
    expect(classic([]).toNative().count).toBe(0);
  });

  it('is of floats where a count is none', () => {
    expect(classic([[1, 0.5]], 1).toNative().isFloat).toBe(true);
  });

  it('counts the first of two buckets with one bound', () => {
    const native = classic([
      [1, 2],
      [1, 9],
    ]).toNative();
    expect(native.count).toBe(2);
  });

  it.each([
    ['a negative bucket', [[1, -1]], undefined, 'bucket count must be non-negative: le=1, count=-1'],
    ['a negative count', [], -2, 'count must be non-negative: count=-2'],
    [
      'counts that fall',
      [
        [1, 3],
        [2, 2],
      ],
      undefined,
      'bucket counts are not cumulative',
    ],
    [
      'counts that fall, the other way round',
      [
        [2, 2],
        [1, 3],
      ],
      undefined,
      'bucket counts are not cumulative',
    ],
    ['too low a count', [[1, 3]], 2, 'count does not match buckets: count=2, highest bucket count=3'],
    [
      'a count that is not the last bucket',
      [[INFINITY, 3]],
      4,
      'count does not match buckets: count=4, highest bucket count=3',
    ],
  ] as const)('refuses %s', (_, buckets, count, message) => {
    expect(() => classic(buckets, count).toNative()).toThrow(message);
  });

  it('loses no observation, in whatever order the buckets come', () => {
    const increments = fc.array(fc.nat(20), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        increments.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray([...list.keys()]))),
        ([list, order]) => {
          const cumulative: number[] = [];
          for (const increment of list) cumulative.push((cumulative.at(-1) ?? 0) + increment);
          const total = cumulative.at(-1) as number;
          const native = classic(
            order.map((i) => [i, cumulative[i]] as const),
            total,
          ).toNative();
          const counts = populated(native.positiveSpans, native.positiveBuckets);
          const bounds = [...order].sort((a, b) => a - b);
          expect([...native.customValues]).toEqual(bounds);
          let sum = 0;
          for (const [index, bound] of bounds.entries()) {
            sum += counts[index] ?? 0;
            expect(sum).toBe(cumulative[bound]);
          }
          expect(sum + (counts[bounds.length] ?? 0)).toBe(total);
        },
      ),
    );
  });
});
