/**
 * Points in time as people and the HTTP API write them, to and from milliseconds since the Unix epoch.
 *
 * `parseTimestamp` is for people (flags and files); `parseApiTimestamp` takes exactly what Prometheus' HTTP API
 * takes, where a number is always seconds.
 */
import { InputError } from '../errors.ts';
import { parseDuration } from './duration.ts';
import { parseGoFloat } from './number.ts';
import { goQuote } from './quote.ts';

/**
 * Whole numbers from here on are read as milliseconds: as seconds they would lie after the year 5138, as
 * milliseconds they begin in March 1973.
 */
const FIRST_MILLISECONDS = 1e11;

/** The greatest distance from the epoch, in milliseconds, that a calendar date can be given for. */
const MAX_DATE = 8.64e15;

// The ends of time that Prometheus writes where a range is open, and takes back.
const GO_MIN_TIME = '-292273086-05-16T16:47:06Z';
const GO_MAX_TIME = '292277025-08-18T07:12:54.999999999Z';
const GO_MAX_TIME_LEGACY = '292277025-08-18T07:12:54Z';

/** What the open ends of a time range become: before, and after, everything that can be stored. */
export const MIN_TIMESTAMP = Number.MIN_SAFE_INTEGER;
export const MAX_TIMESTAMP = Number.MAX_SAFE_INTEGER;

/**
 * Reads any of
 * - RFC 3339, `2026-03-01T12:00:00.5+01:00`, where time of day and offset may be left out: `2026-03-01`,
 *   `2026-03-01T12:00`, `2026-03-01 12:00:00` are UTC;
 * - Unix seconds, `1700000000` or `1700000000.123`;
 * - Unix milliseconds, `1700000000123`: whole numbers from 100000000000 on;
 * - `now`, `now-5m`, `now+1h30m`, counted from `now` (milliseconds).
 *
 * The result is a whole number of milliseconds. Throws InputError (`bad_timestamp`).
 */
export function parseTimestamp(text: string, now: number): number {
  const relative = /^now(?:([+-])(.+))?$/.exec(text);
  if (relative !== null) {
    if (relative[1] === undefined) return now;
    const distance = parseDuration(relative[2]);
    return relative[1] === '-' ? now - distance : now + distance;
  }
  if (/^[+-]?\d+$/.test(text) && Math.abs(Number(text)) >= FIRST_MILLISECONDS) {
    return inRange(Number(text), text);
  }
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return inRange(secondsToMs(Number(text)), text);
  return parseDate(text, true) ?? fail(text);
}

/**
 * Reads what the HTTP API takes as a time: Unix seconds with a fraction, or RFC 3339. The ends of time as Go
 * writes them give MIN_TIMESTAMP and MAX_TIMESTAMP. Throws InputError (`bad_timestamp`) with upstream's wording.
 */
export function parseApiTimestamp(text: string): number {
  const seconds = parseGoFloat(text);
  if (seconds !== undefined) return Number.isNaN(seconds) ? fail(text) : clamp(secondsToMs(seconds));
  if (text === GO_MIN_TIME) return MIN_TIMESTAMP;
  if (text === GO_MAX_TIME || text === GO_MAX_TIME_LEGACY) return MAX_TIMESTAMP;
  return parseDate(text, false) ?? fail(text);
}

/**
 * Reads what the HTTP API takes as a duration (`step`, `timeout`, `lookback_delta`): seconds with a fraction, or
 * `1h30m`. In milliseconds, not rounded. Throws InputError (`bad_duration`) with upstream's wording.
 */
export function parseApiDuration(text: string): number {
  const seconds = parseGoFloat(text);
  if (seconds !== undefined) {
    if (Math.abs(seconds) * 1e9 > 2 ** 63) {
      const reason = `cannot parse ${goQuote(text)} to a valid duration. It overflows int64`;
      throw new InputError('bad_duration', reason);
    }
    if (!Number.isNaN(seconds)) return seconds * 1000;
  } else {
    try {
      return parseDuration(text);
    } catch {
      // Said below in the API's words.
    }
  }
  throw new InputError('bad_duration', `cannot parse ${goQuote(text)} to a valid duration`);
}

/** RFC 3339 in UTC with milliseconds: `2026-03-01T12:00:00.500Z`. */
export function formatTimestamp(ms: number): string {
  if (!(Math.abs(ms) <= MAX_DATE)) return ms < 0 ? GO_MIN_TIME : GO_MAX_TIME;
  // Date writes years outside 0..9999 with a sign and six digits, Go with as many as they need.
  return new Date(ms)
    .toISOString()
    .replace(/^([+-])0*(\d{4,})/, (_, sign, year) => (sign === '-' ? '-' : '') + year);
}

/**
 * The HTTP API's form of a time: seconds, with three digits of milliseconds where there are any. `ms` must be whole.
 */
export function formatApiTimestamp(ms: number): string {
  const abs = Math.abs(ms);
  const fraction = abs % 1000;
  const whole = `${ms < 0 ? '-' : ''}${(abs - fraction) / 1000}`;
  return fraction === 0 ? whole : `${whole}.${String(fraction).padStart(3, '0')}`;
}

/** Milliseconds of RFC 3339; `lenient` lets time of day and offset (then UTC) be absent. */
function parseDate(text: string, lenient: boolean): number | undefined {
  const match =
    /^(\d{4})-(\d\d)-(\d\d)(?:([Tt ])(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?([Zz]|[+-]\d\d:\d\d)?$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [, year, month, day, separator, hours, minutes, seconds, fraction, zone] = match;
  if (!lenient && (separator !== 'T' || seconds === undefined || zone === undefined || zone === 'z'))
    return undefined;
  if (hours === undefined && zone !== undefined) return undefined;
  const clock = [Number(hours ?? 0), Number(minutes ?? 0), Number(seconds ?? 0)];
  if (clock[0] > 23 || clock[1] > 59 || clock[2] > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // Date lets the 31st of February run over into March.
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  const offset = offsetMs(zone);
  if (offset === undefined) return undefined;
  const ms = Number((fraction ?? '').slice(0, 3).padEnd(3, '0'));
  return date.getTime() + ((clock[0] * 60 + clock[1]) * 60 + clock[2]) * 1000 + ms - offset;
}

function offsetMs(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  // Go's limits, which are generous.
  if (hours > 24 || minutes > 60) return undefined;
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** Whole seconds stay exact, the fraction is rounded to milliseconds, as the HTTP API does it. */
function secondsToMs(seconds: number): number {
  const whole = Math.trunc(seconds);
  if (!Number.isFinite(whole)) return whole;
  return whole * 1000 + Math.round((seconds - whole) * 1000);
}

function clamp(ms: number): number {
  return Math.min(Math.max(ms, MIN_TIMESTAMP), MAX_TIMESTAMP);
}

function inRange(ms: number, text: string): number {
  return Math.abs(ms) <= MAX_DATE ? ms : fail(text);
}

function fail(text: string): never {
  throw new InputError('bad_timestamp', `cannot parse ${goQuote(text)} to a valid timestamp`);
}
