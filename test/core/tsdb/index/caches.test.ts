import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { labelsFromObject, Matcher } from '../../../../src/core/model/index.ts';
import {
  ChunkMetas,
  IndexReader,
  IndexWriter,
  PageCache,
  SelectionCache,
  SeriesCache,
} from '../../../../src/core/tsdb/index/index.ts';

const dir = mkdtempSync(join(tmpdir(), 'tsmon-caches-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** `count` series, number i of which has i % 50 + 1 chunks. */
function write(name: string, count: number): string {
  const path = join(dir, name);
  const writer = new IndexWriter(path);
  const metas = new ChunkMetas();
  for (let i = 0; i < count; i++) {
    metas.length = 0;
    for (let c = 0; c <= i % 50; c++) metas.push(i + c * 100, i + c * 100 + 99, i * 1000 + c * 8);
    writer.add(labelsFromObject({ __name__: 'm', i: String(i).padStart(6, '0') }), metas);
  }
  writer.finish();
  return path;
}

describe('the caches of an index', () => {
  const count = 3000;
  const paths = [write('one', count), write('two', count)];

  // Room for everything, for a part of it, and for next to nothing.
  test.each([1 << 24, 200_000, 10])('change no answer, with %i bytes for the series', (budget) => {
    const pages = new PageCache(budget);
    const series = new SeriesCache(budget);
    const indexes = paths.map((path) => new IndexReader(path, pages, series));
    const refs = indexes.map((index) => index.allPostings());
    const metas = new ChunkMetas();
    let seed = 7;
    for (let n = 0; n < 20_000; n++) {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      const which = (seed >> 8) & 1;
      // Some are asked for again and again.
      const i = (seed & 0x10000) === 0 ? seed % 40 : seed % count;
      const index = indexes[which];
      const ref = refs[which][i];
      switch ((seed >> 9) % 3) {
        case 0:
          expect(index.labels(ref).get('i')).toBe(String(i).padStart(6, '0'));
          break;
        case 1: {
          const from = i + ((seed >> 4) % 60) * 100;
          expect(index.series(ref).hasChunkIn(from, from + 10)).toBe(from < i + ((i % 50) + 1) * 100);
          break;
        }
        default: {
          metas.length = 0;
          index.chunks(ref, i + 150, i + 420, metas);
          const last = Math.min(4, i % 50);
          expect(Array.from(metas.ref.subarray(0, metas.length))).toEqual(
            [1, 2, 3, 4].filter((c) => c <= last).map((c) => i * 1000 + c * 8),
          );
        }
      }
    }
    for (const index of indexes) index.close();
  });

  test('ask for a selection once', () => {
    const cache = new SelectionCache();
    const matchers = (value: string) => [new Matcher('=', 'a', value)];
    let asked = 0;
    const select = (n: number) => () => {
      asked++;
      return new Uint32Array(n).fill(n);
    };
    expect(cache.get(matchers('x'), select(3))).toEqual(Uint32Array.of(3, 3, 3));
    expect(cache.get(matchers('x'), select(4))).toEqual(Uint32Array.of(3, 3, 3));
    expect(cache.get(matchers('y'), select(1))).toEqual(Uint32Array.of(1));
    expect(asked).toBe(2);
  });

  test('drop the selections that were not asked for lately where they are large', () => {
    const cache = new SelectionCache();
    const matchers = (value: number) => [new Matcher('=', 'a', String(value))];
    let asked = 0;
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 10; i++) {
        cache.get(matchers(0), () => new Uint32Array(1));
        cache.get(matchers(i + 1), () => {
          asked++;
          return new Uint32Array(100_000);
        });
      }
    }
    expect(asked).toBe(20);
    cache.get(matchers(0), () => {
      throw new Error('was dropped');
    });
  });
});
