/**
 * Queries beside a real Prometheus on the same directory, in one run, alternating: wall time (median) and CPU seconds
 * of each. TSMON_PEERS names the folder of the real programs.
 *
 *     TSMON_PEERS=$(../shared/tools/peers) npm run bench -- promql [engine|fleet] [rounds]
 *
 * Bar: geometric mean of the CPU ratios at most 0.5, none above 1.0.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { instantQuery, rangeQuery, writeResultJson } from '../src/core/promql/index.ts';
import { parserOptionsFor } from '../src/core/promql/parser/index.ts';
import { DirectorySource } from '../src/core/source/directory.ts';
import { type BenchData, writeEngineData, writeFleetData } from './promql-data.ts';

interface Case {
  query: string;
  /** 0 for an instant query. */
  steps: number;
  stepMs: number;
}

interface Cost {
  wallMs: number[];
  cpuMs: number[];
}

const [only = 'all', roundsText = '5'] = process.argv.slice(2);
const rounds = Number(roundsText);
const peers = process.env['TSMON_PEERS'];
const TICK_MS = 10;

if (only !== 'fleet') await compare('engine', writeEngineData, engineCases());
if (only !== 'engine') await compare('fleet', writeFleetData, fleetCases());

function engineCases(): Case[] {
  const queries = [
    'a_X',
    '-a_X',
    'rate(a_X[1m])',
    'double_exponential_smoothing(a_X[1d], 0.3, 0.3)',
    'changes(a_X[1d])',
    'rate(a_X[1d])',
    'absent_over_time(a_X[1d])',
    'a_X - b_X',
    'a_X and b_X{l=~".*[0-4]$"}',
    'a_X or b_X{l=~".*[0-4]$"}',
    'a_X unless b_X{l=~".*[0-4]$"}',
    'abs(a_X)',
    'label_replace(a_X, "l2", "$1", "l", "(.*)")',
    'label_join(a_X, "l2", "-", "l", "l")',
    'sum(a_X)',
    'avg(a_X)',
    'sum without (l)(h_X)',
    'sum without (le)(h_X)',
    'sum by (l)(h_X)',
    'sum by (le)(h_X)',
    "count_values('value', h_X)",
    'topk(1, a_X)',
    'topk(5, a_X)',
    'quantile(0.9, a_X)',
    'rate(a_X[1m]) + rate(b_X[1m])',
    'sum by (le)(rate(h_X[1m]))',
    'sum(rate(a_X[1m]))',
    'sum(rate(a_X[1m])) / sum(rate(b_X[1m]))',
    'histogram_quantile(0.9, rate(h_X[5m]))',
    'a_X + on(l) group_right a_one',
    'timestamp(a_X)',
    'max_over_time(a_X[1h])',
    'sum_over_time(a_X[1h])',
    'avg_over_time(rate(a_X[5m])[1h:1m])',
  ];
  return queries.flatMap((query) =>
    ['one', 'hundred'].flatMap((size) =>
      [0, 1000].map((steps) => ({ query: query.replaceAll('_X', `_${size}`), steps, stepMs: 10_000 })),
    ),
  );
}

function fleetCases(): Case[] {
  const queries = [
    'sum by (cluster, mode) (rate(node_cpu_seconds_total[5m]))',
    'sum by (job) (rate(http_requests_total[5m]))',
    'sum by (path) (rate(http_requests_total{code="500"}[5m])) / sum by (path) (rate(http_requests_total[5m]))',
    'histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))',
    'histogram_quantile(0.99, sum by (path, le) (rate(http_request_duration_seconds_bucket[5m])))',
    'topk(5, rate(node_cpu_seconds_total{mode="user"}[5m]))',
    '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))',
    'count(node_gauge_1 > 100)',
    'node_gauge_1 / on(instance) group_left node_gauge_2',
    'max_over_time(node_gauge_3[1h])',
    'avg_over_time(sum(rate(http_requests_total[5m]))[30m:1m])',
    'count by (__name__) ({__name__=~".+"})',
    'increase(http_requests_total{instance="host-007:9100"}[1h])',
    'resets(http_requests_total[1h])',
  ];
  return queries.flatMap((query) => [0, 120].map((steps) => ({ query, steps, stepMs: 60_000 })));
}

