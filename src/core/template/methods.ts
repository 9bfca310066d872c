/**
 * The methods of Go's types that templates call: those of `toTime`'s moments and of the durations between them
 * (https://pkg.go.dev/time), and `String`, which everything has that prints itself.
 */
import { formatHistogram } from '../model/histogram-format.ts';
import { CallError, type TemplateFunction } from './function.ts';
import { dayOfYear, formatTime, MONTHS, WEEKDAYS } from './time-layout.ts';
import { GoDuration, GoHistogram, GoInt, GoTime, type GoValue } from './value.ts';

type Method<T> = (of: T) => TemplateFunction;

/** A method without arguments. */
function get<T>(call: (of: T) => GoValue): Method<T> {
  return (of) => ({ parameters: [], call: () => call(of) });
}

function compare(call: (a: number, b: number) => boolean): Method<GoTime> {
  return (of) => ({ parameters: ['time'], call: (other) => call(of.ms, (other as GoTime).ms) });
}

const NS_PER_MS = 1_000_000n;

const TIME: ReadonlyMap<string, Method<GoTime>> = new Map<string, Method<GoTime>>([
  ['Year', get(({ ms }) => new GoInt(new Date(ms).getUTCFullYear()))],
  ['Month', get(({ ms }) => month(new Date(ms).getUTCMonth()))],
  ['Day', get(({ ms }) => new GoInt(new Date(ms).getUTCDate()))],
  ['Hour', get(({ ms }) => new GoInt(new Date(ms).getUTCHours()))],
  ['Minute', get(({ ms }) => new GoInt(new Date(ms).getUTCMinutes()))],
  ['Second', get(({ ms }) => new GoInt(new Date(ms).getUTCSeconds()))],
  ['Nanosecond', get(({ ms }) => new GoInt(new Date(ms).getUTCMilliseconds() * 1e6))],
  ['YearDay', get(({ ms }) => new GoInt(dayOfYear(ms)))],
  ['Weekday', get(({ ms }) => weekday(new Date(ms).getUTCDay()))],
  ['Unix', get(({ ms }) => new GoInt(Math.floor(ms / 1000), 'int64'))],
  ['UnixMilli', get(({ ms }) => new GoInt(ms, 'int64'))],
  ['UnixNano', get(({ ms }) => new GoInt(BigInt(ms) * NS_PER_MS, 'int64'))],
  ['UTC', get((of) => of)],
  ['String', get((of) => of.toString())],
  // No moment that toTime makes is the first one of the year 1.
  ['IsZero', get(() => false)],
  ['Before', compare((a, b) => a < b)],
  ['After', compare((a, b) => a > b)],
  ['Equal', compare((a, b) => a === b)],
  ['Format', (of) => ({ parameters: ['string'], call: (layout) => formatTime(of.ms, layout as string) })],
  ['Add', (of) => ({ parameters: ['duration'], call: (by) => added(of, by as GoDuration) })],
  ['AddDate', (of) => ({ parameters: ['int', 'int', 'int'], call: (...by) => addedDate(of, by as GoInt[]) })],
  [
    'Sub',
    (of) => ({
      parameters: ['time'],
      call: (other) => new GoDuration(BigInt(of.ms - (other as GoTime).ms) * NS_PER_MS),
    }),
  ],
]);

const DURATION: ReadonlyMap<string, Method<GoDuration>> = new Map<string, Method<GoDuration>>([
  ['Hours', get(({ ns }) => Number(ns) / 3.6e12)],
  ['Minutes', get(({ ns }) => Number(ns) / 6e10)],
  ['Seconds', get(({ ns }) => Number(ns) / 1e9)],
  ['Milliseconds', get(({ ns }) => new GoInt(ns / NS_PER_MS, 'int64'))],
  ['Microseconds', get(({ ns }) => new GoInt(ns / 1000n, 'int64'))],
  ['Nanoseconds', get(({ ns }) => new GoInt(ns, 'int64'))],
  ['Abs', get(({ ns }) => new GoDuration(ns < 0n ? -ns : ns))],
  ['String', get((of) => of.toString())],
]);

/** The method of that name, ready to be called; undefined where the type has none. */
export function methodOf(of: GoValue, name: string): TemplateFunction | undefined {
  if (of instanceof GoTime) return TIME.get(name)?.(of);
  if (of instanceof GoDuration) return DURATION.get(name)?.(of);
  if (name !== 'String') return undefined;
  const text =
    of instanceof GoHistogram ? formatHistogram(of.histogram) : of instanceof GoInt ? of.text : undefined;
  return text === undefined ? undefined : { parameters: [], call: () => text };
}

function month(index: number): GoInt {
  return new GoInt(index + 1, 'time.Month', MONTHS[index]);
}

function weekday(index: number): GoInt {
  return new GoInt(index, 'time.Weekday', WEEKDAYS[index]);
}

function added(of: GoTime, by: GoDuration): GoTime {
  return new GoTime(of.ms + Math.floor(Number(by.ns) / 1e6));
}

function addedDate(of: GoTime, [years, months, days]: readonly GoInt[]): GoTime {
  const date = new Date(of.ms);
  date.setUTCFullYear(
    date.getUTCFullYear() + Number(years.value),
    date.getUTCMonth() + Number(months.value),
    date.getUTCDate() + Number(days.value),
  );
  if (Number.isNaN(date.getTime())) throw new CallError('the date is out of range');
  return new GoTime(date.getTime());
}
