// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how Go writes references to groups
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelsFromObject } from '../../../src/core/model/index.ts';
import { explainRelabel, parseRelabelRules, relabel } from '../../../src/core/relabel/index.ts';

type Object = Record<string, string>;

function relabelled(labels: Object, ...rules: object[]): Object | null {
  const result = relabel(labelsFromObject(labels), parseRelabelRules(rules));
  return result && { ...result.toObject() };
}

describe('replace', () => {
  const labels = { a: 'foo', b: 'bar', c: 'baz' };

  it('sets a constant', () => {
    expect(relabelled(labels, { target_label: 'd', replacement: 'x' })).toEqual({ ...labels, d: 'x' });
  });

  it('joins source labels by the separator', () => {
    expect(relabelled(labels, { source_labels: ['a', 'missing', 'b'], target_label: 'd' })).toEqual({
      ...labels,
      d: 'foo;;bar',
    });
    expect(relabelled(labels, { source_labels: ['a', 'b'], separator: '', target_label: 'a' })).toEqual({
      ...labels,
      a: 'foobar',
    });
  });

  it('takes groups into value and name, matching the whole value only', () => {
    const rule = {
      source_labels: ['a', 'b'],
      regex: 'f(.*);(.*)r',
      target_label: 'x_$2',
      replacement: '$2-${1}',
    };
    expect(relabelled(labels, rule)).toEqual({ ...labels, x_ba: 'ba-oo' });
    expect(relabelled(labels, { ...rule, regex: 'f(.*);(.*)a' })).toEqual(labels);
  });

  it('lets the regex see line feeds', () => {
    expect(relabelled({ a: 'x\ny' }, { source_labels: ['a'], regex: 'x.(y)', target_label: 'a' })).toEqual({
      a: 'y',
    });
  });

  it('removes the target where the result is empty', () => {
    expect(
      relabelled(labels, { source_labels: ['a'], regex: 'foo', target_label: 'b', replacement: '' }),
    ).toEqual({
      a: 'foo',
      c: 'baz',
    });
    expect(relabelled(labels, { target_label: 'b', replacement: '' })).toEqual({ a: 'foo', c: 'baz' });
  });

  it('leaves all as it is where the name that comes out is not valid', () => {
    const rule = { source_labels: ['a'], target_label: '$2' };
    expect(relabelled(labels, rule)).toEqual(labels);
    const utf8 = { source_labels: ['a'], target_label: '${1} é', replacement: 'x' };
    expect(relabelled(labels, utf8)).toEqual({ ...labels, 'foo é': 'x' });
    const odd = { source_labels: ['v'], target_label: '$1', replacement: 'x' };
    const legacy = (v: string) =>
      relabel(labelsFromObject({ v }), parseRelabelRules([odd], 'legacy'))!.toObject();
    expect(legacy('a-b')).toEqual({ v: 'a-b' });
    expect(legacy('ab')).toEqual({ v: 'ab', ab: 'x' });
  });
});

describe('keep and drop', () => {
  const labels = { a: 'foo', b: 'foo' };
  it.each([
    [{ action: 'keep', source_labels: ['a'], regex: 'f.*' }, true],
    [{ action: 'keep', source_labels: ['a'], regex: 'o+' }, false],
    [{ action: 'drop', source_labels: ['a'], regex: 'f.*' }, false],
    [{ action: 'drop', source_labels: ['a'], regex: 'o+' }, true],
    [{ action: 'keep', source_labels: ['missing'], regex: '' }, true],
    [{ action: 'keepequal', source_labels: ['a'], target_label: 'b' }, true],
    [{ action: 'keepequal', source_labels: ['a', 'a'], target_label: 'b' }, false],
    [{ action: 'dropequal', source_labels: ['a'], target_label: 'b' }, false],
    [{ action: 'dropequal', source_labels: ['a'], target_label: 'missing' }, true],
    [{ action: 'dropequal', target_label: 'missing' }, false],
  ])('%j', (rule, kept) => {
    expect(relabelled(labels, rule)).toEqual(kept ? labels : null);
  });

  it('stops at the first drop', () => {
    const drop = { action: 'drop', source_labels: ['a'], regex: 'foo' };
    expect(relabelled(labels, drop, { target_label: 'c', replacement: 'x' })).toBeNull();
  });
});

