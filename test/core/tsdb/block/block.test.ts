import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { CorruptionError } from '../../../../src/core/errors.ts';
import { type Labels, labelsFromObject, Matcher, SampleColumns } from '../../../../src/core/model/index.ts';
import {
  BlockReader,
  BlockWriter,
  type BlockWriterOptions,
  readBlockMeta,
  readTombstones,
  Tombstones,
  writeBlockMeta,
  writeTombstones,
} from '../../../../src/core/tsdb/block/index.ts';
import { ChunkList, decodeChunk } from '../../../../src/core/tsdb/chunk/index.ts';
import { histogram } from '../chunk/histograms.ts';

const root = mkdtempSync(join(tmpdir(), 'tsmon-block-'));
afterAll(() => rmSync(root, { recursive: true }));
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(root, 'data-'));
});

interface PlainSeries {
  labels: Labels;
  samples: [t: number, v: number][];
}

function columnsOf(samples: readonly [number, number][]): SampleColumns {
  const columns = new SampleColumns();
  columns.reserve(samples.length);
  for (const [t, v] of samples) {
    columns.t[columns.length] = t;
    columns.v[columns.length++] = v;
  }
  return columns;
}

function rowsOf(columns: SampleColumns): [number, number][] {
  return Array.from({ length: columns.length }, (_, i) => [columns.t[i], columns.v[i]]);
}

function write(all: readonly PlainSeries[], options?: BlockWriterOptions): string {
  const writer = new BlockWriter(dir, options);
  for (const { labels, samples } of all) writer.addSamples(labels, columnsOf(samples));
  return join(dir, writer.finish()!.ulid);
}

function readAll(path: string, matchers: Matcher[] = [], mint = -Infinity, maxt = Infinity): PlainSeries[] {
  const block = new BlockReader(path);
  try {
    const set = block.select(matchers, mint, maxt);
    return Array.from({ length: set.length }, (_, i) => {
      const out = new SampleColumns();
      set.read(i, out);
      return { labels: set.labels(i), samples: rowsOf(out) };
    });
  } finally {
    block.close();
  }
}

const plain = (all: readonly PlainSeries[]) => all.map((s) => [s.labels.toString(), s.samples]);

const hours: PlainSeries[] = Array.from({ length: 20 }, (_, s) => ({
  labels: labelsFromObject({ __name__: 'requests_total', instance: `host-${String(s).padStart(2, '0')}` }),
  samples: Array.from({ length: 500 }, (_, i): [number, number] => [1_700_000_000_000 + i * 15_000, i * s]),
}));

