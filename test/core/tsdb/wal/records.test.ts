import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../../../src/core/encoding/byte-writer.ts';
import {
  CUSTOM_BUCKETS_SCHEMA,
  type Exemplar,
  type Histogram,
  type Labels,
  labelsFromObject,
  labelsFromPairs,
  type Metadata,
  readBits,
} from '../../../../src/core/model/index.ts';
import {
  decodeExemplars,
  decodeMetadata,
  decodeMmapMarkers,
  decodeSamples,
  decodeTombstones,
  ExemplarsEncoder,
  encodeMmapMarkers,
  encodeTombstones,
  HistogramDecoder,
  HistogramsEncoder,
  histogramRecordType,
  isHistogramRecord,
  MetadataEncoder,
  RecordType,
  recordType,
  SampleRows,
  SamplesEncoder,
  SamplesWithStartEncoder,
  SeriesDecoder,
  SeriesEncoder,
} from '../../../../src/core/tsdb/wal/index.ts';

const ref = fc.integer({ min: 1, max: 2 ** 40 });
const time = fc.oneof(
  fc.integer({ min: -(2 ** 42), max: 2 ** 42 }),
  fc.constantFrom(0, 1.7e12, 1.7e12 + 15_000),
);
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const labels: fc.Arbitrary<Labels> = fc
  .dictionary(text, text, { maxKeys: 6 })
  .map((pairs) => labelsFromPairs(Object.entries(pairs)));

interface Sample {
  ref: number;
  t: number;
  st: number;
  high: number;
  low: number;
}
const sample: fc.Arbitrary<Sample> = fc.record({
  ref,
  t: time,
  st: fc.oneof(fc.constant(0), fc.constant(1.6e12), time),
  high: fc.nat(0xffffffff),
  low: fc.nat(0xffffffff),
});

/** The rows as samples, values as the bits that storage gives back. */
function rowsOf(rows: SampleRows): Sample[] {
  const bits = new Uint32Array(2);
  return Array.from({ length: rows.length }, (_, i) => {
    readBits(rows.v, i, bits);
    const st = rows.hasStart ? rows.st[i] : 0;
    return { ref: rows.ref[i], t: rows.t[i], st, high: bits[0], low: bits[1] };
  });
}

/** Expected bits: a stale marker whose quiet bit was set is written as the marker. */
function stored(samples: readonly Sample[]): Sample[] {
  return samples.map((s) => (s.low === 2 && s.high === 0x7ff80000 ? { ...s, high: 0x7ff00000 } : s));
}

describe('samples records', () => {
  it('give back refs, times and every bit of the values', () => {
    const rows = new SampleRows();
    const encoder = new SamplesEncoder();
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 50 }), (samples) => {
        encoder.clear();
        for (const s of stored(samples)) encoder.add(s.ref, s.t, s.high, s.low);
        if (samples.length === 0) return;
        decodeSamples(encoder.record(), rows);
        expect(rowsOf(rows)).toEqual(stored(samples).map((s) => ({ ...s, st: 0 })));
      }),
    );
  });

  it('give back start timestamps too', () => {
    const rows = new SampleRows();
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 50 }), (samples) => {
        const encoder = new SamplesWithStartEncoder();
        for (const s of stored(samples)) encoder.add(s.ref, s.t, s.st, s.high, s.low);
        decodeSamples(encoder.record(), rows);
        expect(rowsOf(rows)).toEqual(stored(samples));
      }),
    );
  });

  it('have the bytes that Prometheus writes', () => {
    const encoder = new SamplesEncoder();
    encoder.add(5, 1000, 0x3ff00000, 0);
    encoder.add(6, 1000, 0x7ff00000, 2);
    encoder.add(4, 1070, 0x7ff80000, 1);
    expect(Buffer.from(encoder.record()).toString('hex')).toBe(
      [
        '02',
        '0000000000000005',
        '00000000000003e8',
        '0000' + '3ff0000000000000',
        '0200' + '7ff0000000000002',
        '018c01' + '7ff8000000000001',
      ].join(''),
    );
    const withStart = new SamplesWithStartEncoder();
    withStart.add(5, 1000, 900, 0x3ff00000, 0);
    withStart.add(6, 1000, 900, 0x3ff00000, 0);
    withStart.add(7, 1000, 0, 0x3ff00000, 0);
    withStart.add(7, 1001, 901, 0x3ff00000, 0);
    expect(Buffer.from(withStart.record()).toString('hex')).toBe(
      [
        '0b' + '0a' + 'd00f' + '880e' + '3ff0000000000000',
        '02' + '00' + '01' + '3ff0000000000000',
        '02' + '00' + '00' + '3ff0000000000000',
        '00' + '02' + '02' + '02' + '3ff0000000000000',
      ].join(''),
    );
  });

  it('report every cut', () => {
    const plain = new SamplesEncoder();
    const withStart = new SamplesWithStartEncoder();
    for (const i of [0, 1]) {
      plain.add(1e9 + i * 1000, 1.7e12 + i * 70_000, i, 0);
      withStart.add(1e9 + i * 1000, 1.7e12 + i * 70_000, 1.6e12 + i, i, 0);
    }
    for (const [whole, boundaries] of [
      [plain.record(), 3],
      [withStart.record(), 2],
    ] as const) {
      const ends = new Set<number>();
      for (let cut = 1; cut < whole.length; cut++) {
        const rows = new SampleRows();
        try {
          decodeSamples(whole.subarray(0, cut), rows);
          ends.add(cut);
        } catch (error) {
          expect(error).toMatchObject({ code: 'corruption' });
        }
      }
      // A record may end after its type, after the first ref and time, and between two samples.
      expect(ends.size).toBe(boundaries);
    }
  });
});

