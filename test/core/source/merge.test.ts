import { expect, it } from 'vitest';
import { type Labels, labelsFromObject, SampleColumns } from '../../../src/core/model/index.ts';
import { Matcher } from '../../../src/core/model/matcher.ts';
import { MemorySource } from '../../../src/core/source/memory.ts';
import { mergeSources } from '../../../src/core/source/merge.ts';
import type { Source } from '../../../src/core/source/source.ts';

const ALL = { mint: 0, maxt: 1000 };
const labels = (name: string, job: string): Labels => labelsFromObject({ __name__: name, job });

function source(samples: readonly [series: Labels, t: number, v: number][]): MemorySource {
  const memory = new MemorySource();
  for (const [series, t, v] of samples) memory.series(series).addFloat(t, Float64Array.of(v), 0);
  return memory;
}

async function contents(from: Source): Promise<Record<string, [number, number][]>> {
  const set = await from.select([], ALL);
  const out: Record<string, [number, number][]> = {};
  for (let i = 0; i < set.length; i++) {
    const columns = new SampleColumns();
    set.read(i, columns);
    out[set.labels(i).toString()] = Array.from({ length: columns.length }, (_, row) => [
      columns.t[row],
      columns.v[row],
    ]);
  }
  return out;
}

const a = labels('up', 'a');
const b = labels('up', 'b');

it('is the source itself where there is one', () => {
  const only = source([]);
  expect(mergeSources([only])).toBe(only);
});

it('has every series once, with the samples of all in time order and none twice', async () => {
  const merged = mergeSources([
    source([
      [b, 1, 10],
      [a, 5, 50],
      [a, 1, 1],
    ]),
    source([
      [a, 3, 3],
      [a, 5, 50],
      [a, 7, 7],
    ]),
    source([[a, 2, 2]]),
  ]);
  expect(await contents(merged)).toEqual({
    'up{job="a"}': [
      [1, 1],
      [2, 2],
      [3, 3],
      [5, 50],
      [7, 7],
    ],
    'up{job="b"}': [[1, 10]],
  });
  expect(Object.keys(await contents(merged))).toEqual(['up{job="a"}', 'up{job="b"}']);
});

it('obeys a limit over all', async () => {
  const merged = mergeSources([source([[b, 1, 1]]), source([[a, 1, 1]])]);
  const set = await merged.select([new Matcher('=', '__name__', 'up')], { ...ALL, limit: 1 });
  expect([set.length, set.labels(0).toString()]).toEqual([1, 'up{job="a"}']);
});

it('unites names, values, metadata, exemplars and extents', async () => {
  const first = source([[a, 10, 1]]);
  const second = source([[b, 20, 1]]);
  const gauge = { type: 'gauge', help: 'h', unit: '' } as const;
  first.addMetadata('up', gauge);
  second.addMetadata('up', gauge);
  second.addMetadata('up', { ...gauge, help: 'other' });
  const seen = { labels: labelsFromObject({ trace: 'x' }), v: 1, t: 5 };
  first.series(a).exemplars.push(seen);
  second.series(a).exemplars.push({ ...seen, t: 3 }, { ...seen });
  const merged = mergeSources([first, second]);
  expect(await merged.labelNames([], ALL)).toEqual(['__name__', 'job']);
  expect(await merged.labelValues('job', [], ALL)).toEqual(['a', 'b']);
  expect(await merged.extent()).toEqual({ mint: 10, maxt: 20 });
  expect((await merged.metadata()).get('up')).toEqual([gauge, { ...gauge, help: 'other' }]);
  expect(await merged.exemplars([[]], ALL)).toMatchObject([{ labels: a, exemplars: [{ t: 3 }, { t: 5 }] }]);
});

it('has no extent where no source has one', async () => {
  expect(await mergeSources([source([]), source([])]).extent()).toBeUndefined();
});
