/** Generators of expositions: whole lines, mostly good, and some that are not. */
import fc from 'fast-check';

const anyNumber = fc.oneof(
  fc.double().map((v) => (v === Infinity ? '+Inf' : v === -Infinity ? '-Inf' : String(v))),
  fc.integer().map(String),
  fc.nat(999).map((n) => `0.${n}`),
  fc.constantFrom(
    'NaN',
    'nan',
    '+Inf',
    '-inf',
    'Infinity',
    '1e3',
    '1E-3',
    '.5',
    '5.',
    '+7',
    '-0',
    '1e999',
    '0x1p3',
    '1_0',
    '12345678901234567890123',
  ),
);
const anyName = fc.constantFrom('a', 'b_total', 'c:d', 'h_bucket', 'h_sum', 's', '_', 'le', 'quantile');
const anyLabelName = fc.constantFrom('x', 'y', 'le', 'quantile', 'z', '__name__', 'a1');
const anyValue = fc.oneof(
  fc.constantFrom(
    '',
    '1',
    'GET',
    '/a b',
    '\\n',
    '\\"',
    '\\\\',
    '\\q',
    'é',
    '{}',
    '#',
    ',',
    '0.50',
    '1e3',
    '+Inf',
    'a\nb',
  ),
  fc
    .string({ unit: 'grapheme', maxLength: 5 })
    .map((s) => s.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`))),
);
const anyPair = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(anyLabelName, anyValue).map(([n, v]) => `${n}="${v}"`) },
  { weight: 1, arbitrary: fc.tuple(anyValue, anyValue).map(([n, v]) => `"${n}"="${v}"`) },
  { weight: 1, arbitrary: anyValue.map((n) => `"${n}"`) },
);
const anySeries = fc
  .tuple(
    fc.option(anyName, { nil: '', freq: 8 }),
    fc.option(fc.array(anyPair, { maxLength: 4 })),
    fc.constantFrom(',', ',', ',', ', ', ' '),
  )
  .map(([name, pairs, comma]) => (pairs === null ? name : `${name}{${pairs.join(comma)}}`));

function anySample(times: fc.Arbitrary<string>, exemplars: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(anySeries, anyNumber, times, exemplars).map(([s, v, t, e]) => `${s} ${v}${t}${e}\n`);
}
const anyMetadata = fc
  .tuple(
    fc.constantFrom('HELP', 'TYPE', 'UNIT', 'FOO'),
    fc.constantFrom('a', 'h', 's', 'c_x', '"q.r"'),
    fc.constantFrom('counter', 'histogram', 'summary', 'gauge', 'unknown', 'x', '', 'some \\n \\" text', 'é'),
  )
  .map(([k, n, text]) => `# ${k} ${n} ${text}\n`);
/** `timed`: some samples have timestamps. */
export function textLine(timed = true): fc.Arbitrary<string> {
  const times = timed ? ['', '', ' 1700000000000', ' 0', '\t5 ', ' -1', ' 1.5'] : [''];
  return fc.oneof(
    { weight: 5, arbitrary: anySample(fc.constantFrom(...times), fc.constant('')) },
    { weight: 2, arbitrary: anyMetadata },
    fc.constantFrom('\n', '# comment\n', '  \n', '#\n', 'a 1\n', 'a{x="1"} 2\n'),
  );
}

const anyExemplar = fc
  .tuple(
    fc.array(anyPair, { maxLength: 2 }),
    anyNumber,
    fc.constantFrom('', '', ' 1.5', ' 1700000000.123', ' NaN'),
  )
  .map(([pairs, v, t]) => ` # {${pairs.join(',')}} ${v}${t}`);

export function openMetricsLine(timed = true): fc.Arbitrary<string> {
  const times = timed ? ['', '', ' 1700000000', ' 1.5', ' -3', ' 1700000000.1239', ' NaN', ' 1e3'] : [''];
  return fc.oneof(
    {
      weight: 5,
      arbitrary: anySample(fc.constantFrom(...times), fc.option(anyExemplar, { nil: '', freq: 3 })),
    },
    { weight: 2, arbitrary: anyMetadata },
    fc.constantFrom('# EOF\n', 'a 1\n', 'a{x="1"} 2\n', '# EOF'),
  );
}

/** Up to `lines` lines, in OpenMetrics with the end they need. */
export function textDocument(lines: number, timed = true): fc.Arbitrary<string> {
  return fc.array(textLine(timed), { maxLength: lines }).map((all) => all.join(''));
}

export function openMetricsDocument(lines: number, timed = true): fc.Arbitrary<string> {
  return fc.array(openMetricsLine(timed), { maxLength: lines }).map((all) => `${all.join('')}# EOF\n`);
}
