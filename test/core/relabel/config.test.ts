// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how Go writes references to groups
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/core/errors.ts';
import { parseRelabelRule, parseRelabelRules } from '../../../src/core/relabel/index.ts';

describe('parseRelabelRule', () => {
  it('fills in the defaults', () => {
    const rule = parseRelabelRule({ target_label: 'x' });
    expect(rule).toMatchObject({
      action: 'replace',
      sourceLabels: [],
      separator: ';',
      modulus: 0,
      targetLabel: 'x',
      replacement: '$1',
      nameScheme: 'utf8',
    });
    expect(rule.regex.pattern).toBe('(.*)');
    expect(parseRelabelRules(undefined)).toEqual([]);
    expect(parseRelabelRules(null)).toEqual([]);
  });

  it('takes what YAML makes of plain scalars', () => {
    const rule = parseRelabelRule({
      target_label: 5,
      replacement: true,
      regex: 7,
      modulus: 1.5,
      separator: null,
    });
    expect(rule).toMatchObject({ targetLabel: '5', replacement: 'true', modulus: 1, separator: '' });
    expect(rule.regex.matches('7')).toBe(true);
  });

  it.each(['REPLACE', 'Replace'])('takes the action %s', (action) => {
    expect(parseRelabelRule({ action, target_label: 'x' }).action).toBe('replace');
  });

  it('takes an unpaired bracket as Prometheus does', () => {
    const rule = parseRelabelRule({ target_label: 'x', regex: 'a)(b' });
    expect(rule.regex.expand('ab', '$1')).toBe('b');
  });

  // Wording as promtool prints it.
  const faults: (readonly [config: unknown, message: string])[] = [
    [{}, "relabel configuration for replace action requires 'target_label' value"],
    [{ action: '' }, 'unknown relabel action ""'],
    [{ action: 'foo' }, 'unknown relabel action "foo"'],
    [{ action: 5 }, 'unknown relabel action "5"'],
    [{ action: null }, 'relabel action cannot be empty'],
    [{ action: 'hashmod', target_label: 'a' }, 'relabel configuration for hashmod requires non-zero modulus'],
    [
      { action: 'hashmod', modulus: 8 },
      "relabel configuration for hashmod action requires 'target_label' value",
    ],
    [{ action: 'hashmod', modulus: -1 }, 'cannot unmarshal !!int `-1` into uint64'],
    [{ action: 'hashmod', modulus: 'x' }, 'cannot unmarshal !!str `x` into uint64'],
    [{ action: 'hashmod', modulus: 'a long text' }, 'cannot unmarshal !!str `a long ...` into uint64'],
    [{ action: 'hashmod', modulus: true }, 'cannot unmarshal !!bool `true` into uint64'],
    [{ action: 'labelmap', replacement: '' }, '"" is invalid \'replacement\' for labelmap action'],
    [{ action: 'lowercase' }, "relabel configuration for lowercase action requires 'target_label' value"],
    [
      { action: 'uppercase', target_label: 'a', replacement: 'bar' },
      "'replacement' can not be set for uppercase action",
    ],
    [
      { action: 'dropequal', target_label: 'a', replacement: null },
      "'replacement' can not be set for dropequal action",
    ],
    [{ action: 'keepequal' }, "relabel configuration for keepequal action requires 'target_label' value"],
    ...[{ separator: ',' }, { separator: null }, { regex: '(.*)' }, { regex: null }, { modulus: 1 }].map(
      (extra): [unknown, string] => [
        { action: 'keepequal', target_label: 'a', ...extra },
        "keepequal action requires only 'source_labels' and `target_label`, and no other fields",
      ],
    ),
    ...[
      { separator: ',' },
      { source_labels: [] },
      { target_label: 'x' },
      { replacement: 'x' },
      { modulus: 1 },
    ].map((extra): readonly [unknown, string] => [
      { action: 'labeldrop', ...extra },
      "labeldrop action requires only 'regex', and no other fields",
    ]),
    [{ action: 'labelkeep', modulus: 8 }, "labelkeep action requires only 'regex', and no other fields"],
    [{ source_labels: 'a', target_label: 'b' }, 'cannot unmarshal !!str `a` into model.LabelNames'],
    [{ source_labels: { a: 1 }, target_label: 'b' }, 'cannot unmarshal !!map into model.LabelNames'],
    [{ source_labels: [''], target_label: 'b' }, '"" is not a valid label name'],
    [{ source_labels: [['a']], target_label: 'b' }, 'cannot unmarshal !!seq into string'],
    [{ target_label: 'b', foo: 1 }, 'field foo not found in type relabel.plain'],
    [{ target_label: 'b', regex: ['a'] }, 'cannot unmarshal !!seq into string'],
    [{ target_label: { a: 1 } }, 'cannot unmarshal !!map into string'],
    [{ target_label: 'b', regex: 'abc(def' }, 'error parsing regexp: missing closing ): `^(?s:abc(def)$`'],
    [{ target_label: 'b', regex: 'a\\' }, 'error parsing regexp: missing closing ): `^(?s:a\\)$`'],
    [{ target_label: 'b', regex: '[a' }, 'error parsing regexp: missing closing ]: `[a)$`'],
    [{ target_label: 'b', regex: '*' }, 'error parsing regexp: missing argument to repetition operator: `*`'],
    ['x', 'cannot unmarshal !!str `x` into relabel.plain'],
    [null, 'cannot unmarshal !!null into relabel.plain'],
  ];
  it.each(faults)('refuses %j', (config, message) => {
    const parse = () => parseRelabelRule(config);
    expect(parse).toThrow(InputError);
    expect(parse).toThrow(expect.objectContaining({ reason: message }));
  });

  it.each([
    { action: 'labeldrop', separator: ';', replacement: '$1', target_label: '', source_labels: null },
    { action: 'keepequal', target_label: 'a', modulus: null },
    { action: 'lowercase', target_label: 'a', regex: 'x', modulus: 3 },
    { action: 'drop', modulus: 3, replacement: 'q' },
    { target_label: '${1', replacement: '' },
    { target_label: 'é - $x' },
    { action: 'hashmod', modulus: 8, target_label: '${1}' },
    { source_labels: ['a b', 1], target_label: 'x' },
  ])('takes %j', (config) => {
    expect(parseRelabelRule(config).nameScheme).toBe('utf8');
  });
});

