/**
 * Native histograms in series notation: what stands between `{{` and `}}`.
 *
 *     schema:1 sum:3 count:22 z_bucket:1 z_bucket_w:0.5 offset:-1 buckets:[5 10 7] n_offset:0 n_buckets:[1]
 *     schema:-53 custom_values:[5 10] buckets:[1 4 2] counter_reset_hint:gauge
 *
 * Everything may be left out and is zero then. Bucket counts are absolute.
 */
import type { InputError } from '../../errors.ts';
import { CounterReset, type CounterResetHint, type Histogram, type Span } from '../../model/histogram.ts';
import { emptyHistogram } from '../../model/histogram-copy.ts';
import { goFloatError, parseGoFloat } from '../../model/number.ts';
import { goQuote } from '../../model/quote.ts';

export interface WrittenHistogram {
  histogram: Histogram;
  /** Whether `counter_reset_hint` was written. */
  hintGiven: boolean;
}

type Fail = (offset: number, reason: string) => InputError;

const HINTS: Readonly<Record<string, CounterResetHint>> = {
  unknown: CounterReset.unknown,
  reset: CounterReset.reset,
  not_reset: CounterReset.notReset,
  gauge: CounterReset.gauge,
};

const NUMBERS = ['sum', 'count', 'z_bucket', 'z_bucket_w'] as const;
const INTEGERS = ['schema', 'offset', 'n_offset'] as const;
const LISTS = ['buckets', 'n_buckets', 'custom_values'] as const;

const FIELD = /[ \t]*([a-zA-Z_]+)(:?)(\[[^\]]*\]?|[^ \t]*)/y;

/** `fail` makes an error of an offset into `text` and a reason. */
export function parseHistogramNotation(text: string, fail: Fail): WrittenHistogram {
  const numbers = new Map<string, number>();
  const lists = new Map<string, number[]>();
  let hint: CounterResetHint | undefined;
  const seen = new Set<string>();
  for (let pos = 0; text.slice(pos).trim() !== ''; ) {
    FIELD.lastIndex = pos;
    const match = FIELD.exec(text);
    const at = pos + /^[ \t]*/.exec(text.slice(pos))![0].length;
    if (match === null) {
      const rest = goQuote(text.slice(at, at + 10));
      throw fail(at, `unexpected ${rest} in histogram description, expected a key such as buckets:[5 10 7]`);
    }
    const [whole, written, colon, value] = match;
    const key = written.toLowerCase();
    const valueAt = at + written.length + 1;
    if (colon === '') throw fail(at, 'missing `:` for histogram descriptor');
    if (seen.has(key)) throw fail(at, `duplicate key ${goQuote(key)} in histogram`);
    seen.add(key);
    if (includes(NUMBERS, key)) numbers.set(key, parseNumber(value, valueAt, fail));
    else if (includes(INTEGERS, key)) numbers.set(key, parseInteger(value, valueAt, fail));
    else if (includes(LISTS, key)) lists.set(key, parseList(value, valueAt, fail));
    else if (key !== 'counter_reset_hint')
      throw fail(at, `bad histogram descriptor found: ${goQuote(written)}`);
    else {
      hint = HINTS[value.toLowerCase()];
      if (hint === undefined) throw fail(valueAt, `bad histogram descriptor found: ${goQuote(value)}`);
    }
    pos += whole.length;
  }
  const histogram: Histogram = {
    ...emptyHistogram(numbers.get('schema') ?? 0),
    isFloat: true,
    counterReset: hint ?? CounterReset.unknown,
    sum: numbers.get('sum') ?? 0,
    count: numbers.get('count') ?? 0,
    zeroCount: numbers.get('z_bucket') ?? 0,
    zeroThreshold: numbers.get('z_bucket_w') ?? 0,
    positiveBuckets: Float64Array.from(lists.get('buckets') ?? []),
    positiveSpans: spans(lists.get('buckets'), numbers.get('offset')),
    negativeBuckets: Float64Array.from(lists.get('n_buckets') ?? []),
    negativeSpans: spans(lists.get('n_buckets'), numbers.get('n_offset')),
    customValues: Float64Array.from(lists.get('custom_values') ?? []),
  };
  return { histogram, hintGiven: hint !== undefined };
}

function spans(buckets: readonly number[] = [], offset = 0): Span[] {
  return buckets.length === 0 ? [] : [{ offset, length: buckets.length }];
}

function parseNumber(text: string, at: number, fail: Fail): number {
  const value = parseGoFloat(text);
  if (value === undefined) throw fail(at, `error parsing number: ${goFloatError(text)}`);
  return value;
}

function parseInteger(text: string, at: number, fail: Fail): number {
  if (!/^-?\d{1,9}$/.test(text))
    throw fail(at, `unexpected ${goQuote(text)} in histogram description, expected integer`);
  return Number(text);
}

function parseList(text: string, at: number, fail: Fail): number[] {
  const items = /^\[(.*)\]$/.exec(text)?.[1].trim();
  if (items === undefined || items === '') {
    throw fail(at, `unexpected ${goQuote(text)} in histogram description, expected a list such as [5 10 7]`);
  }
  return items.split(/[ \t]+/).map((item) => parseNumber(item, at, fail));
}

function includes<T extends string>(keys: readonly T[], key: string): key is T {
  return (keys as readonly string[]).includes(key);
}