describe('series records', () => {
  it('give back refs and labels', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(ref, labels), { minLength: 1, maxLength: 20 }), (series) => {
        const encoder = new SeriesEncoder();
        for (const [r, l] of series) encoder.add(r, l);
        const copy = new SeriesEncoder();
        const decoder = new SeriesDecoder();
        decoder.start(encoder.record());
        const found: [number, Labels][] = [];
        while (decoder.next()) {
          found.push([decoder.ref, decoder.labels()]);
          copy.addEncoded(decoder.ref, encoder.record(), decoder.labelsStart, decoder.labelsEnd);
        }
        expect(found.map(([r, l]) => [r, l.toObject()])).toEqual(series.map(([r, l]) => [r, l.toObject()]));
        expect(copy.record()).toEqual(encoder.record());
      }),
    );
  });

  it('have the bytes that Prometheus writes', () => {
    const encoder = new SeriesEncoder();
    encoder.add(258, labelsFromObject({ __name__: 'up', job: 'ü' }));
    expect(Buffer.from(encoder.record()).toString('hex')).toBe(
      `01${'0000000000000102'}${'02'}${'08'}${Buffer.from('__name__').toString('hex')}02757003${Buffer.from('job').toString('hex')}02c3bc`,
    );
  });
});

const buckets = fc.array(fc.nat(2 ** 40), { maxLength: 12 }).map((b) => Float64Array.from(b));
const spans = fc.array(fc.record({ offset: fc.integer({ min: -1000, max: 1000 }), length: fc.nat(50) }), {
  maxLength: 4,
});
const histogram: fc.Arbitrary<Histogram> = fc
  .record({
    isFloat: fc.boolean(),
    counterReset: fc.constantFrom(0, 1, 2, 3) as fc.Arbitrary<0 | 1 | 2 | 3>,
    schema: fc.constantFrom(CUSTOM_BUCKETS_SCHEMA, -4, 0, 3, 8),
    zeroThreshold: fc.double({ noNaN: true }),
    zeroCount: fc.nat(2 ** 40),
    count: fc.maxSafeNat(),
    sum: fc.double(),
    stale: fc.constant(false),
    positiveSpans: spans,
    negativeSpans: spans,
    positiveBuckets: buckets,
    negativeBuckets: buckets,
    customValues: fc.array(fc.double({ noNaN: true }), { maxLength: 5 }).map((b) => Float64Array.from(b)),
  })
  .map((h) => ({
    ...h,
    count: h.isFloat ? h.count / 3 : h.count,
    customValues: h.schema === CUSTOM_BUCKETS_SCHEMA ? h.customValues : new Float64Array(0),
  }));

