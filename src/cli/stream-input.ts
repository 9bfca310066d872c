/**
 * Reads files and stdin in pieces like input.ts, but leaves the program free to answer signals while stdin is a pipe
 * on which nothing comes: for commands that go on for as long as somebody writes.
 */
import { fstatSync } from 'node:fs';
import { pieces } from './input.ts';

/** The bytes as they arrive. A piece is valid until the next one is asked for. Ends early where `signal` aborts. */
export async function* streamPieces(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (path !== '-' || !mayWait()) {
    for (const piece of pieces(path)) {
      yield piece;
      if (signal.aborted) return;
    }
    return;
  }
  const { stdin } = process;
  const stop = () => stdin.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const piece of stdin) yield piece as Uint8Array;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Whether stdin is something on which a read may wait for long. */
function mayWait(): boolean {
  const stat = fstatSync(0);
  return stat.isFIFO() || stat.isSocket() || process.stdin.isTTY === true;
}
