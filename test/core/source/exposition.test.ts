import { expect, it } from 'vitest';
import { InputError } from '../../../src/core/errors.ts';
import { SampleColumns } from '../../../src/core/model/index.ts';
import { Matcher } from '../../../src/core/model/matcher.ts';
import { readExposition } from '../../../src/core/source/exposition.ts';
import { MemorySource } from '../../../src/core/source/memory.ts';

const NOW = 1_700_000_000_000;
let now = NOW;
const clock = { now: () => now, monotonic: () => 0, sleep: async () => {} };
const ALL = { mint: 0, maxt: 2 * NOW };

function read(...pieces: string[]): MemorySource {
  const source = new MemorySource();
  now = NOW;
  readExposition(
    pieces.map((piece) => Buffer.from(piece)),
    source,
    clock,
  );
  return source;
}

async function samples(source: MemorySource, name: string): Promise<[number, number][]> {
  const set = await source.select([new Matcher('=', '__name__', name)], ALL);
  const columns = new SampleColumns();
  for (let i = 0; i < set.length; i++) set.read(i, columns);
  return Array.from({ length: columns.length }, (_, row) => [columns.t[row], columns.v[row]]);
}

it('gives samples without a time the present', async () => {
  expect(await samples(read('a 1\nb 2 5\n'), 'a')).toEqual([[NOW, 1]]);
  expect(await samples(read('a 1\nb 2 5\n'), 'b')).toEqual([[5, 2]]);
});

it('takes any order, pieces of any size, and the later of two samples at one time', async () => {
  expect(await samples(read('a 1 30', '\na 2 10\na 3 3', '0\n'), 'a')).toEqual([
    [10, 2],
    [30, 3],
  ]);
});

it.each([
  ['OpenMetrics', '# TYPE a counter\na_total 1 0.005 # {t="x"} 2 0.004\n# EOF\n', 'a_total'],
  [
    'JSON Lines',
    '{"metric":{"__name__":"a_total"},"values":[1],"timestamps":[5],"type":"counter"}\n',
    'a_total',
  ],
])('finds out that it is %s', async (_, text, name) => {
  const source = read(text);
  expect(await samples(source, name)).toEqual([[5, 1]]);
  expect((await source.metadata()).get(name)?.[0].type).toBe('counter');
});

it('has exemplars', async () => {
  const source = read('# TYPE a counter\na_total 1 0.005 # {t="x"} 2 0.004\n# EOF\n');
  expect(await source.exemplars([[]], ALL)).toMatchObject([{ exemplars: [{ v: 2, t: 4 }] }]);
});

it('says where a fault is', () => {
  expect(() => read('a 1\nb{c="d" 2\n')).toThrow(InputError);
  expect(() => read('a 1\nb{c="d" 2\n')).toThrow(/line 2/);
});
