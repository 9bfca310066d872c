/**
 * `tsmon serve` beside the real Prometheus, both at once, under the load of a fleet:
 * `npm run bench -- serve [SECONDS (180)] [TARGETS (100)] [BLOCK_DURATION]`
 *
 * Targets of 2,000 series each, as node_exporter has them, scraped every 5 seconds from one process on loopback; rules
 * every 15 seconds; the queries of a dashboard asked of each server in turn. CPU seconds are of all threads of a server,
 * after a warm-up; memory is its resident set. In the end tsmon is asked for a query that takes some ten seconds, for all
 * series, and (with a block duration: `--storage.tsdb.min-block-duration` of both) cuts and compacts blocks meanwhile; how
 * late scrapes began and how long the event loop stood still is what it says of itself; a process beside that does nothing
 * tells how long one stands still on this machine in any case.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { peer } from '../test/peers.ts';
import { ask, cpuMs, freePort, peakMiB, type Running } from './promql-server.ts';
import { nodeLikeBody, RULES } from './serve/fleet.ts';

const [mode = '180', targetsText = '100', block = ''] = process.argv.slice(2);
const SECONDS = Number(mode);
const TARGETS = Number(targetsText);
const SERIES = 2000;
const INTERVAL_S = 5;
const WARM_UP_S = Number(process.env['BENCH_WARM_UP'] ?? '60');
const root = process.env['TSMON_ROOT'] ?? process.cwd();

/** In a child: answers on all of 127.0.0.0/8. */
function serveTargets(): void {
  const bodyAt = nodeLikeBody(SERIES);
  const server = createServer((request, response) => {
    const body = bodyAt(Date.now(), request.headers.host ?? '');
    response
      .writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4', 'Content-Length': body.length })
      .end(body);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '0.0.0.0', 4096, () => process.send!((server.address() as AddressInfo).port));
}

/** In a child: does nothing, and says on demand how long its event loop stood still at most since the last time, ms. */
function idle(): void {
  const delay = monitorEventLoopDelay();
  delay.enable();
  process.on('message', () => {
    process.send!(delay.max / 1e6);
    delay.reset();
  });
}

let idler: ChildProcess;

function idleStall(): Promise<number> {
  const answer = new Promise<number>((resolve) => idler.once('message', (m) => resolve(m as number)));
  idler.send('?');
  return answer;
}

function configuration(port: number): string {
  const addresses = Array.from(
    { length: TARGETS },
    (_, i) => `'127.0.${1 + Math.floor(i / 250)}.${1 + (i % 250)}:${port}'`,
  );
  return `global: {scrape_interval: ${INTERVAL_S}s, evaluation_interval: 15s}
rule_files: [rules.yml]
scrape_configs:
  - job_name: node
    static_configs: [{targets: [${addresses.join(', ')}]}]
`;
}

interface Server extends Running {
  latencies: number[];
  byQuery: Map<string, number[]>;
}

async function start(name: string, command: string[], port: number, dir: string): Promise<Server> {
  const own = join(dir, name);
  mkdirSync(own);
  writeFileSync(join(own, 'prometheus.yml'), configuration(port));
  writeFileSync(join(own, 'rules.yml'), RULES);
  const listen = await freePort();
  const flags = [
    '--config.file=prometheus.yml',
    '--storage.tsdb.path=data',
    `--web.listen-address=127.0.0.1:${listen}`,
    ...(block === ''
      ? []
      : [`--storage.tsdb.min-block-duration=${block}`, '--storage.tsdb.max-block-duration=1h']),
  ];
  const child = spawn(command[0], [...command.slice(1), ...flags], {
    cwd: own,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = createWriteStream(join(dir, `${name}.log`));
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  for (let i = 0; i < 400; i++) {
    if ((await fetch(`http://127.0.0.1:${listen}/-/ready`).catch(() => undefined))?.ok)
      return { name, process: child, port: listen, latencies: [], byQuery: new Map() };
    await sleep(50);
  }
  throw new Error(`${name} did not become ready: see ${dir}`);
}

/** What a dashboard of hosts asks, over the last quarter of an hour. */
const INSTANT = [
  'count(up == 1)',
  'up',
  'vector(1)',
  'node_load1{instance=~"127.0.1.1:.*"}',
  'topk(5, node_load1)',
  'sum by (mode) (rate(node_cpu_seconds_total[1m]))',
  'instance:node_cpu:ratio',
  'count({__name__=~"node_.*"})',
];
const RANGE = [
  'node_memory_MemAvailable_bytes{instance=~"127.0.1.2:.*"}',
  'sum by (mode) (rate(node_cpu_seconds_total{instance=~"127.0.1.3:.*"}[1m]))',
  'avg(instance:node_cpu:ratio)',
  'sum by (device) (rate(node_disk_read_bytes_total[1m]))',
  'histogram_quantile(0.9, sum by (le) (rate(http_request_duration_seconds_bucket[1m])))',
  'sum(rate(node_network_receive_bytes_total[1m])) by (instance)',
];

async function refresh(servers: readonly Server[]): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  for (const query of [...INSTANT, ...RANGE]) {
    const range = RANGE.includes(query);
    const times = range ? `&start=${now - 900}&end=${now}&step=15` : `&time=${now}`;
    for (const server of servers) {
      const began = performance.now();
      await ask(
        server,
        `/api/v1/query${range ? '_range' : ''}`,
        `query=${encodeURIComponent(query)}${times}`,
      );
      const took = performance.now() - began;
      server.latencies.push(took);
      server.byQuery.set(query, [...(server.byQuery.get(query) ?? []), took]);
    }
  }
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

function residentMiB({ process: child }: Running): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024;
}

type Metrics = Map<string, number>;

async function metricsOf({ port }: Running): Promise<Metrics> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

/** Since the last time it was asked: lateness of scrapes, and the longest stall of the event loop. */
async function calm(server: Running, before: Metrics): Promise<{ text: string; now: Metrics }> {
  const now = await metricsOf(server);
  const bucket = /^tsmon_target_scrape_lateness_seconds_bucket\{le="([^"]+)"\}$/;
  const shares: [string, number][] = [];
  for (const [name, n] of now) {
    const le = bucket.exec(name)?.[1];
    if (le !== undefined) shares.push([le, n - (before.get(name) ?? 0)]);
  }
  const total = shares.at(-1)?.[1] ?? 0;
  const p99 = shares.find(([, n]) => n >= total * 0.99)?.[0];
  const most = shares.find(([, n]) => n >= total)?.[0];
  const stall = ((now.get('nodejs_eventloop_lag_max_seconds') ?? 0) * 1000).toFixed(0);
  const skipped =
    (now.get('tsmon_target_scrapes_skipped_total') ?? 0) -
    (before.get('tsmon_target_scrapes_skipped_total') ?? 0);
  return {
    text: `${total} scrapes, begun late by at most ${p99} s (p99), ${most} s (all), ${skipped} skipped; longest stall ${stall} ms (of an idle process ${(await idleStall()).toFixed(0)} ms)`,
    now,
  };
}

async function compare(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-bench-serve-'));
  const generator = fork(process.argv[1], ['targets'], { execArgv: [] });
  idler = fork(process.argv[1], ['idle'], { execArgv: [] });
  const children: ChildProcess[] = [generator, idler];
  try {
    const port = await new Promise<number>((resolve) =>
      generator.once('message', (m) => resolve(m as number)),
    );
    const more = (process.env['BENCH_NODE_FLAGS'] ?? '').split(' ').filter((flag) => flag !== '');
    const servers = [
      await start('tsmon', [process.execPath, ...more, join(root, 'bin', 'tsmon.cjs'), 'serve'], port, dir),
    ];
    children.push(servers[0].process);
    const program = process.env['BENCH_ALONE'] === undefined ? peer('prometheus') : undefined;
    if (program !== undefined) {
      servers.push(await start('Prometheus', [program], port, dir));
      children.push(servers[1].process);
    }
    const [ours] = servers;
    const queries = async (seconds: number) => {
      for (const until = performance.now() + seconds * 1000; performance.now() < until; ) {
        await refresh(servers);
        await sleep(2000);
      }
    };
    await queries(WARM_UP_S);
    for (const server of servers) {
      server.latencies.length = 0;
      server.byQuery.clear();
    }
    let state = await calm(ours, new Map());
    console.log(`warm-up: ${state.text}`);
    const before = servers.map(cpuMs);
    await queries(SECONDS);
    const cpu = servers.map((server, i) => cpuMs(server) - before[i]);
    for (const [i, server] of servers.entries()) {
      console.log(
        `${server.name.padEnd(11)} ${(cpu[i] / 1000 / SECONDS).toFixed(3)} CPUs, resident ${residentMiB(server).toFixed(0)} MiB` +
          ` (at most ${peakMiB(server)}), queries p50 ${quantile(server.latencies, 0.5).toFixed(1)} ms, p99 ${quantile(server.latencies, 0.99).toFixed(1)} ms`,
      );
    }
    state = await calm(ours, state.now);
    console.log(`tsmon: ${state.text}`);
    for (const query of [...INSTANT, ...RANGE]) {
      const times = servers.map((server) => quantile(server.byQuery.get(query) ?? [], 0.5));
      console.log(`  ${times.map((ms) => ms.toFixed(2).padStart(9)).join('')}  ${query}`);
    }
    if (servers.length > 1) {
      const [a, b] = servers;
      console.log(
        `ratio       CPU ${(cpu[0] / cpu[1]).toFixed(2)}, memory ${(residentMiB(a) / residentMiB(b)).toFixed(2)}, ` +
          `p99 ${(quantile(a.latencies, 0.99) / quantile(b.latencies, 0.99)).toFixed(2)}`,
      );
    }
    const now = Math.floor(Date.now() / 1000);
    const heavy = [
      [
        '/api/v1/query',
        `query=${encodeURIComponent('count(last_over_time({__name__=~"node_.*"}[10m:1s]))')}&time=${now}`,
      ],
      ['/api/v1/query', `query=${encodeURIComponent('count by (__name__) ({__name__=~".+"})')}&time=${now}`],
      ['/api/v1/query', `query=${encodeURIComponent('{__name__=~"node_.*"}')}&time=${now}`],
      ['/api/v1/series', `match[]=${encodeURIComponent('{__name__=~".+"}')}&start=${now - 600}&end=${now}`],
      ['/api/v1/labels', `match[]=${encodeURIComponent('{job="node"}')}&start=${now - 600}&end=${now}`],
    ];
    for (const [path, body] of heavy) {
      const began = performance.now();
      const bytes = await ask(ours, path, body);
      const took = (performance.now() - began) / 1000;
      await sleep(Math.max(0, 6000 - took * 1000));
      state = await calm(ours, state.now);
      console.log(
        `${path} ${decodeURIComponent(body).slice(0, 60)}: ${took.toFixed(1)} s, ${bytes} bytes: ${state.text}`,
      );
    }
  } finally {
    for (const child of children) child.kill();
    await sleep(1000);
    if (process.env['BENCH_KEEP'] === undefined) rmSync(dir, { recursive: true, force: true });
    else console.log(dir);
  }
}

if (mode === 'targets') serveTargets();
else if (mode === 'idle') idle();
else await compare();
