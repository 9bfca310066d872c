/** Calendar functions of a Unix time in seconds, in UTC: `hour`, `day_of_week`, `days_in_month` and so on. */
import { FLOAT } from './column.ts';
import { type Implementation, vectorFunction } from './function.ts';

/** A moment in UTC as Go's `time` sees it: any whole second that 64 bits hold, far beyond what `Date` reaches. */
interface Moment {
  /** Same month, day, weekday and time of day, in a year that `Date` knows. */
  date: Date;
  year: number;
}

function calendar(part: (moment: Moment) => number): Implementation {
  return vectorFunction((input, _scalars, out) => {
    for (let step = 0; step < input.length; step++) {
      if (input.kind[step] === FLOAT) out.setFloat(step, part(momentAt(input.v[step])));
    }
  });
}

/** The last second of `Date`'s range, and of its first. */
const DATE_LIMIT = 8.64e12;

function momentAt(seconds: number): Moment {
  // Go truncates to whole seconds.
  const whole = Math.trunc(seconds);
  if (Math.abs(whole) <= DATE_LIMIT) {
    const date = new Date(whole * 1000);
    return { date, year: date.getUTCFullYear() };
  }
  return farMoment(whole);
}

/**
 * Beyond `Date`: counts, as Go does, unsigned from the start of a year that begins a 400-year cycle, on a Monday like
 * 2001 does. What no 64-bit integer holds (NaN too) becomes the least one, as on amd64.
 */
function farMoment(whole: number): Moment {
  const fits = whole >= -(2 ** 63) && whole < 2 ** 63;
  const sinceEpoch = fits ? BigInt(whole) : -(2n ** 63n);
  const absolute = BigInt.asUintN(64, sinceEpoch + EPOCH_FROM_FIRST_YEAR);
  const cycles = absolute / CYCLE_SECONDS;
  const date = new Date(Date.UTC(2001, 0, 1) + Number(absolute % CYCLE_SECONDS) * 1000);
  return { date, year: FIRST_YEAR + 400 * Number(cycles) + date.getUTCFullYear() - 2001 };
}

const FIRST_YEAR = -292277022399;
/** Seconds from the start of that year to 1970. */
const EPOCH_FROM_FIRST_YEAR = 9223372028715321600n;
const CYCLE_SECONDS = 146097n * 86400n;
const DAY_MS = 86_400_000;

export const dateFunctions: Readonly<Record<string, Implementation>> = {
  minute: calendar(({ date }) => date.getUTCMinutes()),
  hour: calendar(({ date }) => date.getUTCHours()),
  day_of_month: calendar(({ date }) => date.getUTCDate()),
  day_of_week: calendar(({ date }) => date.getUTCDay()),
  day_of_year: calendar(({ date }) => Math.floor((date.getTime() - startOfYear(date)) / DAY_MS) + 1),
  days_in_month: calendar(({ date }) => daysInMonth(date)),
  month: calendar(({ date }) => date.getUTCMonth() + 1),
  year: calendar(({ year }) => year),
};

function startOfYear(date: Date): number {
  return new Date(date).setUTCMonth(0, 1) - (date.getTime() - new Date(date).setUTCHours(0, 0, 0, 0));
}

function daysInMonth(date: Date): number {
  const next = new Date(date);
  next.setUTCMonth(date.getUTCMonth() + 1, 0);
  return next.getUTCDate();
}
