import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Family } from '../../../src/core/exposition/series-table.ts';
import { TextWriter } from '../../../src/core/exposition/text-writer.ts';
import type { WriterOptions } from '../../../src/core/exposition/writer.ts';
import { anyHistogram, bits, type Row, writeAll } from './rows.ts';

const write = (rows: readonly Row[], options: WriterOptions = {}) =>
  Buffer.from(writeAll(new TextWriter(options), rows)).toString();

const family = (name: string, type: Family['type'], help = ''): Family => ({ name, type, help, unit: '' });

describe('TextWriter', () => {
  it('writes headers before the samples they describe, once, and again when they change', () => {
    const load = family('load', 'gauge', 'One\\two\nthree "four"');
    const rows: Row[] = [
      { labels: { __name__: 'load', cpu: '0' }, t: 1500, bits: bits(0.25), family: load },
      { labels: { __name__: 'load', cpu: '1' }, t: null, bits: bits(1e6), family: load },
      { labels: { __name__: 'bare' }, t: -7, bits: bits(Number.NEGATIVE_INFINITY) },
      { labels: { __name__: 'load', cpu: '0' }, t: 1600, bits: bits(2), family: { ...load } },
      { labels: { __name__: 'load' }, t: 1600, bits: bits(Number.NaN), family: family('load', 'counter') },
    ];
    expect(write(rows)).toBe(
      [
        '# HELP load One\\\\two\\nthree "four"',
        '# TYPE load gauge',
        'load{cpu="0"} 0.25 1500',
        'load{cpu="1"} 1000000',
        'bare -Inf -7',
        'load{cpu="0"} 2 1600',
        '# TYPE load counter',
        'load NaN 1600',
        '',
      ].join('\n'),
    );
  });

  it('escapes label values and quotes names that need it', () => {
    const rows: Row[] = [
      { labels: { __name__: 'a', b: '\\ "\n\té' }, t: null, bits: bits(1) },
      {
        labels: { __name__: 'http.x "y"', 'ä b': 'c', d: 'e' },
        t: null,
        bits: bits(1),
        family: family('http.x "y"', 'gauge'),
      },
    ];
    expect(write(rows)).toBe(
      'a{b="\\\\ \\"\\n\té"} 1\n# TYPE "http.x \\"y\\"" gauge\n{"http.x \\"y\\"",d="e","ä b"="c"} 1\n',
    );
  });

  // As a Pushgateway 1.11 answers when it is asked with these escaping schemes.
  it.each([
    ['underscores', 'h_x', '_a', 'lab_el__'],
    ['dots', 'h_dot_x', '__a', 'lab_dot_el____'],
    ['values', 'U__h_2e_x', 'U___31_a', 'U__lab_2e_el_20__e9_'],
  ] as const)('escapes the family but not the suffix: %s', (escaping, histogram, digit, label) => {
    const rows: Row[] = [
      {
        labels: { __name__: 'h.x_bucket', le: '1' },
        t: null,
        bits: bits(1),
        family: family('h.x', 'histogram'),
      },
      { labels: { __name__: '1a', la_b: 'x' }, t: null, bits: bits(1) },
      { labels: { __name__: 'b', 'lab.el é': 'x' }, t: null, bits: bits(1) },
    ];
    expect(write(rows, { escaping })).toBe(
      `# TYPE ${histogram} histogram\n${histogram}_bucket{le="1"} 1\n${digit}{la_b="x"} 1\nb{${label}="x"} 1\n`,
    );
  });

  it('turns the types of OpenMetrics into those that text has', () => {
    const row = (name: string, of: Family): Row => ({
      labels: { __name__: name },
      t: null,
      bits: bits(1),
      family: of,
    });
    const rows = [
      row('c_total', family('c', 'counter', 'help')),
      row('c_created', family('c', 'counter', 'help')),
      row('i_info', family('i', 'info')),
      row('s', family('s', 'stateset')),
      row('g_bucket', family('g', 'gaugehistogram')),
      row('g_gsum', family('g', 'gaugehistogram')),
      row('h_sum', family('h', 'histogram')),
      row('q', family('q', 'summary')),
      row('u', family('u', 'unknown')),
      row('other', family('u', 'unknown')),
    ];
    const headers = write(rows)
      .split('\n')
      .filter((line) => line.startsWith('#'));
    expect(headers).toEqual([
      '# HELP c_total help',
      '# TYPE c_total counter',
      '# HELP c_created help',
      '# TYPE c_created gauge',
      '# TYPE i_info gauge',
      '# TYPE s gauge',
      '# TYPE g histogram',
      '# TYPE g_gsum gauge',
      '# TYPE h histogram',
      '# TYPE q summary',
      '# TYPE u untyped',
    ]);
  });

  it('counts what it leaves out', () => {
    const writer = new TextWriter({});
    const [histogram] = fc.sample(anyHistogram(), 1);
    const text = writeAll(writer, [
      { labels: { __name__: 'a' }, t: 1, bits: '7ff0000000000002' },
      { labels: { __name__: 'a' }, t: 2, bits: bits(1), st: 5, exemplars: [{ labels: {}, v: 1, t: 1 }] },
      { labels: { __name__: 'a' }, t: 3, histogram },
      { labels: { job: 'a' }, t: 4, bits: bits(1) },
    ]);
    expect(Buffer.from(text).toString()).toBe('a 1 2\n');
    expect(writer.omitted).toEqual({
      staleMarkers: 1,
      histograms: 1,
      exemplars: 1,
      startTimestamps: 1,
      nameless: 1,
    });
  });

  it('leaves timestamps out where asked', () => {
    expect(write([{ labels: { __name__: 'a' }, t: 5, bits: bits(1) }], { withoutTimestamps: true })).toBe(
      'a 1\n',
    );
  });

  it.each([true, false])(
    'declares again what was declared otherwise in between (kept series: %s)',
    (keepSeries) => {
      const one = family('x', 'gauge', 'one');
      const other = family('x', 'gauge', 'other');
      const row = (job: string, of: Family): Row => ({
        labels: { __name__: 'x', job },
        t: null,
        bits: bits(1),
        family: of,
      });
      const round = [row('a', one), row('b', other)];
      const helps = write([...round, ...round], { keepSeries })
        .split('\n')
        .filter((line) => line.startsWith('# HELP'));
      expect(helps).toEqual(['# HELP x one', '# HELP x other', '# HELP x one', '# HELP x other']);
    },
  );

  it('writes the same with and without kept series', () => {
    const load = family('load', 'gauge', 'h');
    const rows: Row[] = [1, 2, 3].flatMap((t): Row[] => [
      { labels: { __name__: 'load', cpu: '0' }, t, bits: bits(t), family: load },
      { labels: { __name__: 'up' }, t, bits: bits(t), family: t === 2 ? family('up', 'gauge') : undefined },
    ]);
    expect(write(rows, { keepSeries: true })).toBe(write(rows));
  });
});
