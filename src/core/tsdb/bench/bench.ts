/**
 * Measures what this machine and its disk give: a fleet of counters and gauges is appended to a new database, cut into
 * blocks, compacted, and read again. The time of the samples is made up; the work is real.
 */
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { type Labels, labelsFromPairs, Matcher, SampleColumns } from '../../model/index.ts';
import { BlockReader } from '../block/index.ts';
import { runStepsWithPauses, sizeOf, takeInventory } from '../compaction/index.ts';
import { Database, startTask, type TaskRunner } from '../db/index.ts';

export interface BenchOptions {
  /** Series, and samples of each. */
  series: number;
  rounds: number;
  /** Between two samples of a series, ms. */
  interval: number;
  signal?: AbortSignal;
  /** Called now and then with what is being done, and the part of it that is. */
  progress?: (what: string, part: number) => void;
  onMeasure?: (measure: Measure) => void;
}

export interface Measure {
  name: 'new-series' | 'append' | 'log-replay' | 'cut-blocks' | 'open-one' | 'read-all';
  /** What was worked on; samples, or series for the first. */
  count: number;
  seconds: number;
  cpuSeconds: number;
  /** Written, or for the last two read. */
  bytes?: number;
}

const START = Date.UTC(2026, 0, 1);
/** Series in one transaction, as many as a large target has. */
const BATCH = 5000;
/** Metrics of each instance. */
const METRICS = 200;

/** Runs all of it in the empty directory `dir`. Throws the signal's reason. */
export async function runBench(dir: string, options: BenchOptions): Promise<Measure[]> {
  const bench = new Bench(dir, options);
  await bench.run();
  return bench.measures;
}

class Bench {
  readonly measures: Measure[] = [];
  private readonly dir: string;
  private readonly options: BenchOptions;
  private now = START;
  /** By the present piece of work. */
  private bytesRead = 0;
  private readonly clock: Clock = {
    now: () => this.now,
    monotonic: () => performance.now(),
    sleep: () => Promise.resolve(),
  };

  constructor(dir: string, options: BenchOptions) {
    this.dir = dir;
    this.options = options;
  }

  async run(): Promise<void> {
    const { series, rounds } = this.options;
    const samples = series * rounds;
    let database = await this.open();
    try {
      const appender = database.appender();
      const refs = new Uint32Array(series);
      await this.measure('new-series', series, () => {
        for (let n = 0; n < series; n++) refs[n] = appender.ref(labelsOf(n));
      });
      await this.measure('append', samples, () => this.append(appender, refs));
      await database.close();
      await this.measure('log-replay', samples, async () => {
        database = await this.open();
      });
      await this.measure('cut-blocks', samples, () => database.compact());
    } finally {
      await database.close();
    }
    const { blocks } = takeInventory(this.dir);
    await this.measure('open-one', rounds, () => this.readOne(blocks.map(({ path }) => path)));
    await this.measure('read-all', samples, () => this.readAll(blocks.map(({ path }) => path)));
  }

  private open(): Promise<Database> {
    // In this thread, as in a command, and ended by the signal in the middle of a block.
    const tasks: TaskRunner = {
      run: (kind, input) => runStepsWithPauses(startTask(kind, input), this.options.signal),
    };
    return Database.open(this.dir, { clock: this.clock, tasks });
  }

  private async append(appender: ReturnType<Database['appender']>, refs: Uint32Array): Promise<void> {
    const { series, rounds, interval } = this.options;
    const values = new Float64Array(series);
    const times = new Float64Array(series);
    const outcomes = new Uint8Array(series);
    let seed = 1;
    for (let round = 0; round < rounds; round++) {
      this.now = START + round * interval;
      times.fill(this.now);
      for (let n = 0; n < series; n++) {
        seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
        // A third stands still, a third are counters, a third gauges.
        if (n % 3 === 1) values[n] += seed % 100;
        else if (n % 3 === 2) values[n] = (seed % 10_000) / 100;
      }
      for (let at = 0; at < series; at += BATCH) {
        appender.append(refs, times, values, at, Math.min(at + BATCH, series), outcomes);
        appender.commit();
      }
      await this.turn('appending', round / rounds);
    }
  }

  /** Opens each block anew, as a command would, and reads one series. */
  private readOne(dirs: readonly string[]): void {
    const { series } = this.options;
    const matchers = [...labelsOf(series >> 1)].map(([name, value]) => new Matcher('=', name, value));
    const columns = new SampleColumns();
    for (const dir of dirs) {
      const block = new BlockReader(dir);
      const set = block.select(matchers, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
      for (let i = 0; i < set.length; i++) set.read(i, columns);
      this.bytesRead += block.bytesRead;
      block.close();
    }
  }

  private async readAll(dirs: readonly string[]): Promise<void> {
    const columns = new SampleColumns();
    for (const [n, dir] of dirs.entries()) {
      const block = new BlockReader(dir);
      const set = block.select([], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
      for (let i = 0; i < set.length; i++) {
        columns.clear();
        set.read(i, columns);
        if (i % BATCH === 0) await this.turn('reading', (n + i / set.length) / dirs.length);
      }
      this.bytesRead += block.bytesRead;
      block.close();
    }
  }

  private async measure(name: Measure['name'], count: number, work: () => unknown): Promise<void> {
    this.bytesRead = 0;
    const cpu = process.cpuUsage();
    const began = performance.now();
    await work();
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const measure: Measure = { name, count, seconds, cpuSeconds: (user + system) / 1e6 };
    const bytes = this.bytesOf(name);
    if (bytes > 0) measure.bytes = bytes;
    this.measures.push(measure);
    this.options.onMeasure?.(measure);
    await this.turn(name, 1);
  }

  /** What the work has written, or read; 0 where that says nothing. */
  private bytesOf(name: Measure['name']): number {
    if (name === 'append') return sizeOf(join(this.dir, 'wal')).sizeBytes;
    if (name !== 'cut-blocks') return this.bytesRead;
    return takeInventory(this.dir).blocks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** Lets signals in, and ends the work where one says so. */
  private async turn(what: string, part: number): Promise<void> {
    this.options.progress?.(what, part);
    await new Promise((resolve) => setImmediate(resolve));
    this.options.signal?.throwIfAborted();
  }
}

function labelsOf(n: number): Labels {
  const instance = Math.floor(n / METRICS);
  return labelsFromPairs([
    ['__name__', `bench_metric_${n % METRICS}_total`],
    ['cluster', `c${instance % 5}`],
    ['instance', `host-${String(instance).padStart(5, '0')}.example.org:9100`],
    ['job', `job-${instance % 20}`],
  ]);
}
