/** Opens the live view, which is a bundle of its own. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { systemClock } from '../core/clock.ts';
import { InputError } from '../core/errors.ts';
import { parseDuration } from '../core/model/duration.ts';
import { parseApiDuration, parseTimestamp } from '../core/model/timestamp.ts';
import type { EngineFlags } from './engine-options.ts';
import type { HttpFlags } from './http-flags.ts';
import type { LiveOptions } from './live/live.tsx';
import type { Painter } from './paint.ts';
import { LATEST, type TimeFlags } from './query-times.ts';
import { isTerminal } from './terminal.ts';

export interface WatchFlags extends TimeFlags, EngineFlags, HttpFlags {
  from: string[];
  interval: string;
}

const DEFAULT_SPAN_MS = 3_600_000;
const LEAST_INTERVAL_MS = 100;

/** `root` is the folder that has dist/. Returns when the user leaves the view. */
export async function watchQuery(
  query: string,
  flags: WatchFlags,
  root: string,
  paint: Painter,
): Promise<void> {
  if (!isTerminal(1)) throw new InputError('no_terminal', '--watch needs a terminal to write to');
  // Node's loader for commands (bin/tsmon.cjs) can import modules only with a warning; this file can without.
  const loader = join(root, 'dist', 'live', 'load.cjs');
  const load = createRequire(loader)(loader) as () => Promise<{
    runLive(options: LiveOptions): Promise<void>;
  }>;
  const { runLive } = await load();
  const { from, step, interval } = flags;
  await runLive({
    from,
    flags,
    query,
    paint,
    window: timeWindow(flags, systemClock.now()),
    stepMs: step === undefined ? undefined : Math.max(1, Math.round(parseApiDuration(step))),
    intervalMs: Math.max(LEAST_INTERVAL_MS, parseDuration(interval)),
  });
}

/** Follows the clock unless a time is named. */
function timeWindow({ at, start, end, since }: TimeFlags, now: number): LiveOptions['window'] {
  const named = end ?? at;
  const to =
    named === undefined || named === 'now' ? null : named === LATEST ? LATEST : parseTimestamp(named, now);
  if (since !== undefined) return { spanMs: parseDuration(since) || DEFAULT_SPAN_MS, end: to };
  if (start === undefined) return { spanMs: DEFAULT_SPAN_MS, end: to };
  const from = parseTimestamp(start, now);
  return { spanMs: Math.max(1000, (typeof to === 'number' ? to : now) - from), end: to };
}
