/**
 * The head: samples a second of known series with the log on; memory a series beside Prometheus'; how long a start
 * takes beside Prometheus' on the same directory; how long the thread that owns it is kept from all else while a block
 * is cut in another thread, and while series that are gone are removed.
 * `npm run bench -- head [append|memory|replay|stalls|churn] [SERIES] [ROUNDS]`
 *
 * CPU time is what counts on a machine that does other things, too. Each measure is a process of its own.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { Clock } from '../src/core/clock.ts';
import { ByteWriter } from '../src/core/encoding/byte-writer.ts';
import { snappyCompress, snappyMaxCompressedLength } from '../src/core/encoding/snappy.ts';
import { type Labels, labelsFromPairs, Matcher } from '../src/core/model/index.ts';
import { Database, type DatabaseAppender, type TaskRunner, WorkerTasks } from '../src/core/tsdb/db/index.ts';
import { HeadAppender, openHead, truncateHead } from '../src/core/tsdb/head/index.ts';
import { peer } from '../test/peers.ts';

const [mode = 'append', seriesText, roundsText, given] = process.argv.slice(2);
const STEP = 15_000;
/** Series in one transaction, as many as a large target has. */
const BATCH = 5000;
const dir = given ?? mkdtempSync(join(tmpdir(), 'tsmon-bench-head-'));
/** The samples end now, so that Prometheus takes them. */
const END = Math.floor(Date.now() / STEP) * STEP;

let now = 0;
const clock: Clock = {
  now: () => now,
  monotonic: () => performance.now(),
  sleep: () => Promise.resolve(),
};

/** A fleet: hosts with 500 series each. */
function labels(n: number): Labels {
  const host = Math.floor(n / 500);
  const own = n % 500;
  return labelsFromPairs([
    ['__name__', `app_${own % 100}_requests_total`],
    ['cluster', `production-eu-${host % 7}`],
    ['instance', `host-${String(host).padStart(5, '0')}.example.org:9100`],
    ['job', 'application'],
    ['path', `/api/v1/things/${Math.floor(own / 100)}`],
    ['status', own % 3 === 0 ? '500' : '200'],
  ]);
}

/** Counters: some stand still, some go by whole steps, some by random ones. */
class Counters {
  readonly values: Float64Array;
  private seed = 1;

  constructor(count: number) {
    this.values = new Float64Array(count);
  }

  step(): void {
    const { values } = this;
    for (let n = 0; n < values.length; n++) {
      this.seed = (Math.imul(this.seed, 1103515245) + 12345) & 0x7fffffff;
      if (n % 3 === 1) values[n] += 5;
      else if (n % 3 === 2) values[n] += (this.seed >>> 8) % 100;
    }
  }
}

interface Cost {
  wallMs: number;
  cpuMs: number;
}

function timed(): () => Cost {
  const cpu = process.cpuUsage();
  const from = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { wallMs: performance.now() - from, cpuMs: (user + system) / 1000 };
  };
}

/** Appends `rounds` samples to each series; returns the cost of the rounds after the first. */
async function fill(
  series: number,
  rounds: number,
  keepOpen: boolean,
  tasks?: TaskRunner,
): Promise<{ cost: Cost; db: Database; appender: DatabaseAppender }> {
  now = END - rounds * STEP;
  const db = await Database.open(dir, { clock, ...(tasks !== undefined && { tasks }) });
  const appender = db.appender();
  const refs = new Uint32Array(series);
  const interning = timed();
  for (let n = 0; n < series; n++) refs[n] = appender.ref(labels(n));
  const interned = interning();
  console.log(
    `  ${series} series made: ${((interned.cpuMs * 1000) / series).toFixed(2)} CPU µs each, their labels included`,
  );
  const ts = new Float64Array(series);
  const outcomes = new Uint8Array(series);
  const counters = new Counters(series);
  const cost: Cost = { wallMs: 0, cpuMs: 0 };
  for (let round = 0; round < rounds; round++) {
    now += STEP;
    ts.fill(now);
    counters.step();
    const appending = timed();
    for (let at = 0; at < series; at += BATCH) {
      appender.append(refs, ts, counters.values, at, Math.min(at + BATCH, series), outcomes);
      appender.commit();
    }
    const { wallMs, cpuMs } = appending();
    if (round === 0) continue;
    cost.wallMs += wallMs;
    cost.cpuMs += cpuMs;
  }
  if (!keepOpen) await db.close();
  return { cost, db, appender };
}

