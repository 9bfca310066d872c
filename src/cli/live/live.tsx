/** Starts the live view of `tsmon query --watch`; a bundle of its own, because ink takes long to load. */
import { openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { render } from 'ink';
import { systemClock } from '../../core/clock.ts';
import { engineOptions } from '../engine-options.ts';
import type { Painter } from '../paint.ts';
import { LATEST } from '../query-times.ts';
import { App } from './app.tsx';
import { History, historyFile } from './history.ts';
import type { WorkerSettings } from './protocol.ts';
import { QueryClient } from './query-client.ts';
import type { TimeWindow } from './time-window.ts';

export interface LiveOptions extends Omit<WorkerSettings, 'cancelFlag'> {
  /** May be empty: then the view begins with writing one. */
  query: string;
  /** Ends at a time, at the newest sample, or (null) with the clock. */
  window: Omit<TimeWindow, 'end'> & { end: TimeWindow['end'] | 'latest' };
  stepMs: number | undefined;
  intervalMs: number;
  paint: Painter;
}

/** How long the other end of a pipe takes to end. */
const WRITER_ENDS_MS = 250;

const ENTER_SCREEN = '\x1b[?1049h\x1b[H';
const SHOW_CURSOR = '\x1b[?25h';
const LEAVE_SCREEN = '\x1b[?1049l';

/** Resolves when the user leaves. */
export async function runLive(options: LiveOptions): Promise<void> {
  const { from, flags, paint, query, window, stepMs, intervalMs } = options;
  const { parser } = engineOptions(flags);
  // Beside this file, when both are bundled.
  const client = new QueryClient(new URL('./query-worker.mjs', import.meta.url), { from, flags });
  let end = window.end === LATEST ? null : window.end;
  if (window.end === LATEST || from.includes('-')) {
    const latest = await client.ask<'latest'>({ kind: 'latest' });
    if (window.end === LATEST) end = latest ?? null;
  }
  // Whoever wrote to the pipe may put the terminal back into its usual mode as its last deed, when it has been read.
  if (from.includes('-')) await systemClock.sleep(WRITER_ENDS_MS);
  const history = new History(historyFile());
  history.add(query.trim());
  const stdin = keyboard();
  process.stdout.write(ENTER_SCREEN);
  const instance = render(
    <App
      client={client}
      query={query}
      window={{ spanMs: window.spanMs, end }}
      stepMs={stepMs}
      intervalMs={intervalMs}
      parser={parser!}
      history={history}
      sources={from.join(', ')}
      paint={paint}
      onInterrupt={() => interrupt(stdin)}
    />,
    { stdin, exitOnCtrlC: false, patchConsole: false },
  );
  try {
    await instance.waitUntilExit();
  } finally {
    process.stdout.write(LEAVE_SCREEN);
    stdin.destroy();
    await client.close();
  }
}

/** Ends the process at once, as the signal would that the terminal does not send in this mode. */
function interrupt(stdin: NodeJS.ReadStream): void {
  stdin.setRawMode(false);
  process.stdout.write(SHOW_CURSOR + LEAVE_SCREEN);
  // Without ink's, which would draw once more.
  process.removeAllListeners('SIGINT');
  process.kill(process.pid, 'SIGINT');
}

/** Keys come from the terminal also where standard input is data. */
function keyboard(): NodeJS.ReadStream {
  return process.stdin.isTTY ? process.stdin : new ReadStream(openSync('/dev/tty', 'r'));
}
