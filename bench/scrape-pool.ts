/**
 * The scrape pool with a real database behind it: `npm run bench -- scrape-pool [ingest|schedule|both] [SECONDS]`
 *
 * `ingest`: 100 targets of 2,000 series every second, scraped by the real Prometheus and by tsmon, one after the other,
 * from the same server on loopback in a process of its own. CPU seconds are of all threads of the scraping process, a
 * million samples; memory is its resident set at the end.
 * `schedule`: 10,000 targets of 10 series every 15 seconds, for SECONDS after the first interval: by how much each
 * request came later to its target than the target's schedule has it, interval by interval. The schedule is what the
 * promptest of a target's requests shows, so both are measured alike, by the targets.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../src/core/clock.ts';
import { HttpClient } from '../src/core/http/http-client.ts';
import { Registry } from '../src/core/instrument/index.ts';
import { type ScrapeConfig, ScrapeManager } from '../src/core/scrape/index.ts';
import { Database } from '../src/core/tsdb/db/index.ts';
import { job, staticTargets } from '../test/core/scrape/job.ts';
import { peer } from '../test/peers.ts';
import { freePort } from './promql-server.ts';

const [mode = 'both', secondsText = '60', ...rest] = process.argv.slice(2);
const SECONDS = Number(secondsText);
const TICKS_PER_SECOND = 100;

/** CPU seconds of a process and all its threads, and its resident set. */
function usageOf(pid: number): { cpu: number; residentMiB: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const resident = Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
  return { cpu: (Number(stat[11]) + Number(stat[12])) / TICKS_PER_SECOND, residentMiB: resident };
}

function addresses(port: number, targets: number): string[] {
  // One server, many targets: each path prefix is one.
  return Array.from(
    { length: targets },
    (_, i) => `127.0.${1 + Math.floor(i / 250)}.${1 + (i % 250)}:${port}`,
  );
}

/** In a child: answers on all of 127.0.0.0/8 with so many series, whose values change. */
async function serveTargets(series: number): Promise<void> {
  let round = 0;
  const bodies: Buffer[] = [];
  for (let variant = 0; variant < 8; variant++) {
    const lines: string[] = [];
    for (let i = 0; i < series; i++) {
      if (i % 50 === 0)
        lines.push(
          `# HELP http_requests_${i / 50}_total Requests.\n# TYPE http_requests_${i / 50}_total counter`,
        );
      const labels = `method="GET",path="/api/v1/resource/${i % 500}",code="${200 + (i % 5)}",n="${i}"`;
      lines.push(`http_requests_${Math.floor(i / 50)}_total{${labels}} ${i * 7 + variant * (i % 3)}`);
    }
    bodies.push(Buffer.from(`${lines.join('\n')}\n`));
  }
  const arrivals = new Map<string, number[]>();
  const server: Server = createServer((request, response) => {
    const target = request.socket.localAddress!;
    const at = performance.timeOrigin + performance.now();
    const before = arrivals.get(target);
    if (before === undefined) arrivals.set(target, [at]);
    else before.push(at);
    const body = bodies[round++ % bodies.length];
    response
      .writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4', 'Content-Length': body.length })
      .end(body);
  });
  server.keepAliveTimeout = 60_000;
  process.on('message', () => {
    process.send!([...arrivals.values()]);
    arrivals.clear();
  });
  server.listen(0, '0.0.0.0', 4096, () => process.send!((server.address() as AddressInfo).port));
}

async function startServer(series: number): Promise<{ port: number; child: ChildProcess }> {
  const child = fork(process.argv[1], ['serve-targets', String(series)], { execArgv: [] });
  const port = await new Promise<number>((resolve) =>
    child.once('message', (message) => resolve(message as number)),
  );
  return { port, child };
}

function configOf(targets: readonly string[], intervalMs: number): ScrapeConfig {
  return job({
    jobName: 'bench',
    scrapeIntervalMs: intervalMs,
    scrapeTimeoutMs: intervalMs,
    discovery: [staticTargets(...targets)],
  });
}

