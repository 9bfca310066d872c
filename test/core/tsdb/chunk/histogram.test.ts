import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CorruptionError } from '../../../../src/core/errors.ts';
import { CounterReset, type Histogram, SampleColumns } from '../../../../src/core/model/index.ts';
import {
  chunkCounterReset,
  decodeChunk,
  Encoding,
  HistogramAppender,
} from '../../../../src/core/tsdb/chunk/index.ts';
import { histogram, histogramSeries, meaning, staleHistogram } from './histograms.ts';

const base = {
  isFloat: false,
  counterReset: CounterReset.unknown,
  schema: 2,
  zeroThreshold: 0.001,
  zeroCount: 1,
  sum: 10,
  positive: { 1: 3, 2: 4, 5: 1 },
  negative: { 3: 7 },
  customValues: [],
};

/** Appends all, a chunk after the other. */
function chunksOf(series: readonly Histogram[]): HistogramAppender[] {
  let open = new HistogramAppender(series[0].isFloat);
  const chunks = [open];
  series.forEach((h, i) => {
    const took = open.append(i * 15_000, h);
    if (took !== open) chunks.push(took);
    open = took;
  });
  return chunks;
}

function decoded(chunk: HistogramAppender): SampleColumns {
  const out = new SampleColumns();
  const bytes = chunk.bytes();
  decodeChunk(chunk.encoding, bytes, 0, bytes.length, out);
  return out;
}

