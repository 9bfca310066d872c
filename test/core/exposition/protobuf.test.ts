import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtobufWriter as WireWriter } from '../../../src/core/encoding/protobuf-writer.ts';
import { InputError } from '../../../src/core/errors.ts';
import { Batch } from '../../../src/core/exposition/batch.ts';
import type { ParserOptions } from '../../../src/core/exposition/parser.ts';
import { ProtobufParser } from '../../../src/core/exposition/protobuf-parser.ts';
import { ProtobufWriter } from '../../../src/core/exposition/protobuf-writer.ts';
import { type Family, SeriesTable } from '../../../src/core/exposition/series-table.ts';
import { labelsFromObject } from '../../../src/core/model/labels.ts';
import {
  anyBits,
  anyHistogram,
  anyLabels,
  anyText,
  anyTime,
  bits,
  parseAll,
  type Row,
  rowsOf,
  sorted,
  writeAll,
} from './rows.ts';

const parse = (bytes: Uint8Array, options: ParserOptions = {}, size?: number) =>
  parseAll((table) => new ProtobufParser(table, options), bytes, size);
const write = (rows: readonly Row[]) => writeAll(new ProtobufWriter({}), rows);

type Fields = (out: WireWriter) => void;

/** A delimited MetricFamily, by hand. */
function family(name: string, type: number, ...metrics: Fields[]): Uint8Array {
  const out = new WireWriter();
  const start = out.open();
  out.string(1, name);
  out.string(2, `help of ${name}`);
  out.uint(3, type);
  for (const metric of metrics) message(4, metric)(out);
  out.finish(start);
  return out.take().slice();
}

function message(number: number, ...fields: Fields[]): Fields {
  return (out) => {
    const start = out.begin(number);
    for (const write of fields) write(out);
    out.finish(start);
  };
}

const label = (name: string, value: string): Fields =>
  message(1, (out) => {
    out.string(1, name);
    out.string(2, value);
  });
const double =
  (number: number, v: number): Fields =>
  (out) =>
    out.double(number, v);
const uint =
  (number: number, v: number): Fields =>
  (out) =>
    out.uint(number, v);
const all =
  (...fields: Fields[]): Fields =>
  (out) => {
    for (const write of fields) write(out);
  };

const COUNTER = 0;
const GAUGE = 1;
const SUMMARY = 2;
const UNTYPED = 3;
const HISTOGRAM = 4;
const GAUGE_HISTOGRAM = 5;

const named = (name: string, labels: Record<string, string> = {}) => sorted({ __name__: name, ...labels });
const known = (name: string, type: Family['type']) => ({ name, type, help: `help of ${name}`, unit: '' });

