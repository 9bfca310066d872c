/** What of rules a suite of unit tests exercises. */
import { expect, it } from 'vitest';
import { parseRuleFile, parseUnitTestFile, UnitTestSuite } from '../../../../src/core/rules/index.ts';
import { CoverageRecorder } from '../../../../src/core/rules/test-coverage/index.ts';

/** What was exercised, and what was not, of the rules of a group. */
async function coverage(rules: string, tests: string): Promise<{ hit: string[]; missed: string[] }> {
  const file = parseRuleFile(`groups:\n- name: g\n  rules:\n${rules}`, 'r.yml');
  const read = parseUnitTestFile(`tests:\n${tests}`, 't.yml');
  expect([...file.errors, ...read.errors]).toEqual([]);
  const recorder = new CoverageRecorder();
  recorder.addFiles([file]);
  const suite = new UnitTestSuite(read.tests, [file], { coverage: recorder });
  for (const test of read.tests.tests) await suite.run(test);
  const points = recorder
    .rules()
    .flatMap((rule) => rule.points().map(({ what, hit }) => ({ text: `${rule.rule.name} ${what}`, hit })));
  return {
    hit: points.filter(({ hit }) => hit).map(({ text }) => text),
    missed: points.filter(({ hit }) => !hit).map(({ text }) => text),
  };
}

const alertTest = (values: string, fires: boolean) =>
  `- {input_series: [{series: 'x{i="1"}', values: ${values}}], alert_rule_test: [{eval_time: 1m, alertname: A, exp_alerts: ${fires ? '[{exp_labels: {i: 1}}]' : '[]'}}]}\n`;

it('an alert that fires, and one that does not', async () => {
  const rule = '  - {alert: A, expr: x > 1}\n';
  expect(await coverage(rule, alertTest('5 5', true))).toEqual({ hit: ['A fires'], missed: ['A is silent'] });
  expect(await coverage(rule, alertTest('0 0', false))).toEqual({
    hit: ['A is silent'],
    missed: ['A fires'],
  });
  expect((await coverage(rule, alertTest('5 5', true) + alertTest('0 0', false))).missed).toEqual([]);
});

it('rules that nothing expects anything of are not tested', async () => {
  const rules = '  - {record: a, expr: x}\n  - {record: b, expr: x}\n  - {record: c, expr: a * 2}\n';
  const test =
    '- {input_series: [{series: x, values: 1}], promql_expr_test: [{expr: c, eval_time: 0, exp_samples: [{labels: c, value: 2}]}]}\n';
  expect(await coverage(rules, test)).toEqual({ hit: ['a yields', 'c yields'], missed: ['b yields'] });
});

it.each([
  ['x or y', ['left side of or'], ['right side of or']],
  ['z or x', ['right side of or'], ['left side of or']],
  ['x and x', ['and lets a series through'], ['and takes a series away']],
  ['x and y', ['and takes a series away'], ['and lets a series through']],
  ['x unless y', ['unless lets a series through'], ['unless takes a series away']],
  ['x unless x', ['unless takes a series away'], ['unless lets a series through']],
])('%s', async (expr, hit, missed) => {
  const test = '- {input_series: [{series: x, values: 1}], promql_expr_test: [{expr: r, eval_time: 0}]}\n';
  const found = await coverage(`  - {record: r, expr: ${expr}}\n`, test);
  expect(found.hit.filter((text) => text !== 'r yields')).toEqual(hit.map((text) => `r ${text}: ${expr}`));
  expect(found.missed.filter((text) => text !== 'r yields')).toEqual(
    missed.map((text) => `r ${text}: ${expr}`),
  );
});

it('label values', async () => {
  const test =
    '- {input_series: [{series: \'x{job="api"}\', values: 1}], promql_expr_test: [{expr: r, eval_time: 0}]}\n';
  const found = await coverage(`  - {record: r, expr: 'x{job=~"api|web"}'}\n`, test);
  expect(found).toEqual({ hit: ['r yields', 'r x{job="api"}'], missed: ['r x{job="web"}'] });
});
