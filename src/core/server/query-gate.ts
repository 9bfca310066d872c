/** How many queries run at a time (`--query.max-concurrency`); others wait for their turn, as long as their time lasts. */
import type { Clock } from '../clock.ts';
import type { Registry } from '../instrument/index.ts';
import { ApiFault } from './api/api-error.ts';

/** Queries that wait. Each is a request with a connection, so this is about what a stranger can pile up. */
const MAX_WAITING = 10_000;

interface Waiting {
  start: () => void;
}

export class QueryGate {
  private readonly limit: number;
  private readonly clock: Clock;
  private readonly waiting = new Set<Waiting>();
  private running = 0;

  constructor(limit: number, clock: Clock) {
    this.limit = limit;
    this.clock = clock;
  }

  /** Those that run or wait. */
  get length(): number {
    return this.running + this.waiting.size;
  }

  /** Shows it as the gate of the query engine. */
  register(registry: Registry): void {
    registry.reading(
      'gauge',
      'prometheus_engine_queries',
      'The current number of queries being executed or waiting.',
      () => this.length,
    );
    registry.reading(
      'gauge',
      'prometheus_engine_queries_concurrent_max',
      'The max number of concurrent queries.',
      () => this.limit,
    );
  }

  /**
   * Runs `work` when it is its turn; `work` is told how long that took (ms). Rejects with an ApiFault where `timeoutMs`
   * is over before, or nobody wants the answer any more.
   */
  async run<T>(timeoutMs: number, signal: AbortSignal, work: (queuedMs: number) => Promise<T>): Promise<T> {
    const asked = this.clock.monotonic();
    if (this.running >= this.limit) await this.turn(timeoutMs, signal);
    else this.running++;
    const queuedMs = this.clock.monotonic() - asked;
    try {
      return await work(queuedMs);
    } finally {
      this.running--;
      const [next] = this.waiting;
      next?.start();
    }
  }

  private turn(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.waiting.size >= MAX_WAITING) {
      return Promise.reject(new ApiFault('unavailable', 'too many queries are waiting'));
    }
    return new Promise((resolve, reject) => {
      const done = new AbortController();
      const leave = () => {
        this.waiting.delete(waiting);
        signal.removeEventListener('abort', onAbort);
        done.abort();
      };
      const onAbort = () => {
        leave();
        reject(new ApiFault('canceled', 'query was canceled in query queue'));
      };
      const waiting: Waiting = {
        start: () => {
          leave();
          this.running++;
          resolve();
        },
      };
      this.waiting.add(waiting);
      signal.addEventListener('abort', onAbort, { once: true });
      this.clock.sleep(timeoutMs, done.signal).then(
        () => {
          leave();
          reject(new ApiFault('timeout', 'query timed out in query queue'));
        },
        () => {},
      );
    });
  }
}
