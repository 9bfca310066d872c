import Table from 'cli-table3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clip, displayWidth, wrap } from '../../src/cli/display-width.ts';
import { type Column, listLines, tableLines, tableWidth } from '../../src/cli/text-table.ts';

const plain = (text: string) => text;
const COLUMNS: readonly Column[] = [
  { title: 'name', align: 'left', shrinks: true },
  { title: 'value', align: 'right', shrinks: false },
];
/** Where cli-table3 would draw lines. */
const SIDES =
  'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid';
const ROWS = [
  ['short', '1'],
  ['a much longer name', '23'],
];

describe('the width of a text', () => {
  it('is that on a terminal', () => {
    expect(displayWidth('abc')).toBe(3);
    expect(displayWidth('日本')).toBe(4);
    expect(displayWidth('e\u0301')).toBe(1);
    expect(displayWidth('…├─')).toBe(3);
  });

  it('is kept by clipping and wrapping, and nothing gets lost in lines', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', ',', '{', '日', 'é'), maxLength: 60 });
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 30 }), (value, width) => {
        expect(displayWidth(clip(value, width))).toBeLessThanOrEqual(width);
        const lines = wrap(value, width);
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(value.replaceAll(' ', ''));
      }),
    );
  });

  it('breaks lines where a person would', () => {
    expect(wrap('metric{a="b", c="d"}', 14)).toEqual(['metric{a="b",', 'c="d"}']);
    expect(wrap('a_very_long_metric_name{a="b"}', 26)).toEqual(['a_very_long_metric_name{', 'a="b"}']);
  });
});

describe('a table', () => {
  it('has its columns two spaces apart', () => {
    expect(tableLines(COLUMNS, ROWS, Number.POSITIVE_INFINITY, plain)).toEqual([
      'name                value',
      'short                   1',
      'a much longer name     23',
    ]);
    expect(tableWidth(COLUMNS, ROWS)).toBe(25);
  });

  it('has the lines of cli-table3', () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', 'b', '1', ' ', '日', 'é'),
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 8 }), (rows) => {
        const none = Object.fromEntries(SIDES.split(' ').map((side) => [side, '']));
        const theirs = new Table({
          chars: { ...none, middle: '  ' },
          style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
          colAligns: COLUMNS.map(({ align }) => align),
          head: COLUMNS.map(({ title }) => title),
        });
        theirs.push(...rows);
        const lines = tableLines(COLUMNS, rows, Number.POSITIVE_INFINITY, plain);
        expect(lines.join('\n')).toBe(theirs.toString().replace(/ +$/gm, ''));
      }),
    );
  });

  it('takes from the columns that give way, and from no other', () => {
    expect(tableLines(COLUMNS, ROWS, 16, plain)).toEqual([
      'name       value',
      'short          1',
      'a much l…     23',
    ]);
    expect(tableLines(COLUMNS, ROWS, 3, plain)).toEqual(['name  value', 'sho…      1', 'a m…     23']);
  });

  it('does not let a value move the cursor', () => {
    expect(tableLines(COLUMNS, [['a\nb\x1b[2J', '1']], 80, plain)[1]).toBe('a b [2J      1');
  });

  it('may be a list, with text beside the numbers or above them', () => {
    const value = [COLUMNS[1]];
    const own = ['up{instance="a", job="b"}', 'x'];
    expect(listLines(value, [['1'], ['2']], own, 34, plain)).toEqual([
      'value',
      '    1  up{instance="a", job="b"}',
      '    2  x',
    ]);
    expect(listLines(value, [['1'], ['2']], own, 20, plain)).toEqual([
      'value',
      'up{instance="a",',
      'job="b"}',
      '    1',
      'x',
      '    2',
    ]);
  });
});
