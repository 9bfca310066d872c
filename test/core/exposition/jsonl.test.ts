import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/core/errors.ts';
import { Batch } from '../../../src/core/exposition/batch.ts';
import { JsonlParser } from '../../../src/core/exposition/jsonl-parser.ts';
import { JsonlWriter } from '../../../src/core/exposition/jsonl-writer.ts';
import { type Family, SeriesTable } from '../../../src/core/exposition/series-table.ts';
import {
  anyBits,
  anyFamily,
  anyHistogram,
  anyLabels,
  anyText,
  anyTime,
  bits,
  parseAll,
  type Row,
  rowsOf,
  writeAll,
} from './rows.ts';

const make = (table: SeriesTable) => new JsonlParser(table);
const parse = (text: string) => parseAll(make, Buffer.from(text));
const write = (rows: readonly Row[]) => Buffer.from(writeAll(new JsonlWriter({}), rows)).toString();

const up = { __name__: 'up', job: 'node' };

describe('JSON Lines, written', () => {
  it('puts the rows of one series that follow one another on one line', () => {
    const text = write([
      { labels: up, t: 1000, bits: bits(1) },
      { labels: up, t: 2000, bits: bits(0.5) },
      { labels: { __name__: 'x' }, t: 1000, bits: bits(-0) },
      { labels: up, t: 3000, bits: bits(1e300) },
    ]);
    expect(text).toBe(
      '{"metric":{"__name__":"up","job":"node"},"values":[1,0.5],"timestamps":[1000,2000]}\n' +
        '{"metric":{"__name__":"x"},"values":[-0],"timestamps":[1000]}\n' +
        '{"metric":{"__name__":"up","job":"node"},"values":[1e+300],"timestamps":[3000]}\n',
    );
  });

  it('spells every NaN so that it can be read', () => {
    const rows = ['7ff8000000000001', '7ff0000000000002', 'fff800000000000a', bits(Number.POSITIVE_INFINITY)];
    const text = write(rows.map((b, i) => ({ labels: up, t: i, bits: b })));
    expect(JSON.parse(text).values).toEqual(['NaN', 'stale', 'NaN:fff800000000000a', 'Infinity']);
  });

  it('says what is known of a series on each of its lines', () => {
    const family: Family = { name: 'h', type: 'histogram', help: 'a\n"b"', unit: 'seconds' };
    const text = write([{ labels: { __name__: 'h_sum' }, t: 1, bits: bits(2), family }]);
    expect(text).toBe(
      '{"metric":{"__name__":"h_sum"},"values":[2],"timestamps":[1],"family":"h","type":"histogram",' +
        '"help":"a\\n\\"b\\"","unit":"seconds"}\n',
    );
  });

  it('carries histograms, exemplars and start timestamps beside the values', () => {
    const text = write([
      {
        labels: up,
        t: 1,
        st: 99,
        exemplars: [{ labels: { trace_id: 'a' }, v: 3, t: 7 }],
        histogram: {
          isFloat: true,
          counterReset: 1,
          schema: 3,
          zeroThreshold: 0.001,
          zeroCount: 2,
          count: 4.5,
          sum: 8,
          stale: false,
          positiveSpans: [{ offset: -2, length: 2 }],
          negativeSpans: [],
          positiveBuckets: Float64Array.of(1, 1.5),
          negativeBuckets: new Float64Array(0),
          customValues: new Float64Array(0),
        },
      },
    ]);
    expect(JSON.parse(text)).toEqual({
      metric: up,
      histograms: [
        {
          schema: 3,
          count: 4.5,
          sum: 8,
          float: true,
          counter_reset: 'reset',
          zero_threshold: 0.001,
          zero_count: 2,
          positive_spans: [[-2, 2]],
          positive_buckets: [1, 1.5],
        },
      ],
      timestamps: [1],
      start_timestamps: [99],
      exemplars: [{ row: 0, labels: { trace_id: 'a' }, value: 3, timestamp: 7 }],
    });
  });

  it('cuts a stretch before its line grows without bound', () => {
    const rows = Array.from({ length: 5000 }, (_, i): Row => ({ labels: up, t: i, bits: bits(i) }));
    const text = write(rows);
    expect(text.trimEnd().split('\n').length).toBe(3);
    expect(parse(text)).toEqual(rows);
  });

  it('writes the same with and without kept series', () => {
    const rows: Row[] = [1, 2, 3].flatMap((t) => [
      { labels: up, t, bits: bits(t) },
      { labels: { __name__: 'é' }, t, bits: bits(t) },
    ]);
    expect(Buffer.from(writeAll(new JsonlWriter({ keepSeries: true }), rows)).toString()).toBe(write(rows));
  });
});

