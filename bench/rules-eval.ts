/**
 * Rules beside the real Prometheus:
 * - 2,000 rules over a directory of 50,000 series. Like for like: both servers have them in one group, one server after
 *   the other, and say themselves how long its evaluation took (`prometheus_rule_group_last_duration_seconds`, the least
 *   of several, and the median, since a server warms up). Then the whole `rules eval`, start, opening of the directory
 *   and printing included, which Prometheus has not.
 * - a backtest of 100 alerts over 30 days at 1 m on a directory of 5,000 series. Nothing of Prometheus' does that; its
 *   own way, one evaluation after the other, is measured on a few of them over HTTP as range queries.
 * Arguments: rules, series of the first; days, series of the second; all in this order.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Labels, labelsFromObject, type SampleColumns } from '../src/core/model/index.ts';
import { copySamples } from '../src/core/tsdb/copy/index.ts';
import { freePort } from '../test/interop/prometheus.ts';
import { peer } from '../test/peers.ts';

const prometheus = peer('prometheus');
const launcher = join(process.cwd(), 'bin', 'tsmon.cjs');
const [rules = 2000, series = 50_000, days = 30, backtestSeries = 5000] = process.argv.slice(2).map(Number);
const MINUTE = 60_000;
const now = Math.floor(Date.now() / MINUTE) * MINUTE;
const dir = mkdtempSync(join(tmpdir(), 'tsmon-bench-'));

try {
  await manyRules();
  await backtest();
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function manyRules(): Promise<void> {
  const data = join(dir, 'many');
  await fill(data, series, now - 30 * MINUTE, now, 15_000);
  const jobs = 500;
  const what = `${rules} rules, ${series} series`;
  const lines: string[] = [];
  for (let i = 0; i < rules / 4; i++) {
    const job = `job${i % jobs}`;
    lines.push(
      `  - {record: 'job:rate5m:r${i}', expr: 'sum by (cluster) (rate(m_total{job="${job}"}[5m]))'}`,
      `  - {record: 'job:max:r${i}', expr: 'max by (cluster) (m_total{job="${job}"})'}`,
      `  - {alert: 'A${i}', expr: 'rate(m_total{job="${job}"}[5m]) > 1e6', for: 5m, annotations: {s: '{{ $value }}'}}`,
      `  - {alert: 'B${i}', expr: 'job:rate5m:r${i} > 1e9', for: 5m, labels: {severity: page}}`,
    );
  }
  const file = join(dir, 'many.yml');
  writeFileSync(file, ['groups:', '- name: g', '  interval: 5s', '  rules:', ...lines, ''].join('\n'));
  const ourServer = [process.execPath, launcher, 'serve'];
  await timeGroup(`${what}  tsmon serve, the group alone   `, ourServer, data, file);
  if (prometheus !== undefined) {
    await timeGroup(`${what}  Prometheus, the group alone    `, [prometheus], data, file);
  }
  const ours = [1, 2, 3].map(() =>
    timed(['rules', 'eval', '--from', data, '--at', String(now), '-o', 'jsonl', file]),
  );
  const best = {
    ms: Math.min(...ours.map(({ ms }) => ms)),
    cpuMs: Math.min(...ours.map(({ cpuMs }) => cpuMs)),
  };
  console.log(`${what}  tsmon rules eval, the process  ${said(best)}`);
}

/** A busy machine shows in the one number and not in the other. */
interface Spent {
  ms: number;
  cpuMs: number;
}

function said({ ms, cpuMs }: Spent): string {
  return `${ms.toFixed(0)} ms, ${cpuMs.toFixed(0)} ms of CPU`;
}

async function backtest(): Promise<void> {
  const data = join(dir, 'history');
  const before = performance.now();
  await fill(data, backtestSeries, now - days * 1440 * MINUTE, now, MINUTE);
  console.log(`(${((performance.now() - before) / 1000).toFixed(0)} s to write the history)`);
  const lines: string[] = [];
  for (let i = 0; i < 100; i++) {
    const job = `job${i % 50}`;
    lines.push(
      i % 2 === 0
        ? `  - {alert: 'A${i}', expr: 'rate(m_total{job="${job}"}[5m]) > ${i % 5}', for: 5m, keep_firing_for: 10m}`
        : `  - {alert: 'A${i}', expr: 'sum by (job) (rate(m_total{job="${job}"}[10m])) > 10', for: 15m}`,
    );
  }
  const file = join(dir, 'alerts.yml');
  writeFileSync(file, ['groups:', '- name: g', '  interval: 1m', '  rules:', ...lines, ''].join('\n'));
  const start = String(now - days * 1440 * MINUTE);
  const spent = timed([
    'rules',
    'backtest',
    '--from',
    data,
    '--start',
    start,
    '--end',
    String(now),
    '-o',
    'json',
    file,
  ]);
  console.log(`backtest of 100 alerts, ${days} days at 1 m, ${backtestSeries} series  ${said(spent)}`);
}