/** In a child: scrapes into a database until the parent has asked how that goes. */
async function scrapeTargets(port: number, targets: number, intervalMs: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-bench-pool-'));
  const database = await Database.open(dir, { clock: systemClock });
  const registry = new Registry();
  const manager = new ScrapeManager({
    clock: systemClock,
    store: { appender: () => database.appender() },
    discovery: { openClient: () => new HttpClient({ userAgent: 'tsmon', keepAlive: true }), env: {} },
    openClient: () => new HttpClient({ userAgent: 'tsmon/bench', keepAlive: true }),
    registry,
    onTrouble: (message) => console.error(message),
  });
  const numbers = (name: string) => registry.collect().find((family) => family.name === name)?.samples ?? [];
  manager.apply([configOf(addresses(port, targets), intervalMs)]);
  process.on('message', async (message) => {
    if (message === 'numbers') {
      const late = numbers('tsmon_target_scrape_lateness_seconds').map(({ labels, v }): [string, number] => [
        labels.get('le'),
        v,
      ]);
      const skipped = numbers('tsmon_target_scrapes_skipped_total')[0].v;
      const down = manager.activeTargets().filter(({ health }) => health !== 'up').length;
      process.send!({ late, skipped, down });
      return;
    }
    await manager.stop();
    await database.close();
    rmSync(dir, { recursive: true });
    process.exit(0);
  });
}

interface Numbers {
  /** Cumulative counts by upper bound, seconds. */
  late: [string, number][];
  skipped: number;
  down: number;
}

function ask(child: ChildProcess): Promise<Numbers> {
  const answer = new Promise<Numbers>((resolve) => child.once('message', (m) => resolve(m as Numbers)));
  child.send('numbers');
  return answer;
}

async function ended(child: ChildProcess): Promise<void> {
  await new Promise((resolve) => child.once('exit', resolve));
}

interface Usage {
  cpu: number;
  residentMiB: number;
  seconds: number;
}

/** What a process uses when it has run for some time and knows all series. */
async function measure(pid: number, warmUpMs: number, begin?: () => Promise<void>): Promise<Usage> {
  await sleep(warmUpMs);
  await begin?.();
  const before = usageOf(pid);
  const start = performance.now();
  await sleep(SECONDS * 1000);
  const after = usageOf(pid);
  return {
    cpu: after.cpu - before.cpu,
    residentMiB: after.residentMiB,
    seconds: (performance.now() - start) / 1000,
  };
}

/** As `measure`, with what the scraper itself counted in that time. */
async function measureScraper(child: ChildProcess, warmUpMs: number): Promise<Usage & Numbers> {
  let before: Numbers = { late: [], skipped: 0, down: 0 };
  const usage = await measure(child.pid!, warmUpMs, async () => {
    before = await ask(child);
  });
  const after = await ask(child);
  const late = after.late.map(([le, n], i): [string, number] => [le, n - (before.late[i]?.[1] ?? 0)]);
  return { ...usage, late, skipped: after.skipped - before.skipped, down: after.down };
}

async function startPrometheus(targets: readonly string[], interval: string) {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-bench-prometheus-'));
  const file = join(dir, 'prometheus.yml');
  writeFileSync(
    file,
    JSON.stringify({
      global: { scrape_interval: interval, scrape_timeout: interval },
      scrape_configs: [{ job_name: 'bench', static_configs: [{ targets }] }],
    }),
  );
  const web = await freePort();
  const child = spawn(
    peer('prometheus')!,
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${web}`,
    ],
    { stdio: 'ignore' },
  );
  const stop = async () => {
    child.kill('SIGTERM');
    await ended(child);
    rmSync(dir, { recursive: true });
  };
  return { child, web, stop };
}

async function measurePrometheus(port: number, targets: number) {
  const { child, web, stop } = await startPrometheus(addresses(port, targets), '1s');
  const usage = await measure(child.pid!, 15_000);
  const counted = async (how: string) => {
    const query = encodeURIComponent(`${how}(count_over_time(up[${SECONDS}s]))`);
    const answer = await fetch(`http://127.0.0.1:${web}/api/v1/query?query=${query}`);
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
    return Number(data.result[0]?.value[1] ?? Number.NaN);
  };
  const [leastScrapes, scrapes] = [await counted('min'), await counted('sum')];
  await stop();
  return { ...usage, leastScrapes, scrapes };
}

