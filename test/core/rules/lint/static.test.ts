/** What a lint says of rules without data: each check on a rule that it is about, and on one that it is not. */
import { describe, expect, it } from 'vitest';
import { parseRuleFile } from '../../../../src/core/rules/index.ts';
import { type CheckId, lintRules } from '../../../../src/core/rules/lint/index.ts';

async function lint(text: string, only?: CheckId) {
  const rules = parseRuleFile(text, 'r.yml');
  expect(rules.errors).toEqual([]);
  return lintRules([{ rules, text }], {
    wants: (id) => (only === undefined ? id !== 'no-severity' && id !== 'no-summary' : id === only),
    data: undefined,
    costlySamples: 1,
  });
}

const alert = (expr: string, more = '') =>
  `groups: [{name: g, rules: [{alert: A, expr: '${expr}', for: 1m${more}}]}]`;
const checksOf = async (text: string) => (await lint(text)).findings.map(({ check }) => check);

describe('expressions', () => {
  it.each<[string, CheckId[]]>([
    ['count(up) == 0', ['never-true']],
    ['count(up) < 1', ['never-true']],
    ['(count(up) or vector(0)) == 0', []],
    ['absent(up) == 0', ['never-true']],
    ['absent(up) == 1', []],
    ['sum by (job) (up == 0) > 0', ['never-true']],
    ['sum by (job) (up == bool 0) > 0', []],
    ['rate(a_total[5m]) < 0', ['never-true']],
    ['rate(a_total[5m]) >= 0', ['always-true']],
    ['rate(a_total[5m]) > 0', []],
    ['rate(a_total[5m]) / rate(b_total[5m]) >= 0', []],
    ['up > 1', ['never-true']],
    ['up == 1', []],
    ['hour() > 23', ['never-true']],
    ['day_of_week() == 7', ['never-true']],
    ['month() >= 1', []],
    ['-rate(a_total[5m]) > 0', ['never-true']],
    ['(rate(a_total[5m]) + 1) * 2 < 2', ['never-true']],
    ['up == bool 0', ['always-fires']],
    ['up or vector(0)', ['always-fires']],
    ['vector(1)', []],
    ['failing_things', ['no-condition']],
    ['ALERTS{alertstate="firing"}', []],
    ['topk(3, a) > 1', ['changing-members']],
    ['delta(a_total[5m]) > 1', ['wrong-type']],
    ['rate(cpu_ratio[5m]) > 1', ['wrong-type']],
    ['rate(sum(a_total)[5m:1m]) > 1', ['rate-of-sum']],
    ['sum(rate(a_total[5m])) > 1', []],
    ['sum(a_total) > 100', ['raw-counter']],
    ['a_total > 0', []],
    ['histogram_quantile(0.9, sum by (job) (rate(h_bucket[5m]))) > 1', ['lost-le']],
    ['histogram_quantile(0.9, sum by (job, le) (rate(h_bucket[5m]))) > 1', []],
    ['sum by (job) (a) > on(instance) b', ['lost-match']],
    ['sum by (instance) (sum by (job) (a)) > 1', ['lost-match']],
  ])('%s', async (expr, expected) => {
    expect(await checksOf(alert(expr))).toEqual(expected);
  });

  it('watches up without a duration', async () => {
    const rule = (expr: string) => `groups: [{name: g, rules: [{alert: A, expr: '${expr}'}]}]`;
    expect(await checksOf(rule('up == 0'))).toEqual(['no-for']);
    expect(await checksOf(rule('avg_over_time(up[5m]) < 0.5'))).toEqual([]);
    expect(await checksOf(rule('absent(up)'))).toEqual([]);
  });

  it('says nothing of optional checks unless asked', async () => {
    expect((await lint(alert('a > 1'), 'no-severity')).findings).toHaveLength(1);
    expect((await lint(alert('a > 1', ', labels: {severity: page}'), 'no-severity')).findings).toEqual([]);
    expect((await lint(alert('a > 1'), 'no-summary')).findings).toHaveLength(1);
  });
});

