import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OpenMetricsWriter } from '../../../src/core/exposition/openmetrics-writer.ts';
import type { Family } from '../../../src/core/exposition/series-table.ts';
import { anyHistogram, bits, type Row, writeAll } from './rows.ts';

const write = (rows: readonly Row[]) => Buffer.from(writeAll(new OpenMetricsWriter({}), rows)).toString();

const family = (name: string, type: Family['type'], help = '', unit = ''): Family => ({
  name,
  type,
  help,
  unit,
});

describe('OpenMetricsWriter', () => {
  it('writes help, type, unit, timestamps in seconds, and the end', () => {
    const of = family('run_seconds', 'counter', 'A "quoted"\nhelp\\', 'seconds');
    const labels = { __name__: 'run_seconds_total', a: 'b' };
    const rows: Row[] = [
      { labels, t: 1700000000123, bits: bits(1.5), family: of },
      { labels, t: 1700000001000, bits: bits(2), family: of },
      { labels, t: -1001, bits: bits(2), family: of },
      { labels: { __name__: 'x' }, t: null, bits: bits(Number.POSITIVE_INFINITY) },
    ];
    expect(write(rows)).toBe(
      [
        '# HELP run_seconds A \\"quoted\\"\\nhelp\\\\',
        '# TYPE run_seconds counter',
        '# UNIT run_seconds seconds',
        'run_seconds_total{a="b"} 1.5 1700000000.123',
        'run_seconds_total{a="b"} 2 1700000001.000',
        // Prometheus makes 1000.9999999999999 of 1.001.
        'run_seconds_total{a="b"} 2 -1.0011',
        'x +Inf',
        '# EOF',
        '',
      ].join('\n'),
    );
  });

  it('names families as the format wants them, whatever they were called in text', () => {
    const row = (name: string, of: Family): Row => ({
      labels: { __name__: name },
      t: null,
      bits: bits(1),
      family: of,
    });
    const rows = [
      row('a_total', family('a_total', 'counter')),
      row('b', family('b', 'counter')),
      row('i_info', family('i_info', 'info')),
      row('h_bucket', family('h', 'histogram')),
      row('h_count', family('h', 'histogram')),
      row('q', family('q', 'summary')),
      row('g', family('g', 'gauge', '', 'bytes')),
      row('u', family('u', 'unknown')),
      row('stranger', family('u', 'unknown')),
    ];
    expect(
      write(rows)
        .split('\n')
        .filter((line) => line.startsWith('#')),
    ).toEqual([
      '# TYPE a counter',
      '# TYPE b unknown',
      '# TYPE i info',
      '# TYPE h histogram',
      '# TYPE q summary',
      '# TYPE g gauge',
      '# TYPE u unknown',
      '# EOF',
    ]);
  });

  it('writes an exemplar behind its sample, and counts those that the format has no place for', () => {
    const writer = new OpenMetricsWriter({});
    const exemplar = { labels: { trace_id: 'a"b' }, v: 0.5, t: 1500 };
    const long = { labels: { x: '€'.repeat(128) }, v: 1, t: undefined };
    const fits = { labels: { x: '𝄞'.repeat(127) }, v: 1, t: undefined };
    const bytes = writeAll(writer, [
      {
        labels: { __name__: 'h_bucket', le: '1' },
        t: null,
        bits: bits(1),
        exemplars: [long, exemplar, exemplar],
      },
      { labels: { __name__: 'c_total' }, t: 2000, bits: bits(1), exemplars: [fits] },
    ]);
    expect(Buffer.from(bytes).toString()).toBe(
      `h_bucket{le="1"} 1 # {trace_id="a\\"b"} 0.5 1.500\nc_total 1 2.000 # {x="${fits.labels.x}"} 1\n# EOF\n`,
    );
    expect(writer.omitted.exemplars).toBe(2);
  });

  it('writes start timestamps as _created, once a metric', () => {
    const h = family('h', 'histogram');
    const st = 1500;
    const writer = new OpenMetricsWriter({});
    const bytes = writeAll(writer, [
      {
        labels: { __name__: 'c_total', a: 'b' },
        t: 2000,
        bits: bits(1),
        st,
        family: family('c_total', 'counter'),
      },
      { labels: { __name__: 'h_bucket', le: '+Inf' }, t: null, bits: bits(1), st, family: h },
      { labels: { __name__: 'h_sum' }, t: null, bits: bits(1), st, family: h },
      { labels: { __name__: 'h_count' }, t: null, bits: bits(1), st, family: h },
      { labels: { __name__: 'g' }, t: null, bits: bits(1), st, family: family('g', 'gauge') },
    ]);
    expect(
      Buffer.from(bytes)
        .toString()
        .split('\n')
        .filter((line) => !line.startsWith('#')),
    ).toEqual([
      'c_total{a="b"} 1 2.000',
      'c_created{a="b"} 1.500 2.000',
      'h_bucket{le="+Inf"} 1',
      'h_sum 1',
      'h_count 1',
      'h_created 1.500',
      'g 1',
      '',
    ]);
    expect(writer.omitted.startTimestamps).toBe(1);
  });

  it('begins a new exposition after the end of one', () => {
    const rows: Row[] = [{ labels: { __name__: 'g' }, t: null, bits: bits(1), family: family('g', 'gauge') }];
    const writer = new OpenMetricsWriter({ keepSeries: true });
    const once = Buffer.from(writeAll(writer, rows)).toString();
    expect(once).toBe('# TYPE g gauge\ng 1\n# EOF\n');
    expect(Buffer.from(writeAll(writer, rows)).toString()).toBe(once);
  });

  it('counts stale markers, histograms and nameless series', () => {
    const writer = new OpenMetricsWriter({});
    const [histogram] = fc.sample(anyHistogram(), 1);
    const bytes = writeAll(writer, [
      { labels: { __name__: 'a' }, t: 1, bits: '7ff0000000000002' },
      { labels: { __name__: 'a' }, t: 3, histogram },
      { labels: { job: 'a' }, t: 4, bits: bits(1) },
    ]);
    expect(Buffer.from(bytes).toString()).toBe('# EOF\n');
    expect(writer.omitted).toMatchObject({ staleMarkers: 1, histograms: 1, nameless: 1 });
  });
});
