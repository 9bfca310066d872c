/** Whatever the quick reader reads, it reads as the yaml package does: values, sources, kinds and places. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { readPlainYaml } from '../../../src/core/yaml/plain-reader.ts';
import { conformanceDir } from '../../peers.ts';

function shape(node: unknown): unknown {
  if (isMap(node))
    return { at: node.range![0], pairs: node.items.map(({ key, value }) => [shape(key), shape(value)]) };
  if (isSeq(node)) return { at: node.range![0], items: node.items.map(shape) };
  if (!isScalar(node)) return node;
  const { value, source, type, tag, range } = node;
  return { at: range![0], value, source, type, tag };
}

function expectSame(text: string): boolean {
  const root = readPlainYaml(text);
  if (root === undefined) return false;
  const whole = parseDocument(text, { uniqueKeys: false, strict: false, logLevel: 'silent' });
  expect(whole.errors).toEqual([]);
  expect(shape(root)).toEqual(shape(whole.contents));
  return true;
}

function filesIn(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? filesIn(path) : /\.ya?ml$/.test(name) ? [path] : [];
  });
}

const PLAIN = `---
# A comment.
global:
  scrape_interval: 15s   # another
  empty:
  external_labels: {a: b, "c": 'it''s', d: [1, -2.5, ~, true], }

scrape_configs:
- job_name: "a\\n\\"b\\""
  url: http://h:9090/path?q=1#x
  static_configs:
  - targets: ['h:1',
      h:2]   # over two lines

    labels:
      k: v
  -
    targets: []
- job_name: b
  -x: y
"quoted": x
`;

/** What is not plain, one way or another. */
const NOT_PLAIN = [
  'a: &x 1\nb: *x\n',
  'a: !!str 1\n',
  'a: |\n  text\n',
  'a: >-\n  text\n',
  'a: text\n  that goes on\n',
  'a: "text\n  that goes on"\n',
  'a:\n  text\n',
  'a:\tb\n',
  'a: b: c\n',
  'a: [1, 2\n',
  'a: {b}\n',
  '? a\n: b\n',
  '- - a\n',
  'a: -\n',
  '---\n',
  '%YAML 1.2\n---\na: b\n',
  'a: b\n---\na: c\n',
  'a: b\n  c: d\n',
  ' a: b\nc: d\n',
  'a: "\\x41"\n',
  'a: 0x1f\n',
  'a: 1e3\n',
  'a: .inf\n',
  'a: b\r\n',
  'text\n',
  '[a]\n',
];

describe('readPlainYaml', () => {
  it('reads what configuration is made of', () => {
    expect(expectSame(PLAIN)).toBe(true);
    expect(expectSame('')).toBe(true);
    expect(expectSame('# nothing\n\n')).toBe(true);
    expect(expectSame('a: 1')).toBe(true);
  });

  it.each(NOT_PLAIN)('leaves %j to the package', (text) => {
    expect(readPlainYaml(text)).toBeUndefined();
  });

  it('agrees on every text that it reads', () => {
    const fragment = fc.constantFrom(
      ...['a', 'b', 'a: ', 'b:', 'a:\n', '- ', '-', '\n', '\n', '\n  ', '\n    ', ' ', '  ', '"x"', "'y'"],
      ...['[', ']', '{', '}', ',', ', ', '#', ' #c', ':', ': ', '1', '-1', '.5', '1.', 'null', '~', 'true'],
      ...[
        '...',
        '---',
        '|',
        '>',
        '&x',
        '*x',
        '?',
        '? ',
        '!t',
        '%',
        '@',
        '`',
        '=',
        '<<',
        '0o7',
        '1e3',
        '.nan',
      ],
      ...['"', "'", "''", '\\n', '\\', '\\"', '(', '+', '- a: b\n', 'a: b\n', '  a: b\n', '  - a\n'],
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 14 }), (parts) => {
        expectSame(parts.join(''));
      }),
      { numRuns: Number(process.env['TSMON_FUZZ_RUNS'] ?? 3000) },
    );
  });

  it('reads most files that people write', (context) => {
    const dir = conformanceDir('config');
    if (dir === undefined) return context.skip();
    const files = filesIn(dir);
    const read = files.filter((file) => expectSame(readFileSync(file, 'utf8')));
    expect(read.length).toBeGreaterThan(files.length * 0.9);
  });
});
