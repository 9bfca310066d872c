import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/core/errors.ts';
import { Batch } from '../../../src/core/exposition/batch.ts';
import { SeriesTable } from '../../../src/core/exposition/series-table.ts';
import { TextParser } from '../../../src/core/exposition/text-parser.ts';
import { heldBytes } from './memory.ts';
import { bitsOf, parseAll, rowsOf } from './rows.ts';

const rows = (text: string | Uint8Array) => parseAll((table) => new TextParser(table), Buffer.from(text));

/** `name{labels} value @time` of each row. */
function brief(text: string | Uint8Array): string[] {
  const table = new SeriesTable();
  const batch = new Batch();
  const parser = new TextParser(table);
  parser.write(Buffer.from(text), batch);
  parser.end(batch);
  return rowsOf(batch, table).map((row, i) => {
    const time = row.t === null ? '' : ` @${row.t}`;
    return `${table.labels[batch.series[i]]} ${batch.v[i]}${time}`;
  });
}

function fault(text: string | Uint8Array): InputError {
  try {
    rows(text);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
}

describe('TextParser', () => {
  it.each([
    ['a 1', ['a 1']],
    ['a 1\n', ['a 1']],
    ['a 1 1700000000123\n', ['a 1 @1700000000123']],
    ['a\t 1 \t5\t\n', ['a 1 @5']],
    ['\n  \n\ta 1\n', ['a 1']],
    ['a{} 1\n', ['a 1']],
    ['a{ x = "1" , y="2" , } 1\n', ['a{x="1", y="2"} 1']],
    ['a{x="1"y="2" z="3"}1\n', ['a{x="1", y="2", z="3"} 1']],
    ['a {x="1"} 1\n', ['a{x="1"} 1']],
    ['a{y="2",x="1"} 1\n', ['a{x="1", y="2"} 1']],
    ['a{x=""} 1\n', ['a 1']],
    ['a{x="",x="1"} 1\n', ['a 1']],
    ['a{x="}"} 1\na{x="# \\"{"} 2\n', ['a{x="}"} 1', 'a{x="# \\"{"} 2']],
    ['{"a"} 1\n{"a b","c d"="e"} 2\n', ['a 1', '{"a b", "c d"="e"} 2']],
    ['{x="1","a"} 1\n', ['a{x="1"} 1']],
    ['a-5\na.5\n', ['a -5', 'a 0.5']],
    ['a:b 1\n:c 2\n_ 3\n', ['a:b 1', ':c 2', '_ 3']],
    ['# comment\n#\n# HELP\n##\n#HELP a b\na 1\n', ['a 1']],
    ['a 1\n\na 2\n', ['a 1', 'a 2']],
  ])('takes %j', (text, wanted) => {
    expect(brief(text)).toEqual(wanted);
  });

  it.each([
    ['+Inf', Infinity],
    ['inf', Infinity],
    ['-Infinity', -Infinity],
    ['1e3', 1000],
    ['.5', 0.5],
    ['5.', 5],
    ['+7', 7],
    ['1e-999', 0],
    ['-0', -0],
  ])('takes the value %s', (word, v) => {
    const table = new SeriesTable();
    const batch = new Batch();
    const parser = new TextParser(table);
    parser.write(Buffer.from(`a ${word}\n`), batch);
    expect(batch.v[0]).toBe(v);
  });

  it.each(['NaN', 'nan', 'NAN'])('gives %s the bits that Prometheus gives it, on every pass', (word) => {
    const batch = new Batch();
    const parser = new TextParser(new SeriesTable());
    for (let pass = 0; pass < 3; pass++) {
      parser.write(Buffer.from(`a ${word}\nb{x="1"} ${word} 5\n`), batch);
      parser.end(batch);
    }
    for (let row = 0; row < 6; row++) expect(bitsOf(batch.v, row)).toBe('7ff8000000000001');
  });

  it('resolves escapes in label values and help', () => {
    const [row] = rows('# HELP a x\\ny\\\\z\\"q\\w\na{x="a\\nb\\"c\\\\d\\e"} 1\n');
    expect(row.labels).toEqual({ __name__: 'a', x: 'a\nb"c\\d\\e' });
    expect(row.family?.help).toBe('x\ny\\z\\"q\\w');
  });

  it('takes line breaks and null bytes within quotation marks, and counts the lines', () => {
    expect(rows('a{x="1\n2\0"} 1\n')[0].labels).toEqual({ __name__: 'a', x: '1\n2\0' });
    expect(fault('a{x="1\n2"} 1\nb{y="\n\n"} 2\nc 3 x\n').place).toEqual({ line: 6, column: 5 });
  });

  it.each([
    ['a\n', 1, 2, /expected a value, got the end of the line/],
    ['a \n', 1, 3, /expected a value/],
    ['b 1\na 1 2 3\n', 2, 7, /end of the line after the timestamp/],
    ['a 1\r\n', 1, 4, /carriage return/],
    ['a 1 -5\n', 1, 5, /expected a timestamp or the end of the line, got "-"/],
    ['a 1 1.5\n', 1, 6, /end of the line after the timestamp, got "\."/],
    ['a 1 99999999999999999999\n', 1, 5, /out of range/],
    ['a 1_0\n', 1, 3, /invalid value "1_0": unsupported character/],
    ['a 0x1p-2\n', 1, 3, /invalid value "0x1p-2": unsupported character/],
    ['a 0x10\n', 1, 3, /invalid value "0x10": not a number/],
    ['a 1e999\n', 1, 3, /invalid value "1e999": out of the range of a float/],
    ['a +nan\n', 1, 3, /not a number/],
    ['a 1 # {x="1"} 1\n', 1, 5, /expected a timestamp/],
    ['a{x="1"\n', 1, 8, /expected a label name or "}", got the end of the line/],
    ['a{x=1} 1\n', 1, 5, /label value in double quotes, got "1"/],
    ['a{x} 1\n', 1, 4, /expected "="/],
    ['a{"b"} 1\n', 1, 3, /metric name is already set/],
    ['{x="1"} 1\n', 1, 1, /no metric name/],
    ['{a} 1\n', 1, 3, /expected "="/],
    ['{""} 1\n', 1, 1, /metric name is empty/],
    ['a{""="x"} 1\n', 1, 3, /label name is empty/],
    ['a{,} 1\n', 1, 3, /expected a label name/],
    ['a{x="1",,} 1\n', 1, 9, /expected a label name/],
    ['a{x="1",x="2"} 1\n', 1, 1, /"x" is not unique/],
    ['a{__name__="b"} 1\n', 1, 1, /"__name__" is not unique/],
    ['a{x="\\\n"} 1\n', 1, 7, /backslash cannot escape a line break/],
    ['a 1\nb{x="1\n2\n', 2, 5, /closing quotation mark is missing/],
    ['0a 1\n', 1, 1, /expected a metric name, got "0"/],
    ['é 1\n', 1, 1, /expected a metric name, got byte 0xc3/],
    ['a{é="1"} 1\n', 1, 3, /got byte 0xc3/],
    ['# TYPE a meh\n', 1, 10, /invalid metric type "meh"/],
    ['# TYPE a counter \n', 1, 10, /invalid metric type "counter "/],
    ['# TYPE a  counter\n', 1, 10, /invalid metric type " counter"/],
    ['# TYPE a unknown\n', 1, 10, /invalid metric type "unknown"/],
    ['# TYPE a\n', 1, 9, /invalid metric type ""/],
    ['# HELP \n', 1, 8, /expected a metric name after HELP/],
    ['# TYPE 0 counter\n', 1, 8, /expected a metric name after TYPE/],
    ['# HELP "a\n', 1, 8, /closing quotation mark is missing/],
    ['\0a 1\n', 1, 1, /got byte 0x00/],
  ])('refuses %j at line %i, column %i', (text, line, column, reason) => {
    const error = fault(text);
    expect(error.code).toBe('bad_exposition');
    expect(error.reason).toMatch(reason);
    expect(error.place).toEqual({ line, column });
  });

  it.each([
    ['a{x="\xff"} 1\n', 6],
    ['{"\xff"} 1\n', 3],
    ['a{"x\xff"="1"} 1\n', 5],
    ['# HELP a \xff\n', 10],
    ['# HELP a \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xe2\x82 \n', 19],
    ['# TYPE "a\xc3" counter\n', 10],
  ])('refuses invalid UTF-8 in %j', (latin1, column) => {
    const error = fault(Buffer.from(latin1, 'latin1'));
    expect(error.reason).toMatch(/UTF-8/);
    expect(error.place).toEqual({ line: 1, column });
  });

  it('leaves the rows before a fault in the batch, and begins anew after it', () => {
    const table = new SeriesTable();
    const parser = new TextParser(table);
    const batch = new Batch();
    expect(() => parser.write(Buffer.from('a 1\nb 2\nc x\nd 4\n'), batch)).toThrow(InputError);
    expect(batch.length).toBe(2);
    parser.write(Buffer.from('a 5\ne 6\n'), batch);
    parser.end(batch);
    expect([...batch.v.subarray(0, batch.length)]).toEqual([1, 2, 5, 6]);
    expect(() => parser.write(Buffer.from('a 1\nb x\n'), batch)).toThrow(/^line 2, column 3/);
  });

  it('finds the same fault behind known lines', () => {
    const table = new SeriesTable();
    const parser = new TextParser(table);
    const batch = new Batch();
    const good = '# TYPE a gauge\na 1\nb{x="1"} 2\nc 3 5\n';
    parser.write(Buffer.from(good), batch);
    parser.end(batch);
    const first = fault(good.replace('c 3 5', 'c 3 5 6'));
    expect(() => parser.write(Buffer.from(good.replace('c 3 5', 'c 3 5 6')), batch)).toThrow(first.message);
    expect(batch.length).toBe(5);
  });

  it('refuses a line longer than allowed, without keeping it', () => {
    const parser = new TextParser(new SeriesTable(), { maxRecordBytes: 1000 });
    const batch = new Batch();
    const endless = Buffer.alloc(600, 'a');
    parser.write(endless, batch);
    expect(() => parser.write(endless, batch)).toThrow(
      /^line 1, column 1: the line is longer than 1000 bytes/,
    );
    // Not so where the lines are short and only the input is long.
    parser.write(Buffer.from('a 1\n'.repeat(1000)), batch);
    parser.end(batch);
    expect(batch.length).toBe(1000);
  });

  it('takes a quoted text of many small pieces without looking at all of it each time', () => {
    const parser = new TextParser(new SeriesTable());
    const batch = new Batch();
    const piece = Buffer.from(`${'x'.repeat(99)}\n`);
    parser.write(Buffer.from('a{x="'), batch);
    // Looking at all of it each time would take minutes.
    for (let i = 0; i < 40_000; i++) parser.write(piece, batch);
    parser.write(Buffer.from('"} 7\n'), batch);
    parser.end(batch);
    expect(batch.v[0]).toBe(7);
  });
});

describe('families', () => {
  const familyOf = (text: string, series: string) =>
    rows(text).find((row) => row.labels['__name__'] === series)?.family;

  it('are what metadata says, whatever comes first', () => {
    for (const text of [
      '# HELP a_total Things.\n# TYPE a_total counter\na_total 1\n',
      '# TYPE a_total counter\n# HELP a_total Things.\na_total 1\n',
      'a_total 1\n# TYPE a_total counter\n# HELP a_total Things.\n',
    ])
      expect(familyOf(text, 'a_total')).toEqual({
        name: 'a_total',
        type: 'counter',
        help: 'Things.',
        unit: '',
      });
  });

  it('have the samples with the suffixes of their type', () => {
    const text =
      '# TYPE h histogram\nh_bucket{le="1"} 1\nh_sum 1\nh_count 1\nh_created 1\nh_total 1\n' +
      '# TYPE s summary\ns{quantile="0.5"} 1\ns_sum 1\ns_count 1\ns_bucket 1\n# TYPE h_other gauge\nh_other 1\n';
    for (const [series, family] of [
      ['h_bucket', 'h'],
      ['h_sum', 'h'],
      ['h_count', 'h'],
      ['h_created', 'h'],
      ['h_total', undefined],
      ['s', 's'],
      ['s_sum', 's'],
      ['s_bucket', undefined],
      ['h_other', 'h_other'],
    ] as const)
      expect(familyOf(text, series)?.name, series).toBe(family);
  });

  it('that are declared again are replaced, in this pass and in later ones', () => {
    const table = new SeriesTable();
    const parser = new TextParser(table);
    const batch = new Batch();
    const first = Buffer.from('# HELP a one\n# TYPE a gauge\na 1\n');
    parser.write(first, batch);
    parser.end(batch);
    const before = table.families[0];
    parser.write(first, batch);
    parser.end(batch);
    expect(table.families[0]).toBe(before);
    parser.write(Buffer.from('# HELP a two\n# TYPE a counter\na 1\n'), batch);
    parser.end(batch);
    expect(table.families).toEqual([{ name: 'a', type: 'counter', help: 'two', unit: '' }]);
    expect(before.help).toBe('one');
    // The lines of the first pass are known: they must count again all the same.
    parser.write(first, batch);
    parser.end(batch);
    expect(table.families).toEqual([{ name: 'a', type: 'gauge', help: 'one', unit: '' }]);
  });

  it('spell the bounds of histograms and summaries one way', () => {
    const text =
      '# TYPE h histogram\n' +
      'h_bucket{le="1"} 1\nh_bucket{le="1e1"} 1\nh_bucket{le="123456789"} 1\nh_bucket{le="0.00001"} 1\n' +
      'h_bucket{le="inf"} 1\nh_bucket{le="0x1p4"} 1\nh_bucket{le="abc"} 1\nh_bucket{le="-0"} 1\n' +
      'h_bucket{quantile="1"} 1\n# TYPE s summary\ns{quantile="0.50"} 1\ns{le="1"} 1\n# TYPE g gauge\ng{le="1"} 1\n';
    expect(rows(text).map(({ labels }) => labels['le'] ?? labels['quantile'])).toEqual([
      '1.0',
      '10.0',
      '1.23456789e+08',
      '1e-05',
      '+Inf',
      '16.0',
      'abc',
      '0.0',
      '1',
      '0.5',
      '1',
      '1',
    ]);
  });

  it('decide anew about a known line whose type is another now', () => {
    const table = new SeriesTable();
    const parser = new TextParser(table);
    const batch = new Batch();
    const les: string[] = [];
    for (const type of ['histogram', 'gauge', 'histogram']) {
      batch.clear();
      parser.write(Buffer.from(`# TYPE h ${type}\nh_bucket{le="1"} 1\n`), batch);
      parser.end(batch);
      les.push(table.labels[batch.series[0]].get('le'));
    }
    expect(les).toEqual(['1.0', '1', '1.0']);
  });
});

describe('known series', () => {
  it('keep their numbers, and one number has one label set however it is spelled', () => {
    const table = new SeriesTable();
    const parser = new TextParser(table);
    const batch = new Batch();
    parser.write(
      Buffer.from('a{x="1",y="2"} 1\na{y="2",x="1"} 2\na{ y="2", x="1" } 3\n{"a",x="1",y="2"} 4\n'),
      batch,
    );
    parser.write(Buffer.from('b 5\na{y="2",x="1"} 6\n'), batch);
    parser.end(batch);
    expect([...batch.series.subarray(0, batch.length)]).toEqual([0, 0, 0, 0, 1, 0]);
    expect(table.size).toBe(2);
  });

  it('cost no labels and no strings when they come again', () => {
    const table = new SeriesTable();
    const parser = new TextParser(table);
    const batch = new Batch();
    const body = Buffer.from(
      '# HELP a x\n# TYPE a gauge\na{x="1"} 1.5\na{x="2"} NaN 7\n{"b"} 0.12345678901234567\n',
    );
    parser.write(body, batch);
    parser.end(batch);
    const labels = [...table.labels];
    const family = table.families[0];
    for (let i = 0; i < 3; i++) {
      parser.write(body, batch);
      parser.end(batch);
    }
    expect(table.labels.every((l, i) => l === labels[i])).toBe(true);
    expect(table.families[0]).toBe(family);
    expect([...batch.series.subarray(0, batch.length)]).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
  });

  it('are told from others that begin alike', () => {
    const table = new SeriesTable();
    const parser = new TextParser(table);
    const batch = new Batch();
    parser.write(Buffer.from('a 1\nab 2\na{x="1"} 3\na{x="12"} 4\n'), batch);
    parser.end(batch);
    batch.clear();
    parser.write(Buffer.from('ab 1\na 2\na{x="12"} 3\na{x="1"} 4\na {x="1"} 5\naa 6\n'), batch);
    parser.end(batch);
    expect([...batch.series.subarray(0, batch.length)]).toEqual([1, 0, 3, 2, 2, 4]);
  });

  it('and metadata leave no more than one spelling behind each', () => {
    const table = new SeriesTable();
    const parser = new TextParser(table);
    const batch = new Batch();
    const padding = 'x'.repeat(100);
    const pass = (i: number) => {
      batch.clear();
      const lines = Array.from(
        { length: 300 },
        (_, j) => `# HELP a${j} ${padding} ${i}\na${j}{x="${padding}"${' '.repeat(i)}} ${j}\n`,
      );
      parser.write(Buffer.from(lines.join('')), batch);
      parser.end(batch);
    };
    for (let i = 0; i < 20; i++) pass(i);
    const before = heldBytes();
    for (let i = 20; i < 220; i++) pass(i);
    expect(table.size).toBe(300);
    // Two hundred passes bring 120,000 lines of 120 bytes and more.
    expect(heldBytes() - before).toBeLessThan(6_000_000);
  });

  it('stay known when others are forgotten, and their metadata too', () => {
    const table = new SeriesTable();
    const parser = new TextParser(table);
    const batch = new Batch();
    const names = Array.from({ length: 3000 }, (_, i) => `m${i}`);
    const parse = (text: string) => {
      batch.clear();
      parser.write(Buffer.from(text), batch);
      parser.end(batch);
    };
    const lines = (n: string) => `# HELP ${n} about ${n}\n${n} 1\n`;
    parse(names.map(lines).join(''));
    const some = names.filter((_, i) => i % 10 === 3);
    for (let i = 0; i < 3; i++) parse(some.map(lines).join(''));
    parse(some.map((n) => `# HELP ${n} else\n${lines(n)}`).join(''));
    for (const [i, name] of some.entries()) {
      expect(table.families[table.findFamily(name)].help).toBe(`about ${name}`);
      expect(table.labels[batch.series[i]].toString()).toBe(name);
    }
  });

  it('do not stay in memory when every pass has others', () => {
    const table = new SeriesTable();
    const parser = new TextParser(table);
    const batch = new Batch();
    const name = 'n'.repeat(100);
    const pass = (i: number) => {
      batch.clear();
      const lines = Array.from({ length: 500 }, (_, j) => `${name}{pass="${i}",j="${j}"} ${j}\n`);
      parser.write(Buffer.from(`# HELP ${name} Pass ${i}.\n${lines.join('')}`), batch);
      parser.end(batch);
      table.nextGeneration();
      table.evict(1);
      expect(batch.length).toBe(500);
    };
    for (let i = 0; i < 20; i++) pass(i);
    const { size } = table;
    const before = heldBytes();
    for (let i = 20; i < 220; i++) pass(i);
    expect(table.size).toBe(size);
    // Two hundred passes bring 100,000 series of 120 bytes and more.
    expect(heldBytes() - before).toBeLessThan(6_000_000);
  });
});