describe('with legacy names', () => {
  it.each([
    [{ target_label: 'a-b' }, '"a-b" is invalid \'target_label\' for replace action'],
    [{ target_label: '9${1}' }, '"9${1}" is invalid \'target_label\' for replace action'],
    [{ target_label: '${1' }, '"${1" is invalid \'target_label\' for replace action'],
    [{ target_label: 'a$' }, '"a$" is invalid \'target_label\' for replace action'],
    [
      { action: 'hashmod', modulus: 8, target_label: '${1}' },
      '"${1}" is invalid \'target_label\' for hashmod action',
    ],
    [{ action: 'lowercase', target_label: '9a' }, '"9a" is invalid \'target_label\' for lowercase action'],
    [{ action: 'keepequal', target_label: 'a b' }, '"a b" is invalid \'target_label\' for keepequal action'],
    [{ action: 'labelmap', replacement: 'b-$1' }, '"b-$1" is invalid \'replacement\' for labelmap action'],
  ])('refuses %j', (config, message) => {
    expect(() => parseRelabelRule(config, 'legacy')).toThrow(message);
  });

  it.each(['a', '_x9', '${1}', '$name', 'a_${1}_b$2', '${1}9'])('takes %s', (target) => {
    expect(parseRelabelRule({ target_label: target }, 'legacy').targetLabel).toBe(target);
  });
});

describe('parseRelabelRules', () => {
  it('takes a list only', () => {
    expect(
      parseRelabelRules([{ target_label: 'a' }, { action: 'labelkeep' }]).map((rule) => rule.action),
    ).toEqual(['replace', 'labelkeep']);
    expect(() => parseRelabelRules('x')).toThrow('cannot unmarshal !!str `x` into []*relabel.Config');
  });
});
