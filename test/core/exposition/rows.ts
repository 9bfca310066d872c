/** Rows as tests compare them, and generators of them. */
import fc from 'fast-check';
import { Batch } from '../../../src/core/exposition/batch.ts';
import type { ExpositionParser } from '../../../src/core/exposition/parser.ts';
import { type Family, SeriesTable } from '../../../src/core/exposition/series-table.ts';
import type { ExpositionWriter } from '../../../src/core/exposition/writer.ts';
import type { Exemplar } from '../../../src/core/model/exemplar.ts';
import type { CounterResetHint, Histogram, Span } from '../../../src/core/model/histogram.ts';
import { labelsFromObject } from '../../../src/core/model/labels.ts';
import { METRIC_TYPES } from '../../../src/core/model/metadata.ts';
import { readBits, writeBits } from '../../../src/core/model/value.ts';

/** One row with its NaN bits spelled out, so that deep equality compares everything. */
export interface Row {
  labels: Record<string, string>;
  /** Null stands for no timestamp. */
  t: number | null;
  /** The sixteen hexadecimal digits of the value; absent in a histogram's row. */
  bits?: string;
  histogram?: Histogram;
  exemplars?: { labels: Record<string, string>; v: number; t: number | undefined }[];
  st?: number;
  family?: Family;
}

export function bitsOf(vs: Float64Array, row: number): string {
  const halves = new Uint32Array(2);
  readBits(vs, row, halves);
  return [...halves].map((half) => half.toString(16).padStart(8, '0')).join('');
}

/** The value with these bits, in a column. */
export function columnOf(bits: string): Float64Array {
  const column = new Float64Array(1);
  writeBits(column, 0, Number.parseInt(bits.slice(0, 8), 16), Number.parseInt(bits.slice(8), 16));
  return column;
}

export function bits(v: number): string {
  return bitsOf(Float64Array.of(v), 0);
}

export function rowsOf(batch: Batch, table: SeriesTable): Row[] {
  const rows: Row[] = [];
  for (let i = 0; i < batch.length; i++) {
    const series = batch.series[i];
    const t = batch.t[i];
    const row: Row = { labels: { ...table.labels[series].toObject() }, t: Number.isNaN(t) ? null : t };
    const histogram = batch.histograms.get(i);
    if (histogram === undefined) row.bits = bitsOf(batch.v, i);
    else row.histogram = histogram;
    const exemplars = batch.exemplars.filter((e) => e.row === i);
    if (exemplars.length > 0) {
      row.exemplars = exemplars.map(({ exemplar: { labels, v, t: at } }) => ({
        labels: { ...labels.toObject() },
        v,
        t: at,
      }));
    }
    if (batch.st !== null && batch.st[i] !== 0) row.st = batch.st[i];
    const family = table.familyOf[series];
    if (family >= 0) row.family = table.families[family];
    rows.push(row);
  }
  return rows;
}

/** All rows of an input, given to the parser in pieces of `size` bytes. */
export function parseAll(
  make: (table: SeriesTable) => ExpositionParser,
  bytes: Uint8Array,
  size: number = bytes.length,
): Row[] {
  const table = new SeriesTable();
  const parser = make(table);
  const batch = new Batch();
  for (let at = 0; at < bytes.length; at += size) parser.write(bytes.subarray(at, at + size), batch);
  parser.end(batch);
  return rowsOf(batch, table);
}

/** Writes rows; each distinct label set is one Labels object, as a caller would have it. */
export function writeAll(writer: ExpositionWriter, rows: readonly Row[]): Uint8Array {
  const known = new Map<string, ReturnType<typeof labelsFromObject>>();
  for (const row of rows) {
    const key = JSON.stringify(row.labels);
    const labels = known.get(key) ?? labelsFromObject(row.labels);
    known.set(key, labels);
    const exemplars = (row.exemplars ?? []).map(
      (e): Exemplar => ({ labels: labelsFromObject(e.labels), v: e.v, t: e.t }),
    );
    const extras = exemplars.length > 0 || row.st ? { st: row.st ?? 0, exemplars } : undefined;
    writer.family(row.family ?? null);
    const t = row.t ?? Number.NaN;
    if (row.histogram) writer.histogram(labels, t, row.histogram, extras);
    else writer.sample(labels, t, columnOf(row.bits!), 0, extras);
  }
  writer.end();
  return writer.take().slice();
}