describe('JSON Lines, read', () => {
  it('takes what VictoriaMetrics exports', () => {
    const rows = parse(
      '{"metric":{"__name__":"up","job":"node"},"values":[1,null,"Infinity","-Infinity"],' +
        '"timestamps":[1549891472010,1549891487724,1549891503438,1549891519152]}\n',
    );
    expect(rows.map((row) => [row.t, row.bits])).toEqual([
      [1549891472010, bits(1)],
      [1549891487724, '7ff8000000000001'],
      [1549891503438, bits(Number.POSITIVE_INFINITY)],
      [1549891519152, bits(Number.NEGATIVE_INFINITY)],
    ]);
  });

  it('takes lines without timestamps, without a last line feed, and blank lines', () => {
    const rows = parse(
      '{"metric":{"__name__":"a"},"values":[1]}\n\n \n{"values":[2],"metric":{"__name__":"b"}}',
    );
    expect(rows).toEqual([
      { labels: { __name__: 'a' }, t: null, bits: bits(1) },
      { labels: { __name__: 'b' }, t: null, bits: bits(2) },
    ]);
  });

  it('numbers a series once and replaces metadata that changes', () => {
    const table = new SeriesTable();
    const parser = new JsonlParser(table);
    const batch = new Batch();
    const line = (help: string) =>
      Buffer.from(`{"metric":{"__name__":"a"},"values":[1],"type":"gauge","help":"${help}"}\n`);
    parser.write(line('one'), batch);
    const before = table.families[0];
    parser.write(line('two'), batch);
    parser.end(batch);
    expect(table.size).toBe(1);
    expect([...batch.series.subarray(0, batch.length)]).toEqual([0, 0]);
    expect(before.help).toBe('one');
    expect(table.families.map((family) => family.help)).toEqual(['two']);
  });

  // The mark stands before the byte where the fault is.
  it.each([
    ['{"metric":{"__name__":"a"},"values":[1],§"extra":1}', 'unknown key "extra"'],
    ['{"metric":{"__name__":"a"},"values":[1,§true]}', 'values[1] is not a number'],
    ['{"metric":{"__name__":"é"},"values":[§"x"]}', 'values[0] is not a number'],
    ['{"metric":{"__name__":"a"},"values":[§"NaN:3ff0000000000000"]}', 'values[0] is not the bits of a NaN'],
    ['{"metric":{"__name__":"a"},"values":[1],"timestamps":§[1,2]}', '2 timestamps for 1 samples'],
    ['{"metric":{"__name__":"a"},"values":[1],"timestamps":[§1.5]}', 'timestamps[0] is not a whole number'],
    ['§{"metric":{"__name__":"a"}}', 'values is missing'],
    ['§{"values":[1]}', 'metric is missing'],
    ['{"metric":§{},"values":[1]}', 'the metric has no labels'],
    ['{"metric":{§"":"a"},"values":[1]}', 'not a label name'],
    ['{"metric":{"a":§"\\ud800"},"values":[1]}', 'a is not a string'],
    ['{"metric":{"a":§1},"values":[1]}', 'a is not a string'],
    ['{"metric":{"a":"b"},"values":[1],"type":§"foo"}', 'no metric type: "foo"'],
    ['{"metric":{"a":"b"},"values":[1],§"histograms":[]}', 'a line has either values or histograms'],
    ['{"metric":{"a":"b"},"histograms":[{"schema":§9,"count":1,"sum":1}]}', 'no histogram schema: 9'],
    ['{"metric":{"a":"b"},"histograms":[§{"schema":1,"sum":1}]}', 'count is missing'],
    [
      '{"metric":{"a":"b"},"histograms":[{"schema":1,"count":1,"sum":1,"positive_spans":[[0,2]],"positive_buckets":§[1]}]}',
      '1 positive_buckets where the spans have 2',
    ],
    [
      '{"metric":{"a":"b"},"values":[1],"exemplars":[{"row":§1,"labels":{},"value":1}]}',
      'exemplars name rows of their line in ascending order',
    ],
    ['§[1]', 'the line is not an object'],
    ['{"metric":{"a":"b"},"values":[1,§]}', 'expected a value'],
    ['{"metric":{"a":"b"} §"values":[1]}', "expected ',' or '}'"],
    ['{"metric":{"a":"b"},"values":[1]§', 'the line ends too early'],
    ['{"metric":{"a":"b},"§values":[1]}', "expected ',' or '}'"],
    ['{"metric":{"a":"§\\x"},"values":[1]}', 'bad escape in a string'],
    ['{"metric":{"a":"b"},"values":[1]} §x', 'more text after the JSON value'],
    ['{"metric":{"a":"b"},"values":[0§1]}', "expected ',' or ']'"],
    ['{"metric"§="a"}', "expected ':'"],
    ['{§metric:1}', 'expected a key in double quotes'],
    ['§nonsense', 'expected a value'],
  ])('refuses %s', (marked, reason) => {
    const column = Buffer.from(marked).indexOf('§') + 1;
    const line = marked.replace('§', '');
    const table = new SeriesTable();
    const parser = new JsonlParser(table);
    const batch = new Batch();
    parser.write(Buffer.from('{"metric":{"__name__":"good"},"values":[1]}\n'), batch);
    let fault: unknown;
    try {
      parser.write(Buffer.from(`${line}\n`), batch);
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(InputError);
    expect(fault).toMatchObject({ code: 'bad_exposition', reason, place: { line: 2, column } });
    expect(batch.length).toBe(1);
    expect(batch.histograms.size + batch.exemplars.length).toBe(0);
  });

  it('refuses invalid UTF-8 where it stands', () => {
    const line = Buffer.from('{"metric":{"__name__":"aé?"},"values":[1]}\n');
    line[line.indexOf('?')] = 0xc3;
    expect(() => parseAll(make, line)).toThrow('line 1, column 27: invalid UTF-8');
  });

  it('refuses a line longer than it may be before it is complete', () => {
    const parser = new JsonlParser(new SeriesTable(), { maxRecordBytes: 1000 });
    const batch = new Batch();
    const piece = Buffer.alloc(400, ' ');
    parser.write(piece, batch);
    parser.write(piece, batch);
    expect(() => parser.write(piece, batch)).toThrow('the line is longer than 1000 bytes');
  });

  it('says the same of a line whose series is known', () => {
    const known = '{"metric":{"__name__":"a","b":"}{"},"values":[1]}\n';
    const faults = ['"values":[true]}', '"values":[1]', '"values":[1],"metric":{"b":1}}', '"x":1}', '', ' }'];
    for (const fault of faults) {
      const line = `{"metric":{"__name__":"a","b":"}{"},${fault}`;
      const message = (text: string) => {
        try {
          parse(text);
        } catch (error) {
          return (error as InputError).message.replace('line 2', 'line 1');
        }
        return 'no fault';
      };
      expect(message(line)).toMatch(/^line 1, column \d+: /);
      expect(message(known + line)).toBe(message(line));
    }
  });

  it('starts afresh when series were evicted', () => {
    const table = new SeriesTable();
    const parser = new JsonlParser(table);
    const batch = new Batch();
    const of = (name: string) => Buffer.from(`{"metric":{"__name__":"${name}"},"values":[1]}\n`);
    parser.write(Buffer.concat([of('a'), of('b')]), batch);
    table.nextGeneration();
    parser.write(of('b'), batch);
    expect(table.evict(1)).toBe(1);
    batch.clear();
    parser.write(Buffer.concat([of('c'), of('a'), of('b')]), batch);
    expect(rowsOf(batch, table).map((row) => row.labels['__name__'])).toEqual(['c', 'a', 'b']);
  });

  it('notes labels that are there but empty', () => {
    const table = new SeriesTable();
    const parser = new JsonlParser(table);
    parser.write(Buffer.from('{"metric":{"__name__":"a","b":""},"values":[1]}\n'), new Batch());
    expect(table.labels[0].toString()).toBe('a');
    expect(table.emptyLabels.get(0)).toEqual(['b']);
  });

  it('is ready for another input after a fault', () => {
    const parser = new JsonlParser(new SeriesTable());
    const batch = new Batch();
    expect(() => parser.write(Buffer.from('\n\nx\n{"metric"'), batch)).toThrow('line 3');
    expect(() => parser.write(Buffer.from('x\n'), batch)).toThrow('line 1');
    parser.write(Buffer.from('{"metric":'), batch);
    expect(() => parser.end(batch)).toThrow('line 1');
    parser.end(batch);
  });

  it('finds the fault in a line nested without end', () => {
    const deep = `{"metric":${'['.repeat(100_000)}`;
    expect(() => parse(deep)).toThrow(InputError);
  });
});

const anyRow: fc.Arbitrary<Row> = fc
  .record({
    labels: anyLabels(anyText.filter((name) => name !== '')),
    t: fc.option(anyTime, { freq: 5 }),
    bits: anyBits,
    histogram: fc.option(anyHistogram(), { nil: undefined }),
    exemplars: fc.array(
      fc.record({
        labels: anyLabels(anyText.filter((name) => name !== '')),
        v: fc.double({ noNaN: true }),
        t: fc.option(anyTime, { nil: undefined }),
      }),
      { maxLength: 2 },
    ),
    st: fc.option(fc.integer({ min: 1, max: 1e12 }), { nil: undefined }),
    family: fc.option(anyFamily(anyText.filter((name) => name !== '')), { nil: undefined }),
  })
  .map(({ histogram, exemplars, st, family, ...row }) => {
    const { bits: b, ...rest } = row;
    return {
      ...rest,
      ...(histogram === undefined ? { bits: b } : { histogram }),
      ...(exemplars.length > 0 ? { exemplars } : {}),
      ...(st === undefined ? {} : { st }),
      ...(family === undefined ? {} : { family }),
    };
  });

describe('JSON Lines, round trip', () => {
  it('reads back exactly what was written, in pieces of any size', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 6 }), fc.integer({ min: 1, max: 50 }), (rows, size) => {
        // What is known of a family or a series is the last that was said, so each row gets its own.
        const distinct = rows.map((row, i) => ({
          ...row,
          labels: { ...row.labels, __name__: `${row.labels['__name__']}${i}` },
          ...(row.family ? { family: { ...row.family, name: `${row.family.name}${i}` } } : {}),
        }));
        const bytes = writeAll(new JsonlWriter({}), distinct);
        expect(parseAll(make, bytes, size)).toEqual(distinct);
        // The second time every series is known.
        const twice = Buffer.concat([bytes, bytes]);
        expect(parseAll(make, twice, size)).toEqual([...distinct, ...distinct]);
      }),
      { numRuns: 300 },
    );
  });

  it('gives a verdict on every truncation and every changed byte', () => {
    const bytes = writeAll(new JsonlWriter({}), fc.sample(anyRow, { numRuns: 12, seed: 7 }));
    const verdict = (input: Uint8Array): boolean => {
      try {
        parseAll(make, input);
        return true;
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        expect((error as InputError).place.column).toBeGreaterThan(0);
        return false;
      }
    };
    for (let end = 0; end < bytes.length; end++) verdict(bytes.subarray(0, end));
    let refused = 0;
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at] ^= 1 << (at % 8);
      if (!verdict(changed)) refused++;
    }
    expect(refused).toBeGreaterThan(bytes.length / 10);
  });
});
