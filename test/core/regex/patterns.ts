/** Random patterns, and texts that have a chance to match them. */
import fc from 'fast-check';

const literal = fc.constantFrom(
  'a',
  'b',
  'ab',
  'k',
  's',
  'foo',
  '-',
  '1',
  'A',
  'é',
  '🐢',
  '\\.',
  '\\-',
  '\n',
  '\\n',
  '\\x61',
  '\\Qa.b\\E',
);
const charClass = fc.constantFrom(
  '.',
  '[ab]',
  '[a-c]',
  '[^a]',
  '[^ab\\n]',
  '\\d',
  '\\w',
  '\\s',
  '\\S',
  '\\D',
  '[\\d_]',
  '[[:alpha:]]',
  '[[:^digit:]]',
  '[]a]',
  '[a-]',
  '[é-ü]',
  '[🐢b]',
  '\\pL',
  '\\p{Greek}',
  '[\\pN-]',
  '(?-s:.)',
);
const suffix = fc.constantFrom(
  '',
  '',
  '',
  '*',
  '+',
  '?',
  '*?',
  '+?',
  '??',
  '{2}',
  '{1,3}',
  '{0,2}',
  '{2,}',
  '{0}',
);

const { node } = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 4, arbitrary: literal },
    { weight: 2, arbitrary: charClass },
    { weight: 2, arbitrary: fc.constantFrom('.*', '.+', '^', '$', '') },
    { weight: 3, arbitrary: fc.tuple(tie('node'), tie('node')).map(([a, b]) => a + b) },
    { weight: 2, arbitrary: fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(?:${a}|${b})`) },
    { weight: 1, arbitrary: fc.tuple(tie('node'), tie('node')).map(([a, b]) => `${a}|${b}`) },
    { weight: 2, arbitrary: fc.tuple(tie('node'), suffix).map(([a, s]) => `(${a})${s}`) },
    { weight: 2, arbitrary: fc.tuple(tie('node'), suffix).map(([a, s]) => `(?:${a})${s}`) },
    { weight: 1, arbitrary: fc.tuple(literal, suffix).map(([a, s]) => a + s) },
    { weight: 1, arbitrary: fc.tuple(charClass, suffix).map(([a, s]) => a + s) },
    { weight: 1, arbitrary: tie('node').map((a) => `(?P<n>${a})`) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom('(?i)', '(?i:', '(?U)', '(?-s:'), tie('node')).map(flagged),
    },
  ),
}));

function flagged([flag, body]: [string, string]): string {
  return flag.endsWith(':') ? `${flag}${body})` : flag + body;
}

export const pattern: fc.Arbitrary<string> = node;

export const text: fc.Arbitrary<string> = fc.oneof(
  fc.constant(''),
  fc
    .array(
      fc.constantFrom(
        'a',
        'b',
        'c',
        'A',
        'K',
        '\u212a',
        'k',
        's',
        'S',
        'ſ',
        'foo',
        'FOO',
        '-',
        '1',
        '.',
        'é',
        'É',
        '🐢',
        '\n',
        '_',
        ' ',
      ),
      {
        maxLength: 8,
      },
    )
    .map((parts) => parts.join('')),
);
