import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { CorruptionError } from '../../../../src/core/errors.ts';
import { compareStrings, type Labels, labelsFromObject, Matcher } from '../../../../src/core/model/index.ts';
import { runSteps } from '../../../../src/core/tsdb/compaction/index.ts';
import {
  ChunkMetas,
  IndexReader,
  IndexWriter,
  PageCache,
  selectingLabelNames,
  selectingLabelValues,
  selectPostings,
} from '../../../../src/core/tsdb/index/index.ts';
import { indexV1, type PlainSeries } from './index-v1.ts';

const dir = mkdtempSync(join(tmpdir(), 'tsmon-index-'));
afterAll(() => rmSync(dir, { recursive: true }));
let files = 0;
const newPath = () => join(dir, `index-${files++}`);

function write(all: readonly PlainSeries[], path = newPath()): string {
  const writer = new IndexWriter(path);
  const metas = new ChunkMetas();
  for (const { labels, chunks } of all) {
    metas.length = 0;
    for (const { mint, maxt, ref } of chunks) metas.push(mint, maxt, ref);
    writer.add(labels, metas);
  }
  writer.finish();
  return path;
}

function chunksOf(index: IndexReader, ref: number, mint = -Infinity, maxt = Infinity): PlainSeries['chunks'] {
  const metas = new ChunkMetas();
  index.chunks(ref, mint, maxt, metas);
  return Array.from({ length: metas.length }, (_, i) => ({
    mint: metas.mint[i],
    maxt: metas.maxt[i],
    ref: metas.ref[i],
  }));
}

const text = fc.oneof(
  fc.constantFrom('a', 'b', 'ab', 'abc', 'é', '\u{10ffff}', '\uffff', 'x'.repeat(200)),
  fc.string({ minLength: 1, maxLength: 4 }),
);
const series: fc.Arbitrary<PlainSeries[]> = fc
  .array(
    fc.record({
      pairs: fc.dictionary(fc.constantFrom('__name__', 'a', 'b', 'job', 'é', '\u{10400}'), text, {
        minKeys: 1,
      }),
      chunks: fc.array(fc.tuple(fc.nat(1000), fc.nat(1000), fc.nat(2 ** 20)), { minLength: 1, maxLength: 4 }),
      start: fc.integer({ min: -(2 ** 42), max: 2 ** 42 }),
    }),
    { maxLength: 80 },
  )
  .map((rows) => {
    const unique = new Map(
      rows.map(({ pairs, chunks, start }) => {
        const labels = labelsFromObject(pairs);
        let t = start;
        return [
          labels.toString(),
          {
            labels,
            chunks: chunks.map(([gap, length, ref], i) => {
              const mint = t + gap + (i > 0 ? 1 : 0);
              t = mint + length;
              return { mint, maxt: t, ref: 2 ** 32 + ref };
            }),
          },
        ];
      }),
    );
    return [...unique.values()].sort((a, b) => a.labels.compare(b.labels));
  });

const matcher = fc
  .record({
    type: fc.constantFrom('=', '!=', '=~', '!~'),
    name: fc.constantFrom('__name__', 'a', 'b', 'job', 'é', 'absent', ''),
    value: fc.oneof(fc.constantFrom('', 'a', 'b', 'abc', 'é'), text),
    pattern: fc.constantFrom('', 'a', 'a|b', 'a.*', '.*', '.+', 'ab?c?', '|a', '[^a]+', 'é|x+'),
  })
  .map(({ type, name, value, pattern }) => {
    const t = type as '=' | '!=' | '=~' | '!~';
    return new Matcher(t, name, t.endsWith('~') ? pattern : value);
  });

const holds = (labels: Labels, matchers: readonly Matcher[]) =>
  matchers.every((m) => m.matches(labels.get(m.name)));

describe.each([
  ['2', (all: PlainSeries[]) => write(all)],
  [
    '1',
    (all: PlainSeries[]) => {
      const path = newPath();
      writeFileSync(path, indexV1(all));
      return path;
    },
  ],
])('an index of version %s', (_, make) => {
  test('gives back its series', () => {
    fc.assert(
      fc.property(series, (all) => {
        const index = new IndexReader(make(all));
        const refs = index.allPostings();
        expect([...refs].map((ref) => index.labels(ref).toString())).toEqual(
          all.map((s) => s.labels.toString()),
        );
        expect([...refs].map((ref) => chunksOf(index, ref))).toEqual(all.map((s) => s.chunks));
        index.close();
      }),
      { numRuns: 40 },
    );
  });

  test('finds the series, names and values that a scan finds', () => {
    fc.assert(
      fc.property(series, fc.array(matcher, { maxLength: 3 }), (all, matchers) => {
        const index = new IndexReader(make(all));
        const want = all.filter((s) => holds(s.labels, matchers));
        const found = [...selectPostings(index, matchers)].map((ref) => index.labels(ref).toString());
        expect(found).toEqual(want.map((s) => s.labels.toString()));
        const names = new Set(want.flatMap((s) => [...s.labels.names]));
        expect(runSteps(selectingLabelNames(index, matchers))).toEqual([...names].sort(compareStrings));
        const values = new Set(want.map((s) => s.labels.get('a')).filter((value) => value !== ''));
        expect(runSteps(selectingLabelValues(index, 'a', matchers))).toEqual(
          [...values].sort(compareStrings),
        );
        index.close();
      }),
      { numRuns: 100 },
    );
  });

  test('leaves out the chunks of other times', () => {
    fc.assert(
      fc.property(series, fc.nat(), fc.nat(3000), (all, at, length) => {
        if (all.length === 0) return;
        const index = new IndexReader(make(all));
        const refs = index.allPostings();
        const i = at % all.length;
        const mint = all[i].chunks[0].mint + (at % 2000) - 500;
        const maxt = mint + length;
        const want = all[i].chunks.filter((c) => c.maxt >= mint && c.mint <= maxt);
        expect(chunksOf(index, refs[i], mint, maxt)).toEqual(want);
        expect(index.series(refs[i]).hasChunkIn(mint, maxt)).toBe(want.length > 0);
        index.close();
      }),
      { numRuns: 40 },
    );
  });
});

