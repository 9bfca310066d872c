/** Parameters of the API, read and refused with upstream's words. */
import { InputError } from '../../errors.ts';
import type { Matcher } from '../../model/matcher.ts';
import { goQuote } from '../../model/quote.ts';
import { MAX_TIMESTAMP, MIN_TIMESTAMP, parseApiDuration, parseApiTimestamp } from '../../model/timestamp.ts';
import { parseSelector } from '../../promql/parser/index.ts';
import type { FormValues } from '../http/form-values.ts';
import { ApiFault, asBadData, badParameter } from './api-error.ts';

/** A time in ms that has to be there. */
export function timeOf(form: FormValues, name: string): number {
  return reading(name, () => parseApiTimestamp(form.get(name)));
}

/** A time in ms, or `otherwise` where the parameter is absent or empty. */
export function optionalTime(form: FormValues, name: string, otherwise: number): number {
  const text = form.get(name);
  if (text === '') return otherwise;
  try {
    return parseApiTimestamp(text);
  } catch (error) {
    throw badParameter(name, `invalid time value for '${name}': ${reasonOf(error)}`);
  }
}

/** Both ends of a time range, ms; open where they are not given. */
export function optionalRange(form: FormValues): { mint: number; maxt: number } {
  return {
    mint: optionalTime(form, 'start', MIN_TIMESTAMP),
    maxt: optionalTime(form, 'end', MAX_TIMESTAMP),
  };
}

/** A duration in ms that has to be there. */
export function durationOf(form: FormValues, name: string): number {
  return reading(name, () => parseApiDuration(form.get(name)));
}

/** How many are wanted, 0 for all. */
export function limitOf(form: FormValues): number {
  const text = form.get('limit');
  if (text === '') return 0;
  const limit = wholeNumber(text);
  if (limit === undefined) throw badParameter('limit', notANumber('Atoi', text));
  if (limit < 0) throw badParameter('limit', 'limit must be non-negative');
  return limit;
}

/** Undefined where the text is none that Go's strconv takes. */
export function wholeNumber(text: string): number | undefined {
  return /^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined;
}

export function notANumber(parse: 'Atoi' | 'ParseInt' | 'ParseBool', text: string): string {
  const reason = parse !== 'ParseBool' && /^[+-]?\d+$/.test(text) ? 'value out of range' : 'invalid syntax';
  return `strconv.${parse}: parsing ${goQuote(text)}: ${reason}`;
}

const BOOLEANS: Readonly<Record<string, boolean>> = {
  '1': true,
  t: true,
  T: true,
  true: true,
  TRUE: true,
  True: true,
  '0': false,
  f: false,
  F: false,
  false: false,
  FALSE: false,
  False: false,
};

/** Undefined where the text is none that Go's strconv takes. */
export function booleanOf(text: string): boolean | undefined {
  return Object.hasOwn(BOOLEANS, text) ? BOOLEANS[text] : undefined;
}

/** Twice what a URL can hold. Regular expressions in them are made ready in one go, at some 250 kB/s at the worst. */
const MAX_SELECTOR_CHARS = 128 * 1024;

/** The matchers of each `match[]`. */
export function parseSelectors(texts: readonly string[]): Matcher[][] {
  const chars = texts.reduce((sum, text) => sum + text.length, 0);
  if (chars > MAX_SELECTOR_CHARS)
    throw new ApiFault(
      'bad_data',
      `selectors too long: ${chars} characters, at most ${MAX_SELECTOR_CHARS} are read`,
    );
  return texts.map((text) => asBadData(() => parseSelector(text)));
}

/** The same where the endpoint says which parameter is at fault. */
export function namedSelectors(texts: readonly string[]): Matcher[][] {
  try {
    return parseSelectors(texts);
  } catch (error) {
    throw error instanceof ApiFault ? badParameter('match[]', error.message) : error;
  }
}

/** A selector that every series satisfies would have all of them read. */
export function refuseEmptyMatchers(selectors: readonly (readonly Matcher[])[], named = false): void {
  if (!selectors.some((matchers) => matchers.every((matcher) => matcher.matchesEmpty))) return;
  const reason = 'match[] must contain at least one non-empty matcher';
  throw named ? badParameter('match[]', reason) : new ApiFault('bad_data', reason);
}

function reading<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw badParameter(name, reasonOf(error));
  }
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof InputError)) throw error;
  return error.message;
}