export const anyTime = fc.oneof(
  fc.integer({ min: 1_600_000_000_000, max: 1_800_000_000_000 }),
  fc.integer({ min: -5000, max: 5000 }),
);

/** Every bit pattern that matters: numbers of all kinds, infinities, the two NaNs with a meaning, other NaNs. */
export const anyBits = fc.oneof(
  { weight: 4, arbitrary: fc.double({ noNaN: true }).map(bits) },
  { weight: 2, arbitrary: fc.integer().map(bits) },
  { weight: 2, arbitrary: fc.integer({ min: -1e6, max: 1e6 }).map((n) => bits(n / 1000)) },
  fc.constantFrom('7ff8000000000001', '7ff0000000000002', '7ff8000000000000', 'fff800000000000a'),
  fc.constantFrom(bits(0), bits(-0), bits(Number.POSITIVE_INFINITY), bits(Number.NEGATIVE_INFINITY)),
);

/** Text that UTF-8 can hold. */
export const anyText = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 8 }).filter((s) => !/\p{Cs}/u.test(s)),
);

export const legacyName = fc
  .stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/)
  .filter((name) => name !== '__name__');

export function anyLabels(names: fc.Arbitrary<string>): fc.Arbitrary<Record<string, string>> {
  const values = anyText.filter((s) => s !== '');
  return fc
    .tuple(names, fc.dictionary(names, values, { maxKeys: 4, noNullPrototype: true }))
    .map(([name, labels]) => sorted({ ...labels, __name__: name }));
}

/** Label sets compare in their own order. */
export function sorted(labels: Record<string, string>): Record<string, string> {
  return { ...labelsFromObject(labels).toObject() };
}

const whole = fc.integer({ min: 0, max: 1e9 });

export function anyHistogram(
  times: 'sum may be stale' | 'never stale' = 'sum may be stale',
): fc.Arbitrary<Histogram> {
  const side = fc.array(
    fc.record({ offset: fc.integer({ min: 1, max: 9 }), length: fc.integer({ min: 1, max: 3 }) }),
    { maxLength: 3 },
  );
  return fc
    .record({
      isFloat: fc.boolean(),
      counterReset: fc.constantFrom<CounterResetHint>(0, 1, 2, 3),
      custom: fc.boolean(),
      schema: fc.integer({ min: -4, max: 8 }),
      zeroThreshold: fc.constantFrom(0, 1e-128, 0.001),
      zeroCount: whole,
      count: whole,
      sum: fc.double({ noNaN: true }),
      stale: times === 'never stale' ? fc.constant(false) : fc.boolean(),
      positiveSpans: side,
      negativeSpans: side,
      seed: fc.array(whole, { minLength: 18, maxLength: 18 }),
      factor: fc.constantFrom(0.5, 1.25),
    })
    .map(({ custom, seed, factor, ...h }): Histogram => {
      const scale = h.isFloat ? factor : 1;
      const buckets = (spans: readonly Span[]) => {
        let n = 0;
        for (const span of spans) n += span.length;
        return Float64Array.from(seed.slice(0, n), (v) => v * scale);
      };
      return {
        ...h,
        schema: custom ? -53 : h.schema,
        zeroThreshold: custom ? 0 : h.zeroThreshold,
        zeroCount: custom ? 0 : h.zeroCount * scale,
        count: h.count * scale,
        sum: h.stale ? Number.NaN : h.sum,
        negativeSpans: custom ? [] : h.negativeSpans,
        positiveBuckets: buckets(h.positiveSpans),
        negativeBuckets: custom ? new Float64Array(0) : buckets(h.negativeSpans),
        customValues: custom ? Float64Array.of(0.1, 1, 2.5) : new Float64Array(0),
      };
    });
}

export function anyFamily(names: fc.Arbitrary<string>): fc.Arbitrary<Family> {
  return fc.record({ name: names, type: fc.constantFrom(...METRIC_TYPES), help: anyText, unit: anyText });
}
