/** rules check, fmt and ls, and unit tests with rules test, as a user runs them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { tsmon } from '../../cli.ts';

const dir = mkdtempSync(join(tmpdir(), 'tsmon-rules-'));
afterAll(() => rmSync(dir, { recursive: true }));

const RULES = `groups:
  - name: g
    rules:
      - record: a
        expr: sum(up)
      - alert: Down
        expr: up == 0
        for: 1m
        labels:
          severity: page
`;
const DUPLICATES = `groups:
  - name: g
    rules: [{record: a, expr: 1}, {record: a, expr: 2}]
`;

function file(name: string, text: string): string {
  writeFileSync(join(dir, name), text);
  return name;
}

const run = (args: string[], input?: string) =>
  tsmon(['rules', ...args], { cwd: dir, ...(input !== undefined && { input }) });

describe('rules check', () => {
  it('finds nothing wrong', () => {
    const { status, stdout } = run(['check', file('good.yml', RULES)]);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: 'Checking good.yml\n  SUCCESS: 2 rules found\n\n',
    });
  });

  it('reads standard input, and fails with every fault and its place', () => {
    const { status, stderr } = run(
      ['check'],
      RULES.replace('sum(up)', 'sum(up').replace('for: 1m', 'fro: 1m'),
    );
    expect(status).toBe(1);
    expect(stderr).toBe(
      `  FAILED:
standard input:5:15: group "g", rule 1, "a": could not parse expression: 1:7: parse error: unclosed left parenthesis
standard input:8:9: field fro not found in type rulefmt.Rule (did you mean for?)
`,
    );
  });

  it('tells duplicates, which count only with --lint-fatal', () => {
    file('dup.yml', DUPLICATES);
    expect(run(['check', 'dup.yml']).status).toBe(0);
    expect(run(['check', '--lint=none', '--lint-fatal', 'dup.yml']).status).toBe(0);
    const { status, stderr } = run(['check', '--lint-fatal', 'dup.yml']);
    expect(status).toBe(3);
    expect(stderr).toContain('lint error 1 duplicate rule(s) found.\nMetric: a\nLabel(s):\n');
  });

  it('prints JSON, and annotations for GitHub', () => {
    file('dup.yml', DUPLICATES);
    const json = JSON.parse(run(['check', '-o', 'json', 'dup.yml']).stdout);
    expect(json.files[0]).toMatchObject({
      file: 'dup.yml',
      rules: 2,
      errors: [],
      duplicates: [{ name: 'a', lines: [3, 3] }],
    });
    file('bad.yml', RULES.replace('sum(up)', '")"'));
    expect(run(['check', '-o', 'github', 'bad.yml']).stdout).toMatch(
      /^::error file=bad\.yml,line=5,col=15::group "g", rule 1/,
    );
  });

  it('accepts experimental functions when told to', () => {
    file('feature.yml', RULES.replace('sum(up)', 'sort_by_label(up, "a")'));
    expect(run(['check', 'feature.yml']).status).toBe(1);
    expect(run(['check', '--enable-feature', 'promql-experimental-functions', 'feature.yml']).status).toBe(0);
  });

  it('refuses a lint that there is not, and a file that there is not', () => {
    expect(run(['check', '--lint=nothing', file('good.yml', RULES)]).status).toBe(2);
    expect(run(['check', 'missing.yml']).status).toBe(2);
  });
});

describe('rules fmt', () => {
  it('prints, checks and writes', () => {
    const ugly = RULES.replace('sum(up)', 'sum( up )');
    file('ugly.yml', ugly);
    expect(run(['fmt', 'ugly.yml']).stdout).toBe(RULES);
    expect(run(['fmt', '--check', 'ugly.yml', file('good.yml', RULES)])).toMatchObject({
      status: 1,
      stdout: 'ugly.yml\n',
    });
    expect(run(['fmt', '--write', 'ugly.yml'])).toMatchObject({ status: 0, stdout: '' });
    expect(readFileSync(join(dir, 'ugly.yml'), 'utf8')).toBe(RULES);
    expect(run(['fmt'], ugly).stdout).toBe(RULES);
    expect(run(['fmt'], 'a: [').status).toBe(2);
  });
});

describe('rules ls', () => {
  it('lists', () => {
    expect(run(['ls', file('good.yml', RULES)]).stdout).toBe(
      `KIND    NAME  GROUP  FOR  WHERE       EXPR
record  a     g           good.yml:4  sum(up)
alert   Down  g       1m  good.yml:6  up == 0
`,
    );
    const [, alert] = run(['ls', '-o', 'jsonl', 'good.yml']).stdout.trim().split('\n');
    expect(JSON.parse(alert)).toMatchObject({
      name: 'Down',
      forMs: 60_000,
      labels: { severity: 'page' },
      line: 6,
    });
  });
});

describe('rules test with unit tests', () => {
  const test = (value: number) => `rule_files: ['g*.yml']
tests:
- name: sums
  input_series: [{series: 'up{i="1"}', values: 1}, {series: 'up{i="2"}', values: 0}]
  promql_expr_test: [{expr: a, eval_time: 0, exp_samples: [{labels: a, value: ${value}}]}]
- name: other
`;

  it('warns of a file without tests', () => {
    const { status, stderr } = run(['test', file('none.yml', 'rule_files: []\n')]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: 'warning: none.yml: there is no test in it\n' });
  });

  it('passes, with rule files beside it', () => {
    file('good.yml', RULES);
    expect(run(['test', file('pass.yml', test(1))])).toMatchObject({
      status: 0,
      stdout: '✓ pass.yml: 2 passed\n',
    });
  });

  it('names test, expression and time, and shows what differs', () => {
    file('good.yml', RULES);
    const { status, stdout } = run(['test', '--diff', file('fail.yml', test(2))]);
    expect(status).toBe(1);
    expect(stdout).toContain('✗ fail.yml:5 sums\n    expr a, time 0s\n    - a 2E+00\n    + a 1E+00\n');
  });

  it('runs some, writes JUnit, prints what was stored', () => {
    file('good.yml', RULES);
    file('fail.yml', test(2));
    const { status, stderr } = run(['test', '--run', 'oth', '--junit', 'out.xml', '--debug', 'fail.yml']);
    expect(status).toBe(0);
    expect(stderr).toContain('other: what was stored');
    expect(readFileSync(join(dir, 'out.xml'), 'utf8')).toContain(
      '<testsuite name="fail.yml" tests="1" failures="0"',
    );
    expect(run(['test', '--run', 'nothing', 'fail.yml']).status).toBe(1);
  });

  it('warns, as promtool does, of rule files that are not there', () => {
    file('none.yml', 'rule_files: [missing.yml, "no*.yaml"]\ntests: [{name: t}]\n');
    const { status, stderr } = run(['test', 'none.yml']);
    expect(status).toBe(0);
    expect(stderr).toBe(
      'warning: none.yml: no file matches missing.yml\nwarning: none.yml: no file matches no*.yaml\n',
    );
  });

  it('fails where its rules cannot be read', () => {
    file('good.yml', RULES.replace('sum(up)', 'sum('));
    const { status, stdout } = run(['test', file('pass.yml', test(1))]);
    expect(status).toBe(1);
    expect(stdout).toContain('good.yml:5:15: group "g", rule 1, "a": could not parse expression');
    file('extra.yml', 'tests: []\nowner: me\n');
    expect(run(['test', 'extra.yml']).status).toBe(1);
    expect(run(['test', '--ignore-unknown-fields', 'extra.yml']).status).toBe(0);
  });
});
