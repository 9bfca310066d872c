/**
 * Start-up on a log that a killed server left: `npm run bench -- restart [SERIES] [ROUNDS]` (100000, 60)
 *
 * The same directory, copied, is opened by the real Prometheus and by `tsmon serve`, in turn, three times each: how long
 * until `/-/ready` says so, CPU time and resident memory then, and how long until the first scrape was stored. Before
 * that each has run once, so that what it keeps of its code (bin/tsmon.cjs, the pages of the system) is there.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, systemClock } from '../src/core/clock.ts';
import { labelsFromPairs } from '../src/core/model/index.ts';
import { Database } from '../src/core/tsdb/db/index.ts';
import { freePort } from '../test/interop/prometheus.ts';
import { peer } from '../test/peers.ts';
import { cpuMs } from './promql-server.ts';

const [series, rounds] = [Number(process.argv[2] ?? 100_000), Number(process.argv[3] ?? 60)];
const STEP_MS = 15_000;
const ROUNDS = 3;
/** By then a server has stored what it keeps of its code. */
const SETTLE_MS = 2000;
const root = process.env['TSMON_ROOT'] ?? process.cwd();
const dir = mkdtempSync(join(tmpdir(), 'tsmon-restart-'));

/** A log of so many series and samples, as a server that is killed leaves it. */
async function fill(data: string): Promise<void> {
  let now = Date.now() - rounds * STEP_MS;
  const clock = { ...systemClock, now: () => now, monotonic: () => performance.now() } as Clock;
  const db = await Database.open(data, { clock });
  const appender = db.appender();
  const refs = new Uint32Array(series);
  const [ts, vs] = [new Float64Array(series), new Float64Array(series)];
  const outcomes = new Uint8Array(series);
  for (let round = 0; round < rounds; round++) {
    now += STEP_MS;
    for (let n = 0; n < series; n++) {
      if (round === 0) {
        refs[n] = appender.ref(
          labelsFromPairs([
            ['__name__', `app_${n % 100}_requests_total`],
            ['instance', `host-${Math.floor(n / 1000)}.example.org:9100`],
            ['job', 'application'],
            ['path', `/api/v1/things/${Math.floor(n / 100) % 10}`],
          ]),
        );
      }
      ts[n] = now;
      vs[n] += n % 7;
    }
    appender.append(refs, ts, vs, 0, series, outcomes);
    await appender.commit();
  }
}

interface Start {
  readyMs: number;
  cpuMs: number;
  residentMiB: number;
  scrapedMs: number;
}

async function start(
  command: string,
  args: readonly string[],
  name: string,
  data: string | undefined,
  restMs: number,
): Promise<Start> {
  const own = join(dir, name);
  mkdirSync(own);
  if (data !== undefined) cpSync(data, join(own, 'data'), { recursive: true });
  cpSync(join(dir, 'prometheus.yml'), join(own, 'prometheus.yml'));
  const url = `http://127.0.0.1:${await freePort()}`;
  const flags = [
    '--config.file=prometheus.yml',
    '--storage.tsdb.path=data',
    `--web.listen-address=${new URL(url).host}`,
  ];
  const began = performance.now();
  const child = spawn(command, [...args, ...flags], { cwd: own, stdio: 'ignore' });
  const startedAt = Date.now();
  try {
    while ((await fetch(`${url}/-/ready`).catch(() => undefined))?.status !== 200) {
      if (child.exitCode !== null) throw new Error(`${name} ended`);
      await sleep(10);
    }
    const readyMs = performance.now() - began;
    const cpu = cpuMs({ name, process: child, port: Number(new URL(url).port) });
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    const residentMiB = Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
    for (;;) {
      const query = encodeURIComponent('min_over_time(timestamp(up)[1m:100ms])');
      const answer = (await (await fetch(`${url}/api/v1/query?query=${query}`)).json()) as {
        data: { result: { value: [number, string] }[] };
      };
      const [found] = answer.data.result;
      if (found !== undefined) {
        await sleep(restMs);
        return { readyMs, cpuMs: cpu, residentMiB, scrapedMs: Number(found.value[1]) * 1000 - startedAt };
      }
      await sleep(50);
    }
  } finally {
    if (child.exitCode === null) {
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
    }
    rmSync(own, { recursive: true });
  }
}

const prometheus = peer('prometheus');
if (prometheus === undefined)
  throw new Error('the real prometheus is not at hand: set TSMON_PEERS to its folder');
const target = createServer((_, response) => {
  response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' }).end('answer 42\n');
});
await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
try {
  mkdirSync(join(dir, 'data'));
  writeFileSync(
    join(dir, 'prometheus.yml'),
    `global: {scrape_interval: 100ms, scrape_timeout: 100ms}
scrape_configs: [{job_name: app, static_configs: [{targets: ['127.0.0.1:${(target.address() as AddressInfo).port}']}]}]
`,
  );
  await fill(join(dir, 'data'));
  const programs = [
    ['Prometheus', prometheus, []],
    ['tsmon', process.execPath, [join(root, 'bin', 'tsmon.cjs'), 'serve']],
  ] as const;
  for (const [name, command, args] of programs) await start(command, args, name, undefined, SETTLE_MS);
  const cases = [
    ['an empty directory', undefined],
    [`${series} series, ${series * rounds} samples in the log`, join(dir, 'data')],
  ] as const;
  for (const [what, data] of cases) {
    console.log(what);
    for (let round = 1; round <= ROUNDS; round++) {
      for (const [name, command, args] of programs) {
        const { readyMs, cpuMs, residentMiB, scrapedMs } = await start(command, args, name, data, 0);
        console.log(
          `  ${name.padEnd(10)} ready after ${Math.round(readyMs)} ms (${Math.round(cpuMs)} ms CPU) with ${Math.round(residentMiB)} MiB, first scrape of ${Math.round(scrapedMs)} ms`,
        );
      }
    }
  }
} finally {
  target.closeAllConnections();
  target.close();
  rmSync(dir, { recursive: true });
}
process.exit();