describe('templates', () => {
  const withSummary = (expr: string, summary: string) =>
    alert(expr, `, labels: {team: x}, annotations: {summary: "${summary}"}`);
  it.each<[string, string, boolean]>([
    ['sum by (job) (a) > 1', '{{ $labels.instance }}', true],
    ['sum by (job) (a) > 1', '{{ $labels.job }}', false],
    ['sum by (job) (a) > 1', '{{ .Labels.instance | title }}', true],
    ['sum by (job) (a) > 1', '{{ if $labels.instance }}{{ $labels.instance }}{{ end }}', false],
    ['sum by (job) (a) > 1', '{{ range query `b` }}{{ .Labels.instance }}{{ end }}', false],
    ['sum without (instance) (a) > 1', '{{ $labels.instance }}', true],
    ['sum without (instance) (a) > 1', '{{ $labels.pod }}', false],
    ['a > 1', '{{ $labels.anything }}', false],
    ['a > 1', '{{ $labels.team }}', false],
    ['sum(a) > 1', '{{ $labels.team }}', true],
    ['absent(a{x=`1`})', '{{ $labels.x }}{{ $labels.y }}', true],
    ['sum by (job) (a) * on(job) group_left(team) b > 1', '{{ $labels.team }}', false],
    ['a > on(job) b', '{{ $labels.instance }}', true],
    ['a > on(job) group_left b', '{{ $labels.instance }}', false],
    ['a > ignoring(instance) b', '{{ $labels.instance }}', true],
    ['label_replace(sum(a), `x`, `$1`, `y`, `(.*)`) > 1', '{{ $labels.x }}', false],
    ['count_values(`version`, a) > 1', '{{ $labels.version }}', false],
    ['sum by (a) (x) > 1 or sum by (b) (x) > 1', '{{ $labels.b }}', false],
    ['sum by (a) (x) > 1 and x', '{{ $labels.b }}', true],
  ])('%s with %s', async (expr, summary, lost) => {
    expect((await lint(withSummary(expr, summary), 'lost-in-text')).findings.length > 0).toBe(lost);
  });
});

describe('labels that are lost', () => {
  it('are told once for each, worse where an alert is labelled with them', async () => {
    const { findings } = await lint(`groups:
- name: g
  rules:
  - alert: A
    expr: sum(a) > 1
    for: 1m
    labels: {owner: '{{ $labels.team }}'}
    annotations: {summary: '{{ $labels.x }} {{ $labels.x }}', description: 'of {{ $labels.x }}'}
`);
    expect(findings.map(({ check, severity, message }) => [check, severity, message.split(',')[0]])).toEqual([
      ['lost-label', 'warning', 'owner uses the label team'],
      ['lost-in-text', 'info', 'summary and description use the label x'],
    ]);
  });
});

describe('places', () => {
  it.each([
    ['plain', '    expr: sum(a) * (count(up) == 0)\n', 4, 21],
    ['quoted', "    expr: 'count(up{x=''1''}) == 0'\n", 4, 12],
    ['double quoted', '    expr: "count(up{x=\\"1\\"}) == 0"\n', 4, 12],
    ['a block', '    expr: |\n      sum(a)\n      unless\n      count(up) == 0\n', 7, 7],
    ['folded', '    expr: >-\n      sum(a) unless\n      count(up)\n      == 0\n', 6, 7],
  ])('%s', async (_, expr, line, column) => {
    const text = `groups:\n- name: g\n  rules:\n${expr.replace('    expr', '  - expr')}    record: r\n`;
    const { findings } = await lint(text, 'never-true');
    expect(findings.map(({ place }) => place)).toEqual([{ file: 'r.yml', line, column }]);
  });

  it('an annotation', async () => {
    const text = `groups:
- name: g
  rules:
  - alert: A
    expr: sum(a) > 1
    for: 1m
    annotations:
      summary: none
      description: '{{ $labels.x }}'
`;
    const { findings } = await lint(text);
    expect(findings).toMatchObject([
      { check: 'lost-in-text', place: { line: 9, column: 7 }, group: 'g', rule: 'A' },
    ]);
  });
});

describe('comments', () => {
  const rules = (first: string, inside: string, file = '') => `${file}groups:
- name: g
  rules:
${first}  - record: a
    expr: count(up) == 0${inside}
  - record: b
    expr: count(up) == 0
`;
  const ruleNames = async (text: string) => (await lint(text)).findings.map(({ rule }) => rule);

  it('silence the rule that they stand above, or in, or the file', async () => {
    expect(await ruleNames(rules('', ''))).toEqual(['a', 'b']);
    expect(await ruleNames(rules('  # tsmon lint disable never-true -- on purpose\n', ''))).toEqual(['b']);
    expect(await ruleNames(rules('', ' # tsmon lint disable never-true'))).toEqual(['b']);
    expect(await ruleNames(rules('  # tsmon lint disable\n', ''))).toEqual(['b']);
    expect(await ruleNames(rules('  # tsmon lint disable no-for\n', ''))).toEqual(['a', 'b']);
    expect(await ruleNames(rules('', '', '# tsmon lint disable-file never-true, no-for\n'))).toEqual([]);
  });

  it('name checks that there are', async () => {
    const { unknownChecks } = await lint(rules('  # tsmon lint disable never-ture\n', ''));
    expect(unknownChecks).toEqual([{ file: 'r.yml', line: 4, id: 'never-ture' }]);
  });
});