async function benchAppend(series: number, rounds: number): Promise<void> {
  const { cost } = await fill(series, rounds, false);
  const samples = series * (rounds - 1);
  console.log(
    `  ${series} known series x ${rounds}, log on: ${(samples / cost.cpuMs / 1000).toFixed(2)} M samples/s of CPU time, ` +
      `${(samples / cost.wallMs / 1000).toFixed(2)} M samples/s by the clock`,
  );
  console.log(`  log: ${(bytesOf(join(dir, 'wal')) / series / rounds).toFixed(2)} bytes a sample`);
}

/** Of this process, in a process of its own. */
async function memoryOfOurs(series: number, rounds: number): Promise<void> {
  globalThis.gc?.();
  const empty = process.memoryUsage().rss;
  // As in a server, the one who appends keeps what it needs for that.
  const { db, appender } = await fill(series, rounds, true);
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  console.log(
    `  tsmon:      RSS ${mb(rss)} (${mb(empty)} before), ${((rss - empty) / series).toFixed(0)} bytes a series; ` +
      `${mb(heapUsed)} of it objects`,
  );
  const { open, series: table } = db.head;
  console.log(
    `              chunks ${mb(open.usedBytes)} used of ${mb(open.reservedBytes)}, postings ${mb(table.postings.reservedBytes)}`,
  );
  const reader = db.reader();
  const selecting = timed();
  const host = new Matcher('=', 'instance', 'host-00007.example.org:9100');
  const set = await reader.select([host], { mint: 0, maxt: END * 2 });
  console.log(
    `              ${set.length} series of one host selected in ${selecting().wallMs.toFixed(2)} ms`,
  );
  await reader.close();
  appender.rollback();
  await db.close();
}

/** Cuts a block of two hours, and looks how long nothing else can run meanwhile. */
async function benchStalls(series: number, rounds: number): Promise<void> {
  const entry = join(dir, 'task-worker.cjs');
  const entryPoint = join(process.cwd(), 'src/core/tsdb/db/task-worker.ts');
  buildSync({ entryPoints: [entryPoint], bundle: true, platform: 'node', outfile: entry });
  const tasks = new WorkerTasks(entry);
  const posting: TaskRunner = {
    run: (kind, input) => {
      const from = performance.now();
      const result = tasks.run(kind, input);
      console.log(`  ${kind}: posted in ${ms(performance.now() - from)}`);
      void result.then(() => console.log(`  ${kind}: done after ${ms(performance.now() - from)}`));
      return result;
    },
  };
  const { db } = await fill(series, rounds, true, posting);
  const { monitorEventLoopDelay } = process.getBuiltinModule('node:perf_hooks');
  const delays = monitorEventLoopDelay({ resolution: 1 });
  const { headChunks, headMinTime, headMaxTime } = db.stats();
  const cutting = timed();
  delays.enable();
  await db.maintain();
  delays.disable();
  const { wallMs, cpuMs } = cutting();
  const peak = process.resourceUsage().maxRSS * 1024;
  console.log(
    `  a block of ${series} series (${headChunks} chunks, ${((headMaxTime - headMinTime) / 3.6e6).toFixed(1)} h in the head): ` +
      `${ms(wallMs)}, ${ms(cpuMs)} of CPU time; longest stall ${ms(delays.max / 1e6)}, ` +
      `p99 ${ms(delays.percentile(99) / 1e6)}; peak RSS ${mb(peak)}`,
  );
  console.log(`  ${db.blockList().map(({ sizeBytes }) => `${(sizeBytes / 1e6).toFixed(0)} MB`)}`);
  await db.close();
  await tasks.close();
}