describe('protobuf, read', () => {
  it('reads counters, gauges and untyped values with their labels and times', () => {
    const exemplar = message(
      2,
      label('trace_id', 'x'),
      double(2, 0.5),
      message(3, uint(1, 7), uint(2, 500_000_000)),
    );
    const created = message(3, uint(1, 1000));
    const rows = parse(
      Buffer.concat([
        family(
          'c_total',
          COUNTER,
          all(label('a', 'b'), message(3, double(1, 3), exemplar, created), uint(6, 1500)),
        ),
        family('g', GAUGE, all(label('b', 'é'), label('a', ''), message(2, double(1, -0)))),
        family('u', UNTYPED, message(5)),
      ]),
    );
    expect(rows).toEqual([
      {
        labels: named('c_total', { a: 'b' }),
        t: 1500,
        bits: bits(3),
        st: 1_000_000,
        exemplars: [{ labels: { trace_id: 'x' }, v: 0.5, t: 7500 }],
        family: known('c_total', 'counter'),
      },
      { labels: named('g', { b: 'é' }), t: null, bits: bits(-0), family: known('g', 'gauge') },
      { labels: named('u'), t: null, bits: bits(0), family: known('u', 'unknown') },
    ]);
  });

  it('makes the series of summaries and classic histograms, with bounds as Prometheus 3 spells them', () => {
    const quantile = (q: number, v: number) => message(3, double(1, q), double(2, v));
    const bucket = (le: number, n: number) => message(3, uint(1, n), double(2, le));
    const rows = parse(
      Buffer.concat([
        family(
          's',
          SUMMARY,
          message(4, uint(1, 5), double(2, 9.5), quantile(0.5, 1), quantile(1, Number.NaN)),
        ),
        family('h', HISTOGRAM, message(7, uint(1, 5), double(2, 9.5), bucket(1, 2), bucket(1e6, 4))),
        family('g', GAUGE_HISTOGRAM, message(7, double(4, 2.5), bucket(Number.POSITIVE_INFINITY, 2))),
      ]),
    );
    expect(
      rows.map((row) => [row.labels['__name__'], row.labels['le'] ?? row.labels['quantile'], row.bits]),
    ).toEqual([
      ['s_count', undefined, bits(5)],
      ['s_sum', undefined, bits(9.5)],
      ['s', '0.5', bits(1)],
      ['s', '1.0', bits(Number.NaN)],
      ['h_count', undefined, bits(5)],
      ['h_sum', undefined, bits(9.5)],
      ['h_bucket', '1.0', bits(2)],
      ['h_bucket', '1e+06', bits(4)],
      ['h_bucket', '+Inf', bits(5)],
      ['g_count', undefined, bits(2.5)],
      ['g_sum', undefined, bits(0)],
      ['g_bucket', '+Inf', bits(2)],
    ]);
    expect(new Set(rows.map((row) => row.family!.type))).toEqual(
      new Set(['summary', 'histogram', 'gaugehistogram']),
    );
  });

  it('reads native histograms, packed or not, and classic series beside them only when asked', () => {
    const native = message(
      7,
      uint(1, 6),
      double(2, 12),
      (out) => out.sint(5, 3),
      double(6, 0.001),
      uint(7, 1),
      message(9, (out) => out.sint(1, -2), uint(2, 1)),
      (out) => out.sint(10, 1),
      message(12, uint(2, 2)),
      message(12, (out) => out.sint(1, 4), uint(2, 1)),
      message(13, (out) => {
        out.rawSint(1);
        out.rawSint(1);
        out.rawSint(-1);
      }),
      message(3, uint(1, 6), double(2, Number.POSITIVE_INFINITY)),
      message(16, label('a', 'b'), double(2, 1), message(3, uint(1, 5))),
      message(16, label('a', 'timeless'), double(2, 2)),
      message(16, label('a', 'c'), double(2, 2), message(3, uint(1, 6))),
    );
    const input = family('h', HISTOGRAM, native);
    const expected = {
      labels: named('h'),
      t: null,
      histogram: {
        isFloat: false,
        counterReset: 0,
        schema: 3,
        zeroThreshold: 0.001,
        zeroCount: 1,
        count: 6,
        sum: 12,
        stale: false,
        positiveSpans: [
          { offset: 0, length: 2 },
          { offset: 4, length: 1 },
        ],
        negativeSpans: [{ offset: -2, length: 1 }],
        positiveBuckets: Float64Array.of(1, 2, 1),
        negativeBuckets: Float64Array.of(1),
        customValues: new Float64Array(0),
      },
      exemplars: [
        { labels: { a: 'b' }, v: 1, t: 5000 },
        { labels: { a: 'c' }, v: 2, t: 6000 },
      ],
      family: known('h', 'histogram'),
    };
    expect(parse(input)).toEqual([expected]);
    const both = parse(input, { alwaysScrapeClassic: true });
    expect(both[0]).toEqual(expected);
    const classic = parse(input, { nativeHistograms: false });
    expect(classic.map((row) => row.labels['__name__'])).toEqual(['h_count', 'h_sum', 'h_bucket']);
    expect(both.slice(1)).toEqual(classic);
  });

  it('knows a metric by its labels wherever they stand, and makes each series once', () => {
    const table = new SeriesTable();
    const parser = new ProtobufParser(table);
    const batch = new Batch();
    const input = Buffer.concat([
      family('g', GAUGE, all(label('a', 'b'), label('c', 'd'), message(2, double(1, 1)))),
      family('g', GAUGE, all(label('a', 'b'), message(2, double(1, 2)), label('c', 'd'))),
      family('g', GAUGE, all(message(2, double(1, 3)), label('c', 'd'), label('a', 'b'))),
      family('g', GAUGE, all(label('a', 'b'), message(2, double(1, 4)))),
    ]);
    for (let i = 0; i < 2; i++) {
      parser.write(input, batch);
      parser.end();
    }
    expect(table.size).toBe(2);
    expect([...batch.series.subarray(0, 8)]).toEqual([0, 0, 0, 1, 0, 0, 0, 1]);
    expect([...batch.v.subarray(0, 4)]).toEqual([1, 2, 3, 4]);
  });

  it('tells buckets that moved from those that stayed', () => {
    const bucket = (le: number, n: number) => message(3, uint(1, n), double(2, le));
    const table = new SeriesTable();
    const parser = new ProtobufParser(table);
    const batch = new Batch();
    const scrape = (...bounds: number[]) => {
      batch.clear();
      parser.write(family('h', HISTOGRAM, message(7, ...bounds.map((le, i) => bucket(le, i)))), batch);
      parser.end();
      return rowsOf(batch, table).map((row) => row.labels['le']);
    };
    expect(scrape(1, 2)).toEqual([undefined, undefined, '1.0', '2.0', '+Inf']);
    expect(scrape(0.5, 1, 2)).toEqual([undefined, undefined, '0.5', '1.0', '2.0', '+Inf']);
    expect(scrape(2)).toEqual([undefined, undefined, '2.0', '+Inf']);
    expect(table.size).toBe(6);
  });

  it('takes up a family whose type or help has changed', () => {
    const table = new SeriesTable();
    const parser = new ProtobufParser(table);
    const batch = new Batch();
    parser.write(family('x', GAUGE, message(2, double(1, 1))), batch);
    parser.write(family('x', HISTOGRAM, message(7, uint(1, 1))), batch);
    parser.end();
    expect(rowsOf(batch, table).map((row) => row.labels['__name__'])).toEqual([
      'x',
      'x_count',
      'x_sum',
      'x_bucket',
    ]);
    expect(table.families).toEqual([known('x', 'histogram')]);
  });

  it('starts afresh when series were evicted', () => {
    const table = new SeriesTable();
    const parser = new ProtobufParser(table);
    const batch = new Batch();
    const of = (name: string) => family(name, GAUGE, message(2, double(1, 1)));
    parser.write(Buffer.concat([of('a'), of('b')]), batch);
    table.nextGeneration();
    parser.write(of('b'), batch);
    expect(table.evict(1)).toBe(1);
    batch.clear();
    parser.write(Buffer.concat([of('c'), of('a'), of('b')]), batch);
    expect(rowsOf(batch, table).map((row) => row.labels['__name__'])).toEqual(['c', 'a', 'b']);
  });

  // The messages of Prometheus 3.5.3.
  it.each([
    ['x_seconds', GAUGE, undefined],
    ['x_seconds_total', COUNTER, undefined],
    ['x_foo', GAUGE, 'unit "seconds" not a suffix of metric "x_foo"'],
    ['seconds', GAUGE, 'unit "seconds" not a suffix of metric "seconds"'],
    ['x_total', COUNTER, 'unit "seconds" not a suffix of counter "x_total"'],
  ])('wants the unit at the end of the name %s', (name, type, reason) => {
    const out = new WireWriter();
    const start = out.open();
    out.string(1, name);
    out.uint(3, type);
    message(4, message(type === COUNTER ? 3 : 2, double(1, 1)))(out);
    out.string(5, 'seconds');
    out.finish(start);
    const read = () => parse(out.take()).map((row) => row.family!.unit);
    if (reason === undefined) expect(read()).toEqual(['seconds']);
    else expect(read).toThrow(reason);
  });

  it('is ready for another input after a fault', () => {
    const table = new SeriesTable();
    const parser = new ProtobufParser(table);
    const batch = new Batch();
    const good = family('a', GAUGE, message(2, double(1, 1)));
    expect(() => parser.write(family('', GAUGE), batch)).toThrow('byte 1: a metric family without a name');
    parser.write(good.subarray(0, 5), batch);
    expect(() => parser.end()).toThrow('byte 0: the last 5 bytes');
    parser.write(good, batch);
    parser.end();
    expect(batch.length).toBe(1);
  });

  const bad = (name: string, metric: Fields, type = GAUGE) => family(name, type, metric);
  it.each([
    ['no name', bad('', message(2)), 'a metric family without a name'],
    ['an unknown type', bad('a', message(2), 6), 'no metric type: 6'],
    ['a label without a name', bad('a', label('', 'x')), 'a label without a name'],
    [
      'a label that occurs twice',
      bad('a', all(label('x', '1'), label('x', '2'))),
      'duplicate label name "x"',
    ],
    ['le as a label of its own', bad('a', label('le', '1'), HISTOGRAM), 'duplicate label name "le"'],
    [
      'a schema out of range',
      bad(
        'a',
        message(7, uint(7, 1), (o) => o.sint(5, 9)),
        HISTOGRAM,
      ),
      'no histogram schema: 9',
    ],
    [
      'spans without buckets',
      bad('a', message(7, message(12, uint(2, 3))), HISTOGRAM),
      'spans need 3 buckets, have 0 buckets',
    ],
    ['text', Buffer.from(`# HELP up Whether it is up\n${'up 1\n'.repeat(9)}`), 'wire type 7'],
    ['a huge message', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x7f), 'longer than 67108864 bytes'],
    ['half a message', Uint8Array.of(5, 0x0a, 1), 'the last 3 bytes are no whole message'],
  ])('refuses %s', (_, input, reason) => {
    const before = family('good', GAUGE, message(2, double(1, 1)));
    const table = new SeriesTable();
    const batch = new Batch();
    const run = () => {
      const parser = new ProtobufParser(table);
      parser.write(Buffer.concat([before, input]), batch);
      parser.end();
    };
    let fault: unknown;
    try {
      run();
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(InputError);
    expect(fault).toMatchObject({ code: 'bad_exposition', reason: expect.stringContaining(reason) });
    expect((fault as InputError).place.offset).toBeGreaterThanOrEqual(before.length);
    expect(batch.length).toBe(1);
  });
});

