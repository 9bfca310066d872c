import { expect, it } from 'vitest';
import { YamlDocument } from '../../../src/core/yaml/index.ts';

const places = (text: string) =>
  new YamlDocument(text, 'f').faults.map(({ line, column, message }) => `${line}:${column} ${message}`);

it.each([
  ['\t', 1, 1],
  ['a:\n \t\n', 2, 2],
  ['# c\n\t# d\n', 2, 1],
  ['a:\n-\tb\n', 2, 2],
  ['a:\n- \tb\n', 2, 3],
])('Go takes no tab there: %j', (text, line, column) => {
  expect(places(text)).toEqual([`${line}:${column} yaml: found character that cannot start any token`]);
});

it.each([
  'a:\t5\n',
  'a: 5\t# c\n',
  'a: [\tb\t,\n\t\n  c]\n',
  'a: |\n  x\n  \t\n  y\n',
  "a: 'b\tc'\n",
  'a:\n- b\t\n',
])('one that hurts nobody is taken: %j', (text) => {
  expect(places(text)).toEqual([]);
});
