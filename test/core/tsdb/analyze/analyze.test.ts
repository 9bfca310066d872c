/** Analyses against plain counting. */
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CorruptionError } from '../../../../src/core/errors.ts';
import { compareStrings, labelsFromPairs, Matcher } from '../../../../src/core/model/index.ts';
import {
  type Analysis,
  analyzeBlock,
  analyzeLabels,
  type BlockAnalysisOptions,
  compareAnalyses,
  type Ranked,
} from '../../../../src/core/tsdb/analyze/index.ts';
import { readBlockMeta } from '../../../../src/core/tsdb/block/index.ts';
import { runSteps } from '../../../../src/core/tsdb/compaction/index.ts';
import { IndexReader } from '../../../../src/core/tsdb/index/index.ts';
import { HOUR, type Series, START, someSeries, writeBlock } from './blocks.ts';

const root = mkdtempSync(join(tmpdir(), 'tsmon-analyze-'));
afterAll(() => rmSync(root, { recursive: true }));
const series = someSeries();
let block: string;
beforeAll(() => {
  block = join(root, writeBlock(root, series));
});

const analyze = (dir: string, options?: BlockAnalysisOptions) => runSteps(analyzeBlock(dir, options));

/** Counts by a key of each label pair, the plain way. */
function counted(
  of: readonly Series[],
  key: (name: string, value: string) => string,
  weight: (one: Series) => number,
) {
  const counts = new Map<string, number>();
  for (const one of of) {
    for (const [name, value] of one.labels) {
      counts.set(key(name, value), (counts.get(key(name, value)) ?? 0) + weight(one));
    }
  }
  return ranked(counts);
}

function ranked(counts: Map<string, number>): Ranked[] {
  const list = [...counts].map(([name, count]) => ({ name, count }));
  return list.sort((a, b) => b.count - a.count || compareStrings(a.name, b.name));
}

const pair = (name: string, value: string) => `${name}=${value}`;
const uncovered = (one: Series) => 2 * HOUR - (one.to - one.from) * 60_000;

function expectLists(analysis: Analysis, of: readonly Series[]): void {
  expect(analysis.topPairs('series', 0)).toEqual(counted(of, pair, () => 1));
  const byMetric = of.map((one) => ({ ...one, labels: one.labels.filter((name) => name === '__name__') }));
  expect(analysis.topValues('series', 0)).toEqual(
    counted(
      byMetric,
      (_, value) => value,
      () => 1,
    ),
  );
  const jobs = of.map((one) => ({ ...one, labels: one.labels.filter((name) => name === 'job') }));
  expect(analysis.topValues('series', 0, 'job')).toEqual(
    counted(
      jobs,
      (_, value) => value,
      () => 1,
    ),
  );
  expect(analysis.topValues('series', 0, 'absent')).toEqual([]);
  const values = new Map<string, Set<string>>();
  for (const { labels } of of) {
    for (const [name, value] of labels) values.set(name, (values.get(name) ?? new Set()).add(value));
  }
  const map = (count: (set: Set<string>) => number) =>
    ranked(new Map([...values].map(([name, set]) => [name, count(set)])));
  expect(analysis.topNames('values', 0)).toEqual(map((set) => set.size));
  expect(analysis.topNames('valueBytes', 0)).toEqual(map((set) => Buffer.byteLength([...set].join(''))));
}

describe('a block', () => {
  test('lists and totals', () => {
    const { analysis, shapes } = analyze(block);
    expectLists(analysis, series);
    expect(analysis.topPairs('uncoveredMs', 0)).toEqual(counted(series, pair, uncovered));
    expect(analysis.topNames('uncoveredMs', 0)).toEqual(counted(series, (name) => name, uncovered));
    const { stats } = readBlockMeta(block);
    expect(analysis.totals).toEqual({
      mint: START,
      maxt: START + 2 * HOUR - 1,
      durationMs: 2 * HOUR,
      series: series.length,
      allSeries: series.length,
      labelNames: 4,
      labelPairs: counted(series, pair, () => 1).length,
      labelPairEntries: series.reduce((sum, { labels }) => sum + labels.size, 0),
      chunks: stats!.numChunks,
      samples: stats!.numSamples,
      chunkBytes: statSync(join(block, 'chunks', '000001')).size - 8,
      indexBytes: statSync(join(block, 'index')).size,
    });
    expect(shapes).toBeUndefined();
    expect(analysis.topPairs('series', 3)).toEqual(analysis.topPairs('series', 0).slice(0, 3));
    const bytes = analysis.topValues('bytes', 0).reduce((sum, { count }) => sum + count, 0);
    expect(bytes).toBe(analysis.totals.chunkBytes);
    analysis.close();
  });

  test('some of its series: the same sizes, read one by one', () => {
    const whole = analyze(block).analysis;
    for (const matcher of [
      new Matcher('=', '__name__', 'latency'),
      new Matcher('=~', 'pod', 'pod-00[2-5]'),
    ]) {
      const { analysis } = analyze(block, { matchers: [matcher] });
      const matched = series.filter(({ labels }) => matcher.matches(labels.get(matcher.name)));
      expectLists(analysis, matched);
      expect(analysis.totals).toMatchObject({ series: matched.length, allSeries: series.length });
      if (matcher.name === '__name__') {
        const latency = whole.topValues('bytes', 0).find(({ name }) => name === 'latency');
        expect(analysis.totals.chunkBytes).toBe(latency!.count);
      }
      analysis.close();
    }
    whole.close();
  });

  test('its chunks', () => {
    const { analysis, shapes } = analyze(block, { chunks: true });
    const samples = (one: Series) => one.to - one.from + 1;
    expect(analysis.topPairs('samples', 0)).toEqual(counted(series, pair, samples));
    const floats = series.filter(({ histogram }) => !histogram).map(samples);
    expect(shapes!.float!.samples).toEqual({
      min: Math.min(...floats),
      avg: Math.floor(floats.reduce((a, b) => a + b) / floats.length),
      max: 120,
    });
    // Two buckets in each of 120 histograms.
    expect(shapes!.histogram!.buckets.max).toBeLessThanOrEqual(240);
    expect(shapes!.histogram!.chunks * shapes!.histogram!.buckets.avg).toBeLessThanOrEqual(3 * 240);
    expect(analysis.totals.samples).toBe(series.map(samples).reduce((a, b) => a + b));
    analysis.close();
  });

  test('that is damaged', () => {
    const dir = join(root, 'cut');
    const name = writeBlock(dir, someSeries(3));
    truncateSync(join(dir, name, 'chunks', '000001'), 100);
    expect(() => analyze(join(dir, name), { chunks: true })).toThrow(/000001/);
    truncateSync(join(dir, name, 'index'), 500);
    expect(() => analyze(join(dir, name))).toThrow(/index/);
  });
});