const metricName = anyText.filter((name) => name !== '');

/** The rows of one metric, grouped as the format has it. */
const anyMetric: fc.Arbitrary<Row[]> = fc
  .record({
    labels: anyLabels(metricName),
    type: fc.constantFrom<Family['type']>(
      'counter',
      'gauge',
      'unknown',
      'histogram',
      'gaugehistogram',
      'summary',
    ),
    native: fc.boolean(),
    histogram: anyHistogram(),
    t: fc.option(anyTime.filter((t) => t !== 0)),
    st: fc.option(fc.integer({ min: 1, max: 2e12 }), { nil: undefined }),
    help: anyText,
    value: anyBits,
    values: fc.array(fc.nat(), { minLength: 2, maxLength: 4 }),
    exemplar: fc.option(
      fc.record({
        labels: anyLabels(metricName),
        v: fc.double({ noNaN: true }),
        t: fc.option(anyTime, { nil: undefined }),
      }),
      { nil: undefined },
    ),
  })
  .map(({ labels, type, native, histogram, t, st, help, value, values, exemplar }): Row[] => {
    const { __name__: name, le: _le, quantile: _quantile, ...rest } = labels;
    const of = (suffix: string, extra: Record<string, string> = {}) => ({
      labels: sorted({ __name__: name + suffix, ...rest, ...extra }),
      t,
      ...(st === undefined || type === 'gauge' || type === 'unknown' ? {} : { st }),
      family: { name, type, help, unit: '' },
    });
    const exemplars = exemplar === undefined ? {} : { exemplars: [exemplar] };
    const isHistogram = type === 'histogram' || type === 'gaugehistogram';
    if (isHistogram && native) {
      // Only what the format can say: no custom buckets, no reset hints but a gauge's, no float without a count.
      const isFloat = histogram.isFloat && histogram.count > 0;
      const isCustom = histogram.schema === -53;
      const h = {
        ...histogram,
        isFloat,
        schema: isCustom ? 0 : histogram.schema,
        customValues: new Float64Array(0),
        counterReset: type === 'gaugehistogram' ? (3 as const) : (0 as const),
      };
      const whole = (v: number) => (isFloat ? v : Math.floor(v));
      h.count = whole(h.count);
      h.zeroCount = whole(h.zeroCount);
      h.positiveBuckets = h.positiveBuckets.map(whole);
      h.negativeBuckets = h.negativeBuckets.map(whole);
      if (h.positiveSpans.length + h.negativeSpans.length === 0) h.positiveSpans = [{ offset: 0, length: 0 }];
      const timed = exemplar?.t === undefined ? {} : exemplars;
      return [{ ...of(''), histogram: h, ...timed }];
    }
    const counts = values.map(bits);
    if (isHistogram || type === 'summary') {
      const bound = isHistogram ? 'le' : 'quantile';
      const bounds = values.slice(1).map((_, i) => (i === values.length - 2 ? '+Inf' : `${i}.5`));
      return [
        { ...of('_count'), bits: counts[0] },
        { ...of('_sum'), bits: value },
        ...bounds.map((text, i) => ({
          ...of(isHistogram ? '_bucket' : '', { [bound]: text }),
          bits: isHistogram ? counts[i + 1] : value,
          ...(isHistogram && i === 0 ? exemplars : {}),
        })),
      ];
    }
    return [{ ...of(''), bits: value, ...(type === 'counter' ? exemplars : {}) }];
  });

