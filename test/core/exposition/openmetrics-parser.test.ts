import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/core/errors.ts';
import { Batch } from '../../../src/core/exposition/batch.ts';
import {
  type OpenMetricsOptions,
  OpenMetricsParser,
} from '../../../src/core/exposition/openmetrics-parser.ts';
import { SeriesTable } from '../../../src/core/exposition/series-table.ts';
import { heldBytes } from './memory.ts';
import { bitsOf, parseAll } from './rows.ts';

const EOF = '# EOF\n';

const rows = (text: string, options: OpenMetricsOptions = {}) =>
  parseAll((table) => new OpenMetricsParser(table, options), Buffer.from(text));

/** Rows of a text that lacks its end. */
const complete = (text: string) => rows(text + EOF);

function fault(text: string, options: OpenMetricsOptions = {}): InputError {
  try {
    rows(text, options);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
}

describe('OpenMetricsParser', () => {
  it.each([
    ['a 1\n', { __name__: 'a' }],
    ['a{} 1\n', { __name__: 'a' }],
    ['a{x="1",} 1\n', { __name__: 'a', x: '1' }],
    ['a{y="2",x="1"} 1\n', { __name__: 'a', x: '1', y: '2' }],
    ['a{x=""} 1\n', { __name__: 'a' }],
    ['a{x="a\\nb\\q\\"\\\\"} 1\n', { __name__: 'a', x: 'a\nb\\q"\\' }],
    ['{"a b","c d"="e"} 1\n', { __name__: 'a b', 'c d': 'e' }],
    ['{x="1","a"} 1\n', { __name__: 'a', x: '1' }],
    ['a{x="# {"} 1\n', { __name__: 'a', x: '# {' }],
  ])('takes %j', (text, labels) => {
    expect(complete(text).map((row) => row.labels)).toEqual([labels]);
  });

  it.each([
    ['1700000000', 1_700_000_000_000],
    ['1700000000.123', 1_700_000_000_123],
    ['1700000000.1239', 1_700_000_000_123],
    ['1700000000.9996', 1_700_000_000_999],
    ['1.001', 1001],
    ['0.29', 290],
    ['-5', -5000],
    ['1.7e9', 1_700_000_000_000],
    ['000', 0],
    ['1e300', Number.MAX_SAFE_INTEGER],
  ])('takes %s seconds', (text, t) => {
    expect(complete(`a 1 ${text}\n`)[0].t).toBe(t);
  });

  it('takes exemplars', () => {
    const text =
      'a 1 # {x="1"} 0.5\nb{y="2"} 2 3 # {trace_id="a\\nb",z="2"} NaN 4.25\nc 1 # {} +Inf\n' +
      'd 1 # {x="1",x="2",y=""} 1\ne 5\nf 1 # {"a b"="c"} 1 1e3\n';
    const table = new SeriesTable();
    const parser = new OpenMetricsParser(table);
    // The second pass knows the series.
    for (let pass = 0; pass < 2; pass++) {
      const batch = new Batch();
      parser.write(Buffer.from(text + EOF), batch);
      parser.end(batch);
      const found = batch.exemplars.map(({ row, exemplar }) => [
        row,
        { ...exemplar.labels.toObject() },
        exemplar.v,
        exemplar.t,
      ]);
      expect(found).toEqual([
        [0, { x: '1' }, 0.5, undefined],
        [1, { trace_id: 'a\nb', z: '2' }, Number.NaN, 4250],
        [2, {}, Infinity, undefined],
        [3, { x: '2' }, 1, undefined],
        [5, { 'a b': 'c' }, 1, 1_000_000],
      ]);
      expect(batch.t[1]).toBe(3000);
      expect(batch.length).toBe(6);
    }
  });

  it('keeps unchanged exemplars, and no others', () => {
    const parser = new OpenMetricsParser(new SeriesTable());
    const pass = (changing: string) => {
      const batch = new Batch();
      const lines = Array.from(
        { length: 300 },
        (_, i) =>
          `a{i="${i}"} 1 # {trace_id="${i % 2 === 0 ? `${changing}-${i}-${'x'.repeat(100)}` : i}"} ${i}\n`,
      );
      parser.write(Buffer.from(lines.join('') + EOF), batch);
      parser.end(batch);
      expect(batch.exemplars.map(({ exemplar }) => exemplar.v)).toEqual(lines.map((_, i) => i));
      return batch.exemplars.map(({ exemplar }) => exemplar);
    };
    const first = pass('0');
    const second = pass('1');
    expect(second.map((exemplar, i) => exemplar === first[i])).toEqual(first.map((_, i) => i % 2 === 1));
    for (let i = 2; i < 20; i++) pass(String(i));
    const before = heldBytes();
    for (let i = 20; i < 220; i++) pass(String(i));
    // Two hundred passes bring 30,000 exemplars of 120 bytes and more.
    expect(heldBytes() - before).toBeLessThan(3_000_000);
  });

  it('knows metadata', () => {
    const text =
      '# HELP a_seconds Some \\"text\\"\\n\\\\.\n# TYPE a_seconds counter\n# UNIT a_seconds seconds\n' +
      'a_seconds_total 1\na_seconds_created 5\n# TYPE b info\nb_info{x="1"} 1\n# TYPE c gaugehistogram\n' +
      'c_bucket{le="1"} 1\nc_gsum 1\nc_gcount 1\n# TYPE d stateset\nd{d="x"} 1\n# TYPE "e f" unknown\n{"e f"} 1\n';
    expect(
      complete(text).map(({ labels, family }) => [labels['__name__'], family?.name, family?.type]),
    ).toEqual([
      ['a_seconds_total', 'a_seconds', 'counter'],
      ['a_seconds_created', 'a_seconds', 'counter'],
      ['b_info', 'b', 'info'],
      ['c_bucket', 'c', 'gaugehistogram'],
      ['c_gsum', 'c', 'gaugehistogram'],
      ['c_gcount', 'c', 'gaugehistogram'],
      ['d', 'd', 'stateset'],
      ['e f', 'e f', 'unknown'],
    ]);
    expect(complete(text)[0].family).toEqual({
      name: 'a_seconds',
      type: 'counter',
      help: 'Some "text"\n\\.',
      unit: 'seconds',
    });
  });

  it('spells the bounds of histograms and summaries one way, of gauge histograms as they are', () => {
    const text =
      '# TYPE h histogram\nh_bucket{le="1"} 1\n# TYPE g gaugehistogram\ng_bucket{le="1"} 1\n# TYPE s summary\ns{quantile="1"} 1\n';
    expect(complete(text).map(({ labels }) => labels['le'] ?? labels['quantile'])).toEqual([
      '1.0',
      '1',
      '1.0',
    ]);
  });

  it.each([
    ['', 1, 1, /does not end with # EOF/],
    ['a 1\n', 2, 1, /does not end with # EOF/],
    ['a 1', 1, 4, /does not end with # EOF: the last line is cut off/],
    ['a 1\n# EO', 2, 5, /cut off/],
    ['# EOF\n\n', 2, 1, /unexpected data after # EOF/],
    ['# EOF\na 1\n', 2, 1, /unexpected data after # EOF/],
    ['# EOF\na', 2, 1, /unexpected data after # EOF/],
    ['# EOF \n', 1, 6, /unexpected data after # EOF/],
    ['# EOFa', 1, 7, /cut off/],
    ['\na 1\n# EOF\n', 1, 1, /blank lines/],
    [' a 1\n# EOF\n', 1, 1, /expected a metric name, got a space/],
    ['a  1\n# EOF\n', 1, 3, /expected a value, got a space/],
    ['a\t1\n# EOF\n', 1, 2, /expected a space and a value.*got a tab/],
    ['a 1 \n# EOF\n', 1, 4, /got a space/],
    ['a 1\t\n# EOF\n', 1, 4, /got a tab/],
    ['a 1\r\n# EOF\n', 1, 4, /got a carriage return/],
    ['a 1  5\n# EOF\n', 1, 5, /expected a timestamp, got a space/],
    ['a 1 5 \n# EOF\n', 1, 6, /got a space/],
    ['a 1 NaN\n# EOF\n', 1, 5, /invalid timestamp "NaN"/],
    ['a 1 0x1p3\n# EOF\n', 1, 5, /invalid timestamp "0x1p3": unsupported/],
    ['a{ } 1\n# EOF\n', 1, 3, /got a space/],
    ['a{x="1", y="2"} 1\n# EOF\n', 1, 9, /got a space/],
    ['a{x="1"y="2"} 1\n# EOF\n', 1, 8, /expected "," or "}" after the label, got "y"/],
    ['a{x="1"}1\n# EOF\n', 1, 9, /expected a space and a value/],
    ['a{x="1\n"} 1\n# EOF\n', 1, 7, /line break within quotation marks/],
    ['a {x="1"} 1\n# EOF\n', 1, 3, /expected a value, got "{"/],
    ['a 1 # x\n# EOF\n', 1, 5, /expected an exemplar/],
    ['a 1 #{x="1"} 1\n# EOF\n', 1, 5, /expected an exemplar/],
    ['a 1 # {x="1"}\n# EOF\n', 1, 14, /after the exemplar's labels/],
    ['a 1 # {x="1"} 1 \n# EOF\n', 1, 16, /after the exemplar, got a space/],
    ['a 1 # {x="1"} 1 NaN\n# EOF\n', 1, 17, /invalid exemplar timestamp "NaN"/],
    ['a 1 # {x="1"} y\n# EOF\n', 1, 15, /invalid exemplar value "y"/],
    ['a 1 # {"x"} 1\n# EOF\n', 1, 11, /expected "="/],
    ['a 1 # {x="1"} 1 # {y="1"} 1\n# EOF\n', 1, 17, /exemplar timestamp/],
    ['# FOO a b\n# EOF\n', 1, 1, /expected # HELP, # TYPE, # UNIT or # EOF/],
    ['#\n# EOF\n', 1, 1, /expected # HELP/],
    ['#  TYPE a counter\n# EOF\n', 1, 1, /expected # HELP/],
    ['# TYPE a untyped\n# EOF\n', 1, 10, /invalid metric type "untyped"/],
    ['# TYPE  a counter\n# EOF\n', 1, 8, /expected a metric name after TYPE, got a space/],
    ['# HELP a\n# EOF\n', 1, 9, /expected a space and text/],
    ['# UNIT a s\n# EOF\n', 1, 10, /unit "s" is not a suffix of metric "a"/],
    ['# UNIT s s\n# EOF\n', 1, 10, /not a suffix/],
  ])('refuses %j at line %i, column %i', (text, line, column, reason) => {
    const error = fault(text);
    expect(error.code).toBe('bad_exposition');
    expect(error.reason).toMatch(reason);
    expect(error.place).toEqual({ line, column });
  });

  it('gives no sample of a line that is cut off', () => {
    const batch = new Batch();
    const parser = new OpenMetricsParser(new SeriesTable());
    parser.write(Buffer.from('a 1\nb 12'), batch);
    expect(() => parser.end(batch)).toThrow(InputError);
    expect([...batch.v.subarray(0, batch.length)]).toEqual([1]);
  });

  it('leaves no exemplar behind that has no row', () => {
    const batch = new Batch();
    const parser = new OpenMetricsParser(new SeriesTable(), { level: 'strict' });
    expect(() => parser.write(Buffer.from('a 1 # {x="1"} 1\n'), batch)).toThrow(/exemplars/);
    expect(batch.length).toBe(0);
    expect(batch.exemplars).toEqual([]);
  });

  it('takes several expositions one after another only if asked to', () => {
    const text = '# TYPE a counter\na_total 1\n# EOF\n# TYPE h histogram\nh_bucket{le="1"} 2\n# EOF\n';
    expect(fault(text).place).toEqual({ line: 4, column: 1 });
    for (let size = 1; size <= text.length; size++) {
      const found = parseAll(
        (table) => new OpenMetricsParser(table, { concatenated: true }),
        Buffer.from(text),
        size,
      );
      expect(found.map((row) => row.bits)).toEqual(['3ff0000000000000', '4000000000000000']);
    }
    // What was declared in one says nothing of the samples of the next.
    const later = rows(`${text}h_bucket{le="1"} 3\n# EOF\n`, { concatenated: true });
    expect(later.map(({ labels }) => labels['le'])).toEqual([undefined, '1.0', '1']);
    expect(fault(`${text}a_total 1\n`, { concatenated: true }).reason).toMatch(/does not end/);
    expect(fault(`${text}\n`, { concatenated: true }).reason).toMatch(/blank/);
  });

  it('can be used for one scrape after another', () => {
    const table = new SeriesTable();
    const parser = new OpenMetricsParser(table);
    const batch = new Batch();
    for (let i = 0; i < 3; i++) {
      parser.write(Buffer.from(`# TYPE a counter\na_total NaN\nb{x="1"} ${i} 1.5\n# EOF\n`), batch);
      parser.end(batch);
    }
    expect([...batch.series.subarray(0, 6)]).toEqual([0, 1, 0, 1, 0, 1]);
    for (let row = 0; row < 6; row += 2) expect(bitsOf(batch.v, row)).toBe('7ff8000000000001');
    expect(batch.v[5]).toBe(2);
    expect(() => parser.end(batch)).toThrow(/does not end with # EOF/);
  });
});

describe('a strict OpenMetricsParser', () => {
  const strict = { level: 'strict' } as const;
  const check = (text: string) => rows(text + EOF, strict).length;
  const refusal = (text: string) => fault(text + EOF, strict);

  it.each([
    ['# TYPE a gauge\na{x="1"} 1 1\na{x="1"} 2 1.0000000001\na{x="2"} 3\n', 3],
    ['# TYPE a counter\n# UNIT a \n# HELP a \na_total 1\na_created 5\n# TYPE b gauge\nb 1\n', 3],
    [
      '# TYPE h histogram\nh_bucket{x="1",le="1"} 1\nh_bucket{x="1",le="+Inf"} 2\nh_count{x="1"} 2\nh_sum{x="1"} 5\nh_bucket{x="2",le="+Inf"} 0\n',
      5,
    ],
    ['# TYPE h gaugehistogram\nh_bucket{le="-1"} 1\nh_bucket{le="+Inf"} 2\nh_gcount 2\nh_gsum -5\n', 4],
    ['# TYPE i info\ni_info{x="1"} 1 5\ni_info{x="1"} 1 4\n', 2],
    ['# TYPE s stateset\ns{s="a"} 1\ns{s="b"} 0\n', 2],
    ['# TYPE q summary\nq{quantile="0.5"} NaN\nq{quantile="1"} 2\nq_sum 3\nq_count 2\n', 4],
    ['a 1\nb 2\n', 2],
  ])('takes %j', (text, count) => {
    expect(check(text)).toBe(count);
  });

  it.each([
    ['a 1\nb 1\na{x="1"} 1\n', 4, /two families have the name a/],
    ['# TYPE a gauge\na 1\n# HELP a x\n', 3, /metadata of a after its samples/],
    ['# TYPE a gauge\n# TYPE a gauge\n', 2, /more than one type for a/],
    ['# TYPE a_created gauge\n# TYPE a counter\n', 3, /two families have the name a_created/],
    ['# TYPE a counter\na 1\n', 3, /two families have the name a/],
    ['# TYPE a counter\na_total -1\n', 2, /cannot be negative/],
    ['# TYPE a counter\na_total NaN\n', 2, /cannot be NaN/],
    ['# TYPE a summary\na{quantile="1.5"} 1\n', 2, /from 0 to 1/],
    ['# TYPE a summary\na{quantile="0.5"} -1\n', 2, /cannot be negative/],
    ['# TYPE a summary\na_count 1.5\n', 2, /must be an integer/],
    ['# TYPE a stateset\na{a="x"} 2\n', 2, /0 or 1/],
    ['# TYPE a stateset\na{b="x"} 1\n', 2, /needs the label a/],
    ['# TYPE a info\na_info 2\n', 2, /value of an info is 1/],
    ['# TYPE a_s info\n# UNIT a_s s\n', 3, /cannot have a unit/],
    ['# TYPE a gauge\na 1 # {x="1"} 1\n', 2, /can have exemplars/],
    [`# TYPE a counter\na_total 1 # {x="${'é'.repeat(128)}"} 1\n`, 2, /more than 128 characters/],
    ['# TYPE a histogram\na_bucket{le="+INF"} 0\n', 2, /a number or \+Inf/],
    [
      '# TYPE a histogram\na_bucket{le="1"} 1\n',
      3,
      /a, before this line: the bucket with le="\+Inf" is missing/,
    ],
    ['# TYPE a histogram\na_bucket{le="2"} 1\na_bucket{le="1"} 1\na_bucket{le="+Inf"} 1\n', 3, /ascending/],
    ['# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\n', 3, /less than the one before/],
    ['# TYPE a histogram\na_bucket{le="+Inf"} 1\na_count 2\na_sum 1\n', 5, /count is not that of/],
    ['# TYPE a histogram\na_bucket{le="+Inf"} 1\na_count 1\n', 4, /a count, but no sum/],
    ['# TYPE a histogram\na_bucket{le="+Inf"} 1\na_sum 1\n', 4, /a sum, but no count/],
    [
      '# TYPE a histogram\na_bucket{le="-1"} 1\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n',
      6,
      /negative buckets/,
    ],
    ['# TYPE a gaugehistogram\na_bucket{le="+Inf"} 1\na_gsum -1\na_gcount 1\n', 5, /sum is negative/],
    ['# TYPE a gauge\na{x="1"} 1\na{x="2"} 1\na{x="1"} 1\n', 4, /must stand together/],
    ['# TYPE a gauge\na 1 2\na 1 1\n', 3, /go backwards/],
    ['# TYPE a gauge\na 1 2\na 1\n', 3, /either all samples/],
    ['# TYPE a gauge\na 1\na 2\n', 3, /there twice/],
    ['a{x="1",} 1\n', 1, /after the comma/],
    ['{"a"} 1\n', 1, /expected a label name/],
    ['# TYPE "a" gauge\n', 1, /expected a metric name/],
  ])('refuses %j at line %i', (text, line, reason) => {
    const error = refusal(text);
    expect(error.reason).toMatch(reason);
    expect(error.place.line).toBe(line);
  });

  it('begins anew after # EOF and after a fault', () => {
    const options = { ...strict, concatenated: true };
    const text = '# TYPE a counter\na_total 1\n# EOF\n';
    expect(rows(text + text, options)).toHaveLength(2);
    const parser = new OpenMetricsParser(new SeriesTable(), strict);
    const batch = new Batch();
    expect(() => parser.write(Buffer.from('# TYPE h histogram\nh_bucket{le="1"} 1\nx\n'), batch)).toThrow(
      InputError,
    );
    parser.write(Buffer.from(text), batch);
    parser.end(batch);
    expect(batch.length).toBe(2);
  });
});