describe('hashmod', () => {
  const rule = (modulus: number) => ({
    action: 'hashmod',
    source_labels: ['a', 'b'],
    target_label: 'h',
    modulus,
  });

  it.each([1, 2, 8, 1000, 2 ** 21, 2 ** 40, 2 ** 53])(
    'modulo %d is that of the last eight bytes of the MD5 sum',
    (modulus) => {
      fc.assert(
        fc.property(fc.string(), fc.string(), (a, b) => {
          const digest = createHash('md5').update(`${a};${b}`).digest();
          const want = digest.readBigUInt64BE(8) % BigInt(modulus);
          expect(relabelled({ a, b }, rule(modulus))!['h']).toBe(String(want));
        }),
        { numRuns: 30 },
      );
    },
  );
});

describe('actions on names', () => {
  const labels = { __meta_x_one: '1', __meta_x_two: '2', other: '3' };

  it('labelmap copies', () => {
    expect(relabelled(labels, { action: 'labelmap', regex: '__meta_x_(.+)' })).toEqual({
      ...labels,
      one: '1',
      two: '2',
    });
    expect(
      relabelled(labels, { action: 'labelmap', regex: '__meta_(.)_(.+)', replacement: '${2}_$1' }),
    ).toEqual({
      ...labels,
      one_x: '1',
      two_x: '2',
    });
  });

  it('labelmap looks at the labels as they were', () => {
    expect(relabelled({ a: '1' }, { action: 'labelmap', regex: '(a+)', replacement: 'a$1' })).toEqual({
      a: '1',
      aa: '1',
    });
  });

  it('labeldrop and labelkeep choose', () => {
    expect(relabelled(labels, { action: 'labeldrop', regex: '__meta_.*' })).toEqual({ other: '3' });
    expect(relabelled(labels, { action: 'labelkeep', regex: '__meta_.*' })).toEqual({
      __meta_x_one: '1',
      __meta_x_two: '2',
    });
    expect(relabelled(labels, { action: 'labeldrop', regex: 'meta' })).toEqual(labels);
  });
});

describe('lowercase and uppercase', () => {
  it.each([
    ['lowercase', 'ÄbC', 'äbc'],
    ['uppercase', 'straße', 'STRAßE'],
  ])('%s', (action, value, result) => {
    expect(relabelled({ a: value }, { action, source_labels: ['a'], target_label: 'b' })).toEqual({
      a: value,
      b: result,
    });
  });
});

describe('relabel', () => {
  it('gives back the same object where nothing changed', () => {
    const labels = labelsFromObject({ a: 'x' });
    expect(relabel(labels, [])).toBe(labels);
    const rules = parseRelabelRules([
      { source_labels: ['a'], target_label: 'a' },
      { action: 'labeldrop', regex: 'b' },
    ]);
    expect(relabel(labels, rules)).toBe(labels);
  });
});

describe('explainRelabel', () => {
  const rules = parseRelabelRules([
    { source_labels: ['a', 'b'], target_label: 'c' },
    { source_labels: ['a'], regex: 'no', target_label: 'd' },
    { action: 'labeldrop', regex: 'b' },
    { action: 'drop', source_labels: ['c'], regex: 'x;.*' },
    { target_label: 'never', replacement: 'reached' },
  ]);

  it('tells every step up to a drop', () => {
    const { result, steps } = explainRelabel(labelsFromObject({ a: 'x', b: 'y' }), rules);
    expect(result).toBeNull();
    expect(
      steps.map((s) => [s.rule.action, s.value, s.matched, s.before.toString(), s.after?.toString()]),
    ).toEqual([
      ['replace', 'x;y', true, '{a="x", b="y"}', '{a="x", b="y", c="x;y"}'],
      ['replace', 'x', false, '{a="x", b="y", c="x;y"}', '{a="x", b="y", c="x;y"}'],
      ['labeldrop', '', true, '{a="x", b="y", c="x;y"}', '{a="x", c="x;y"}'],
      ['drop', 'x;y', true, '{a="x", c="x;y"}', undefined],
    ]);
  });

  it('comes to what relabel comes to', () => {
    const value = fc.constantFrom('', 'x', 'y', 'no');
    fc.assert(
      fc.property(fc.record({ a: value, b: value, c: value, d: value }), (object) => {
        const labels = labelsFromObject(object);
        const explained = explainRelabel(labels, rules).result;
        const plain = relabel(labels, rules);
        expect(explained?.toString()).toBe(plain?.toString());
      }),
    );
  });
});
