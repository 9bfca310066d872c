/**
 * Runs queries in threads, so that none delays a scrape, an evaluation or another answer. A thread reads blocks by itself and
 * has the head's matching series handed over; the answer comes back as bytes, as fast as the client takes them. Light
 * queries are answered here.
 */
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../clock.ts';
import { Matcher } from '../../model/matcher.ts';
import {
  type EngineOptions,
  parsedInstantQuery,
  type QueryStats,
  QueryTimeout,
  type QueryValue,
} from '../../promql/index.ts';
import { type Expr, parseQuery } from '../../promql/parser/index.ts';
import type { BlockReader } from '../../tsdb/block/index.ts';
import type { Database, DatabaseReader } from '../../tsdb/db/index.ts';
import { errorOf, faultOf } from '../../tsdb/db/task-messages.ts';
import { ApiFault } from '../api/api-error.ts';
import type { Pieces } from '../http/reply.ts';
import { type Evaluated, InlineRunner, type QueryRunner, type QueryTask } from '../query-runner.ts';
import { isLight } from './light-query.ts';
import type { BlockPlace, FromWorker, ToWorker } from './messages.ts';
import { queryValue } from './vector-message.ts';

const DEFAULT_LOOKBACK_MS = 5 * 60_000;

/** How long after its time a query may take to notice it; then its thread ends, whatever it is at. */
const OVERDUE_MS = 3000;

export interface WorkerRunnerOptions {
  database: Database;
  /** The bundle of query-worker.ts. */
  worker: URL;
  /** How many threads there may be; they are started when they are needed. */
  threads: number;
  engine: EngineOptions;
  clock: Clock;
  onDamage?: (message: string) => void;
}

interface Batch {
  pieces: Uint8Array[];
  done: boolean;
}

/** The first of a query, with what it took. */
type FirstBatch = Batch & { stats: QueryStats };

type Answer = FirstBatch | Evaluated<QueryValue>;

/** A query of a thread, from its start to the last piece of its answer. */
interface Job {
  id: number;
  /** Undefined when the query is evaluated: then nothing is read any more. */
  reader: DatabaseReader | undefined;
  /** Whoever waits for the next batch. */
  resolve: (answer: never) => void;
  reject: (error: Error) => void;
}

interface Thread {
  worker: Worker;
  jobs: Map<number, Job>;
}

export class WorkerRunner implements QueryRunner {
  private readonly options: WorkerRunnerOptions;
  private readonly inline: InlineRunner;
  private readonly threads: Thread[] = [];
  /** For values: nobody's query is to keep a rule waiting. */
  private own: Thread | undefined = undefined;
  private readonly keys = new WeakMap<BlockReader, number>();
  private lastKey = 0;
  private lastId = 0;
  private closed = false;

  constructor(options: WorkerRunnerOptions) {
    const { database, engine, clock } = options;
    this.options = options;
    this.inline = new InlineRunner({ source: () => database.reader(), engine, clock });
  }

  async run(task: QueryTask, signal: AbortSignal): Promise<Evaluated<Pieces>> {
    const { engine, database } = this.options;
    const expr = parseQuery(task.query, engine.parser);
    const lookbackMs = task.lookbackMs ?? engine.lookbackMs ?? DEFAULT_LOOKBACK_MS;
    if (isLight(expr, task.times, lookbackMs, database.head, database.blocksEnd))
      return this.inline.run(task, signal);
    const thread = this.freest();
    const cancelFlag = new Int32Array(new SharedArrayBuffer(4));
    const cancel = () => Atomics.store(cancelFlag, 0, 1);
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    const id = ++this.lastId;
    const overdue = setTimeout(() => this.endOverdue(thread, id), task.timeoutMs + OVERDUE_MS);
    try {
      const first = await this.ask<FirstBatch>(thread, { kind: 'run', id, task, cancelFlag });
      return { result: this.pieces(thread, id, first), stats: first.stats };
    } finally {
      clearTimeout(overdue);
      signal.removeEventListener('abort', cancel);
    }
  }

  /**
   * The value of a query, given as text and parsed, at `t` (ms), for rules, which have a thread of their own. A matrix may come
   * as a string: neither is for a rule. Rejects with InputError.
   */
  async value(query: string, expr: Expr, t: number): Promise<Evaluated<QueryValue>> {
    const { engine, database, clock } = this.options;
    const lookbackMs = engine.lookbackMs ?? DEFAULT_LOOKBACK_MS;
    if (isLight(expr, { kind: 'instant', t }, lookbackMs, database.head, database.blocksEnd)) {
      const source = database.reader();
      try {
        const { value, stats } = await parsedInstantQuery(source, query, expr, t, { ...engine, clock });
        return { result: value, stats };
      } finally {
        await source.close();
      }
    }
    if (this.closed) throw new ApiFault('unavailable', 'the server is stopping');
    this.own ??= this.start();
    return this.ask<Evaluated<QueryValue>>(this.own, { kind: 'value', id: ++this.lastId, query, t });
  }