/** Half of the series end, and are removed from the head: in how many steps, and how long the longest is. */
async function benchChurn(series: number): Promise<void> {
  const HOUR = 3_600_000;
  const start = Math.floor(END / (2 * HOUR)) * 2 * HOUR - 4 * HOUR;
  now = start;
  const { head } = openHead(dir, Number.NEGATIVE_INFINITY, { clock });
  const appender = new HeadAppender(head);
  const refs = new Uint32Array(series).map((_, n) => appender.ref(labels(n)));
  const put = (some: Uint32Array, t: number) => {
    now = t;
    const { length } = some;
    const ts = new Float64Array(length).fill(t);
    appender.append(some, ts, new Float64Array(length), 0, length, new Uint8Array(length));
    appender.commit();
  };
  put(refs, start);
  put(
    refs.filter((_, n) => n % 2 === 0),
    start + 3 * HOUR,
  );
  // As a scrape does with what a target has no more.
  for (let n = 1; n < series; n += 2) appender.forget(refs[n]);
  const removing = timed();
  const steps: number[] = [];
  const work = truncateHead(head, start + 2 * HOUR);
  for (let done = false; !done; ) {
    const from = performance.now();
    done = work.next().done === true;
    steps.push(performance.now() - from);
  }
  steps.sort((a, b) => a - b);
  const { cpuMs } = removing();
  console.log(
    `  ${series - head.series.count} of ${series} series removed: ${ms(cpuMs)} of CPU time in ${steps.length} steps; ` +
      `longest ${ms(steps[steps.length - 1])}, p99 ${ms(steps[Math.floor(steps.length * 0.99)])}`,
  );
  head.close();
}

