/** Replicas of one series: one is followed, another takes over where it has a gap. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  emptyHistogram,
  isStale,
  SampleColumns,
  staleHistogram,
  writeStale,
} from '../../../../src/core/model/index.ts';
import { mergeReplicas } from '../../../../src/core/tsdb/copy/index.ts';

/** Rows as `[t, v]`; `stale` is a stale marker, a histogram goes by its count. */
type Row = [t: number, v: number | 'stale' | { count: number }];

function columns(rows: readonly Row[]): SampleColumns {
  const out = new SampleColumns();
  for (const [t, v] of rows) {
    if (typeof v === 'object') {
      out.pushHistogram(t, { ...(v.count < 0 ? staleHistogram() : emptyHistogram(0)), count: v.count });
      continue;
    }
    out.reserve(out.length + 1);
    out.t[out.length] = t;
    if (v === 'stale') writeStale(out.v, out.length);
    else out.v[out.length] = v;
    out.length++;
  }
  return out;
}

function merged(...replicas: Row[][]): Row[] {
  const out = new SampleColumns();
  mergeReplicas(replicas.map(columns), out);
  return Array.from({ length: out.length }, (_, row): Row => {
    const h = out.histograms?.[row];
    if (h) return [out.t[row], { count: h.count }];
    return [out.t[row], isStale(out.v, row) ? 'stale' : out.v[row]];
  });
}

const every = (step: number, from: number, to: number, v = (t: number): number => t): Row[] => {
  const rows: Row[] = [];
  for (let t = from; t <= to; t += step) rows.push([t, v(t)]);
  return rows;
};

describe('replicas', () => {
  test('the first one is followed where it has no gap', () => {
    expect(merged(every(15, 0, 300), every(15, 7, 307))).toEqual(every(15, 0, 300));
    expect(merged(every(15, 7, 307), every(15, 0, 300))).toEqual(every(15, 7, 307));
    expect(merged(every(15, 60, 90), every(15, 7, 97))).toEqual(every(15, 7, 97));
    expect(merged(every(15, 0, 30))).toEqual(every(15, 0, 30));
    expect(merged([], every(15, 0, 30), [])).toEqual(every(15, 0, 30));
    expect(merged()).toEqual([]);
  });

  test('another one takes over in a gap, and goes on', () => {
    const gap = [...every(15, 0, 60), ...every(15, 150, 300)];
    expect(merged(gap, every(15, 7, 310))).toEqual([...every(15, 0, 60), ...every(15, 82, 307)]);
  });

  test('a gap that all have stays one', () => {
    const one = [...every(15, 0, 60), ...every(15, 300, 330)];
    const two = [...every(15, 5, 65), ...every(15, 305, 335)];
    expect(merged(one, two)).toEqual([...every(15, 0, 60), ...every(15, 300, 330)]);
  });

  test('a series that is stale for one of them alone goes on', () => {
    const ended: Row[] = [...every(15, 0, 60), [75, 'stale']];
    expect(merged(ended, every(15, 7, 127))).toEqual(
      [...every(15, 0, 60), ...every(15, 82, 127)].filter(([t]) => t !== 67),
    );
    const bothEnded: Row[] = [...every(15, 7, 52), [67, 'stale']];
    expect(merged(ended, bothEnded)).toEqual([...every(15, 0, 60), [75, 'stale']]);
  });

  test('histograms, too', () => {
    const h = (t: number): Row => [t, { count: t }];
    expect(merged([h(0), h(15), h(30), h(90)], [h(7), h(22), h(37), h(52), h(67)])).toEqual([
      h(0),
      h(15),
      h(30),
      h(52),
      h(67),
      h(90),
    ]);
  });
});

test('of any replicas of one counter: times ascend, values never go back, all is of somebody, and no gap is left that one could fill', () => {
  const replica = fc.record({
    offset: fc.integer({ min: 0, max: 14 }),
    gaps: fc.array(
      fc.record({ at: fc.integer({ min: 0, max: 100 }), length: fc.integer({ min: 1, max: 30 }) }),
      {
        maxLength: 3,
      },
    ),
  });
  fc.assert(
    fc.property(fc.array(replica, { minLength: 1, maxLength: 4 }), (replicas) => {
      const rows = replicas.map(({ offset, gaps }) =>
        every(15, offset, 1500).filter(
          ([t]) => !gaps.some(({ at, length }) => t >= at * 15 && t < (at + length) * 15),
        ),
      );
      const result = merged(...rows);
      const given = rows.flat().map(([t]) => t);
      for (let i = 0; i < result.length; i++) {
        expect(given).toContain(result[i][0]);
        if (i === 0) continue;
        const before = result[i - 1][0];
        expect(result[i][0] - before).toBeGreaterThan(15 / 2);
        if (result[i][0] - before <= 45) continue;
        expect(given.some((t) => t > before + 15 && t < result[i][0] - 15)).toBe(false);
      }
      expect(result.length > 0).toBe(given.length > 0);
    }),
  );
});