/** How long the group takes in a server, and the CPU of an iteration on average. The directory is read as it is, and what is recorded goes into its log. */
async function timeGroup(
  title: string,
  [program, ...args]: readonly string[],
  data: string,
  rulesFile: string,
): Promise<void> {
  const config = join(dir, 'prometheus.yml');
  writeFileSync(config, `global: {evaluation_interval: 5s}\nrule_files: [${rulesFile}]\n`);
  const copy = join(dir, 'many-copy');
  spawnSync('cp', ['-r', data, copy]);
  const port = await freePort();
  const child = spawn(program, [
    ...args,
    `--config.file=${config}`,
    `--storage.tsdb.path=${copy}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=error',
  ]);
  try {
    /** One for each iteration that was seen. */
    const seen = new Map<number, { ms: number; cpu: number }>();
    for (const until = Date.now() + 60_000; Date.now() < until && seen.size < 10; ) {
      await sleep(1000);
      const text = await fetch(`http://127.0.0.1:${port}/metrics`).then(
        (r) => r.text(),
        () => '',
      );
      const value = (name: string) =>
        Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)`, 'm').exec(text)?.[1] ?? 0);
      const ms = value('prometheus_rule_group_last_duration_seconds') * 1000;
      const iterations = value('prometheus_rule_group_iterations_total');
      if (ms > 0 && !seen.has(iterations))
        seen.set(iterations, { ms, cpu: value('process_cpu_seconds_total') });
    }
    const all = [...seen];
    const [[firstIteration, first], [lastIteration, last]] = [all[0], all[all.length - 1]];
    const cpuMs = ((last.cpu - first.cpu) / (lastIteration - firstIteration)) * 1000;
    const times = all.map(([, { ms }]) => ms).sort((a, b) => a - b);
    const median = times[Math.floor(times.length / 2)];
    console.log(`${title}${said({ ms: times[0], cpuMs })}, median ${median.toFixed(0)} ms`);
  } finally {
    child.kill();
    await new Promise((resolve) => child.once('exit', resolve));
    rmSync(copy, { recursive: true, force: true });
  }
}

function timed(args: string[]): Spent {
  // The shell's own clock knows what its children have spent.
  const command = [process.execPath, launcher, ...args].map((arg) => `'${arg}'`).join(' ');
  const { status, stderr } = spawnSync('bash', ['-c', `TIMEFORMAT='%R %U %S'; time ${command} > /dev/null`], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`tsmon ${args.join(' ')}: exit status ${status}: ${stderr}`);
  const [real, user, system] = stderr.trim().split('\n').at(-1)!.split(' ').map(Number);
  return { ms: real * 1000, cpuMs: (user + system) * 1000 };
}

/** Counters of jobs and clusters, every `stepMs` from `from` to `to`, some faster for a while. */
async function fill(to: string, count: number, from: number, until: number, stepMs: number): Promise<void> {
  const labels: Labels[] = [];
  const jobs = Math.max(1, count / 100);
  for (let i = 0; i < count; i++) {
    labels.push(
      labelsFromObject({
        __name__: 'm_total',
        job: `job${i % jobs}`,
        cluster: `c${i % 7}`,
        instance: `i${i}`,
      }),
    );
  }
  labels.sort((a, b) => a.compare(b));
  const source = {
    select: async (_: unknown, { mint, maxt }: { mint: number; maxt: number }) => ({
      length: count,
      labels: (i: number) => labels[i],
      read: (i: number, out: SampleColumns) => {
        const first = Math.ceil((mint - from) / stepMs);
        const last = Math.floor((Math.min(maxt, until) - from) / stepMs);
        const n = Math.max(0, last - first + 1);
        out.reserve(out.length + n);
        let at = out.length;
        for (let k = first; k <= last; k++) {
          out.t[at] = from + k * stepMs;
          // Twenty times as fast for an hour of every day.
          out.v[at++] = k * (i % 13) + (k % 1440 < 60 ? 20 * (k % 1440) * (i % 13) : 0);
        }
        out.length = at;
      },
    }),
    extent: async () => ({ mint: from, maxt: until }),
  };
  await copySamples([source], to, { blockRange: stepMs < MINUTE ? 7_200_000 : 18 * 3_600_000 });
}
