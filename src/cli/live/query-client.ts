/** The live view's side of its worker. A query that is overtaken by a newer one is cancelled. */
import { Worker } from 'node:worker_threads';
import type { Job, Reply, WorkerSettings, Yield } from './protocol.ts';

interface Waiting {
  job: Job;
  resolve: (result: never) => void;
  reject: (error: Error) => void;
}

/** The job was overtaken, or the view is closing. */
export class Overtaken extends Error {}

export class QueryClient {
  private readonly worker: Worker;
  private readonly cancelFlag: Int32Array;
  private active: Waiting | null = null;
  private readonly queue: Waiting[] = [];
  /** Why there is no worker any more. */
  private broken: Error | null = null;

  /** `file` is the worker's bundle. */
  constructor(file: URL, settings: Omit<WorkerSettings, 'cancelFlag'>) {
    this.cancelFlag = new Int32Array(new SharedArrayBuffer(4));
    this.worker = new Worker(file, { workerData: { ...settings, cancelFlag: this.cancelFlag } });
    this.worker.on('message', (reply: Reply) => this.receive(reply));
    this.worker.on('error', (error) => this.breakDown(error));
  }

  /** Rejects with Overtaken, or with an error whose message is for people. */
  ask<K extends Job['kind']>(job: Extract<Job, { kind: K }>): Promise<Yield[K]> {
    return new Promise((resolve, reject) => {
      if (this.broken !== null) {
        reject(this.broken);
        return;
      }
      this.queue.push({ job, resolve: resolve as (result: never) => void, reject });
      this.next();
    });
  }

  /** Ends queries that run or wait; lookups go on. */
  cancelQueries(): void {
    for (const waiting of this.queue.filter(({ job }) => job.kind === 'query')) {
      this.queue.splice(this.queue.indexOf(waiting), 1);
      waiting.reject(new Overtaken());
    }
    if (this.active?.job.kind === 'query') Atomics.store(this.cancelFlag, 0, 1);
  }

  async close(): Promise<void> {
    Atomics.store(this.cancelFlag, 0, 1);
    await this.worker.terminate();
  }

  private next(): void {
    if (this.active !== null) return;
    this.active = this.queue.shift() ?? null;
    if (this.active === null) return;
    Atomics.store(this.cancelFlag, 0, 0);
    this.worker.postMessage(this.active.job);
  }

  private breakDown(error: Error): void {
    this.broken = new Error(`the part that reads the data broke down: ${error.message}`);
    for (const { reject } of [this.active, ...this.queue].filter((waiting) => waiting !== null))
      reject(this.broken);
    this.active = null;
    this.queue.length = 0;
  }

  private receive(reply: Reply): void {
    const waiting = this.active;
    this.active = null;
    if (waiting !== null) {
      if (reply.ok) waiting.resolve(reply.result as never);
      else waiting.reject(reply.error === undefined ? new Overtaken() : new Error(reply.error));
    }
    this.next();
  }
}
