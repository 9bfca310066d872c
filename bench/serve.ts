/**
 * `tsmon serve` beside the real Prometheus, both at once, under the load of a fleet:
 * `npm run bench -- serve [SECONDS (180)] [TARGETS (100)] [BLOCK_DURATION]`
 *
 * Targets of 2,000 series each, as node_exporter has them, scraped every 5 seconds from one process on loopback; rules
 * every 15 seconds; the queries of a dashboard asked of each server in turn. With a block duration
 * (`--storage.tsdb.min-block-duration` of both) they cut and compact blocks meanwhile, and what happens around that is
 * shown by itself. In the end each is asked for a query that takes it some ten seconds, and then for a lot, while the
 * dashboard goes on.
 *
 * CPU seconds are of all threads of a server, after a warm-up; memory is its resident set. How late scrapes begin is
 * measured by the targets, for both alike; how long a server stands still, by a process that asks it for `/-/healthy` fifty
 * times a second. How long that process itself stood still tells what the machine does.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import {
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { peer } from '../test/peers.ts';
import { ask, cpuMs, freePort, peakMiB, type Running } from './promql-server.ts';
import { type Arrivals, type Probes, probe, serveTargets } from './serve/children.ts';
import { RULES } from './serve/fleet.ts';
import { joined, lateness, quantile, Timeline, type Window } from './serve/timeline.ts';

const [mode = '180', targetsText = '100', block = ''] = process.argv.slice(2);
const SECONDS = Number(mode);
const TARGETS = Number(targetsText);
const SERIES = 2000;
const INTERVAL_S = 5;
const WARM_UP_S = Number(process.env['BENCH_WARM_UP'] ?? '60');
/** Around the writing of a block, when a head is read for it and then rid of what is in it. */
const AROUND_MS = 2000;
const LOOK_MS = 50;
const root = process.env['TSMON_ROOT'] ?? process.cwd();

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
  data: string;
  /** What it calls itself where it scrapes. */
  agent: string;
  queries: Timeline;
  byQuery: Map<string, number[]>;
  /** When it wrote blocks. */
  writing: Window[];
}

async function start(
  name: string,
  agent: string,
  command: string[],
  port: number,
  dir: string,
): Promise<Server> {
  const own = join(dir, name);
  mkdirSync(own);
  writeFileSync(join(own, 'prometheus.yml'), configuration(port));
  writeFileSync(join(own, 'rules.yml'), RULES);
  const listen = await freePort();
  const flags = [
    '--config.file=prometheus.yml',
    '--storage.tsdb.path=data',
    // The query of ten seconds goes over some hundred million.
    '--query.max-samples=1000000000',
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
      return {
        name,
        agent,
        process: child,
        port: listen,
        data: join(own, 'data'),
        queries: new Timeline(),
        byQuery: new Map(),
        writing: [],
      };
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
      const at = Date.now();
      const began = performance.now();
      await ask(
        server,
        `/api/v1/query${range ? '_range' : ''}`,
        `query=${encodeURIComponent(query)}${times}`,
      );
      const took = performance.now() - began;
      server.queries.add(at, took);
      server.byQuery.set(query, [...(server.byQuery.get(query) ?? []), took]);
    }
  }
}

async function dashboard(servers: readonly Server[], goesOn: () => boolean): Promise<void> {
  while (goesOn()) {
    await refresh(servers);
    await sleep(2000);
  }
}

async function during(servers: readonly Server[], ms: number): Promise<Window> {
  const from = Date.now();
  await dashboard(servers, () => Date.now() < from + ms);
  return { from, to: Date.now() };
}

/** Notes when a server writes blocks: their folders have a name of their own until they are whole. */
function watchBlocks(server: Server): () => void {
  let since = 0;
  const timer = setInterval(() => {
    let names: string[] = [];
    try {
      names = readdirSync(server.data);
    } catch {
      // It is made when the first sample comes.
    }
    const writes = names.some((name) => name.includes('.tmp'));
    if (writes && since === 0) since = Date.now();
    if (writes || since === 0) return;
    server.writing.push({ from: since - AROUND_MS, to: Date.now() + AROUND_MS });
    since = 0;
  }, LOOK_MS);
  return () => clearInterval(timer);
}

