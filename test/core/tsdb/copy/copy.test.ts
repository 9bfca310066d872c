/** Copies into blocks: everything of every source, once, where and when it was asked for. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { labelsFromObject, Matcher } from '../../../../src/core/model/index.ts';
import { DirectorySource } from '../../../../src/core/source/directory.ts';
import { isUlid, readBlockMeta, verifyBlock } from '../../../../src/core/tsdb/block/index.ts';
import { type CopyOptions, copySamples } from '../../../../src/core/tsdb/copy/index.ts';
import { importSamples } from '../../../../src/core/tsdb/import/index.ts';
import { bytesInput, contents, expected, openMetrics, type Sample } from '../import/samples.ts';

const root = mkdtempSync(join(tmpdir(), 'tsmon-copy-'));
afterAll(() => rmSync(root, { recursive: true }));
let dir: string;
let to: string;
beforeEach(() => {
  dir = mkdtempSync(join(root, 'case-'));
  to = join(dir, 'to');
});

const HOUR = 3600_000;
const START = Date.UTC(2026, 0, 1);
const fill = (name: string, samples: readonly Sample[]) =>
  importSamples(join(dir, name), [bytesInput(openMetrics(samples))], {
    csv: { parseSeries: () => labelsFromObject({}) },
    format: 'openmetrics',
  });

/** Series from `first` on, a sample in so many milliseconds, from START for so many hours. */
function samples(first: number, count: number, hours: number, step = 60_000, offset = 0): Sample[] {
  const out: Sample[] = [];
  for (let series = first; series < first + count; series++) {
    for (let t = offset; t < hours * HOUR; t += step) out.push({ series, t: START + t, v: (t / 1000) % 7 });
  }
  return out;
}

async function copy(names: readonly string[], options: Partial<CopyOptions> = {}) {
  const sources = names.map((name) => new DirectorySource(join(dir, name)));
  try {
    return await copySamples(sources, to, { blockRange: 6 * HOUR, ...options });
  } finally {
    for (const source of sources) await source.close();
  }
}

test('several sources become blocks of the range that was asked for', async () => {
  const one = samples(0, 3, 9);
  const two = samples(2, 3, 5, 90_000);
  await fill('one', one);
  await fill('two', two);
  const { blocks, samples: count, read } = await copy(['one', 'two']);
  expect(await contents(to)).toEqual(expected([...one, ...two]));
  expect(count).toBe(expected([...one, ...two]).length);
  expect(read).toBe(one.length + two.length);
  expect(blocks.map(({ minTime }) => minTime)).toEqual([START, START + 6 * HOUR]);
  expect(readdirSync(to).every(isUlid)).toBe(true);
  for (const { ulid } of blocks) expect(verifyBlock(join(to, ulid))).toEqual([]);
});

test('by series, by time, under other labels', async () => {
  const all = samples(0, 5, 9);
  await fill('one', all);
  const mint = START + HOUR;
  const maxt = START + 7 * HOUR;
  await copy(['one'], {
    mint,
    maxt,
    selectors: [[new Matcher('=', 's', '1')], [new Matcher('=~', 's', '[13]')]],
  });
  const inTime = all.filter(({ t }) => t >= mint && t <= maxt);
  expect(await contents(to)).toEqual(expected(inTime.filter(({ series }) => series === 1 || series === 3)));
  rmSync(to, { recursive: true });
  // Reversed, and two of them made one.
  const other = [9, 8, 7, 7];
  await copy(['one'], {
    map: (labels) =>
      labels.get('s') === '4' ? null : labels.with('s', String(other[Number(labels.get('s'))])),
  });
  const mapped = all
    .filter(({ series }) => series < 4)
    .map((sample) => ({ ...sample, series: other[sample.series] }));
  expect(await contents(to)).toEqual(expected(mapped));
});

test('replicas are not mixed', async () => {
  const one = samples(0, 2, 4, 60_000);
  const gapAt = START + HOUR;
  await fill(
    'one',
    one.filter(({ t }) => t < gapAt || t > gapAt + HOUR),
  );
  await fill('two', samples(0, 2, 4, 60_000, 20_000));
  await copy(['one', 'two'], { replicas: true });
  const times = (await contents(to))
    .filter((line) => line.startsWith('m{s="0"}'))
    .map((line) => Number(line.split(' ')[1]));
  for (let i = 1; i < times.length; i++) {
    expect(times[i] - times[i - 1]).toBeGreaterThan(30_000);
    expect(times[i] - times[i - 1]).toBeLessThan(90_000);
  }
});

test('nothing is left of a copy that fails or is interrupted, and nothing of nothing', async () => {
  await fill('one', samples(0, 200, 9));
  const abort = new AbortController();
  await expect(copy(['one'], { signal: abort.signal, progress: () => abort.abort() })).rejects.toThrow(
    /abort/,
  );
  expect(existsSync(to)).toBe(false);
  const broken = {
    extent: async () => ({ mint: START, maxt: START + 1 }),
    select: () => Promise.reject(new Error('no')),
  };
  await expect(copySamples([broken], to, { blockRange: 2 * HOUR })).rejects.toThrow('no');
  expect(existsSync(to)).toBe(false);
  expect((await copy(['one'], { selectors: [[new Matcher('=', 's', 'x')]] })).blocks).toEqual([]);
  expect((await copy([])).blocks).toEqual([]);
  expect(existsSync(to)).toBe(false);
});

test('a directory that has blocks keeps them', async () => {
  await fill('one', samples(0, 1, 1));
  await fill('to', samples(1, 1, 1));
  const before = readdirSync(to);
  await copy(['one']);
  expect(readdirSync(to)).toEqual(expect.arrayContaining(before));
  expect(await contents(to)).toEqual(expected(samples(0, 2, 1)));
  expect(readdirSync(to).map((name) => readBlockMeta(join(to, name)).compaction.hints)).toEqual([
    undefined,
    undefined,
  ]);
});
