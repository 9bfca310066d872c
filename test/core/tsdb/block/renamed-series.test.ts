import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Labels, labelsFromObject } from '../../../../src/core/model/index.ts';
import { countJoined, RenamedSeries } from '../../../../src/core/tsdb/block/index.ts';
import { runSteps } from '../../../../src/core/tsdb/compaction/index.ts';

/** Sorted sets of label sets, of names and values of which many fall together without one of the labels. */
const labels = fc
  .record({ a: fc.constantFrom('', '1', '2', '3'), b: fc.nat(6).map(String), c: fc.nat(6).map(String) })
  .map((object) => labelsFromObject(object));
const sets = fc.array(
  fc.uniqueArray(labels, { maxLength: 40, selector: String }).map((all) => all.sort((a, b) => a.compare(b))),
  { maxLength: 4 },
);

it('series are in the order of their new labels, however long the runs are', () => {
  fc.assert(
    fc.property(sets, fc.integer({ min: 1, max: 50 }), fc.constantFrom('a', 'b', 'c'), (given, run, drop) => {
      const rename = (l: Labels) => (l.get('c') === '0' ? null : l.without(drop));
      const wanted: { labels: string; of: Labels; set: number; series: number }[] = [];
      const renamed = new RenamedSeries(
        given.map((set) => ({ labels: (i: number) => set[i] })),
        rename,
        run,
      );
      for (const [set, all] of given.entries()) {
        for (const [series, one] of all.entries()) {
          const of = rename(one);
          if (of === null) continue;
          wanted.push({ labels: String(of), of, set, series });
          renamed.add(of, set, series);
        }
      }
      wanted.sort((a, b) => a.of.compare(b.of) || a.set - b.set || a.series - b.series);
      const found: object[] = [];
      for (const one of renamed.merged()) {
        for (const part of one.parts) found.push({ labels: String(one.labels), ...part });
      }
      expect(found).toEqual(wanted.map(({ labels, set, series }) => ({ labels, set, series })));
      expect(renamed.length).toBe(wanted.length);
      const distinct = new Set(wanted.map((one) => one.labels)).size;
      expect(runSteps(countJoined(renamed))).toBe(wanted.length - distinct);
    }),
  );
});

it('the labels of a run are forgotten before the next one', () => {
  const asked: number[] = [];
  const all = Array.from({ length: 9 }, (_, i) => labelsFromObject({ a: String(i % 3), b: String(i) }));
  const set = {
    labels: (i: number) => {
      asked.push(i);
      return all[i];
    },
  };
  const renamed = new RenamedSeries([set], (l) => l.without('b'), 3);
  for (const [i, one] of all.entries()) renamed.add(one.without('b'), 0, i);
  expect(asked).toEqual([]);
  const merged = renamed.merged();
  expect(merged.next().value!.parts.map(({ series }) => series)).toEqual([0, 3, 6]);
  // Of each run the first, and what came after it.
  expect(asked.sort()).toEqual([0, 1, 3, 4, 6, 7]);
});