test('a block of many series, read in several windows and batches', () => {
  const many = someSeries(1500);
  const dir = join(root, 'many');
  const path = join(dir, writeBlock(dir, many));
  const { analysis } = analyze(path);
  expect(analysis.topPairs('series', 0)).toEqual(counted(many, pair, () => 1));
  expect(analysis.topPairs('uncoveredMs', 0)).toEqual(counted(many, pair, uncovered));
  expect(analysis.totals).toMatchObject({
    series: many.length,
    chunks: readBlockMeta(path).stats!.numChunks,
    chunkBytes: statSync(join(path, 'chunks', '000001')).size - 8,
  });
  analysis.close();
});

test('a series of more labels than a window has bytes', () => {
  const labels = Array.from({ length: 50_000 }, (_, i): [string, string] => [`l${i}`, `v${i % 30_000}`]);
  const wide = [{ labels: labelsFromPairs(labels), from: 0, to: 119, histogram: false }, ...series];
  wide.sort((a, b) => a.labels.compare(b.labels));
  const dir = join(root, 'wide');
  const { analysis } = analyze(join(dir, writeBlock(dir, wide)));
  expect(analysis.topPairs('series', 0)).toEqual(counted(wide, pair, () => 1));
  analysis.close();
});

test('a flipped byte among the series is told, or makes no difference', () => {
  const dir = join(root, 'flipped');
  const path = join(dir, writeBlock(dir, someSeries(2)));
  const lists = () => {
    const { analysis } = analyze(path);
    const found = [analysis.topPairs('series', 0), analysis.topPairs('uncoveredMs', 0), analysis.totals];
    analysis.close();
    return found;
  };
  const index = new IndexReader(join(path, 'index'));
  const { toc } = index;
  index.close();
  const whole = readFileSync(join(path, 'index'));
  const want = lists();
  let told = 0;
  for (let at = toc.series; at < toc.postings; at++) {
    const bytes = Uint8Array.from(whole);
    bytes[at] ^= 1 << (at % 8);
    writeFileSync(join(path, 'index'), bytes);
    try {
      expect(lists()).toEqual(want);
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      told++;
    }
  }
  expect(told).toBeGreaterThan((toc.postings - toc.series) / 2);
});

test('labels alone give the same lists', () => {
  const set = { length: series.length, labels: (i: number) => series[i].labels };
  const analysis = runSteps(analyzeLabels('all', set, { mint: 1, maxt: 2 }));
  expectLists(analysis, series);
  expect(analysis.totals).toMatchObject({ mint: 1, maxt: 2, series: series.length });
});

test('what grew between two', () => {
  const dir = join(root, 'grown');
  const grown = [...someSeries(15)].filter(({ labels }) => labels.get('pod') !== 'pod-001');
  const before = analyze(block).analysis;
  const after = analyze(join(dir, writeBlock(dir, grown))).analysis;
  const comparison = compareAnalyses(before, after, 'job', 0);
  expect(comparison.totals[0]).toEqual({ name: 'series', before: series.length, after: grown.length });
  expect(comparison.metrics).toEqual([
    { name: 'requests_total', before: 36, after: 42 },
    { name: 'latency', before: 12, after: 14 },
  ]);
  expect(comparison.names).toEqual([{ name: 'pod', before: 12, after: 14 }]);
  expect(comparison.pairs).toContainEqual({ name: 'pod=pod-001', before: 4, after: 0 });
  expect(comparison.pairs).toContainEqual({ name: 'pod=pod-014', before: 0, after: 4 });
  expect(compareAnalyses(before, after, 'pod', 1).groups).toEqual([{ name: 'pod-001', before: 4, after: 0 }]);
  expect(compareAnalyses(before, before, 'job', 0)).toMatchObject({
    metrics: [],
    groups: [],
    pairs: [],
    names: [],
  });
  before.close();
  after.close();
});
