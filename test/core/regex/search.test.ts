// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how Go writes references to groups
import { describe, expect, it } from 'vitest';
import { Search, Template } from '../../../src/core/regex/index.ts';

describe('Search', () => {
  it.each([
    ['b', 'abc', true],
    ['^b', 'abc', false],
    ['a.c', 'a\nc', false],
    ['', 'x', true],
  ])('%s in %j', (pattern, text, found) => {
    expect(new Search(pattern).test(text)).toBe(found);
  });

  // As Go's ReplaceAllString answers.
  it.each([
    ['a', 'banana', 'x', 'bxnxnx'],
    ['(a)(n)', 'banana', '$2$1', 'bnanaa'],
    ['a*', 'baaac', 'x', 'xbxcx'],
    ['', 'ab', '-', '-a-b-'],
    ['', '🐢', '-', '-🐢-'],
    ['x*', '', '-', '-'],
    ['b', 'abc', '$$${1}', 'a$c'],
    ['(?P<first>\\w)\\w*', 'node exporter', '${first}.', 'n. e.'],
    ['^a', 'aaa', 'x', 'xaa'],
    ['z', 'abc', 'x', 'abc'],
  ])('replaces %s in %j by %s', (pattern, text, template, result) => {
    expect(new Search(pattern).replaceAll(text, template)).toBe(result);
  });

  it('words faults as Go does', () => {
    expect(() => new Search('(a')).toThrow('error parsing regexp: missing closing ): `(a`');
  });
});

describe('Template', () => {
  const groups = ['whole', 'one', undefined, 'three'];
  const names = ['first', 'gap', 'dritte_ü'];
  it.each([
    ['', ''],
    ['plain', 'plain'],
    ['$0', 'whole'],
    ['$1$3', 'onethree'],
    ['$2', ''],
    ['$4', ''],
    ['$1_', ''],
    ['${1}_', 'one_'],
    ['$first-$gap-$dritte_ü', 'one--three'],
    ['$unknown', ''],
    ['$$1', '$1'],
    ['$', '$'],
    ['a$', 'a$'],
    ['$-', '$-'],
    ['${', '${'],
    ['${}', '${}'],
    ['${1', '${1'],
    ['${1 }', '${1 }'],
    ['$01', ''],
    ['$10', ''],
    ['$999999999999', ''],
    ['€$1€', '€one€'],
  ])('%s', (template, result) => {
    expect(new Template(template).expand(groups, names)).toBe(result);
  });
});
