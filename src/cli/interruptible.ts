/** Long work that a signal ends: what it had begun is undone, and the exit status says which signal it was. */
import { CommandFailure, EXIT_INTERRUPTED } from './command.ts';

const EXIT_TERMINATED = 143;

/** Runs `work`, which has to end with an error soon after its signal is aborted by SIGINT or SIGTERM. */
export function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return interruptibleOnceBegun((signal, begin) => {
    begin();
    return work(signal);
  });
}

/** The same for work that has nothing to undo until it calls `begin`: before that a signal ends the process at once. */
export async function interruptibleOnceBegun<T>(
  work: (signal: AbortSignal, begin: () => void) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  let status = 0;
  const onInterrupt = () => stop(EXIT_INTERRUPTED);
  const onTerminate = () => stop(EXIT_TERMINATED);
  const stop = (code: number) => {
    status = code;
    abort.abort();
  };
  let begun = false;
  const begin = () => {
    if (begun) return;
    begun = true;
    process.once('SIGINT', onInterrupt);
    process.once('SIGTERM', onTerminate);
  };
  try {
    return await work(abort.signal, begin);
  } catch (error) {
    if (status === 0) throw error;
    throw new CommandFailure(status);
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onTerminate);
  }
}
