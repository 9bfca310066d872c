import { describe, expect, it } from 'vitest';
import { Batch } from '../../../src/core/exposition/batch.ts';
import { createParser } from '../../../src/core/exposition/format.ts';
import { SeriesTable } from '../../../src/core/exposition/series-table.ts';
import { parseAll, rowsOf } from './rows.ts';

const make = (table: SeriesTable) => createParser('openmetrics', table, { createdAsStart: true });

const TEXT =
  '# TYPE a counter\na_total{x="1"} 1 # {t="1"} 1\na_created{x="1"} 1000.5\na_total{x="2"} 2 # {t="2"} 2\n' +
  '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_count 2\nh_sum NaN\nh_created 2000\n' +
  '# TYPE q summary\nq_created{y="1"} 3000\nq{y="1",quantile="0.5"} 1\nq_sum{y="1"} 1\n' +
  '# TYPE g gauge\ng 1\n# TYPE g_created gauge\ng_created 5\nloose_created 6\n# EOF\n';

const WANTED = [
  ['a_total', 1_000_500, 1],
  ['a_total', undefined, 1],
  ['h_bucket', 2_000_000, 0],
  ['h_bucket', 2_000_000, 0],
  ['h_count', 2_000_000, 0],
  ['h_sum', 2_000_000, 0],
  ['q', 3_000_000, 0],
  ['q_sum', 3_000_000, 0],
  ['g', undefined, 0],
  ['g_created', undefined, 0],
  ['loose_created', undefined, 0],
];

describe('createdAsStart', () => {
  it('gives the samples of a metric the start that its _created sample says, in pieces of any size', () => {
    for (let size = 1; size < TEXT.length; size += 3) {
      const rows = parseAll(make, Buffer.from(TEXT), size);
      expect(rows.map((row) => [row.labels['__name__'], row.st, row.exemplars?.length ?? 0])).toEqual(WANTED);
      expect(rows[0].exemplars?.[0].labels).toEqual({ t: '1' });
      expect(rows[1].exemplars?.[0].labels).toEqual({ t: '2' });
      expect(rows[5].bits).toBe('7ff8000000000001');
    }
  });

  it('hands on every row as soon as its family is over, and on every pass', () => {
    const table = new SeriesTable();
    const parser = make(table);
    for (let pass = 0; pass < 2; pass++) {
      const batch = new Batch();
      const cut = TEXT.indexOf('h_bucket{le="+Inf"');
      parser.write(Buffer.from(TEXT.slice(0, cut)), batch);
      // The counters' start is known, the histogram's may follow.
      expect(batch.length).toBe(2);
      parser.write(Buffer.from(TEXT.slice(cut)), batch);
      parser.end(batch);
      expect(rowsOf(batch, table).map((row) => row.st)).toEqual(WANTED.map(([, st]) => st));
    }
  });

  it('hands on the rows before a fault', () => {
    const table = new SeriesTable();
    const batch = new Batch();
    const text = '# TYPE a counter\na_total 1\na_created 5\nb x\n';
    expect(() => make(table).write(Buffer.from(text), batch)).toThrow(/line 4/);
    expect(rowsOf(batch, table).map((row) => [row.labels['__name__'], row.st])).toEqual([['a_total', 5000]]);
  });

  it('leaves them ordinary series otherwise', () => {
    const rows = parseAll((table) => createParser('openmetrics', table), Buffer.from(TEXT));
    expect(rows).toHaveLength(WANTED.length + 3);
    expect(rows.every((row) => row.st === undefined)).toBe(true);
  });
});
