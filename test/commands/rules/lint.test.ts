/** rules lint, rules deps and rules test --coverage, as a user runs them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { tsmon } from '../../cli.ts';

const dir = mkdtempSync(join(tmpdir(), 'tsmon-lint-'));
afterAll(() => rmSync(dir, { recursive: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return name;
};
const run = (args: string[], input?: string) =>
  tsmon(['rules', ...args], { cwd: dir, ...(input !== undefined && { input }) });

const RULES = `groups:
- name: g
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
  - alert: Down
    expr: count(up) == 0
    for: 1m
  - alert: Gone
    expr: upp{job="x"} == 0
    for: 1m
`;
const SERIES = '# TYPE up gauge\nup{job="node"} 1\n';

describe('rules lint', () => {
  it('finds what is wrong without data, with status 3', () => {
    const { status, stdout, stderr } = run(['lint', file('r.yml', RULES)]);
    expect(stdout).toBe(
      'r.yml:7:11: error: Down: count(up) == 0 never holds: a count of nothing is no sample rather than 0; use absent(), or "or vector(0)" [never-true]\n',
    );
    expect(stderr).toBe('1 error in 1 file\n');
    expect(status).toBe(3);
  });

  it('looks at data', () => {
    file('r.yml', RULES);
    const { status, stdout } = run(['lint', '--from', '-', '--disable', 'never-true', 'r.yml'], SERIES);
    expect(stdout).toBe(
      'r.yml:10:11: warning: Gone: there is no metric upp: did you mean up? [missing-series]\n',
    );
    expect(status).toBe(3);
    expect(
      run(['lint', '--from', '-', '--disable', 'never-true', '--fail-on', 'error', 'r.yml'], SERIES).status,
    ).toBe(0);
    const { stdout: costs } = run(['lint', '--from', '-', '--fail-on', 'never', '--cost', 'r.yml'], SERIES);
    expect(costs).toMatch(
      /SERIES {2}SAMPLES {2}RESULTS {2}RULE +WHERE\n +1 +1 +1 {2}job:up:sum {2}r\.yml:4\n/,
    );
  });

  it('says what it says of many rules once', () => {
    const rules = ['A', 'B', 'A', 'C', 'D', 'E'].map(
      (name) => `  - {alert: ${name}, expr: nope > 1, for: 1m}\n`,
    );
    const path = file('many.yml', `groups:\n- name: g\n  rules:\n${rules.join('')}`);
    const { stdout, stderr } = run(['lint', '--from', '-', path], SERIES);
    expect(stdout).toBe(
      'many.yml:4:22: warning: A: there is no metric nope (also B, C, D and 1 more rule) [missing-series]\n',
    );
    expect(stderr).toBe('6 warnings in 1 file\n');
  });

  it('prints JSON, and annotations for GitHub', () => {
    file('r.yml', RULES);
    const { findings } = JSON.parse(run(['lint', '-o', 'json', 'r.yml']).stdout);
    expect(findings).toMatchObject([
      {
        check: 'never-true',
        severity: 'error',
        file: 'r.yml',
        line: 7,
        column: 11,
        group: 'g',
        rule: 'Down',
      },
    ]);
    expect(run(['lint', '-o', 'github', 'r.yml']).stdout).toMatch(
      /^::error file=r\.yml,line=7,col=11::Down: /,
    );
  });

  it('knows optional checks, and refuses those that there are not', () => {
    file('r.yml', RULES);
    expect(run(['lint', '--enable', 'no-severity', 'r.yml']).stdout).toContain('[no-severity]');
    expect(run(['lint', '--disable', 'never-ture', 'r.yml'])).toMatchObject({
      status: 2,
      stderr: 'error: --disable never-ture: there is no such check; did you mean never-true?\n',
    });
  });

  it('fails with status 1 where a file has faults', () => {
    expect(run(['lint', file('bad.yml', RULES.replace('sum by', 'sumby'))]).status).toBe(1);
  });
});

describe('rules deps', () => {
  const MORE = `${RULES}  - {alert: Few, expr: job:up:sum < 1}\n`;

  it('draws trees, a table and graphs', () => {
    file('deps.yml', MORE);
    expect(run(['deps', 'deps.yml']).stdout).toContain(
      'alert Few (deps.yml:12)\n└─ record job:up:sum (deps.yml:4)\n   └─ up\n',
    );
    expect(run(['deps', '-m', 'up', 'deps.yml']).stdout).toBe(
      'up\n├─ record job:up:sum (deps.yml:4)\n│  └─ alert Few (deps.yml:12)\n└─ alert Down (deps.yml:6)\n',
    );
    expect(run(['deps', '-o', 'table', 'deps.yml']).stdout).toMatch(
      /^KIND +NAME +WHERE +READS\nrecord +job:up:sum +deps\.yml:4 +up\n/,
    );
    expect(run(['deps', '-o', 'dot', 'deps.yml']).stdout).toMatch(
      /^digraph rules \{[\s\S]*n1 -> n0;[\s\S]*\}\n$/,
    );
    expect(run(['deps', '-o', 'mermaid', 'deps.yml']).stdout).toContain('  n1 --> n0\n');
    const { metrics, problems } = JSON.parse(run(['deps', '-o', 'json', 'deps.yml']).stdout);
    expect({ metrics, problems }).toEqual({ metrics: ['job:up:sum', 'up', 'upp'], problems: [] });
  });

  it('reads dashboards, and tells what nothing uses', () => {
    file('r.yml', RULES);
    file(
      'd.json',
      JSON.stringify({ title: 'D', panels: [{ title: 'P', targets: [{ expr: 'rate(up[$__interval])' }] }] }),
    );
    const { status, stdout, stderr } = run(['deps', 'r.yml', '--check', '-d', 'd.json']);
    expect(stdout).toContain('panel P (D)\n└─ up\n');
    expect(stderr).toBe('warning: r.yml:4: nothing reads job:up:sum\n');
    expect(status).toBe(1);
    expect(run(['deps', 'r.yml', '-m', 'upps'])).toMatchObject({
      status: 1,
      stderr: 'warning: nothing uses upps: did you mean upp?\n',
    });
  });
});

describe('rules test --coverage', () => {
  const TEST = `rule_files: [c.yml]
tests:
- input_series: [{series: 'up{job="a"}', values: 1}]
  promql_expr_test: [{expr: 'job:up:sum', eval_time: 0, exp_samples: [{labels: 'job:up:sum{job="a"}', value: 1}]}]
`;

  it('tells what was not exercised, and fails below the least', () => {
    file('c.yml', RULES);
    file('t.yml', TEST);
    const { status, stdout, stderr } = run(['test', '--coverage', '--min', '80', 't.yml']);
    expect(stdout).toBe(`✓ t.yml: 1 passed
c.yml:6 alert Down: not tested
c.yml:9 alert Gone: not tested
coverage: 20.0% (1 of 5 points; 1 of 3 rules tested)
`);
    expect(stderr).toBe('warning: coverage is 20.0%, and --min wants 80%\n');
    expect(status).toBe(1);
    expect(run(['test', '--coverage', '--min', '20', 't.yml']).status).toBe(0);
  });

  it('writes JSON and lcov', () => {
    file('c.yml', RULES);
    file('t.yml', TEST);
    run(['test', '--coverage', '--coverage-format', 'json', '--coverage-file', 'c.json', 't.yml']);
    const { percent, rules } = JSON.parse(readFileSync(join(dir, 'c.json'), 'utf8'));
    expect(percent).toBe(20);
    expect(rules[0]).toMatchObject({
      name: 'job:up:sum',
      line: 4,
      hit: 1,
      total: 1,
      points: [{ what: 'yields', hit: true }],
    });
    expect(run(['test', '--coverage', '--coverage-format', 'lcov', 't.yml']).stdout).toContain(
      'SF:c.yml\nFN:4,job:up:sum\n',
    );
  });
});