function print(name: string, usage: { cpu: number; residentMiB: number }, samples: number, more: string) {
  const perMillion = (usage.cpu / samples) * 1e6;
  console.log(
    `${name.padEnd(12)} ${perMillion.toFixed(2)} CPU s per million samples, ${usage.residentMiB.toFixed(0)} MiB, ${more}`,
  );
  return { perMillion, residentMiB: usage.residentMiB };
}

async function ingest(): Promise<void> {
  const targets = 100;
  const series = 2000;
  const { port, child } = await startServer(series);
  const scraper = fork(process.argv[1], ['scrape-targets', String(port), String(targets), '1000'], {
    execArgv: [],
  });
  const usage = await measureScraper(scraper, 15_000);
  const { skipped, down, late } = usage;
  const scrapes = late.at(-1)![1];
  const ours = print('tsmon', usage, scrapes * series, `${skipped} scrapes skipped, ${down} targets down`);
  scraper.send('stop');
  await ended(scraper);
  if (peer('prometheus') !== undefined) {
    const theirs = await measurePrometheus(port, targets);
    const note = `at least ${theirs.leastScrapes} scrapes of each target in ${SECONDS} s`;
    const real = print('Prometheus', theirs, theirs.scrapes * series, note);
    const ratio = (a: number, b: number) => (a / b).toFixed(2);
    console.log(
      `ratio        ${ratio(ours.perMillion, real.perMillion)} CPU, ${ratio(ours.residentMiB, real.residentMiB)} memory`,
    );
  }
  child.kill();
}

/** How late the requests of each interval were, ms: of the n-th of every target. */
function lateness(arrivals: readonly (readonly number[])[], intervalMs: number): Float64Array[] {
  const byInterval: number[][] = [];
  for (const times of arrivals) {
    const phases = times.map((t, n) => t - n * intervalMs);
    const schedule = Math.min(...phases);
    for (const [n, phase] of phases.entries()) (byInterval[n] ??= []).push(phase - schedule);
  }
  return byInterval.map((late) => Float64Array.from(late).sort());
}

async function measureSchedule(name: string, pid: number, server: ChildProcess): Promise<Usage> {
  const intervalMs = 15_000;
  const usage = await measure(pid, intervalMs);
  const arrivals = await new Promise<number[][]>((resolve) => {
    server.once('message', (message) => resolve(message as number[][]));
    server.send('arrivals');
  });
  for (const [n, late] of lateness(arrivals, intervalMs).entries()) {
    const at = (share: number) => `${late[Math.floor((late.length - 1) * share)].toFixed(1)} ms`;
    console.log(
      `${name.padEnd(12)} interval ${n + 1}: ${late.length} targets, late p50 ${at(0.5)}, p99 ${at(0.99)}, most ${at(1)}`,
    );
  }
  const cpus = (usage.cpu / usage.seconds).toFixed(2);
  const perTarget = ((usage.residentMiB * 1024) / 10_000).toFixed(0);
  console.log(
    `${name.padEnd(12)} ${cpus} CPUs, ${usage.residentMiB.toFixed(0)} MiB (${perTarget} KiB a target)`,
  );
  return usage;
}

async function schedule(): Promise<void> {
  const { port, child } = await startServer(10);
  const scraper = fork(process.argv[1], ['scrape-targets', String(port), '10000', '15000'], { execArgv: [] });
  await measureSchedule('tsmon', scraper.pid!, child);
  const { skipped, down } = await ask(scraper);
  console.log(`${'tsmon'.padEnd(12)} ${skipped} scrapes skipped, ${down} targets down`);
  scraper.send('stop');
  await ended(scraper);
  if (peer('prometheus') !== undefined) {
    const prometheus = await startPrometheus(addresses(port, 10_000), '15s');
    await measureSchedule('Prometheus', prometheus.child.pid!, child);
    await prometheus.stop();
  }
  child.kill();
}

if (mode === 'serve-targets') await serveTargets(Number(secondsText));
else if (mode === 'scrape-targets')
  await scrapeTargets(Number(secondsText), Number(rest[0]), Number(rest[1]));
else {
  if (mode !== 'schedule') await ingest();
  if (mode !== 'ingest') await schedule();
}