describe('histogram records', () => {
  it('give back every histogram, of all four types', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(ref, time, histogram), { maxLength: 10 }), (samples) => {
        const encoders = new Map<RecordType, HistogramsEncoder>();
        for (const [r, t, h] of samples) {
          const type = histogramRecordType(h);
          if (!encoders.has(type)) encoders.set(type, new HistogramsEncoder(type));
          encoders.get(type)!.add(r, t, h);
        }
        const decoder = new HistogramDecoder();
        for (const [type, encoder] of encoders) {
          const record = encoder.record();
          expect(recordType(record)).toBe(type);
          expect(isHistogramRecord(type)).toBe(true);
          decoder.begin(record);
          const found = [];
          while (decoder.next()) found.push([decoder.ref, decoder.t, decoder.histogram()]);
          expect(found).toEqual(samples.filter(([, , h]) => histogramRecordType(h) === type));
        }
      }),
    );
  });

  it('write the end of a series as the stale NaN', () => {
    const empty = new Float64Array(0);
    const h: Histogram = {
      isFloat: false,
      counterReset: 0,
      schema: 0,
      zeroThreshold: 0,
      zeroCount: 0,
      count: 0,
      sum: Number.NaN,
      stale: true,
      positiveSpans: [],
      negativeSpans: [],
      positiveBuckets: empty,
      negativeBuckets: empty,
      customValues: empty,
    };
    const encoder = new HistogramsEncoder(RecordType.histogramSamples);
    encoder.add(1, 2, h);
    expect(Buffer.from(encoder.record()).toString('hex')).toContain('7ff0000000000002');
    const decoder = new HistogramDecoder();
    decoder.begin(encoder.record());
    expect(decoder.next() && decoder.histogram()).toEqual(h);
  });

  it('are read with start timestamps', () => {
    // By hand, from the layout: two integer histograms, the second with the start of the first.
    const body = new ByteWriter();
    for (const b of [0, 0]) body.byte(b); // hint, schema 0
    body.float64(0.5);
    body.uvarint(1);
    body.uvarint(2);
    body.float64(3);
    for (let i = 0; i < 4; i++) body.uvarint(0);
    const out = new ByteWriter();
    out.byte(RecordType.histogramSamplesV2);
    for (const v of [7, 1000, 900]) out.varint(v);
    out.copy(body.view());
    out.varint(1);
    out.varint(10);
    out.byte(1);
    out.copy(body.view());
    out.varint(0);
    out.varint(20);
    out.byte(2);
    out.varint(-50);
    out.copy(body.view());
    const decoder = new HistogramDecoder();
    decoder.begin(out.view());
    const found = [];
    while (decoder.next()) found.push([decoder.ref, decoder.t, decoder.st, decoder.histogram().count]);
    expect(found).toEqual([
      [7, 1000, 900, 2],
      [8, 1010, 900, 2],
      [8, 1020, 850, 2],
    ]);
  });
});

const metadata: fc.Arbitrary<Metadata> = fc.record({
  type: fc.constantFrom(
    'unknown' as const,
    'counter' as const,
    'gauge' as const,
    'histogram' as const,
    'gaugehistogram' as const,
    'summary' as const,
    'info' as const,
    'stateset' as const,
  ),
  help: fc.string(),
  unit: fc.string(),
});

describe('other records', () => {
  it('give back exemplars', () => {
    const exemplar = fc.record({ labels, v: fc.double(), t: time });
    fc.assert(
      fc.property(fc.array(fc.tuple(ref, exemplar), { minLength: 1, maxLength: 10 }), (exemplars) => {
        const encoder = new ExemplarsEncoder();
        for (const [r, e] of exemplars) encoder.add(r, e.t, e);
        const found = decodeExemplars(encoder.record());
        const plain = (e: Exemplar) => ({ ...e, labels: e.labels.toObject() });
        expect(found.map((e) => [e.ref, plain(e.exemplar)])).toEqual(
          exemplars.map(([r, e]) => [r, plain(e)]),
        );
      }),
    );
  });

  it('give back metadata, and pass over fields they do not know', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(ref, metadata), { maxLength: 10 }), (entries) => {
        const encoder = new MetadataEncoder();
        for (const [r, m] of entries) encoder.add(r, m);
        expect(decodeMetadata(encoder.record()).map((e) => [e.ref, e.metadata])).toEqual(entries);
      }),
    );
    const out = new ByteWriter();
    out.byte(RecordType.metadata);
    out.uvarint(9);
    out.byte(2);
    out.uvarint(2);
    for (const s of ['NEW', 'x', 'HELP', 'y']) out.string(s);
    expect(decodeMetadata(out.view())).toEqual([
      { ref: 9, metadata: { type: 'gauge', unit: '', help: 'y' } },
    ]);
  });

  it('give back tombstones and markers', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ ref, mint: time, maxt: time })), (stones) => {
        expect(decodeTombstones(encodeTombstones(stones))).toEqual(stones);
      }),
    );
    const u32 = fc.nat(0xffffffff);
    fc.assert(
      fc.property(fc.array(fc.record({ ref, file: u32, offset: u32 })), (markers) => {
        expect(decodeMmapMarkers(encodeMmapMarkers(markers))).toEqual(markers);
      }),
    );
  });
});

describe('any damaged record', () => {
  it('is an error or other data, never a crash, a hang or a huge allocation', () => {
    const rows = new SampleRows();
    const series = new SeriesDecoder();
    const histograms = new HistogramDecoder();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 15 }), fc.uint8Array({ maxLength: 80 }), (type, rest) => {
        const record = Uint8Array.of(type, ...rest);
        for (const decode of [
          () => {
            if (type === RecordType.samples || type === RecordType.samplesV2) decodeSamples(record, rows);
          },
          () => {
            series.start(record);
            while (series.next()) series.labels();
          },
          () => {
            histograms.begin(record);
            while (histograms.next()) histograms.histogram();
          },
          () => decodeExemplars(record),
          () => decodeMetadata(record),
          () => decodeTombstones(record),
          () => decodeMmapMarkers(record),
        ]) {
          try {
            decode();
          } catch (error) {
            expect(error).toMatchObject({ code: 'corruption' });
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});
