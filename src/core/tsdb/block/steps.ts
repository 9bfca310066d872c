/**
 * Long work is written as a generator that yields every few milliseconds, and run by one of these: at a stretch by
 * whoever owns his thread, or giving way to signals and timers in between.
 */
import { systemClock } from '../../clock.ts';

/** Longest stretch of work between two turns of the event loop. */
const STRETCH_MS = 5;

/** Runs the work to its end; returns its result. */
export function runSteps<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Runs the work with pauses. Where `signal` is aborted, the work is ended and what it had begun undone. */
export async function runStepsWithPauses<T>(steps: Generator<void, T>, signal?: AbortSignal): Promise<T> {
  let since = systemClock.monotonic();
  for (;;) {
    if (signal?.aborted) {
      steps.return(undefined as T);
      throw signal.reason;
    }
    const { done, value } = steps.next();
    if (done) return value;
    if (systemClock.monotonic() - since < STRETCH_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    since = systemClock.monotonic();
  }
}
