import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { duplicateRules, labelsOf, parseRuleFile } from '../../../src/core/rules/index.ts';
import { groupOf } from './files.ts';

const errorsOf = (text: string) => parseRuleFile(text, 'r.yml').errors.map(({ message }) => message);

describe('rule files', () => {
  it('are read whole', () => {
    const { groups, errors } = parseRuleFile(
      `groups:
- name: g
  interval: 30s
  limit: 5
  query_offset: 1m
  labels: {team: x, severity: low}
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
  - alert: Down
    expr: up == 0
    for: 2m
    keep_firing_for: 3m
    labels: {severity: page}
    annotations: {summary: "{{ $labels.job }}"}
`,
      'r.yml',
    );
    expect(errors).toEqual([]);
    const [group] = groups;
    expect(group).toMatchObject({ name: 'g', intervalMs: 30_000, limit: 5, queryOffsetMs: 60_000 });
    expect(group.rules[0]).toMatchObject({ kind: 'record', name: 'job:up:sum', place: { line: 8 } });
    expect(group.rules[1]).toMatchObject({ kind: 'alert', forMs: 120_000, keepFiringForMs: 180_000 });
    expect(labelsOf(group, group.rules[1])).toEqual([
      ['team', 'x'],
      ['severity', 'page'],
    ]);
  });

  it.each([
    ['empty', ''],
    ['without groups', 'groups:\n'],
    ['with UTF-8 names', groupOf(['{record: "a b", expr: 1, labels: {"ins-tance": x}}'])],
  ])('may be %s', (_, text) => {
    expect(errorsOf(text)).toEqual([]);
  });

  const faults: [text: string, message: string][] = [
    ['groups:\n- name: a\n- name: a\n', 'r.yml:3:9: groupname: "a" is repeated in the same file'],
    ['groups:\n- name: ""\n', 'r.yml:2:9: Groupname must not be empty'],
    [groupOf(['{expr: 1}']), `r.yml:4:5: group "g", rule 1, "": one of 'record' or 'alert' must be set`],
    [
      groupOf(['{record: a, alert: b, expr: 1}']),
      `r.yml:4:14: group "g", rule 1, "b": only one of 'record' and 'alert' must be set`,
    ],
    [groupOf(['{record: a}']), `r.yml:4:5: group "g", rule 1, "a": field 'expr' must be set in rule`],
    [
      groupOf(['{record: a, expr: 1, for: 1m}']),
      `r.yml:4:26: group "g", rule 1, "a": invalid field 'for' in recording rule`,
    ],
    [
      groupOf(['{record: a, expr: 1, annotations: {a: b}}']),
      `r.yml:4:26: group "g", rule 1, "a": invalid field 'annotations' in recording rule`,
    ],
    [
      groupOf(['{record: "a{b}", expr: 1}']),
      'r.yml:4:14: group "g", rule 1, "a{b}": braces present in the recording rule name; should it be in expr?: a{b}',
    ],
    [
      groupOf(['{record: a, expr: "sum("}']),
      'r.yml:4:23: group "g", rule 1, "a": could not parse expression: 1:5: parse error: unclosed left parenthesis',
    ],
    [
      groupOf(['{alert: a, expr: 1, labels: {__name__: x}}']),
      'r.yml:4:44: group "g", rule 1, "a": invalid label name: __name__',
    ],
    [
      groupOf(['{alert: a, expr: 1, annotations: {x: "{{ foo }}"}}']),
      'r.yml:4:42: group "g", rule 1, "a": annotation "x": template: __alert_a:1: function "foo" not defined',
    ],
    [
      groupOf(['{alert: a, expr: 1, fro: 1m}']),
      'r.yml:4:25: field fro not found in type rulefmt.Rule (did you mean for?)',
    ],
    [groupOf(['{alert: a, expr: 1, for: 5}']), 'r.yml:4:30: not a valid duration string: "5"'],
  ];
  it.each(faults)('%j is refused', (text, message) => {
    expect(errorsOf(text)).toEqual([message]);
  });

  it('tell all their faults, in the order of lines', () => {
    const lines = parseRuleFile(
      groupOf(['{record: a, expr: ")"}', '{alert: b, foo: 1, expr: 1}', '{expr: 1}']),
      'r.yml',
    ).errors.map(({ place }) => place.line);
    expect(lines).toEqual([4, 5, 6]);
  });

  it('accept fields that Prometheus does not know only when told to', () => {
    const text = groupOf(['{alert: a, expr: 1, owner: me}']);
    expect(parseRuleFile(text, 'r.yml', { ignoreUnknownFields: true }).errors).toEqual([]);
    expect(errorsOf(text)).toHaveLength(1);
  });

  it('duplicates have the same name and labels', () => {
    const file = parseRuleFile(
      groupOf(['{record: a, expr: 1}', '{record: a, expr: 2, labels: {x: y}}', '{record: a, expr: 3}']),
      'r.yml',
    );
    expect(
      duplicateRules(file).map(({ name, rules }) => [name, rules.map(({ place }) => place.line)]),
    ).toEqual([['a', [4, 6]]]);
  });

  it('write the same series with the labels of their groups, too', () => {
    const file = parseRuleFile(
      `groups:
- name: a
  labels: {x: "1"}
  rules:
  - {record: m, expr: up}
- name: b
  rules:
  - {record: m, expr: up}
  - {record: m, expr: up, labels: {x: "1"}}
`,
      'r.yml',
    );
    expect(duplicateRules(file).map(({ rules }) => rules.map(({ place }) => place.line))).toEqual([[5, 9]]);
  });

  it('may have elements and keys that are empty, which count for nothing', () => {
    const { groups, errors } = parseRuleFile(
      'groups:\n- \n- name: g\n  rules:\n  - ~\n  - {record: m, expr: up, labels: {~: x, y: z}}\n',
      'r.yml',
    );
    expect(errors).toEqual([]);
    expect(groups.map(({ rules }) => rules.map(({ labels }) => labels))).toEqual([[[['y', 'z']]]]);
  });

  it('are refused and not stumbled over, however they are damaged', () => {
    const whole = groupOf([
      '{record: a, expr: "sum(up)", labels: &l {x: y}}',
      '{alert: b, expr: up == 0, for: 5m, labels: {<<: *l}, annotations: {s: "{{ $value }}"}}',
    ]);
    const pieces = fc.constantFrom(
      '',
      ':',
      '{',
      '}',
      '[',
      ']',
      '\n',
      '  ',
      '- ',
      '&a ',
      '*a',
      '<<',
      '"',
      '? ',
      '|',
      '{{',
      '!!x ',
      '---\n',
      '\t',
    );
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(12), pieces, (at, length, piece) => {
        const { errors } = parseRuleFile(whole.slice(0, at) + piece + whole.slice(at + length), 'r.yml');
        for (const error of errors) expect(error.message).toMatch(/^r\.yml(:\d+:\d+)?: /);
      }),
      { numRuns: 500 },
    );
  });
});
