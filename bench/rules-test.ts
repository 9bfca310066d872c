/**
 * `tsmon rules test` beside `promtool test rules`, whole processes, interleaved in one run.
 * Bars: at least 10 times faster on 200 rules with 100 tests; no slower on 2 rules with one test.
 *
 * The large file has a recording rule and an alert for each of 100 jobs, and a test for each job, which looks at both
 * over an hour. Arguments: rounds for the large file, rounds for the small one.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peer } from '../test/peers.ts';

const promtool = peer('promtool');
if (promtool === undefined) throw new Error('this bench needs promtool');
const launcher = join(process.cwd(), 'bin', 'tsmon.cjs');
const dir = mkdtempSync(join(tmpdir(), 'tsmon-bench-'));
const [largeRounds = 2, smallRounds = 20] = process.argv.slice(2).map(Number);

write('large', 100, 100);
write('small', 1, 1);
compare('200 rules, 100 tests', 'large', largeRounds);
compare('2 rules, 1 test', 'small', smallRounds);
rmSync(dir, { recursive: true });

function write(name: string, jobs: number, tests: number): void {
  const rules: string[] = [];
  for (let job = 0; job < jobs; job++) {
    rules.push(
      `  - record: job${job}:errors:ratio5m`,
      `    expr: sum by (job) (rate(errors_total{job="job${job}"}[5m])) / sum by (job) (rate(requests_total{job="job${job}"}[5m]))`,
      `  - alert: Job${job}Errors`,
      `    expr: job${job}:errors:ratio5m > 0.1`,
      '    for: 5m',
      '    labels: {severity: page}',
      '    annotations: {summary: "{{ $labels.job }} has {{ $value | humanizePercentage }} errors"}',
    );
  }
  writeFileSync(
    join(dir, `${name}-rules.yml`),
    ['groups:', '- name: g', '  rules:', ...rules, ''].join('\n'),
  );
  const suite: string[] = [`rule_files: [${name}-rules.yml]`, 'evaluation_interval: 1m', 'tests:'];
  for (let test = 0; test < tests; test++) {
    const job = `job${test % jobs}`;
    suite.push(
      '- interval: 1m',
      '  input_series:',
      `  - {series: 'errors_total{job="${job}"}', values: '0+30x60'}`,
      `  - {series: 'requests_total{job="${job}"}', values: '0+100x60'}`,
      '  alert_rule_test:',
      '  - eval_time: 30m',
      `    alertname: Job${test % jobs}Errors`,
      '    exp_alerts:',
      `    - exp_labels: {severity: page, job: ${job}}`,
      `      exp_annotations: {summary: '${job} has 30% errors'}`,
      '  promql_expr_test:',
      `  - {expr: 'round(${job}:errors:ratio5m, 0.01)', eval_time: 30m, exp_samples: [{labels: '{job="${job}"}', value: 0.3}]}`,
    );
  }
  writeFileSync(join(dir, `${name}.yml`), `${suite.join('\n')}\n`);
}

function compare(title: string, name: string, rounds: number): void {
  const file = join(dir, `${name}.yml`);
  const programs: Record<string, () => number> = {
    'promtool test rules': () => timed(promtool!, ['test', 'rules', file]),
    'tsmon rules test': () => timed(process.execPath, [launcher, 'rules', 'test', file]),
  };
  const times = new Map<string, number[]>(Object.keys(programs).map((program) => [program, []]));
  // The first of tsmon's starts write its code cache.
  for (let i = 0; i < 5; i++) programs['tsmon rules test']();
  for (let round = 0; round < rounds; round++) {
    for (const [program, run] of Object.entries(programs)) times.get(program)!.push(run());
  }
  const [theirs, ours] = [...times.values()].map(median);
  for (const [program, all] of times) {
    console.log(
      `${title.padEnd(22)} ${program.padEnd(20)} median ${median(all).toFixed(0)} ms  min ${Math.min(...all).toFixed(1)} ms`,
    );
  }
  const [theirLeast, ourLeast] = [...times.values()].map((all) => Math.min(...all));
  console.log(
    `${title.padEnd(22)} promtool / tsmon: ${(theirs / ours).toFixed(2)}, of the shortest runs ${(theirLeast / ourLeast).toFixed(2)}`,
  );
}

function timed(command: string, args: string[]): number {
  const before = process.hrtime.bigint();
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  const ms = Number(process.hrtime.bigint() - before) / 1e6;
  if (status !== 0) throw new Error(`${command}: exit status ${status}: ${stdout}${stderr}`);
  return ms;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
