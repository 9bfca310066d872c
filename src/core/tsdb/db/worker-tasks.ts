/**
 * Runs a database's heavy work in a worker thread, which is started when there is some and ended when there was none
 * for a while: its memory is then free for others. A worker that dies fails what it was at, and the next task gets a
 * new one.
 */
import type { Worker } from 'node:worker_threads';
import { errorOf, type TaskReply, type TaskRequest } from './task-messages.ts';
import { type TaskKind, type TaskRunner, type TaskTypes, WORKER_ENDED } from './tasks.ts';

/** A worker without work is ended after this time. */
const IDLE_MS = 5000;

interface Waiting {
  resolve: (result: never) => void;
  reject: (error: Error) => void;
}

export class WorkerTasks implements TaskRunner {
  private readonly entry: string | URL;
  private worker: Worker | undefined = undefined;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;
  private idle: NodeJS.Timeout | undefined = undefined;

  /** `entry` is what task-worker.ts was compiled to: a path, or a file URL. */
  constructor(entry: string | URL) {
    this.entry = entry;
  }

  run<K extends TaskKind>(kind: K, input: TaskTypes[K]['input']): Promise<TaskTypes[K]['result']> {
    clearTimeout(this.idle);
    const worker = (this.worker ??= this.start());
    worker.ref();
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      const request: TaskRequest<K> = { id, kind, input };
      worker.postMessage(request, buffersOf(input));
      this.waiting.set(id, { resolve, reject });
    });
  }

  /** Ends the worker. What it is at fails. */
  async close(): Promise<void> {
    clearTimeout(this.idle);
    await this.worker?.terminate();
  }

  private start(): Worker {
    // Loaded here, because most who use a database have no worker.
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    const worker = new Worker(this.entry);
    let cause: Error | undefined;
    worker.on('message', (reply: TaskReply) => this.settle(reply));
    worker.on('error', (error) => {
      cause = error as Error;
    });
    worker.on('exit', (status) => {
      if (this.worker !== worker) return;
      this.worker = undefined;
      const why = cause === undefined ? `with status ${status}` : `: ${cause.message}`;
      const error = new Error(`the thread that writes blocks ended ${why}`, { cause });
      for (const { reject } of this.waiting.values()) reject(Object.assign(error, { code: WORKER_ENDED }));
      this.waiting.clear();
    });
    return worker;
  }

  private settle({ id, result, fault }: TaskReply): void {
    const { resolve, reject } = this.waiting.get(id)!;
    this.waiting.delete(id);
    if (this.waiting.size === 0) {
      // A process that has nothing else to do need not stay for it.
      this.worker!.unref();
      this.idle = setTimeout(() => this.retire(), IDLE_MS).unref();
    }
    if (fault === undefined) resolve(result as never);
    else reject(errorOf(fault));
  }

  private retire(): void {
    const { worker } = this;
    this.worker = undefined;
    void worker?.terminate();
  }
}

/** What is handed over rather than copied: the large arrays that were made for a task, and are of no other use. */
function buffersOf(input: TaskTypes[TaskKind]['input']): ArrayBuffer[] {
  if ('image' in input) {
    const { places, starts, file, offset } = input.image;
    return [places, starts, file, offset].map(({ buffer }) => buffer as ArrayBuffer);
  }
  return 'refs' in input ? [input.refs.buffer as ArrayBuffer] : [];
}
