import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isStale, labelsFromObject, SampleColumns, writeStale } from '../../../../src/core/model/index.ts';
import {
  addInterval,
  covers,
  mergeRuns,
  mergeSeriesSets,
  removeDeleted,
  type StoredSeriesSet,
  touches,
} from '../../../../src/core/tsdb/block/index.ts';

/** Series name -> time -> value. */
type PlainSet = Record<string, Record<number, number>>;

function setOf(plain: PlainSet): StoredSeriesSet {
  const names = Object.keys(plain).sort();
  return {
    length: names.length,
    labels: (i) => labelsFromObject({ __name__: names[i] }),
    read: (i, out) => {
      for (const [t, v] of Object.entries(plain[names[i]])) {
        out.reserve(out.length + 1);
        out.t[out.length] = Number(t);
        out.v[out.length++] = v;
      }
    },
  };
}

const plainSet: fc.Arbitrary<PlainSet> = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', 'd'),
  fc
    .uniqueArray(fc.nat(50), { minLength: 1, maxLength: 12 })
    .map((times) => Object.fromEntries(times.map((t) => [t, t * 3]))),
);

describe('several series sets as one', () => {
  test('have each series once, with the samples of all', () => {
    fc.assert(
      fc.property(fc.array(plainSet, { maxLength: 5 }), (plains) => {
        const merged = mergeSeriesSets(plains.map(setOf));
        const got: PlainSet = {};
        for (let i = 0; i < merged.length; i++) {
          const out = new SampleColumns();
          merged.read(i, out);
          expect([...out.t.subarray(0, out.length)]).toEqual(
            [...new Set(out.t.subarray(0, out.length))].sort((a, b) => a - b),
          );
          got[merged.labels(i).get('__name__')] = Object.fromEntries(
            Array.from({ length: out.length }, (_, row) => [out.t[row], out.v[row]]),
          );
        }
        const want: PlainSet = {};
        for (const plain of [...plains].reverse()) {
          for (const name of Object.keys(plain).sort()) want[name] = { ...want[name], ...plain[name] };
        }
        expect(got).toEqual(want);
        expect(Object.keys(got)).toEqual(Object.keys(want).sort());
      }),
    );
  });

  test.each([
    [
      'the one that begins later',
      { 1: 10, 2: 20, 3: 30, 4: 40 },
      { 3: 31, 4: 41, 5: 51 },
      [10, 20, 31, 41, 51],
    ],
    ['the one that begins later, be it the first', { 2: 20, 3: 30 }, { 1: 11, 2: 21, 3: 31 }, [11, 20, 30]],
    [
      'the first of two that begin at once',
      { 1: 10, 2: 20, 3: 30 },
      { 1: 11, 2: 21, 4: 41 },
      [10, 20, 30, 41],
    ],
    [
      'the one that was silent before',
      { 1: 10, 3: 30, 4: 40, 6: 60 },
      { 2: 21, 3: 31, 5: 51, 6: 61 },
      [10, 21, 30, 40, 51, 60],
    ],
  ])('keep of two samples at one time that of %s', (_, a, b, want) => {
    const out = new SampleColumns();
    mergeSeriesSets([
      setOf({ x: a as Record<number, number> }),
      setOf({ x: b as Record<number, number> }),
    ]).read(0, out);
    expect([...out.v.subarray(0, out.length)]).toEqual(want);
  });

  test('keep stale markers and histograms in their rows', () => {
    const columns = new SampleColumns();
    columns.t.set([10, 30, 20, 30, 40]);
    columns.v.set([1, 2, 0, 4, 5]);
    writeStale(columns.v, 2);
    columns.length = 4;
    const h = { sum: 7 } as never;
    columns.pushHistogram(40, h);
    mergeRuns(columns, 0, 2);
    expect([...columns.t.subarray(0, columns.length)]).toEqual([10, 20, 30, 40]);
    expect(isStale(columns.v, 1)).toBe(true);
    expect(columns.v[2]).toBe(2);
    expect(columns.histograms).toEqual([null, null, null, h]);
  });
});

describe('deleted intervals', () => {
  const deletions = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.nat(10)), { maxLength: 8 });

  test('cover what a set of milliseconds covers, in the fewest stretches', () => {
    fc.assert(
      fc.property(deletions, fc.nat(70), fc.nat(10), (all, from, length) => {
        let intervals: readonly number[] = [];
        const deleted = new Set<number>();
        for (const [mint, more] of all) {
          intervals = addInterval(intervals, mint, mint + more);
          for (let t = mint; t <= mint + more; t++) deleted.add(t);
        }
        const covered = new Set<number>();
        for (let i = 0; i < intervals.length; i += 2) {
          if (i > 0) expect(intervals[i]).toBeGreaterThan(intervals[i - 1] + 1);
          for (let t = intervals[i]; t <= intervals[i + 1]; t++) covered.add(t);
        }
        expect([...covered].sort()).toEqual([...deleted].sort());
        const range = Array.from({ length: length + 1 }, (_, i) => from + i);
        expect(covers(intervals, from, from + length)).toBe(range.every((t) => deleted.has(t)));
        expect(touches(intervals, from, from + length)).toBe(range.some((t) => deleted.has(t)));
      }),
    );
  });

  test('take their rows out', () => {
    fc.assert(
      fc.property(deletions, fc.uniqueArray(fc.nat(70)), fc.nat(3), (all, times, kept) => {
        times.sort((a, b) => a - b);
        let intervals: readonly number[] = [];
        for (const [mint, more] of all) intervals = addInterval(intervals, mint, mint + more);
        const columns = new SampleColumns();
        for (let i = 0; i < kept; i++) columns.t[columns.length++] = -1;
        for (const t of times) {
          if (t % 3 === 0) columns.pushHistogram(t, { sum: t } as never);
          else {
            columns.t[columns.length] = t;
            columns.v[columns.length++] = t * 2;
          }
        }
        removeDeleted(columns, kept, intervals);
        const want = times.filter((t) => !covers(intervals, t, t));
        const rows = Array.from({ length: columns.length - kept }, (_, i) => i + kept);
        expect(rows.map((row) => columns.t[row])).toEqual(want);
        for (const row of rows) {
          const t = columns.t[row];
          if (t % 3 === 0) expect(columns.histograms![row]!.sum).toBe(t);
          else expect([columns.histograms?.[row] ?? null, columns.v[row]]).toEqual([null, t * 2]);
        }
      }),
    );
  });
});
