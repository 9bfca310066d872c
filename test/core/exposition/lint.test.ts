import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createWriter } from '../../../src/core/exposition/format.ts';
import {
  cardinality,
  cardinalityTable,
  lint,
  readFamilies,
  toText,
} from '../../../src/core/exposition/lint/index.ts';
import { bits, type Row, sorted, writeAll } from './rows.ts';

const families = (text: string) => readFamilies(Buffer.from(text));
const findings = (text: string) =>
  lint(families(text)).map(({ metric, text: found }) => `${metric} ${found}`);

/** A documented family with one sample. */
const family = (name: string, type: string, sample = name) =>
  `# HELP ${name} x\n# TYPE ${name} ${type}\n${sample} 1\n`;

describe('lint', () => {
  it('has nothing to say about what follows the guidelines', () => {
    expect(
      findings(
        family('requests_total', 'counter') +
          family('size_bytes', 'gauge') +
          family('temperature_celsius', 'gauge') +
          family('run_seconds', 'histogram', 'run_seconds_bucket{le="1"}') +
          family('wait_seconds', 'summary', 'wait_seconds{quantile="0.5"}') +
          '# HELP anything_ever_count x\nanything_ever_count{le="1",quantile="x"} 1\n',
      ),
    ).toEqual([]);
  });

  // The wording is promtool's; test/interop/lint.test.ts compares with it.
  it.each([
    ['a 1\n', ['a no help text']],
    [family('a', 'counter'), ['a counter metrics should have "_total" suffix']],
    [family('a_total', 'gauge'), ['a_total non-counter metrics should not have "_total" suffix']],
    [family('a_bucket', 'gauge'), ['a_bucket non-histogram metrics should not have "_bucket" suffix']],
    [
      family('a_count', 'gauge'),
      ['a_count non-histogram and non-summary metrics should not have "_count" suffix'],
    ],
    [
      family('a', 'gauge', 'a{le="1",quantile="2"}'),
      [
        'a non-histogram metrics should not have "le" label',
        'a non-summary metrics should not have "quantile" label',
      ],
    ],
    [family('a_gauge_x', 'gauge'), ["a_gauge_x metric name should not include type 'gauge'"]],
    [family('a_counter_x', 'gauge'), []],
    [family('a:b', 'gauge'), ["a:b metric names should not contain ':'"]],
    [
      family('aB', 'gauge', 'aB{cD="1",eF="2"}'),
      [
        "aB label names should be written in 'snake_case' not 'camelCase'",
        "aB label names should be written in 'snake_case' not 'camelCase'",
        "aB metric names should be written in 'snake_case' not 'camelCase'",
      ],
    ],
    [family('a_ms', 'gauge'), ['a_ms metric names should not contain abbreviated units']],
    [family('a_MB_b', 'gauge'), ['a_MB_b metric names should not contain abbreviated units']],
    [family('a_kilobytes', 'gauge'), ['a_kilobytes use base unit "bytes" instead of "kilobytes"']],
    [family('a_hours_kilobytes', 'gauge'), ['a_hours_kilobytes use base unit "seconds" instead of "hours"']],
    [family('a_thermometers', 'gauge'), []],
    [`${family('a', 'gauge')}a 2\na 3\na{b="c"} 1\n`, ['a metric not unique', 'a metric not unique']],
  ])('finds in %j', (text, expected) => {
    expect(findings(text)).toEqual(expected);
  });

  it('sorts by metric and then by text', () => {
    expect(findings('b_ms 1\na 1\nB 1\n')).toEqual([
      'B no help text',
      'a no help text',
      'b_ms metric names should not contain abbreviated units',
      'b_ms no help text',
    ]);
  });
});

