/** CSV: what columns mean, and what rows give. */
import { describe, expect, test } from 'vitest';
import { Batch } from '../../../../src/core/exposition/batch.ts';
import { SeriesTable } from '../../../../src/core/exposition/series-table.ts';
import { isStale } from '../../../../src/core/model/index.ts';
import { parseMetric } from '../../../../src/core/promql/parser/index.ts';
import { CsvParser, parseCsvColumns } from '../../../../src/core/tsdb/import/index.ts';

/** `series t v` of each row. */
function parse(text: string, columns?: string, pieceBytes = 7): string[] {
  const table = new SeriesTable();
  const batch = new Batch();
  const parser = new CsvParser(table, {
    parseSeries: parseMetric,
    ...(columns !== undefined && { columns: parseCsvColumns(columns) }),
  });
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes)
    parser.write(bytes.subarray(at, at + pieceBytes), batch);
  parser.end(batch);
  return Array.from({ length: batch.length }, (_, row) => {
    const v = isStale(batch.v, row) ? 'stale' : batch.v[row];
    return `${table.labels[batch.series[row]]} ${batch.t[row]} ${v}`;
  });
}

describe('columns by their headers', () => {
  test('labels, time and value', () => {
    const text =
      '__name__,host,timestamp,value\nup,a,1700000000,1\nup,b,1700000000500,0\nup,,2024-01-01,NaN\n';
    expect(parse(text)).toEqual([
      'up{host="a"} 1700000000000 1',
      'up{host="b"} 1700000000500 0',
      `up ${Date.UTC(2024, 0, 1)} NaN`,
    ]);
  });

  test('tells series apart, and knows the one of the row before, in quotes or not', () => {
    const rows = ['up,ab,', 'up,ab,', 'up,a,b', 'up,"a",b', 'up,"a",b', 'up,,ab', 'up,"a""",', 'up,a,b'];
    const text = `__name__,x,y,timestamp,value\n${rows.map((row, i) => `${row},${1700000000000 + i},${i}\n`).join('')}`;
    const series = ['x="ab"', 'x="ab"', 'x="a", y="b"', 'x="a", y="b"', 'x="a", y="b"', 'y="ab"', 'x="a\\""'];
    const expected = [...series, 'x="a", y="b"'].map(
      (labels, i) => `up{${labels}} ${1700000000000 + i} ${i}`,
    );
    for (const pieceBytes of [1, 7, 30, 1000]) expect(parse(text, undefined, pieceBytes)).toEqual(expected);
  });

  test("what tsmon writes, with quotes, commas and line breaks in it, whatever a piece's length", () => {
    const text =
      'series,timestamp,value\r\n"up{a=""x,y"", b=""1\n2""}",1700000000000,stale\r\nup,1700000000001,+Inf';
    for (const pieceBytes of [1, 2, 5, 1000]) {
      expect(parse(text.replace('1\n2', '1\\n2'), undefined, pieceBytes)).toEqual([
        'up{a="x,y", b="1\\n2"} 1700000000000 stale',
        'up 1700000000001 Infinity',
      ]);
    }
    const label = '__name__,l,time,value\nm,"a ""b""\n,c",1700000000,1\n';
    expect(parse(label)).toEqual(['m{l="a \\"b\\"\\n,c"} 1700000000000 1']);
  });
});

test('mapped columns: several metrics, units of time, numbers for names, empty values', () => {
  const text = 'day,city,temp,wind\n86400,Oslo,-3.5,\n172800,Rome,20,7e1\n';
  expect(parse(text, 'day=time:s,city=label:place,temp=metric:t_celsius,4=metric')).toEqual(
    [
      't_celsius{place="Oslo"} 86400000 -3.5',
      't_celsius{place="Rome"} 172800000 20',
      '4{place="Rome"} 172800000 70',
    ].map((line) => line.replace(/^4\{place="Rome"\}/, '{"4", place="Rome"}')),
  );
  expect(parse('t,m,v,note\n5,a,1,x\n', 't=time:ms,m=name,v=value')).toEqual(['a 5 1']);
  expect(parse('t,v\n1500000,1\n', 't=time:us,v=metric:m')).toEqual(['m 1500 1']);
  expect(parse('t,v\n1500000,1\n', 't=time:ns,v=metric:m')).toEqual(['m 2 1']);
});

test.each([
  ['a,b\n1,2\n', undefined, 'line 1: exactly one column must be the time'],
  ['time,host\n1,2\n', undefined, 'line 1: no column has values'],
  ['time,host,value\n1,2,3\n', undefined, 'line 1: nothing names the metric'],
  ['time,series,__name__,value\n', undefined, 'more than one column names the series'],
  ['t,v\n1,2\n', 'x=time', 'line 1: there is no column "x"; there are t, v'],
  ['t,v\n1,2\n', 't=when', 'a column is one of time'],
  ['t,v\n1,2\n', 't=time:h', 'times are in one of'],
  ['t,v\n1,2\n', 't', 'expected COLUMN=ROLE'],
  ['t,v\n1,2\n\n1,2,3\n', 't=time,v=metric', 'line 4: has 3 fields, and the header 2'],
  ['t,v\n1,x\n', 't=time,v=metric', 'line 2: "x" is not a number'],
  ['t,v\n"a\nb",1\nx,1\n', 't=time:s,v=metric', 'line 2: "a\\nb" is not a time'],
  ['t,v\nx,1\n', 't=time,v=metric', 'line 2: '],
  ['series,time,value\nup{,1,1\n', undefined, 'line 2: '],
  ['t,v\n1,"2\n', 't=time,v=metric', 'a quote is not closed'],
])('a fault says where it is: %j with %j', (text, columns, message) => {
  expect(() => parse(text, columns)).toThrow(message);
});
