/** Which time, or times, a query is asked for: what the flags --at, --start, --end, --since and --step say. */
import { InputError } from '../core/errors.ts';
import { parseDuration } from '../core/model/duration.ts';
import { parseApiDuration, parseTimestamp } from '../core/model/timestamp.ts';
import type { Source } from '../core/source/source.ts';

export interface TimeFlags {
  at?: string | undefined;
  start?: string | undefined;
  end?: string | undefined;
  since?: string | undefined;
  step?: string | undefined;
}

/** Milliseconds since the epoch. */
export type QueryTimes =
  | { kind: 'instant'; t: number }
  | { kind: 'range'; start: number; end: number; stepMs: number };

/** The word for the time of the newest sample. */
export const LATEST = 'latest';

/** A range unless it says otherwise is drawn or listed with this many steps at most, as in Prometheus' own pages. */
const DEFAULT_STEPS = 250;

/** `graph` alone needs a range where no flag asks for one; it is the last hour then. */
const DEFAULT_SINCE = '1h';

/** Throws InputError. `wantsRange` where the output makes sense for a range only. */
export async function queryTimes(
  flags: TimeFlags,
  wantsRange: boolean,
  source: Pick<Source, 'extent'>,
  now: number,
): Promise<QueryTimes> {
  const { at, start, end, since, step } = flags;
  const ranged = start !== undefined || since !== undefined || end !== undefined;
  if (at !== undefined && ranged)
    throw misuse(`--at is for one time: where a range ends is told by --end ${at}`);
  if (start !== undefined && since !== undefined) throw misuse('--start and --since exclude each other');
  if (end !== undefined && start === undefined && since === undefined && !wantsRange)
    throw misuse('--end needs --start or --since');
  if (!ranged && !wantsRange) {
    if (step !== undefined) throw misuse('--step needs --start or --since');
    return { kind: 'instant', t: await point(at ?? 'now', source, now) };
  }
  const to = await point(end ?? at ?? 'now', source, now);
  const from =
    start === undefined ? to - positive(since ?? DEFAULT_SINCE, '--since') : await point(start, source, now);
  if (from > to) throw misuse('the end of the range lies before its start');
  return { kind: 'range', start: from, end: to, stepMs: stepOf(step, to - from) };
}

async function point(text: string, source: Pick<Source, 'extent'>, now: number): Promise<number> {
  if (text !== LATEST) return parseTimestamp(text, now);
  return (await source.extent())?.maxt ?? now;
}

function stepOf(step: string | undefined, rangeMs: number): number {
  // Whole seconds, as long as there is one.
  if (step === undefined) return Math.max(Math.floor(rangeMs / DEFAULT_STEPS / 1000), 1) * 1000;
  const ms = Math.round(parseApiDuration(step));
  if (ms <= 0) throw misuse('--step must be more than 0');
  return ms;
}

function positive(text: string, flag: string): number {
  const ms = parseDuration(text);
  if (ms === 0) throw misuse(`${flag} must be more than 0`);
  return ms;
}

function misuse(reason: string): InputError {
  return new InputError('bad_time', reason);
}
