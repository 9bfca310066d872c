/** `scrape check` finds what `promtool check metrics` finds, with the same words in the same order. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { InputError } from '../../src/core/errors.ts';
import { cardinality, cardinalityTable, lint, readFamilies } from '../../src/core/exposition/lint/index.ts';
import { conformanceDir, describeWith, peer } from '../peers.ts';

const promtool = peer('promtool');
const cases = conformanceDir('promtool');

interface Verdict {
  status: number;
  findings: string;
  /** Without the order of families that have as many series as others, which is random in promtool. */
  table: string[];
}

function theirs(text: string): Verdict {
  const { status, stdout, stderr } = spawnSync(promtool!, ['check', 'metrics', '--extended'], {
    input: Buffer.from(text),
    encoding: 'utf8',
  });
  return { status: status!, findings: stderr, table: stdout.split('\n').slice(0, -1).sort() };
}

function ours(text: string): Verdict {
  try {
    const families = readFamilies(Buffer.from(text));
    const found = lint(families);
    if (found.length === 0)
      return { status: 0, findings: '', table: cardinalityTable(cardinality(families)).sort() };
    return {
      status: 3,
      findings: found.map(({ metric, text: what }) => `${metric} ${what}\n`).join(''),
      table: [],
    };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { place, reason } = error;
    const findings = `error while linting: text format parsing error in line ${place.line}: ${reason}\n`;
    return { status: 1, findings, table: [] };
  }
}

const names = [
  ...[
    'a',
    'b_total',
    'h',
    'h_bucket',
    'h_sum',
    'h_count',
    's',
    's_sum',
    's_count',
    'x_seconds',
    'fooBar',
    'g_ms',
  ],
  ...[
    'a:b',
    'q_bucket',
    'q_sum',
    'x_gauge',
    '"a"',
    '"a.b"',
    '1a',
    'é',
    '_',
    'x_kilobytes_bits',
    'x_bits_seconds',
  ],
];
const types = [
  ...[
    'counter',
    'gauge',
    'summary',
    'histogram',
    'untyped',
    'gauge_histogram',
    'gaugehistogram',
    'GAUGE',
    'info',
  ],
  ...['counter x', ''],
];
const anyName = fc.constantFrom(...names);
const blank = fc.constantFrom('', '', '', ' ', '  ', '\t');
const mostly = (usual: string, ...others: string[]) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
const joined = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((texts) => texts.join(''));

const anyLabel = joined(
  blank,
  fc.constantFrom('a', 'b', 'le', 'quantile', 'aB', '__name__', '"le"', '"a b"', '', 'é', 'a.b', 'a:b'),
  blank,
  mostly('=', '', ' '),
  blank,
  mostly('"', ''),
  fc.constantFrom('1', 'x', '0.5', '+Inf', 'NaN', '\\\\', '\\"', '\\n', '\\x', 'é', '', 'a b', '0x1p1', '\n'),
  mostly('"', ''),
  blank,
);
const anyValue = fc.constantFrom(
  '1',
  '1.5',
  '-1',
  'NaN',
  '+Inf',
  'x',
  '',
  '0x1',
  '1_0',
  '.5',
  '5.',
  '1e',
  'infinity',
  '+nan',
);
const anyTime = mostly('', ' ', ' 1', ' 1.5', ' -5', ' +5', ' 99999999999999999999', ' 1 ', ' 1 2', '\t7');

/** Labels in braces; the name, where it is inside, comes first: behind a label promtool's verdict depends on the line before. */
const braces = (name: fc.Arbitrary<string>) =>
  fc
    .tuple(
      name,
      fc.array(anyLabel, { maxLength: 3 }),
      mostly(',', ',,', ' '),
      fc.constantFrom('', ','),
      mostly('}', ''),
    )
    .map(
      ([first, labels, comma, last, end]) =>
        `{${[...(first === '' ? [] : [first]), ...labels].join(comma)}${last}${end}`,
    );

const anyLine = fc.oneof(
  joined(
    fc.constantFrom('# HELP ', '#HELP ', '#\tHELP\t'),
    anyName,
    blank,
    fc.constantFrom('', ' x', ' a "b"', ' \\\\ \\n', ' \\q'),
  ),
  joined(fc.constant('# TYPE '), anyName, fc.constant(' '), fc.constantFrom(...types)),
  fc.constantFrom('', '# foo', '#', '# EOF', '  ', '# UNIT a x', '# HELP', '# TYPE'),
  joined(blank, braces(anyName.filter((name) => name.startsWith('"'))), blank, anyValue),
  joined(anyName, fc.constant(' '), anyValue, anyTime),
  joined(anyName, blank, braces(fc.constant('')), blank, anyValue),
);
const anyText = fc
  .tuple(fc.array(anyLine, { minLength: 1, maxLength: 5 }), mostly('\n', ''))
  .map(([lines, end]) => lines.join('\n') + end);

/** Families that are mostly in order. */
const anyFamily = fc
  .record({
    name: fc.constantFrom(
      ...['a', 'b_total', 'x_seconds', 'fooBar', 'g_ms', 'x_count', 'x_bucket', 'y_gauge', 'y_counter_total'],
      ...['z_minutes_bytes', 'q_histogram', 'r_summary', 'r_gauge_histogram'],
    ),
    type: fc.constantFrom('counter', 'gauge', 'summary', 'histogram', 'untyped', 'gauge_histogram'),
    help: fc.boolean(),
    samples: fc.array(
      fc.tuple(fc.nat({ max: 9 }), fc.constantFrom('', 'a="1"', 'a="2"', 'aB="1"', 'le="3"', 'quantile="1"')),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .map(({ name, type, help, samples }) => {
    const suffixes =
      type === 'summary' ? ['', '', '_sum', '_count'] : ['_bucket', '_bucket', '_sum', '_count'];
    const lines = samples.map(([which, extra]) => {
      const suffix = /summary|histogram/.test(type) ? suffixes[which % 4] : '';
      const bound =
        suffix === '_bucket' ? 'le="1"' : type === 'summary' && suffix === '' ? 'quantile="0.5"' : '';
      return `${name}${suffix}{${[bound, extra].filter((label) => label !== '').join(',')}} ${which}`;
    });
    return `${help ? `# HELP ${name} x\n` : ''}# TYPE ${name} ${type}\n${lines.join('\n')}\n`;
  });

describeWith('promtool check metrics', { promtool }, () => {
  const agree = (text: string): void => {
    expect(ours(text)).toEqual(theirs(text));
  };

  it('agrees about what is mostly in order', () => {
    fc.assert(
      fc.property(fc.array(anyFamily, { minLength: 1, maxLength: 3 }), (texts) => agree(texts.join(''))),
      {
        numRuns: 150,
      },
    );
  });

  it('agrees about what is mostly not', () => {
    fc.assert(fc.property(anyText, agree), { numRuns: 150 });
  });
});

describeWith('promtool check metrics, upstream case', { promtool, cases }, () => {
  it('agrees', () => {
    const text = readFileSync(join(cases!, 'metrics-test.prom'), 'utf8');
    expect(ours(text)).toEqual(theirs(text));
    expect(ours(text).status).toBe(0);
  });
});