describe('protobuf, round trip', () => {
  it('reads back exactly what was written, in pieces of any size', () => {
    fc.assert(
      fc.property(fc.array(anyMetric, { maxLength: 5 }), fc.integer({ min: 1, max: 60 }), (metrics, size) => {
        const distinct = metrics.flatMap((rows, i) =>
          rows.map((row) => ({
            ...row,
            labels: { ...row.labels, __name__: `m${i}${row.labels['__name__']}` },
            family: { ...row.family!, name: `m${i}${row.family!.name}` },
          })),
        );
        expect(parse(write(distinct), {}, size)).toEqual(distinct);
      }),
      { numRuns: 300 },
    );
  });

  it('writes rows that make no whole metric as they are', () => {
    const h: Family = { name: 'h', type: 'histogram', help: '', unit: '' };
    const series = ['1.0', '+Inf'].map((le) => named('h_bucket', { le }));
    const rows: Row[] = [...series, named('h_count')].flatMap((labels) =>
      [1000, 2000].map((t): Row => ({ labels, t, bits: bits(t), family: h })),
    );
    expect(parse(write(rows)).map(({ family: _, ...row }) => row)).toEqual(
      rows.map(({ family: _, ...row }) => row),
    );
  });

  it('hands out whole messages only, however often it is asked', () => {
    const rows = fc.sample(anyMetric, { numRuns: 60, seed: 3 }).flat();
    const column = Float64Array.of(1);
    const lines = rows.map((row) => ({
      family: row.family!,
      labels: labelsFromObject(row.labels),
      t: row.t ?? Number.NaN,
    }));
    const writeRows = (writer: ProtobufWriter, afterRow: () => void) => {
      for (const { family: of, labels, t } of lines) {
        writer.family(of);
        writer.sample(labels, t, column, 0);
        afterRow();
      }
      writer.end();
      afterRow();
    };
    const patient = new ProtobufWriter({});
    writeRows(patient, () => {});
    const whole = Buffer.from(patient.take());
    const pieces: Buffer[] = [];
    const eager = new ProtobufWriter({});
    writeRows(eager, () => {
      expect(eager.buffered).toBe(eager.take().length);
    });
    const asked = new ProtobufWriter({});
    writeRows(asked, () => pieces.push(Buffer.from(asked.take())));
    expect(Buffer.concat(pieces)).toEqual(whole);
    for (const piece of pieces) expect(parse(piece).length).toBeLessThanOrEqual(rows.length);
  });

  it('gives a verdict on every truncation and every changed byte', () => {
    const bytes = write(fc.sample(anyMetric, { numRuns: 10, seed: 5 }).flat());
    const verdict = (input: Uint8Array): void => {
      try {
        parse(input);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        expect((error as InputError).place.offset).toBeGreaterThanOrEqual(0);
      }
    };
    for (let end = 0; end < bytes.length; end++) verdict(bytes.subarray(0, end));
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at] ^= 1 << (at % 8);
      verdict(changed);
    }
  });

  it('counts what has no place', () => {
    const writer = new ProtobufWriter({});
    const [histogram] = fc.sample(
      anyHistogram().filter((h) => h.schema === -53),
      1,
    );
    const exemplar = { labels: {}, v: 1, t: 1 };
    writeAll(writer, [
      { labels: named('h'), t: 1, histogram },
      { labels: named('g'), t: 1, bits: bits(1), st: 5, exemplars: [exemplar] },
      { labels: { job: 'x' }, t: 1, bits: bits(1) },
    ]);
    expect(writer.omitted).toEqual({
      staleMarkers: 0,
      histograms: 1,
      exemplars: 1,
      startTimestamps: 1,
      nameless: 1,
    });
  });
});