const LONG_QUERY = 'count({__name__=~"node_.*"})';
const MOST_STEPS = 10_000;
const LONG_MS = 7000;

/** The dashboard does not wait for it. */
const another = new Agent();

/** Asks for a query over all series, with so many steps that it takes some ten seconds; the dashboard goes on. */
async function tenSeconds(server: Server, servers: readonly Server[]): Promise<Window> {
  const run = async (steps: number) => {
    const end = Math.floor(Date.now() / 1000);
    const step = (100 / steps).toFixed(3);
    const began = Date.now();
    await ask(
      server,
      '/api/v1/query_range',
      `query=${encodeURIComponent(LONG_QUERY)}&start=${end - 100}&end=${end}&step=${step}`,
      another,
    );
    return { from: began, to: Date.now() };
  };
  let done = false;
  const others = dashboard(servers, () => !done);
  try {
    for (let steps = 10; ; ) {
      const window = await run(steps);
      const took = window.to - window.from;
      if (took >= LONG_MS || steps === MOST_STEPS) return window;
      // A short one is mostly made of what a query costs at all.
      steps = Math.min(MOST_STEPS, Math.ceil(steps * Math.min(10, (LONG_MS * 1.4) / took)));
    }
  } finally {
    done = true;
    await others;
  }
}

function residentMiB({ process: child }: Running): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024;
}

function answerOf<T>(child: ChildProcess): Promise<T> {
  const answer = new Promise<T>((resolve) => child.once('message', (message) => resolve(message as T)));
  child.send('?');
  return answer;
}

interface Seen {
  late: Timeline;
  probes: Timeline;
}

/** Of each server, by name. */
async function seen(
  servers: readonly Server[],
  targets: ChildProcess,
  prober: ChildProcess,
): Promise<{ of: Map<string, Seen>; ownStallMs: number }> {
  const arrivals = await answerOf<Arrivals>(targets);
  const { taken, ownStallMs } = await answerOf<Probes>(prober);
  const of = new Map<string, Seen>();
  for (const { name, agent, port } of servers) {
    const [late, probes] = [new Timeline(), new Timeline()];
    for (const times of Object.values(arrivals[agent] ?? {}))
      for (const [t, ms] of lateness(times, INTERVAL_S * 1000)) late.add(t, ms);
    for (const [t, took] of taken[port]) probes.add(t, took);
    of.set(name, { late, probes });
  }
  return { of, ownStallMs };
}

