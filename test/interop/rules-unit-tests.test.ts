/** Unit tests of rules beside the real promtool: what is printed, and the exit status. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { tsmon } from '../cli.ts';
import { describeWith, peer } from '../peers.ts';

const promtool = peer('promtool');
const dir = mkdtempSync(join(tmpdir(), 'tsmon-unit-tests-'));
afterAll(() => rmSync(dir, { recursive: true }));

interface Case {
  rules: string;
  tests: string;
  args?: string[];
  /** Whether the tests pass. */
  passes: boolean;
  /** What promtool alone says otherwise: of faults in files we tell the place. */
  otherWords?: boolean;
}

const ONE_RULE = '- {record: m, expr: n * 2}';
const NOTHING = 'promql_expr_test: [{expr: nothing, eval_time: 4m}]';

const CASES: Record<string, Case> = {
  'a recorded series that the input has, with the same values': {
    rules: ONE_RULE,
    tests: `- input_series: [{series: n, values: 1x9}, {series: m, values: 2x9}]\n  ${NOTHING}`,
    passes: true,
  },
  'a recorded series that the input has, with another value later': {
    rules: ONE_RULE,
    tests: `- input_series: [{series: n, values: 1x9}, {series: m, values: 2 2 3}]\n  ${NOTHING}`,
    passes: false,
  },
  'two rules that record one series': {
    rules: '- {record: r, expr: n}\n  - {record: r, expr: n + 1}',
    tests: `- input_series: [{series: n, values: _ 1}]\n  ${NOTHING}`,
    passes: false,
  },
  'two rules that record series of one name': {
    rules: '- {record: r, expr: n, labels: {a: b}}\n  - {record: r, expr: n + 1, labels: {a: c}}',
    tests: `- input_series: [{series: n, values: 1}]\n  ${NOTHING}`,
    passes: true,
  },
  'alerts that the input has already': {
    rules: '- {alert: A, expr: n}',
    tests: `- input_series: [{series: n, values: _ 1}, {series: 'ALERTS{alertname="A",alertstate="firing"}', values: _ 7}]\n  ${NOTHING}`,
    passes: false,
  },
  'histograms recorded over floats': {
    rules: '- {record: m, expr: h}',
    tests: `- input_series: [{series: h, values: '_ {{count:1 sum:2 buckets:[1]}}'}, {series: m, values: _ 7}]\n  ${NOTHING}`,
    passes: false,
  },
  'a series given twice': {
    rules: ONE_RULE,
    tests:
      '- input_series: [{series: m, values: 1 2 3}, {series: m, values: 7}]\n  promql_expr_test: [{expr: m, eval_time: 2m, exp_samples: [{labels: m, value: 7}]}]',
    passes: true,
  },
  'numbers of all kinds': {
    rules: ONE_RULE,
    tests:
      '- input_series: [{series: a, values: 16}, {series: b, values: Inf}]\n  promql_expr_test:\n  - {expr: a, eval_time: 0, exp_samples: [{labels: a, value: 0x10}]}\n  - {expr: a, eval_time: 0, exp_samples: [{labels: a, value: 020}]}\n  - {expr: a, eval_time: 0, exp_samples: [{labels: a, value: 1_6}]}\n  - {expr: b, eval_time: 0, exp_samples: [{labels: b, value: .inf}]}',
    passes: true,
  },
  'numbers in quotes': {
    rules: ONE_RULE,
    tests:
      '- promql_expr_test:\n  - {expr: a, eval_time: 0, exp_samples: [{labels: a, value: "1"}]}\n  - {expr: a, eval_time: 0, exp_samples: [{labels: a, value: NaN}]}',
    passes: false,
  },
  'a sum that is minus nothing': {
    rules: ONE_RULE,
    tests: '- input_series: [{series: n, values: 0}]\n  promql_expr_test: [{expr: -n, eval_time: 0}]',
    passes: false,
  },
  'faults of a test that is not run': {
    rules: ONE_RULE,
    tests: `- {name: bad, input_series: [{series: 'm{', values: 1}], alert_rule_test: [{eval_time: 0}]}\n- {name: good}`,
    args: ['--run=good'],
    passes: true,
  },
  'faults of the rules where no test is run': {
    rules: '- {record: m, expr: "sum("}',
    tests: '- {name: some}',
    args: ['--run=other'],
    passes: true,
  },
  'faults of the rules': {
    rules: '- {record: m, expr: "sum("}',
    tests: '- {name: some}',
    passes: false,
    otherWords: true,
  },
  'elements that are empty': {
    rules: '-\n  - {record: m, expr: n}',
    tests: `- input_series: [{series: n, values: 1}, ~, {}]\n  promql_expr_test: [{expr: m, eval_time: 0, exp_samples: [{labels: m, value: 1}]}]\n-`,
    passes: true,
  },
  'expectations that are empty': {
    rules: ONE_RULE,
    tests: `- promql_expr_test: [{expr: m, eval_time: 0, exp_samples: [~]}]\n  alert_rule_test: [{alertname: A, exp_alerts: [~]}]`,
    passes: false,
  },
  'samples without labels': {
    rules: ONE_RULE,
    tests: `- input_series: [{series: '{}', values: _ 1}]\n  ${NOTHING}`,
    passes: false,
    otherWords: true,
  },
  'a histogram in an alert’s texts': {
    rules:
      '- {alert: A, expr: h, labels: {n: "{{ $value.Count }}"}, annotations: {s: "{{ $value }} {{ printf \\"%.1f\\" 0.25 }}"}}',
    tests: `- input_series: [{series: h, values: '{{count:3 sum:4.5 buckets:[1 2]}}'}]\n  alert_rule_test: [{eval_time: 0, alertname: A}]`,
    passes: false,
  },
};

function lines({ stdout, stderr }: { stdout: string; stderr: string }): string[] {
  return `${stderr}\n${stdout}`
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
}

describeWith('unit tests of rules', { promtool }, () => {
  it.each(Object.entries(CASES))('%s', (_, { rules, tests, args = [], passes, otherWords = false }) => {
    writeFileSync(join(dir, 'r.yml'), `groups:\n- name: g\n  rules:\n  ${rules}\n`);
    writeFileSync(join(dir, 't.yml'), `rule_files: [r.yml]\ntests:\n${tests}\n`);
    const words = ['test', 'rules', ...args, 't.yml'];
    const theirs = spawnSync(promtool!, words, { cwd: dir, encoding: 'utf8' });
    const ours = tsmon(['promtool', ...words], { cwd: dir });
    expect(theirs.status).toBe(passes ? 0 : 1);
    expect(ours.status).toBe(theirs.status);
    if (!otherWords) expect(lines(ours)).toEqual(lines(theirs));
    expect(tsmon(['rules', 'test', ...args, 't.yml'], { cwd: dir }).status === 0).toBe(
      passes && !args.includes('--run=other'),
    );
  });
});