describe('a block', () => {
  test('gives back what was written', () => {
    expect(plain(readAll(write(hours)))).toEqual(plain(hours));
  });

  test('says of itself what it is', () => {
    const path = write(hours, { ulid: '01JDXW8V1MDGWXC5Z0Q7HQ3P5R' });
    expect(readBlockMeta(path)).toEqual({
      ulid: '01JDXW8V1MDGWXC5Z0Q7HQ3P5R',
      minTime: 1_700_000_000_000,
      maxTime: 1_700_000_000_000 + 499 * 15_000 + 1,
      stats: { numSamples: 10_000, numFloatSamples: 10_000, numSeries: 20, numChunks: 80 },
      compaction: { level: 1, sources: ['01JDXW8V1MDGWXC5Z0Q7HQ3P5R'] },
      version: 1,
    });
    expect(readdirSync(path).sort()).toEqual(['chunks', 'index', 'meta.json', 'tombstones']);
    expect(readdirSync(dir)).toEqual(['01JDXW8V1MDGWXC5Z0Q7HQ3P5R']);
  });

  test('gives only the times and series asked for', () => {
    const path = write(hours);
    const mint = 1_700_000_000_000 + 1_000_000;
    const maxt = mint + 60_000;
    const want = hours
      .filter((s) => s.labels.get('instance') < 'host-05')
      .map((s) => ({ labels: s.labels, samples: s.samples.filter(([t]) => t >= mint && t <= maxt) }));
    expect(plain(readAll(path, [new Matcher('=~', 'instance', 'host-0[0-4]')], mint, maxt))).toEqual(
      plain(want),
    );
  });

  test('leaves out series that have no chunk in the range', () => {
    const early: PlainSeries = { labels: labelsFromObject({ a: '1' }), samples: [[0, 1]] };
    const late: PlainSeries = { labels: labelsFromObject({ a: '2' }), samples: [[1000, 2]] };
    const path = write([early, late]);
    expect(plain(readAll(path, [], 500, 2000))).toEqual(plain([late]));
    expect(plain(readAll(path, [], 0, 0))).toEqual(plain([early]));
    expect(readAll(path, [], 1001, 2000)).toEqual([]);
  });

  test('holds floats and histograms of one series', () => {
    const columns = columnsOf([
      [1000, 1],
      [2000, 2],
    ]);
    const h = histogram({
      isFloat: false,
      counterReset: 0,
      schema: 0,
      zeroThreshold: 0,
      zeroCount: 0,
      sum: 1,
      positive: { 1: 2 },
      negative: {},
      customValues: [],
    });
    columns.pushHistogram(3000, h);
    columns.pushHistogram(4000, { ...h, isFloat: true });
    columns.reserve(5);
    columns.t[4] = 5000;
    columns.v[4] = 5;
    columns.length = 5;
    const writer = new BlockWriter(dir);
    writer.addSamples(labelsFromObject({ a: 'b' }), columns);
    const meta = writer.finish()!;
    expect(meta.stats).toEqual({
      numSamples: 5,
      numFloatSamples: 3,
      numHistogramSamples: 2,
      numSeries: 1,
      numChunks: 4,
    });
    const block = new BlockReader(join(dir, meta.ulid));
    const out = new SampleColumns();
    block.select([], 0, 1e9).read(0, out);
    block.close();
    expect(rowsOf(out)).toEqual([
      [1000, 1],
      [2000, 2],
      [3000, 0],
      [4000, 0],
      [5000, 5],
    ]);
    expect([2, 3, 4].map((i) => out.histograms![i]?.isFloat)).toEqual([false, true, undefined]);
  });

  test('spreads its chunks over segments', () => {
    const path = write(hours, { segmentBytes: 1000 });
    const segments = readdirSync(join(path, 'chunks')).sort();
    expect(segments.length).toBeGreaterThan(5);
    expect(segments.slice(0, 2)).toEqual(['000001', '000002']);
    for (const name of segments)
      expect(readFileSync(join(path, 'chunks', name)).length).toBeLessThanOrEqual(1000);
    expect(plain(readAll(path))).toEqual(plain(hours));
  });

  test('is not there until it is finished, and not at all without series', () => {
    const writer = new BlockWriter(dir);
    writer.addSamples(hours[0].labels, columnsOf(hours[0].samples));
    expect(readdirSync(dir).every((name) => name.endsWith('.tmp-for-creation'))).toBe(true);
    writer.abort();
    expect(readdirSync(dir)).toEqual([]);
    expect(new BlockWriter(dir).finish()).toBeUndefined();
    const without = new BlockWriter(dir);
    without.addSamples(hours[0].labels, new SampleColumns());
    expect(without.finish()).toBeUndefined();
    expect(readdirSync(dir)).toEqual([]);
  });

  test('reads a small part of itself for a small question', () => {
    const many = Array.from({ length: 3000 }, (_, s) => ({
      labels: labelsFromObject({ __name__: `metric_${String(s).padStart(5, '0')}`, job: 'node' }),
      samples: Array.from({ length: 100 }, (_, i): [number, number] => [i * 15_000, Math.sin(s * i)]),
    }));
    const path = write(many);
    const block = new BlockReader(path);
    const set = block.select([new Matcher('=', '__name__', 'metric_01234')], 0, 1e9);
    const out = new SampleColumns();
    set.read(0, out);
    expect(out.length).toBe(100);
    const size = readFileSync(join(path, 'chunks', '000001')).length + block.index.sizeBytes;
    expect(block.bytesRead).toBeLessThan(size / 8);
    block.close();
  });
});