describe('families', () => {
  it('puts the samples of a histogram or summary together', () => {
    const text =
      family('h', 'histogram', 'h_bucket{le="1",a="b"}') +
      'h_bucket{a="b",le="2"} 1\nh_sum{a="b"} 1\nh_count{a="b"} 1\nh_bucket{le="1"} 1\n' +
      family('s', 'summary', 's_sum') +
      's{quantile="1"} 1\n{"s_count"} 1\n';
    expect(families(text).map(({ name, metrics }) => [name, metrics])).toEqual([
      [
        'h',
        [
          { labels: [['a', 'b']], bounds: 2 },
          { labels: [], bounds: 1 },
        ],
      ],
      ['s', [{ labels: [], bounds: 1 }]],
    ]);
  });

  it('has no family without samples', () => {
    expect(families('# HELP a b\n# TYPE a gauge\n\n# other\n')).toEqual([]);
  });

  it.each([
    ['a 1', 1, 'unexpected end of input stream'],
    ['a 1\n# TYPE a gauge\n', 2, 'second TYPE line for metric name "a", or TYPE reported after samples'],
    ['# HELP a x\n\n# HELP a x\n', 3, 'second HELP line for metric name "a"'],
    ['# TYPE a info\n', 1, 'unknown metric type "info"'],
    ['# TYPE a-b gauge\n', 1, 'invalid metric name in comment'],
    ['1a 1\n', 1, 'invalid metric name'],
    ['{"a.b"} 1\n', 1, 'invalid metric name "a.b"'],
    ['{b="1"} 1\n', 1, 'invalid metric name'],
    ['{"a","b"} 1\n', 1, 'multiple metric names for metric "a"'],
    ['{"a" 1\n', 1, "unexpected end of metric name '1'"],
    ['a{"b.c"="1"} 1\n', 1, 'invalid label name "b.c"'],
    ['a{,} 1\n', 1, 'invalid label name for metric "a"'],
    ['a{__name__="x"} 1\n', 1, 'label name "__name__" is reserved'],
    ['a{b="1",b="2"} 1\n', 1, 'duplicate label names for metric "a"'],
    ['a{b@"1"} 1\n', 1, "expected '=' after label name, found '@'"],
    ['a{b=1} 1\n', 1, "expected '\"' at start of label value, found '1'"],
    ['a{b="1\n"} 1\n', 1, 'label value "1" contains unescaped new-line'],
    ['a{b="\\x"} 1\n', 1, "invalid escape sequence '\\x'"],
    ['a{b="1"c="2"} 1\n', 1, 'unexpected end of label value "1"'],
    [
      `${family('s', 'summary')}s{quantile="x"} 1\n`,
      4,
      `expected float as value for 'quantile' label, got "x"`,
    ],
    ['a x\n', 1, 'expected float as value, got "x"'],
    ['a 1_000\n', 1, 'expected float as value, got "1_000"'],
    ['a 1 1.5\n', 1, 'expected integer as timestamp, got "1.5"'],
    ['a 1 9223372036854775808\n', 1, 'expected integer as timestamp, got "9223372036854775808"'],
    ['a 1 1 1\n', 1, 'spurious string after timestamp: " 1"'],
  ])('refuses %j', (text, line, reason) => {
    expect(() => families(text)).toThrow(
      expect.objectContaining({ code: 'bad_exposition', reason, place: { line } }),
    );
  });

  it('shows bytes that are no UTF-8', () => {
    const refused = (text: string) => () => readFamilies(Buffer.from(text, 'latin1'));
    expect(refused('a{b="x\xff"} 1\n')).toThrow('invalid label value "x\\xff"');
    expect(refused('a{b=\xff} 1\n')).toThrow(`found 'ÿ'`);
  });
});

describe('damage', () => {
  it('gives a verdict on every truncation and on changed bytes', () => {
    const bytes = Buffer.from(
      `${family('h', 'histogram', 'h_bucket{le="1",a="é\\\\"}')}{"s",b="c"} 1 5\n${family('s', 'summary')}`,
    );
    const verdict = (input: Buffer): void => {
      try {
        cardinalityTable(cardinality(readFamilies(input)));
        lint(readFamilies(input));
      } catch (error) {
        expect(error).toMatchObject({ code: 'bad_exposition', place: { line: expect.any(Number) } });
      }
    };
    for (let end = 0; end < bytes.length; end++) verdict(bytes.subarray(0, end));
    const anyEdits = fc.array(fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 })), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(anyEdits, (edits) => {
        const changed = Buffer.from(bytes);
        for (const [at, byte] of edits) changed[at] = byte;
        verdict(changed);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('cardinality', () => {
  it('counts the series of each family, the largest first', () => {
    const text =
      family('b', 'gauge') +
      family('a', 'gauge') +
      family('h', 'histogram', 'h_bucket{le="1"}') +
      'h_bucket{le="+Inf"} 1\nh_bucket{a="x",le="1"} 1\nh_bucket{a="x",le="+Inf"} 1\n';
    expect(cardinality(families(text))).toEqual([
      { metric: 'h', series: 8, share: 0.8 },
      { metric: 'a', series: 1, share: 0.1 },
      { metric: 'b', series: 1, share: 0.1 },
    ]);
  });

  it('prints them as promtool does', () => {
    const rows = (count: number) => Array.from({ length: count }, (_, i) => `{i="${i}"} 1\n`);
    const text = `# HELP a x\n${rows(31)
      .map((row) => `a${row}`)
      .join('')}${family('long_name', 'gauge')}`;
    expect(cardinalityTable(cardinality(families(text)))).toEqual([
      'Metric       Cardinality    Percentage    ',
      'a            31             96.88%        ',
      'long_name    1              3.12%         ',
      'Total        32             100%          ',
    ]);
    expect(cardinalityTable([])).toEqual([
      'Metric    Cardinality    Percentage    ',
      'Total     0              100%          ',
    ]);
  });
});

describe('toText', () => {
  const rows: Row[] = [
    {
      labels: sorted({ __name__: 'a_total' }),
      t: null,
      bits: bits(1),
      family: { name: 'a', type: 'counter', help: 'x', unit: '' },
    },
    { labels: sorted({ __name__: 'b_ms' }), t: null, bits: bits(1) },
  ];

  it.each(['openmetrics', 'protobuf', 'jsonl'] as const)(
    'makes the findings those of the text: %s',
    (format) => {
      const bytes = writeAll(createWriter(format), rows);
      expect(lint(readFamilies(toText(bytes, format)))).toEqual([
        { metric: 'b_ms', text: 'metric names should not contain abbreviated units' },
        { metric: 'b_ms', text: 'no help text' },
      ]);
    },
  );

  it('refuses what its own format does not allow', () => {
    expect(() => toText(Buffer.from('a 1\n'), 'openmetrics')).toThrow('# EOF');
    expect(() =>
      toText(Buffer.from('# TYPE a gauge\na -1\na 2\n# EOF\n'), 'openmetrics', { level: 'strict' }),
    ).toThrow();
  });
});