describe('histogram chunks', () => {
  test('decode what was appended', () => {
    fc.assert(
      fc.property(histogramSeries, (series) => {
        const all = chunksOf(series).map(decoded);
        expect(all.flatMap((out) => [...out.t.subarray(0, out.length)])).toEqual(
          series.map((_, i) => i * 15_000),
        );
        expect(all.flatMap((out) => out.histograms!.map((h) => meaning(h!)))).toEqual(series.map(meaning));
      }),
    );
  });

  test('hold no lost counts, unless they are gauges', () => {
    fc.assert(
      fc.property(histogramSeries, (series) => {
        for (const chunk of chunksOf(series)) {
          const { histograms } = decoded(chunk);
          for (let i = 1; i < histograms!.length; i++) {
            const [a, b] = [histograms![i - 1]!, histograms![i]!];
            if (a.counterReset === CounterReset.gauge || b.stale) continue;
            expect(b.counterReset).toBe(CounterReset.notReset);
            expect(b.count).toBeGreaterThanOrEqual(a.count);
            b.positiveBuckets.forEach((count, k) => {
              expect(count).toBeGreaterThanOrEqual(a.positiveBuckets[k]);
            });
          }
        }
      }),
    );
  });

  test('can be resumed after any sample', () => {
    fc.assert(
      fc.property(histogramSeries, fc.nat(), (series, at) => {
        const k = at % series.length;
        const whole = chunksOf(series);
        const before = chunksOf(series.slice(0, k + 1));
        const last = before.at(-1)!;
        const copy = last.bytes().slice();
        let open = HistogramAppender.resume(last.encoding, copy, 0, copy.length);
        const chunks = [...before.slice(0, -1), open];
        for (let i = k + 1; i < series.length; i++) {
          const took = open.append(i * 15_000, series[i]);
          if (took !== open) chunks.push(took);
          open = took;
        }
        expect(chunks.map((c) => Buffer.from(c.bytes()).toString('hex'))).toEqual(
          whole.map((c) => Buffer.from(c.bytes()).toString('hex')),
        );
      }),
    );
  });

  test('take new buckets in, and fill up a histogram that lacks some', () => {
    const chunk = new HistogramAppender(false);
    expect(chunk.append(0, histogram(base))).toBe(chunk);
    expect(chunk.append(1, histogram({ ...base, positive: { 0: 1, 1: 3, 2: 4, 3: 9, 5: 1 } }))).toBe(chunk);
    expect(chunk.append(2, histogram({ ...base, positive: { 0: 1, 1: 3, 2: 4, 3: 9, 5: 2, 9: 1 } }))).toBe(
      chunk,
    );
    const { histograms } = decoded(chunk);
    expect(histograms!.map((h) => h!.positiveSpans)).toEqual(
      Array(3).fill([
        { offset: 0, length: 4 },
        { offset: 1, length: 1 },
        { offset: 3, length: 1 },
      ]),
    );
    expect(histograms!.map((h) => [...h!.positiveBuckets])).toEqual([
      [0, 3, 4, 0, 1, 0],
      [1, 3, 4, 9, 1, 0],
      [1, 3, 4, 9, 2, 1],
    ]);
  });

  test.each([
    ['a count that fell', { positive: { 1: 3, 2: 3, 5: 100 } }, CounterReset.reset],
    ['a bucket that went', { positive: { 1: 3, 5: 100 } }, CounterReset.reset],
    ['a zero count that fell', { zeroCount: 0, positive: { 1: 30, 2: 4, 5: 1 } }, CounterReset.reset],
    ['a hint', { counterReset: CounterReset.reset }, CounterReset.reset],
    ['another schema', { schema: 1 }, CounterReset.unknown],
    ['another zero threshold', { zeroThreshold: 0.5 }, CounterReset.unknown],
    ['being a gauge', { counterReset: CounterReset.gauge }, CounterReset.gauge],
  ])('are cut at %s', (_, change, header) => {
    const chunk = new HistogramAppender(false);
    chunk.append(0, histogram(base));
    const next = chunk.append(1, histogram({ ...base, ...change }));
    expect(next).not.toBe(chunk);
    expect(next.counterReset).toBe(header);
    expect(chunkCounterReset(next.encoding, next.bytes(), 0)).toBe(header);
    expect(chunk.count).toBe(1);
  });

  test('say in their header how they go on from the chunk before', () => {
    const before = new HistogramAppender(true);
    before.append(0, histogram({ ...base, isFloat: true }));
    const more = histogram({ ...base, isFloat: true, positive: { 1: 3.5, 2: 4, 5: 1 } });
    const less = histogram({ ...base, isFloat: true, positive: { 1: 2.5, 2: 4, 5: 1 } });
    expect(new HistogramAppender(true).append(1, more).counterReset).toBe(CounterReset.unknown);
    expect(new HistogramAppender(true).append(1, more, before).counterReset).toBe(CounterReset.notReset);
    expect(new HistogramAppender(true).append(1, less, before).counterReset).toBe(CounterReset.reset);
  });

  test('end with their stale markers', () => {
    const chunk = new HistogramAppender(false);
    chunk.append(0, histogram(base));
    expect(chunk.append(1, staleHistogram(false))).toBe(chunk);
    expect(chunk.append(2, staleHistogram(false))).toBe(chunk);
    expect(chunk.append(3, histogram(base))).not.toBe(chunk);
    expect(decoded(chunk).histograms!.map((h) => h!.stale)).toEqual([false, true, true]);
  });

  test('that are cut short or changed are decoded to something or refused', () => {
    const chunk = new HistogramAppender(false);
    for (let i = 0; i < 10; i++)
      chunk.append(i * 1000, histogram({ ...base, sum: i, positive: { 1: 3, 2: 4 + i, 5: i } }));
    const whole = chunk.bytes().slice();
    for (const encoding of [Encoding.histogram, Encoding.floatHistogram, Encoding.histogramST]) {
      for (let bit = 0; bit < whole.length * 8; bit++) {
        const broken = whole.slice();
        broken[bit >>> 3] ^= 1 << (bit & 7);
        for (const bytes of [broken, whole.slice(0, bit >>> 3)]) {
          try {
            decodeChunk(encoding, bytes, 0, bytes.length, new SampleColumns());
          } catch (error) {
            expect(error).toBeInstanceOf(CorruptionError);
          }
        }
      }
    }
    for (let size = 0; size < whole.length - 1; size++) {
      expect(() =>
        decodeChunk(Encoding.histogram, whole.slice(0, size), 0, size, new SampleColumns()),
      ).toThrow(CorruptionError);
    }
  });
});
