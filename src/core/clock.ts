/**
 * Time as an argument. Everything in core that asks what time it is, or waits, takes a `Clock`, so that tests
 * and the replaying commands (backfill, backtest) own time, and a day of scrapes can be played in a second.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch; may jump when an administrator sets the clock. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes back. For durations and schedules. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds, or rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    // `performance.now()` is the same clock, and its first call loads a dozen modules.
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1000 + nanoseconds / 1e6;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal!.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}

export const systemClock: Clock = new SystemClock();