describe('tombstones', () => {
  test('hide samples, also from those who copy chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(3), fc.integer({ min: -50, max: 600 }), fc.nat(300)), { maxLength: 6 }),
        (deletions) => {
          const all = hours.slice(0, 4);
          const path = write(all);
          const block = new BlockReader(path);
          const refs = block.select([], -Infinity, Infinity).refs;
          block.close();
          const tombstones = new Tombstones();
          const start = hours[0].samples[0][0];
          let want = all;
          for (const [s, from, length] of deletions) {
            const mint = start + from * 15_000 - 7;
            const maxt = mint + length * 15_000;
            tombstones.add(refs[s], mint, maxt);
            want = want.map((series, i) =>
              i === s ? { ...series, samples: series.samples.filter(([t]) => t < mint || t > maxt) } : series,
            );
          }
          writeTombstones(path, tombstones);
          expect(plain(readAll(path))).toEqual(plain(want));
          const again = new BlockReader(path);
          const set = again.select([], -Infinity, Infinity);
          const chunks = new ChunkList();
          want.forEach((series, i) => {
            chunks.clear();
            set.readChunks(i, chunks);
            const out = new SampleColumns();
            for (let c = 0; c < chunks.length; c++) {
              const from = out.length;
              decodeChunk(chunks.encoding[c], chunks.bytes, chunks.start[c], chunks.end[c], out);
              expect(out.length - from).toBe(chunks.count[c]);
              expect([out.t[from], out.t[out.length - 1]]).toEqual([chunks.mint[c], chunks.maxt[c]]);
            }
            expect(rowsOf(out)).toEqual(series.samples);
          });
          again.close();
          rmSync(path, { recursive: true });
        },
      ),
      { numRuns: 30 },
    );
  });

  test('are read as they were written', () => {
    const tombstones = new Tombstones();
    tombstones.add(7, -5, 10);
    tombstones.add(2 ** 32 + 5, 100, 200);
    tombstones.add(7, 11, 20);
    tombstones.add(7, 40, 50);
    writeTombstones(dir, tombstones);
    expect([...readTombstones(dir)]).toEqual([
      [7, [-5, 20, 40, 50]],
      [2 ** 32 + 5, [100, 200]],
    ]);
    expect(tombstones.count).toBe(3);
    expect(existsSync(join(dir, 'tombstones.tmp'))).toBe(false);
  });

  test('that are damaged are refused', () => {
    const tombstones = new Tombstones();
    tombstones.add(7, -5, 10);
    writeTombstones(dir, tombstones);
    const file = join(dir, 'tombstones');
    const whole = readFileSync(file);
    for (let at = 0; at < whole.length; at++) {
      for (const bytes of [whole.subarray(0, at), flipped(whole, at)]) {
        writeFileSync(file, bytes);
        expect(() => readTombstones(dir)).toThrow(CorruptionError);
      }
    }
    rmSync(file);
    expect(readTombstones(dir).size).toBe(0);
  });
});

describe('a damaged block', () => {
  const small: PlainSeries[] = hours.slice(0, 2).map((s) => ({ ...s, samples: s.samples.slice(0, 5) }));

  test('with a broken chunk says which, and reads on elsewhere', () => {
    const path = write(small);
    const file = join(path, 'chunks', '000001');
    const whole = readFileSync(file);
    for (let at = 0; at < whole.length; at++) {
      for (const bytes of [whole.subarray(0, at), flipped(whole, at)]) {
        writeFileSync(file, bytes);
        const block = new BlockReader(path);
        const set = block.select([], -Infinity, Infinity);
        const outcomes = [0, 1].map((i) => {
          const out = new SampleColumns();
          try {
            set.read(i, out);
            expect(rowsOf(out)).toEqual(small[i].samples);
            return 'read';
          } catch (error) {
            if (!(error instanceof CorruptionError)) throw error;
            expect(error.place.file).toBe(file);
            expect(error.place.offset).toBeLessThanOrEqual(whole.length);
            return 'refused';
          }
        });
        block.close();
        // Only the three bytes of padding in the header are nobody's.
        if (bytes.length === whole.length && (at < 5 || at > 7)) expect(outcomes).toContain('refused');
        if (at >= 8)
          expect(outcomes).toContain(bytes.length === whole.length || at > 40 ? 'read' : 'refused');
      }
    }
  });

  test('with a broken meta.json is refused', () => {
    const path = write(small);
    const file = join(path, 'meta.json');
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      '{"version": 2}',
      '{"version": 1}',
      '{"version":1,"ulid":"x","minTime":"y"}',
    ]) {
      writeFileSync(file, text);
      expect(() => new BlockReader(path)).toThrow(CorruptionError);
    }
  });
});

test('meta.json keeps what is not known here', () => {
  const meta = {
    ulid: '01JDXW8V1MDGWXC5Z0Q7HQ3P5R',
    minTime: -5,
    maxTime: 10,
    compaction: { level: 2, sources: ['a'], parents: [{ ulid: 'b', minTime: 1, maxTime: 2 }], failed: true },
    version: 1,
    thanos: { labels: { cluster: 'x' } },
  };
  writeBlockMeta(dir, meta);
  expect(readBlockMeta(dir)).toEqual(meta);
  expect(readFileSync(join(dir, 'meta.json'), 'utf8')).toContain(
    '\n\t"ulid": "01JDXW8V1MDGWXC5Z0Q7HQ3P5R",\n',
  );
});

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] ^= 0x10;
  return copy;
}
