/**
 * Durations as Prometheus writes them (`model.Duration`): whole numbers with the units y, w, d, h, m, s and ms,
 * from the greatest to the smallest, each at most once: `1h30m`, `7d`, `500ms`. A year has 365 days. In tsmon a
 * duration is a number of milliseconds.
 */
import { InputError } from '../errors.ts';
import { goQuote } from './quote.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
const YEAR = 365 * DAY;

/** The longest duration there is: Go counts nanoseconds in 63 bits, which is some 292 years. In milliseconds. */
export const MAX_DURATION = 9_223_372_036_854;

/** Rank (units must come in ascending rank) and length in milliseconds. */
const UNITS = new Map<string, { rank: number; ms: number }>([
  ['y', { rank: 1, ms: YEAR }],
  ['w', { rank: 2, ms: WEEK }],
  ['d', { rank: 3, ms: DAY }],
  ['h', { rank: 4, ms: HOUR }],
  ['m', { rank: 5, ms: MINUTE }],
  ['s', { rank: 6, ms: SECOND }],
  ['ms', { rank: 7, ms: 1 }],
]);

const MAX_UINT64 = '18446744073709551615';

/**
 * Milliseconds of a duration such as `1h30m`; of all numbers only `0` needs no unit. Throws InputError
 * (`bad_duration`) with upstream's wording.
 */
export function parseDuration(text: string): number {
  if (text === '0') return 0;
  if (text === '') throw new InputError('bad_duration', 'empty duration string');
  let total = 0;
  let lastRank = 0;
  let i = 0;
  while (i < text.length) {
    const start = i;
    while (i < text.length && isDigit(text, i)) i++;
    const digits = text.slice(start, i);
    const unitStart = i;
    while (i < text.length && !isDigit(text, i)) i++;
    const name = text.slice(unitStart, i);
    if (digits === '' || name === '' || exceedsUint64(digits)) throw notADuration(text);
    const unit = UNITS.get(name);
    if (unit === undefined) {
      throw new InputError('bad_duration', `unknown unit ${goQuote(name)} in duration ${goQuote(text)}`);
    }
    if (unit.rank <= lastRank) throw notADuration(text);
    lastRank = unit.rank;
    total += Number(digits) * unit.ms;
    if (total > MAX_DURATION) throw new InputError('bad_duration', 'duration out of range');
  }
  return total;
}

/** As `parseDuration`, with a `-` in front allowed: offsets, and thresholds that may lie in the future. */
export function parseSignedDuration(text: string): number {
  if (!text.startsWith('-')) return parseDuration(text);
  try {
    return 0 - parseDuration(text.slice(1));
  } catch (error) {
    // A message that names the text names all of it.
    if (error instanceof InputError && error.reason.includes('not a valid')) throw notADuration(text);
    throw error;
  }
}

/**
 * The shortest form, as Go's `model.Duration.String`: `1h30m`, `0s`, `-5m`. Years and weeks are used only where
 * nothing remains (`90d`, not `12w6d`). Fractions of a millisecond are cut off.
 */
export function formatDuration(ms: number): string {
  let rest = Math.trunc(Math.abs(ms));
  if (rest === 0) return '0s';
  let out = ms < 0 ? '-' : '';
  for (const [name, unit] of UNITS) {
    const wholeOnly = unit.ms >= WEEK;
    if (rest < unit.ms || (wholeOnly && rest % unit.ms !== 0)) continue;
    out += `${Math.floor(rest / unit.ms)}${name}`;
    rest %= unit.ms;
  }
  return out;
}

function isDigit(text: string, i: number): boolean {
  const c = text.charCodeAt(i);
  return c >= 0x30 && c <= 0x39;
}

function exceedsUint64(digits: string): boolean {
  const significant = digits.replace(/^0+/, '');
  if (significant.length !== MAX_UINT64.length) return significant.length > MAX_UINT64.length;
  return significant > MAX_UINT64;
}

function notADuration(text: string): InputError {
  return new InputError('bad_duration', `not a valid duration string: ${goQuote(text)}`);
}