async function compare(name: string, writeData: (dir: string) => BenchData, cases: Case[]): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-bench-'));
  const data = join(dir, 'data');
  mkdirSync(data);
  const { start, end, series, samples } = writeData(data);
  console.log(`\n${name}: ${series} series, ${(samples / 1e6).toFixed(1)} M samples`);
  const prometheus = peers === undefined ? null : await startPrometheus(join(peers, 'prometheus'), dir, data);
  const source = new DirectorySource(data);
  const ratios: { query: string; cpu: number; wall: number }[] = [];
  for (const { query, steps, stepMs } of cases) {
    const from = steps === 0 ? end : Math.max(start, end - steps * stepMs);
    const ours: Cost = { wallMs: [], cpuMs: [] };
    const real: Cost = { wallMs: [], cpuMs: [] };
    for (let round = -1; round < rounds; round++) {
      const mine = await measureOurs(source, query, steps, from, end, stepMs);
      const theirs =
        prometheus === null ? null : await measureReal(prometheus, query, steps, from, end, stepMs);
      if (round < 0) continue;
      push(ours, mine);
      if (theirs !== null) push(real, theirs);
    }
    const label = `${steps === 0 ? 'instant' : `${steps} steps`}`.padEnd(10);
    const wall = median(ours.wallMs);
    let line = `${label} ${wall.toFixed(2).padStart(9)} ms`;
    if (prometheus !== null) {
      const ratio = {
        query,
        wall: wall / median(real.wallMs),
        cpu: mean(ours.cpuMs) / Math.max(0.1, mean(real.cpuMs)),
      };
      ratios.push(ratio);
      line += `  real ${median(real.wallMs).toFixed(2).padStart(9)} ms  wall ${ratio.wall.toFixed(2).padStart(5)}  cpu ${ratio.cpu.toFixed(2).padStart(5)}`;
    }
    console.log(`${line}  ${query}`);
  }
  if (prometheus !== null) {
    const geometric = (key: 'cpu' | 'wall') =>
      Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio[key]), 0) / ratios.length);
    const worst = [...ratios].sort((a, b) => b.wall - a.wall)[0];
    console.log(
      `${name}: geometric mean of ratios: wall ${geometric('wall').toFixed(2)}, cpu ${geometric('cpu').toFixed(2)}; ` +
        `above 1.0: ${ratios.filter(({ wall }) => wall > 1).length} of ${ratios.length}; worst ${worst.wall.toFixed(2)} ${worst.query}`,
    );
    console.log(
      `peak resident memory: tsmon ${rssMiB(process.pid)} MiB, Prometheus ${rssMiB(prometheus.process.pid!)} MiB`,
    );
    prometheus.process.kill('SIGTERM');
  }
  await source.close();
  rmSync(dir, { recursive: true });
}

interface Measured {
  wallMs: number;
  cpuMs: number;
}

async function measureOurs(
  source: DirectorySource,
  query: string,
  steps: number,
  start: number,
  end: number,
  stepMs: number,
): Promise<Measured> {
  const cpu = process.cpuUsage();
  const from = performance.now();
  const options = { parser: parserOptionsFor(['promql-experimental-functions']) };
  const result =
    steps === 0
      ? await instantQuery(source, query, end, options)
      : await rangeQuery(source, query, start, end, stepMs, options);
  let bytes = 0;
  writeResultJson(result.value, (piece) => {
    bytes += piece.length;
  });
  if (bytes === 0) throw new Error('no answer');
  const wallMs = performance.now() - from;
  const used = process.cpuUsage(cpu);
  return { wallMs, cpuMs: (used.user + used.system) / 1000 };
}

interface Running {
  process: ChildProcess;
  url: string;
}

/** CPU time comes in ticks of 10 ms, so short queries are repeated until some have passed. */
async function measureReal(
  { process: child, url }: Running,
  query: string,
  steps: number,
  start: number,
  end: number,
  stepMs: number,
): Promise<Measured> {
  const path = steps === 0 ? 'query' : 'query_range';
  const times: Record<string, string> =
    steps === 0
      ? { time: String(end / 1000) }
      : { start: String(start / 1000), end: String(end / 1000), step: String(stepMs / 1000) };
  const cpu = cpuTicks(child.pid!);
  const walls: number[] = [];
  const until = performance.now() + 40;
  do {
    const from = performance.now();
    const response = await fetch(`${url}/api/v1/${path}`, {
      method: 'POST',
      body: new URLSearchParams({ query, ...times }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${query}: ${text}`);
    walls.push(performance.now() - from);
  } while (performance.now() < until);
  return { wallMs: median(walls), cpuMs: ((cpuTicks(child.pid!) - cpu) * TICK_MS) / walls.length };
}

async function startPrometheus(program: string, dir: string, data: string): Promise<Running> {
  const config = join(dir, 'prometheus.yml');
  writeFileSync(config, '');
  const port = await freePort();
  const child = spawn(
    program,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--storage.tsdb.retention.time=100y',
      '--enable-feature=promql-experimental-functions',
    ],
    { stdio: 'ignore' },
  );
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; i < 200; i++) {
    if ((await fetch(`${url}/-/ready`).catch(() => undefined))?.ok) return { process: child, url };
    await sleep(50);
  }
  throw new Error('Prometheus did not become ready');
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function rssMiB(pid: number): number {
  const peak = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(peak?.[1] ?? 0) / 1024);
}

function push(cost: Cost, { wallMs, cpuMs }: Measured): void {
  cost.wallMs.push(wallMs);
  cost.cpuMs.push(cpuMs);
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function mean(values: number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
