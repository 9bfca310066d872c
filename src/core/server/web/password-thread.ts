/**
 * Compares passwords in a thread, since bcrypt takes its time on purpose and nobody else is to wait for it. The thread is
 * started for the first password, and ended when there was none for a while.
 */
import type { Worker } from 'node:worker_threads';

const IDLE_MS = 60_000;

export interface PasswordQuestion {
  id: number;
  password: string;
  hash: string;
}

export interface PasswordAnswer {
  id: number;
  right: boolean;
}

interface Waiting {
  resolve: (right: boolean) => void;
  reject: (error: Error) => void;
}

export class PasswordThread {
  private readonly entry: URL;
  private readonly waiting = new Map<number, Waiting>();
  private worker: Worker | undefined = undefined;
  private lastId = 0;
  private idle: NodeJS.Timeout | undefined = undefined;

  /** `entry` is what password-worker.ts was compiled to. */
  constructor(entry: URL) {
    this.entry = entry;
  }

  /** Whether it is the password of the bcrypt hash. Rejects where the thread has failed. */
  readonly compare = (password: string, hash: string): Promise<boolean> => {
    clearTimeout(this.idle);
    const worker = (this.worker ??= this.start());
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      worker.postMessage({ id, password, hash } satisfies PasswordQuestion);
    });
  };

  async close(): Promise<void> {
    clearTimeout(this.idle);
    await this.worker?.terminate();
  }

  private start(): Worker {
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    const worker = new Worker(this.entry);
    worker.unref();
    worker.on('message', (answer: PasswordAnswer) => this.settle(answer));
    worker.on('error', (error) => this.ended(worker, error as Error));
    worker.on('exit', () => this.ended(worker, new Error('the thread that compares passwords has ended')));
    return worker;
  }

  private settle({ id, right }: PasswordAnswer): void {
    this.waiting.get(id)?.resolve(right);
    this.waiting.delete(id);
    if (this.waiting.size === 0) this.idle = setTimeout(() => this.retire(), IDLE_MS).unref();
  }

  private retire(): void {
    const { worker } = this;
    this.worker = undefined;
    void worker?.terminate();
  }

  private ended(worker: Worker, error: Error): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