class Prometheus {
  readonly url: string;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.child = child;
    this.url = url;
  }

  static async start(data: string): Promise<Prometheus> {
    const program = peer('prometheus');
    if (program === undefined) throw new Error('no prometheus: set TSMON_PEERS');
    const config = join(dir, 'prometheus.yml');
    writeFileSync(config, '');
    const port = await freePort();
    const child = spawn(
      program,
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${data}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--web.enable-remote-write-receiver',
        '--storage.tsdb.retention.time=100y',
      ],
      { stdio: 'ignore' },
    );
    const real = new Prometheus(child, `http://127.0.0.1:${port}`);
    for (;;) {
      if (child.exitCode !== null) throw new Error('Prometheus ended');
      const ready = await fetch(`${real.url}/-/ready`).catch(() => undefined);
      if (ready?.ok) return real;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  get rss(): number {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.child.pid}/status`, 'latin1'))![1]) * 1024;
  }

  /** CPU time it took so far, ms. */
  get cpuMs(): number {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, 'latin1').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  async write(body: Uint8Array): Promise<void> {
    const response = await fetch(`${this.url}/api/v1/write`, {
      method: 'POST',
      headers: {
        'Content-Encoding': 'snappy',
        'Content-Type': 'application/x-protobuf',
        'X-Prometheus-Remote-Write-Version': '0.1.0',
      },
      body,
    });
    if (!response.ok) throw new Error(`remote write: ${response.status} ${await response.text()}`);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await ended;
  }
}

/** Remote write requests of BATCH series each; the labels are encoded once. */
class Requests {
  private readonly encoded: Uint8Array[];

  constructor(series: number) {
    const out = new ByteWriter();
    this.encoded = Array.from({ length: series }, (_, n) => {
      out.clear();
      for (const [name, value] of labels(n)) {
        out.byte(0x0a);
        out.uvarint(name.length + value.length + 4);
        out.byte(0x0a);
        out.string(name);
        out.byte(0x12);
        out.string(value);
      }
      return out.view().slice();
    });
  }

  body(from: number, to: number, t: number, values: Float64Array): Uint8Array {
    const sample = new ByteWriter();
    sample.byte(0x10);
    sample.uvarint(t);
    const time = sample.view().slice();
    const value = new DataView(new ArrayBuffer(8));
    const out = new ByteWriter(1 << 20);
    for (let n = from; n < to; n++) {
      const own = this.encoded[n];
      out.byte(0x0a);
      out.uvarint(own.length + 2 + 9 + time.length);
      out.copy(own);
      out.byte(0x12);
      out.uvarint(9 + time.length);
      out.byte(0x09);
      value.setFloat64(0, values[n], true);
      out.copy(new Uint8Array(value.buffer));
      out.copy(time);
    }
    const body = new Uint8Array(snappyMaxCompressedLength(out.length));
    return body.subarray(0, snappyCompress(out.bytes, 0, out.length, body, 0));
  }
}

async function memoryOfPrometheus(series: number, rounds: number): Promise<void> {
  const data = join(dir, 'prometheus');
  mkdirSync(data);
  const real = await Prometheus.start(data);
  const empty = real.rss;
  const before = real.cpuMs;
  const requests = new Requests(series);
  const counters = new Counters(series);
  let t = END - rounds * STEP;
  for (let round = 0; round < rounds; round++) {
    t += STEP;
    counters.step();
    for (let at = 0; at < series; at += BATCH) {
      await real.write(requests.body(at, Math.min(at + BATCH, series), t, counters.values));
    }
  }
  const used = real.cpuMs - before;
  // Its collector gives back what it can within some minutes; some seconds are what it has between scrapes, too.
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  const { rss } = real;
  console.log(
    `  Prometheus: RSS ${mb(rss)} (${mb(empty)} before), ${((rss - empty) / series).toFixed(0)} bytes a series; ` +
      `${((series * rounds) / used / 1000).toFixed(2)} M samples/s of CPU time by remote write`,
  );
  await real.stop();
}

async function benchReplay(series: number, rounds: number): Promise<void> {
  await run('fill', series, rounds);
  // Not the very first start after the writing: what it has to do then it does once.
  for (let i = 0; i < 3; i++) {
    await run('open', series, rounds);
    const starting = performance.now();
    const real = await Prometheus.start(dir);
    console.log(
      `  Prometheus: ready after ${ms(performance.now() - starting)}, ${ms(real.cpuMs)} of CPU time, RSS ${mb(real.rss)}`,
    );
    // Not stopped in order, so that it leaves the directory as it was but for an empty segment.
    await real.stop();
  }
}

async function openOurs(): Promise<void> {
  now = END;
  const opening = timed();
  const db = await Database.open(dir, { clock, onNotice: (notice) => console.log(`  ${notice}`) });
  const { wallMs, cpuMs } = opening();
  const { series, headChunks } = db.stats();
  console.log(
    `  tsmon:      open after ${ms(wallMs)}, ${ms(cpuMs)} of CPU time, RSS ${mb(process.memoryUsage().rss)} (${series} series, ${headChunks} finished chunks)`,
  );
  await db.close();
}

/** Runs this file again, for one measure, on the same directory. */
async function run(what: string, series: number, rounds: number): Promise<void> {
  const args = ['--expose-gc', process.argv[1], what, String(series), String(rounds), dir];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${what}: exit status ${status}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function bytesOf(path: string): number {
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).reduce((sum, name) => {
    const stat = statSync(join(path, name));
    return sum + (stat.isFile() ? stat.size : 0);
  }, 0);
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}

const series = Number(seriesText ?? (mode === 'append' ? 10_000 : 200_000));
const rounds = Number(roundsText ?? { append: 300, stalls: 780 }[mode] ?? 60);
try {
  if (mode === 'append') await benchAppend(series, rounds);
  else if (mode === 'fill') await fill(series, rounds, false);
  else if (mode === 'open') await openOurs();
  else if (mode === 'churn') await benchChurn(series);
  else if (mode === 'own-memory') await memoryOfOurs(series, rounds);
  else if (mode === 'memory') {
    console.log(`memory of ${series} series after ${rounds} samples each:`);
    await run('own-memory', series, rounds);
    await memoryOfPrometheus(series, rounds);
  } else if (mode === 'replay') {
    console.log(`a start on the log of ${series} series with ${rounds} samples each:`);
    await benchReplay(series, rounds);
  } else if (mode === 'stalls') await benchStalls(series, rounds);
  else throw new Error(`there is no measure ${mode}`);
} finally {
  if (given === undefined) rmSync(dir, { recursive: true });
}