describe('an index of many series', () => {
  const many: PlainSeries[] = Array.from({ length: 5000 }, (_, i) => ({
    labels: labelsFromObject({
      __name__: `metric_${i % 7}`,
      instance: `host-${String(i % 500).padStart(4, '0')}:9100`,
      path: `/some/rather/long/path/that/fills/pages/${i}`,
    }),
    chunks: [{ mint: i, maxt: i + 10, ref: i * 100 + 8 }],
  })).sort((a, b) => a.labels.compare(b.labels));
  const path = write(many);

  test('is looked up across pages, with few of them cached', () => {
    const index = new IndexReader(path, new PageCache(0));
    const refs = index.allPostings();
    expect(refs.length).toBe(many.length);
    for (let i = 0; i < many.length; i += 37) expect(index.labels(refs[i]).equals(many[i].labels)).toBe(true);
    expect(index.labelValues('path').length).toBe(5000);
    expect(
      selectPostings(index, [new Matcher('=', 'path', '/some/rather/long/path/that/fills/pages/4711')])
        .length,
    ).toBe(1);
    expect(selectPostings(index, [new Matcher('=~', 'path', '.*/471.')]).length).toBe(10);
    const one = [new Matcher('=', 'instance', 'host-0042:9100'), new Matcher('!=', '__name__', 'metric_0')];
    expect(runSteps(selectingLabelValues(index, 'path', one)).length).toBe(8);
    index.close();
  });

  test('is not read whole to be opened', () => {
    const index = new IndexReader(path);
    expect(index.bytesRead).toBeLessThan(70_000);
    index.close();
  });

  test('leaves nothing beside it', () => {
    expect(readdirSync(dir).filter((name) => name.endsWith('.spill'))).toEqual([]);
  });
});

test('an index writer refuses series out of order', () => {
  const writer = new IndexWriter(newPath());
  const metas = new ChunkMetas();
  metas.push(0, 1, 8);
  writer.add(labelsFromObject({ a: 'b' }), metas);
  expect(() => writer.add(labelsFromObject({ a: 'a' }), metas)).toThrow(RangeError);
  expect(() => writer.add(labelsFromObject({ a: 'b' }), metas)).toThrow(RangeError);
  writer.abandon();
});

describe('a damaged index', () => {
  const all: PlainSeries[] = Array.from({ length: 4 }, (_, i) => ({
    labels: labelsFromObject({ __name__: 'm', i: String(i), ...(i % 2 === 0 && { odd: 'no' }) }),
    chunks: [
      { mint: i * 10, maxt: i * 10 + 5, ref: 8 },
      { mint: i * 10 + 6, maxt: i * 10 + 9, ref: 100 },
    ],
  }));

  function readAll(bytes: Uint8Array): unknown {
    const path = newPath();
    writeFileSync(path, bytes);
    const index = new IndexReader(path);
    try {
      const refs = index.allPostings();
      return [
        [...refs].map((ref) => [index.labels(ref).toString(), chunksOf(index, ref)]),
        index
          .labelNames()
          .map((name) => [
            name,
            index.labelValues(name).map((value) => [value, [...index.postings(name, value)]]),
          ]),
      ];
    } finally {
      index.close();
    }
  }

  test.each([
    ['2', readFileSync(write(all))],
    ['1', Buffer.from(indexV1(all))],
  ])('of version %s is refused, with the place, or reads as it was', (_, whole) => {
    const want = readAll(whole);
    for (let at = 0; at < whole.length; at++) {
      for (const bytes of [whole.subarray(0, at), flipped(whole, at, 1), flipped(whole, at, 0x80)]) {
        try {
          expect(readAll(bytes)).toEqual(want);
        } catch (error) {
          if (!(error instanceof CorruptionError)) throw error;
          expect(error.place.file).toContain(dir);
          expect(error.place.offset).toBeLessThanOrEqual(whole.length);
        }
      }
    }
  });
});

function flipped(bytes: Uint8Array, at: number, mask: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] ^= mask;
  return copy;
}