function shown(values: readonly number[]): string {
  if (values.length === 0) return 'none';
  const at = (q: number) => quantile(values, q).toFixed(1);
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, most ${at(1)}`;
}

function report(what: string, { name, queries }: Server, { late, probes }: Seen, windows: Window[]): void {
  const seconds = windows.reduce((sum, { from, to }) => sum + (to - from) / 1000, 0);
  console.log(
    `${what}, ${name}, ${seconds.toFixed(1)} s\n` +
      `  scrapes late by, ms: ${shown(late.within(windows))}\n` +
      `  /-/healthy answered after, ms: ${shown(probes.within(windows))}\n` +
      `  queries of the dashboard answered after, ms: ${shown(queries.within(windows))}`,
  );
}

/** What gives a server much to do, one after another. */
async function ofAllSeries(server: Server): Promise<[what: string, window: Window][]> {
  const now = Math.floor(Date.now() / 1000);
  const asked: [string, string][] = [
    ['/api/v1/query', `query=${encodeURIComponent('count by (__name__) ({__name__=~".+"})')}&time=${now}`],
    ['/api/v1/query', `query=${encodeURIComponent('{__name__=~"node_.*"}')}&time=${now}`],
    ['/api/v1/series', `match[]=${encodeURIComponent('{__name__=~".+"}')}&start=${now - 600}&end=${now}`],
    ['/api/v1/labels', `match[]=${encodeURIComponent('{job="node"}')}&start=${now - 600}&end=${now}`],
  ];
  const out: [string, Window][] = [];
  for (const [path, body] of asked) {
    const from = Date.now();
    const bytes = await ask(server, path, body);
    const to = Date.now();
    out.push([`${path} ${decodeURIComponent(body).slice(0, 50)}: ${bytes} bytes`, { from, to }]);
    await sleep(1000);
  }
  return out;
}

async function compare(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-bench-serve-'));
  const targets = fork(process.argv[1], ['targets'], { execArgv: [] });
  const children: ChildProcess[] = [targets];
  try {
    const port = await new Promise<number>((resolve) =>
      targets.once('message', (message) => resolve(message as number)),
    );
    const more = (process.env['BENCH_NODE_FLAGS'] ?? '').split(' ').filter((flag) => flag !== '');
    const ourCommand = [process.execPath, ...more, join(root, 'bin', 'tsmon.cjs'), 'serve'];
    const servers = [await start('tsmon', 'tsmon', ourCommand, port, dir)];
    children.push(servers[0].process);
    const program = process.env['BENCH_ALONE'] === undefined ? peer('prometheus') : undefined;
    if (program !== undefined) {
      servers.push(await start('Prometheus', 'Prometheus', [program], port, dir));
      children.push(servers[1].process);
    }
    const prober = fork(process.argv[1], ['probe', ...servers.map((server) => String(server.port))], {
      execArgv: [],
    });
    children.push(prober);
    await during(servers, WARM_UP_S * 1000);
    for (const server of servers) server.byQuery.clear();
    const stopWatching = servers.map(watchBlocks);
    const before = servers.map(cpuMs);
    const steady = await during(servers, SECONDS * 1000);
    const seconds = (steady.to - steady.from) / 1000;
    const cpu = servers.map((server, i) => cpuMs(server) - before[i]);
    const resident = servers.map(residentMiB);
    for (const stop of stopWatching) stop();
    for (const [i, server] of servers.entries()) {
      console.log(
        `${server.name.padEnd(11)} ${(cpu[i] / 1000 / seconds).toFixed(3)} CPUs, resident ${resident[i].toFixed(0)} MiB (at most ${peakMiB(server)})`,
      );
    }
    for (const query of [...INSTANT, ...RANGE]) {
      const times = servers.map((server) => quantile(server.byQuery.get(query) ?? [], 0.5));
      console.log(`  ${times.map((ms) => ms.toFixed(2).padStart(9)).join('')}  ${query}`);
    }
    const heavy: [Server, string, Window][] = [];
    for (const server of servers)
      heavy.push([server, 'during a query of ten seconds', await tenSeconds(server, servers)]);
    for (const server of servers)
      for (const [what, window] of await ofAllSeries(server)) heavy.push([server, what, window]);

    const { of, ownStallMs } = await seen(servers, targets, prober);
    for (const server of servers) report('dashboard', server, of.get(server.name)!, [steady]);
    for (const server of servers) {
      const windows = joined(server.writing);
      if (block !== '')
        report(`while ${server.writing.length} blocks were written`, server, of.get(server.name)!, windows);
    }
    for (const [server, what, window] of heavy) report(what, server, of.get(server.name)!, [window]);
    console.log(`a process beside that does nothing stood still for at most ${ownStallMs.toFixed(0)} ms`);
    if (servers.length > 1) {
      const p99 = servers.map(({ queries }) => quantile(queries.within([steady]), 0.99));
      console.log(
        `ratio       CPU ${(cpu[0] / cpu[1]).toFixed(2)}, memory ${(resident[0] / resident[1]).toFixed(2)}, p99 ${(p99[0] / p99[1]).toFixed(2)}`,
      );
    }
  } finally {
    for (const child of children) child.kill();
    await sleep(1000);
    if (process.env['BENCH_KEEP'] === undefined) rmSync(dir, { recursive: true, force: true });
    else console.log(dir);
  }
}

if (mode === 'targets') serveTargets(SERIES);
else if (mode === 'probe') probe(process.argv.slice(3).map(Number));
else await compare();
