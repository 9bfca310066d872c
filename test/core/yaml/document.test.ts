import { describe, expect, it } from 'vitest';
import { YamlDocument } from '../../../src/core/yaml/index.ts';

const messages = (document: YamlDocument) => document.errors().map(({ message }) => message);

describe('YAML with places', () => {
  it('reads scalars as the text that was written', () => {
    const document = new YamlDocument('{a: 1, b: 2.50, c: true, d: null, e: "x", f: 0x10}', 'f.yml');
    const texts = document.texts(document.root);
    expect([...texts].map(([key, { text }]) => [key, text])).toEqual([
      ['a', '1'],
      ['b', '2.50'],
      ['c', 'true'],
      ['d', ''],
      ['e', 'x'],
      ['f', '0x10'],
    ]);
    expect(document.failed).toBe(false);
  });

  it('says where an unknown field is, and what may have been meant', () => {
    const document = new YamlDocument('name: x\nruels: []\nzzzzzz: 1\n', 'f.yml');
    document.record(document.root, 'Group', ['name', 'rules']);
    expect(messages(document)).toEqual([
      'f.yml:2:1: field ruels not found in type Group (did you mean rules?)',
      'f.yml:3:1: field zzzzzz not found in type Group',
    ]);
  });

  it('accepts unknown fields where it is told to', () => {
    const document = new YamlDocument('a: 1\nb: 2\n', 'f.yml');
    const record = document.record(document.root, 'T', ['a'], false);
    expect(document.integer(record?.get('a'))).toBe(1);
    expect(messages(document)).toEqual([]);
  });

  it('finds keys that occur twice', () => {
    const document = new YamlDocument('a: 1\nb: 2\na: 3\n', 'f.yml');
    document.record(document.root, 'T', ['a', 'b']);
    expect(messages(document)).toEqual(['f.yml:3:1: mapping key "a" already defined at line 1']);
  });

  it('follows aliases and merge keys; what is written beside them wins', () => {
    const document = new YamlDocument('base: &b {x: 1, y: 2}\nuse: {<<: *b, y: 3}\nsame: *b\n', 'f.yml');
    const root = document.record(document.root, 'T', ['base', 'use', 'same']);
    const shown = (name: string) =>
      [...document.texts(root?.get(name))].map(([key, { text }]) => `${key}=${text}`);
    expect(shown('use').sort()).toEqual(['x=1', 'y=3']);
    expect(shown('same')).toEqual(['x=1', 'y=2']);
  });

  it('ends where a map is merged into itself', () => {
    const document = new YamlDocument('a: &a\n  <<: *a\n  x: 1\n', 'f.yml');
    const root = document.record(document.root, 'T', ['a']);
    document.texts(root?.get('a'));
    expect(messages(document)[0]).toMatch(/merged into itself/);
  });

  it('tells all wrong types', () => {
    const document = new YamlDocument('n: x\nd: 5\nl: {a: 1}\ns: [1]\n', 'f.yml');
    const root = document.record(document.root, 'T', ['n', 'd', 'l', 's']);
    document.integer(root?.get('n'));
    document.durationMs(root?.get('d'));
    document.list(root?.get('l'), '[]T');
    document.text(root?.get('s'));
    expect(messages(document)).toEqual([
      'f.yml:1:4: cannot unmarshal !!str `x` into int',
      'f.yml:2:4: not a valid duration string: "5"',
      'f.yml:3:4: cannot unmarshal !!map into []T',
      'f.yml:4:4: cannot unmarshal !!seq into string',
    ]);
  });

  it('reads numbers as Go’s YAML does', () => {
    const document = new YamlDocument('[.inf, -.Inf, .nan, 1e3, 0x1F, 010, 0b11, -1_000, .5, 08]', 'f.yml');
    expect(document.list(document.root, '[]float64').map((node) => document.float(node))).toEqual([
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      1000,
      31,
      8,
      3,
      -1000,
      0.5,
      8,
    ]);
    expect(messages(document)).toEqual([]);
  });

  it('takes neither words nor what is in quotes for numbers', () => {
    const document = new YamlDocument('[NaN, +Inf, "1", 1:30, x]', 'f.yml');
    const found = document.list(document.root, '[]float64').map((node) => document.float(node));
    expect(found).toEqual([undefined, undefined, undefined, undefined, undefined]);
    expect(messages(document)).toHaveLength(5);
  });

  it('cuts the fraction off an integer', () => {
    const document = new YamlDocument('[1.9, 0x10, -2.5, .inf, "3"]', 'f.yml');
    const found = document.list(document.root, '[]int').map((node) => document.integer(node));
    expect(found).toEqual([1, 16, -2, undefined, undefined]);
  });

  it('reports broken syntax with its place', () => {
    const document = new YamlDocument('a:\n  - b: 1\n c: 2\n', 'f.yml');
    expect(messages(document)[0]).toMatch(/^f\.yml:\d+:\d+: yaml: /);
  });
});
