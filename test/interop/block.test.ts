/** Blocks both ways: what the real programs write we read and write again, and what we write they read. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Histogram,
  type Labels,
  labelsFromObject,
  Matcher,
  SampleColumns,
  writeStale,
} from '../../src/core/model/index.ts';
import {
  BlockReader,
  BlockWriter,
  isUlid,
  mergeSeriesSets,
  readBlockMeta,
  readTombstones,
  Tombstones,
  writeTombstones,
} from '../../src/core/tsdb/block/index.ts';
import { ChunkList, encodingName, SeriesEncoder } from '../../src/core/tsdb/chunk/index.ts';
import { histogramSeries } from '../core/tsdb/chunk/histograms.ts';
import { describeWith, peer } from '../peers.ts';
import { apiDump, type Dump, goLabels, ourDump, promtoolDump } from './dump.ts';
import { RealPrometheus } from './prometheus.ts';

const promtool = peer('promtool');
const prometheus = peer('prometheus');

const HOUR = 3600 * 1000;
/** A past hour, a multiple of two. */
const START = Math.floor(Date.UTC(2024, 5, 1) / (2 * HOUR)) * 2 * HOUR;

const root = mkdtempSync(join(tmpdir(), 'tsmon-interop-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface PlainSeries {
  labels: Labels;
  columns: SampleColumns;
}

/** Counters, gauges of all kinds of numbers, irregular times, ends and gaps, over five hours. */
function floatSeries(): PlainSeries[] {
  const random = fc.sample(fc.double(), { numRuns: 2000, seed: 1 });
  const shapes: Record<string, (i: number) => number> = {
    constant: () => 1.5,
    counter: (i) => i * 17 + (i % 13),
    doubles: (i) => random[i % random.length],
    steps: (i) => Math.floor(i / 100),
  };
  const times: Record<string, (i: number) => number> = {
    regular: (i) => i * 15_000,
    jittered: (i) => i * 15_000 + ((i * 7919) % 23),
    sparse: (i) => i * 300_000,
    gap: (i) => i * 15_000 + (i > 200 ? 2 * HOUR : 0),
    fast: (i) => i * 500,
  };
  const all: PlainSeries[] = [];
  for (const [shape, value] of Object.entries(shapes)) {
    for (const [timing, time] of Object.entries(times)) {
      const columns = new SampleColumns();
      for (let i = 0; i < 1200 && time(i) < 5 * HOUR; i++) {
        columns.reserve(i + 1);
        columns.t[i] = START + time(i);
        columns.v[i] = value(i);
        if (shape === 'steps' && i % 50 === 49) writeStale(columns.v, i);
        columns.length = i + 1;
      }
      const labels = labelsFromObject({ __name__: `test_${shape}`, timing, 'utf8.näme': 'ü' });
      all.push({ labels, columns });
    }
  }
  return all.sort((a, b) => a.labels.compare(b.labels));
}

function writeBlock(dir: string, all: readonly PlainSeries[], from: number, to: number): string {
  const writer = new BlockWriter(dir, { minTime: from, maxTime: to });
  for (const { labels, columns } of all) {
    const some = new SampleColumns();
    for (let i = 0; i < columns.length; i++) {
      if (columns.t[i] < from || columns.t[i] >= to) continue;
      some.reserve(some.length + 1);
      some.t[some.length] = columns.t[i];
      some.v.set(columns.v.subarray(i, i + 1), some.length++);
    }
    writer.addSamples(labels, some);
  }
  return join(dir, writer.finish()!.ulid);
}

/** Every sample in the blocks of `dir`, as we read them. */
function dumpOf(dir: string): Dump {
  const blocks = readdirSync(dir)
    .filter(isUlid)
    .map((name) => new BlockReader(join(dir, name)))
    .sort((a, b) => a.meta.minTime - b.meta.minTime);
  try {
    return ourDump(mergeSeriesSets(blocks.map((block) => block.select([], -Infinity, Infinity))));
  } finally {
    for (const block of blocks) block.close();
  }
}

/** Writes each block of `from` again with the samples that we read, its chunks cut by ranges of `chunkRange` ms. */
function expectSameBytesAgain(from: string, chunkRange: number): void {
  const to = mkdtempSync(join(root, 'again-'));
  for (const name of readdirSync(from).filter(isUlid)) {
    const block = new BlockReader(join(from, name));
    const { minTime, maxTime, compaction } = block.meta;
    const writer = new BlockWriter(to, { ulid: name, minTime, maxTime, compaction, cut: chunkRange });
    const set = block.select([], -Infinity, Infinity);
    const columns = new SampleColumns();
    for (let i = 0; i < set.length; i++) {
      columns.clear();
      set.read(i, columns);
      writer.addSamples(set.labels(i), columns);
    }
    const meta = writer.finish()!;
    expect(meta.stats).toMatchObject(block.meta.stats!);
    block.close();
    for (const file of ['index', 'tombstones', 'chunks/000001']) {
      expect(readFileSync(join(to, name, file)).equals(readFileSync(join(from, name, file))), file).toBe(
        true,
      );
    }
  }
}

describeWith('blocks and promtool', { promtool }, () => {
  test('blocks made from OpenMetrics are read alike, and written alike byte for byte', () => {
    const lines = [
      '# TYPE test_constant unknown',
      '# TYPE test_counter unknown',
      '# TYPE test_doubles unknown',
    ];
    let family = '';
    for (const { labels, columns } of floatSeries()) {
      const name = labels.get('__name__');
      if (name === 'test_steps') continue;
      if (name !== family) family = name;
      for (let i = 0; i < columns.length; i++) {
        const v = columns.v[i];
        const value = Number.isFinite(v) ? v : Number.isNaN(v) ? 'NaN' : v > 0 ? '+Inf' : '-Inf';
        lines.push(`${name}{timing="${labels.get('timing')}"} ${value} ${columns.t[i] / 1000}`);
      }
    }
    const file = join(root, 'in.om');
    writeFileSync(file, `${lines.join('\n')}\n# EOF\n`);
    const dir = join(root, 'from-openmetrics');
    mkdirSync(dir);
    execFileSync(promtool!, ['tsdb', 'create-blocks-from', 'openmetrics', file, dir]);
    expect(readdirSync(dir).filter(isUlid).length).toBe(3);
    const dump = promtoolDump(promtool!, dir);
    expect(dump.size).toBe(15);
    expect(dumpOf(dir)).toEqual(dump);
    // promtool pretends that its blocks are of twice their length.
    expectSameBytesAgain(dir, 4 * HOUR);
  });

  test('blocks of ours are read as they were written', () => {
    const dir = join(root, 'ours');
    mkdirSync(dir);
    const all = floatSeries();
    const names = [0, 2, 4].map((h) => writeBlock(dir, all, START + h * HOUR, START + (h + 2) * HOUR));
    const dump = promtoolDump(promtool!, dir);
    expect(dump.size).toBe(all.length);
    for (const { labels, columns } of all) {
      const samples = dump.get(goLabels(labels))!;
      expect(samples.size).toBe(columns.length);
      for (let i = 0; i < columns.length; i++) expect(samples.get(columns.t[i])).toBe(columns.v[i]);
    }
    const list = execFileSync(promtool!, ['tsdb', 'list', dir], { encoding: 'utf8' });
    for (const name of names) {
      const { ulid, stats } = readBlockMeta(name);
      const row = list.split('\n').find((line) => line.startsWith(ulid))!;
      expect(row.split(/ {2,}/).slice(4, 7)).toEqual(
        [stats!.numSamples, stats!.numChunks, stats!.numSeries].map(String),
      );
      const report = execFileSync(promtool!, ['tsdb', 'analyze', '--extended', dir, ulid], {
        encoding: 'utf8',
      });
      expect(report).toContain(`Total Series: ${stats!.numSeries}`);
    }
  });
});

describeWith('blocks and Prometheus', { prometheus, promtool }, () => {
  let server: RealPrometheus;
  let snapshot: string;
  const now = Math.floor((Date.now() - 24 * HOUR) / (2 * HOUR)) * 2 * HOUR;
  const series = fc.sample(histogramSeries, { numRuns: 150, seed: 7 });
  const labelsOf = (i: number) => labelsFromObject({ __name__: 'test_histogram', i: String(i) });

  /** Histograms with many buckets, which fill chunks by their size: over three hours. */
  const large: Histogram[] = Array.from({ length: 720 }, (_, k) => ({
    isFloat: false,
    counterReset: 0,
    schema: 3,
    zeroThreshold: 2 ** -128,
    zeroCount: k,
    count: k + 40 * (k + (k % 7)),
    sum: k * 1.7,
    stale: false,
    positiveSpans: [{ offset: -3, length: 40 }],
    negativeSpans: [],
    positiveBuckets: new Float64Array(40).fill(k + (k % 7)),
    negativeBuckets: new Float64Array(0),
    customValues: new Float64Array(0),
  }));

  beforeAll(async () => {
    server = await RealPrometheus.start(prometheus!, mkdtempSync(join(root, 'real-')));
    const floats = floatSeries();
    // In order of time, since Prometheus refuses what is an hour older than the newest.
    for (let from = 0; from < 5 * HOUR; from += HOUR / 2) {
      const in30m = (t: number) => t >= from && t < from + HOUR / 2;
      await server.write([
        ...floats.map(({ labels, columns }) => ({
          labels,
          samples: Array.from({ length: columns.length }, (_, i) => ({
            t: columns.t[i] - START,
            v: columns.v[i],
          }))
            .filter(({ t }) => in30m(t))
            .map(({ t, v }) => ({ t: t + now, v })),
        })),
        {
          labels: labelsOf(1000),
          histograms: large
            .map((h, k) => ({ t: k * 15_000, h }))
            .filter(({ t }) => in30m(t))
            .map(({ t, h }) => ({ t: t + now, h })),
        },
      ]);
      if (from === 0) {
        await server.write(
          series.map((all, i) => ({
            labels: labelsOf(i),
            histograms: all.map((h, k) => ({ t: now + k * 15_000, h })),
          })),
        );
      }
    }
    snapshot = await server.snapshot();
  });
  afterAll(() => server?.stop());

  test('its blocks are read alike', async () => {
    const mine = dumpOf(snapshot);
    const floats = new Map([...mine].filter(([name]) => !name.includes('test_histogram')));
    expect(floats.size).toBe(20);
    // promtool loses the first histograms of each series, so these are asked of the server.
    const dump = promtoolDump(promtool!, snapshot);
    expect(floats).toEqual(new Map([...dump].filter(([name]) => !name.includes('test_histogram'))));
    const histograms = new Map([...mine].filter(([name]) => name.includes('test_histogram')));
    expect(histograms.size).toBe(151);
    const at = { query: 'test_histogram[6h]', time: String((now + 5 * HOUR) / 1000) };
    const theirs = apiDump(await server.get('query', at));
    // The API does not show stale markers, nor a series of nothing else.
    for (const [name, samples] of histograms) {
      for (const [t, counts] of samples) if (counts === '0 NaN') samples.delete(t);
      if (samples.size === 0) histograms.delete(name);
    }
    expect(histograms).toEqual(theirs);
  });

  test('its chunks of histograms are the ones we make of the same samples', () => {
    const blocks = readdirSync(snapshot)
      .filter(isUlid)
      .map((name) => new BlockReader(join(snapshot, name)))
      .sort((a, b) => a.meta.minTime - b.meta.minTime);
    for (const [i, all] of [...series.entries(), [1000, large] as const]) {
      const theirs = new ChunkList();
      for (const block of blocks) {
        const set = block.select([new Matcher('=', 'i', String(i))], -Infinity, Infinity);
        if (set.length > 0) set.readChunks(0, theirs);
      }
      const ours = new ChunkList();
      const encoder = new SeriesEncoder(2 * HOUR, ours);
      const columns = new SampleColumns();
      for (const [k, h] of all.entries()) columns.pushHistogram(now + k * 15_000, h);
      encoder.append(columns);
      encoder.finish();
      expect(chunkTexts(ours), `series ${i}`).toEqual(chunkTexts(theirs));
    }
    for (const block of blocks) block.close();
  });

  test('its chunks of floats are the ones we make of the same samples', () => {
    for (const name of readdirSync(snapshot).filter(isUlid)) {
      const block = new BlockReader(join(snapshot, name));
      const set = block.select(
        [new Matcher('=~', '__name__', 'test_(constant|counter|doubles|steps)')],
        -Infinity,
        Infinity,
      );
      expect(set.length).toBeGreaterThan(0);
      const columns = new SampleColumns();
      const theirs = new ChunkList();
      const ours = new ChunkList();
      for (let i = 0; i < set.length; i++) {
        columns.clear();
        theirs.clear();
        ours.clear();
        set.read(i, columns);
        set.readChunks(i, theirs);
        const encoder = new SeriesEncoder(2 * HOUR, ours);
        encoder.append(columns);
        encoder.finish();
        expect(chunkTexts(ours)).toEqual(chunkTexts(theirs));
      }
      block.close();
    }
  });

  test('what was deleted in it is not read, and what we delete is not read by it', async () => {
    const dir = mkdtempSync(join(root, 'deleting-'));
    const data = join(dir, 'data');
    mkdirSync(data);
    const all = floatSeries();
    writeBlock(data, all, START, START + 2 * HOUR);
    const ours = writeBlock(data, all, START + 2 * HOUR, START + 4 * HOUR);
    const block = new BlockReader(ours);
    const { refs } = block.select([new Matcher('=', '__name__', 'test_counter')], -Infinity, Infinity);
    const tombstones = new Tombstones();
    for (const ref of refs) tombstones.add(ref, START + 2 * HOUR, START + 3 * HOUR);
    writeTombstones(ours, tombstones);
    block.close();

    const other = await RealPrometheus.start(prometheus!, dir);
    try {
      await other.get(
        'admin/tsdb/delete_series',
        {
          'match[]': 'test_doubles{timing=~"regular|fast"}',
          start: String(START / 1000 + 100),
          end: String(START / 1000 + 2000),
        },
        'POST',
      );
      const written = readdirSync(data)
        .filter(isUlid)
        .map((name) => readTombstones(join(data, name)).count);
      expect(written.sort()).toEqual([2, refs.length]);
      const at = { query: '{__name__=~"test_.*"}[5h]', time: String((START + 4 * HOUR) / 1000) };
      const theirs = apiDump(await other.get('query', at));
      const mine = dumpOf(data);
      // The API does not show stale markers.
      for (const [name, samples] of mine) {
        if (name.includes('test_steps')) for (const [t, v] of samples) if (Number.isNaN(v)) samples.delete(t);
      }
      expect(mine).toEqual(theirs);
      expect(
        mine.get(
          goLabels(labelsFromObject({ __name__: 'test_counter', timing: 'sparse', 'utf8.näme': 'ü' })),
        )!.size,
      ).toBe(35);
      expect(other.complaints).toEqual([]);
    } finally {
      await other.stop();
    }
  });

  test('blocks that overlap are read alike, also where they disagree', async () => {
    const dir = mkdtempSync(join(root, 'overlapping-'));
    const data = join(dir, 'data');
    mkdirSync(data);
    const other = (offset: number, add: number): PlainSeries[] =>
      [0, 7_000].map((shift, i) => {
        const columns = new SampleColumns();
        columns.reserve(400);
        for (let k = 0; k < 400; k++) {
          columns.t[k] = START + offset + shift * (add % 2) + k * 15_000;
          columns.v[k] = k + add;
        }
        columns.length = 400;
        return { labels: labelsFromObject({ __name__: 'test_overlap', i: String(i) }), columns };
      });
    writeBlock(data, other(0, 0), START, START + 2 * HOUR);
    writeBlock(data, other(HOUR / 2, 1001), START, START + 4 * HOUR);
    const server = await RealPrometheus.start(prometheus!, dir);
    try {
      const at = { query: 'test_overlap[5h]', time: String((START + 4 * HOUR) / 1000) };
      expect(dumpOf(data)).toEqual(apiDump(await server.get('query', at)));
    } finally {
      await server.stop();
    }
  });

  test('a copy of its blocks, written by us, is served without a complaint', async () => {
    const dir = mkdtempSync(join(root, 'copy-'));
    const data = join(dir, 'data');
    mkdirSync(data);
    for (const name of readdirSync(snapshot).filter(isUlid)) {
      const block = new BlockReader(join(snapshot, name));
      const set = block.select([], -Infinity, Infinity);
      const writer = new BlockWriter(data, { minTime: block.meta.minTime, maxTime: block.meta.maxTime });
      const columns = new SampleColumns();
      for (let i = 0; i < set.length; i++) {
        columns.clear();
        set.read(i, columns);
        writer.addSamples(set.labels(i), columns);
      }
      writer.finish();
      block.close();
    }
    const other = await RealPrometheus.start(prometheus!, dir);
    try {
      for (const query of [
        '{__name__=~"test_.*"}[6h]',
        'histogram_quantile(0.9, rate(test_histogram[1h]))',
      ]) {
        const at = { query, time: String((now + 5 * HOUR) / 1000) };
        expect(await other.get('query', at)).toEqual(await server.get('query', at));
      }
      expect(other.complaints).toEqual([]);
    } finally {
      await other.stop();
    }
  });
});

/**
 * Chunks as text. Prometheus encodes the last chunk of a head again when it writes it to a block, and then forgets
 * what was known of a counter reset: so the header of a series' last chunk is left out.
 */
function chunkTexts(chunks: ChunkList): string[] {
  return Array.from({ length: chunks.length }, (_, i) => {
    const data = Buffer.from(chunks.bytes.subarray(chunks.start[i], chunks.end[i]));
    if (i === chunks.length - 1 && encodingName(chunks.encoding[i]) !== 'XOR') data[2] = 0;
    return `${chunks.mint[i]}-${chunks.maxt[i]} ${encodingName(chunks.encoding[i])} ${chunks.count[i]} ${data.toString('hex')}`;
  });
}