  /** Ends the threads, and what they are at. */
  async close(): Promise<void> {
    this.closed = true;
    const threads = this.own === undefined ? this.threads : [this.own, ...this.threads];
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  private ask<T extends Answer>(
    thread: Thread,
    message: Extract<ToWorker, { kind: 'run' | 'value' }>,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const { id } = message;
      thread.jobs.set(id, { id, reader: this.options.database.reader(), resolve, reject });
      say(thread, message);
    });
  }

  private async *pieces(thread: Thread, id: number, first: Batch): AsyncGenerator<Uint8Array, void> {
    let batch = first;
    try {
      for (;;) {
        // The thread makes the next pieces while these are sent.
        const next = batch.done ? undefined : this.more(thread, id);
        // Should nobody come for it.
        next?.catch(() => {});
        yield* batch.pieces;
        if (next === undefined) return;
        batch = await next;
      }
    } finally {
      if (thread.jobs.delete(id)) say(thread, { kind: 'drop', id });
    }
  }

  private more(thread: Thread, id: number): Promise<Batch> {
    return new Promise((resolve, reject) => {
      const job = thread.jobs.get(id);
      if (job === undefined) {
        reject(new ApiFault('internal', 'the thread of the query has ended'));
        return;
      }
      job.resolve = resolve;
      job.reject = reject;
      say(thread, { kind: 'more', id });
    });
  }

  private freest(): Thread {
    if (this.closed) throw new ApiFault('unavailable', 'the server is stopping');
    let best: Thread | undefined;
    for (const thread of this.threads) {
      if (best === undefined || busy(thread) < busy(best)) best = thread;
    }
    if (best !== undefined && (busy(best) === 0 || this.threads.length >= this.options.threads)) return best;
    const started = this.start();
    this.threads.push(started);
    return started;
  }

  private start(): Thread {
    const { worker: file, engine } = this.options;
    // Functions cannot be sent; a thread has a clock of its own.
    const { builder: _, clock: __, cancelFlag: ___, ...plain } = engine;
    const worker = new Worker(file, { workerData: plain });
    worker.unref();
    const thread: Thread = { worker, jobs: new Map() };
    worker.on('message', (message: FromWorker) => this.receive(thread, message));
    worker.on('error', (error: NodeJS.ErrnoException) => this.ended(thread, faultOfThread(error)));
    worker.on('exit', () => this.ended(thread, faultOfThread(new Error('it ended'))));
    return thread;
  }

  private receive(thread: Thread, message: FromWorker): void {
    if (message.kind === 'damage') {
      this.options.onDamage?.(message.message);
      return;
    }
    const job = thread.jobs.get(message.id);
    if (job === undefined) return;
    switch (message.kind) {
      case 'select':
        void this.handOver(thread, job, message);
        break;
      case 'pieces':
        this.evaluated(job);
        if (message.done) thread.jobs.delete(job.id);
        job.resolve(message as never);
        break;
      case 'value':
        this.evaluated(job);
        thread.jobs.delete(job.id);
        job.resolve({ result: queryValue(message.value), stats: message.stats } as never);
        break;
      case 'failed':
        this.evaluated(job);
        thread.jobs.delete(job.id);
        job.reject(errorOf(message.fault));
        break;
    }
  }

  private async handOver(
    thread: Thread,
    job: Job,
    { ask, matchers, hints }: Extract<FromWorker, { kind: 'select' }>,
  ): Promise<void> {
    try {
      const compiled = matchers.map(([type, name, value]) => new Matcher(type, name, value));
      const { blocks, head } = await job.reader!.handOver(compiled, hints);
      const selected = { blocks: blocks.map((block) => this.placeOf(block)), ...(head && { head }) };
      say(thread, { kind: 'selected', ask, selected });
    } catch (error) {
      say(thread, { kind: 'refused', ask, fault: faultOf(error) });
    }
  }

  private placeOf(block: BlockReader): BlockPlace {
    let key = this.keys.get(block);
    if (key === undefined) this.keys.set(block, (key = ++this.lastKey));
    return { dir: block.dir, key };
  }

  private evaluated(job: Job): void {
    void job.reader?.close();
    job.reader = undefined;
  }

  /** A step of a query that looks at no clock has the thread to itself: the others there would wait for ever. */
  private endOverdue(thread: Thread, id: number): void {
    const job = thread.jobs.get(id);
    if (job === undefined) return;
    thread.jobs.delete(id);
    this.evaluated(job);
    job.reject(new QueryTimeout());
    this.ended(thread, new ApiFault('unavailable', 'another query took too long in the same thread'));
    void thread.worker.terminate();
  }

  private ended(thread: Thread, fault: Error): void {
    const at = this.threads.indexOf(thread);
    if (at >= 0) this.threads.splice(at, 1);
    if (this.own === thread) this.own = undefined;
    for (const job of thread.jobs.values()) {
      this.evaluated(job);
      job.reject(fault);
    }
    thread.jobs.clear();
  }
}

function faultOfThread({ code, message }: NodeJS.ErrnoException): ApiFault {
  return code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? new ApiFault('execution', 'the query needs more memory than a thread has')
    : new ApiFault('internal', `the thread of the query has failed: ${message}`);
}

/** Queries that are being evaluated; an answer that waits for its client costs nothing. */
function busy({ jobs }: Thread): number {
  let n = 0;
  for (const { reader } of jobs.values()) if (reader !== undefined) n++;
  return n;
}

function say({ worker }: Thread, message: ToWorker): void {
  worker.postMessage(message);
}
