/** Native histograms as JSON Lines have them (docs/format/jsonl.md). */
import {
  CounterReset,
  type CounterResetHint,
  CUSTOM_BUCKETS_SCHEMA,
  type Histogram,
  MAX_EXPONENTIAL_SCHEMA,
  MIN_EXPONENTIAL_SCHEMA,
  type Span,
} from '../model/histogram.ts';
import type { JsonPath } from './json-place.ts';
import {
  arrayAt,
  checkKeys,
  JsonShapeError,
  numberAt,
  objectAt,
  wholeAt,
  writeValueAt,
} from './json-shape.ts';

const KEYS = new Set([
  'schema',
  'count',
  'sum',
  'float',
  'counter_reset',
  'zero_threshold',
  'zero_count',
  'positive_spans',
  'positive_buckets',
  'negative_spans',
  'negative_buckets',
  'custom_values',
]);

const COUNTER_RESET_WORDS: Readonly<Record<CounterResetHint, string>> = {
  [CounterReset.unknown]: 'unknown',
  [CounterReset.reset]: 'reset',
  [CounterReset.notReset]: 'not_reset',
  [CounterReset.gauge]: 'gauge',
};
const COUNTER_RESETS = new Map<unknown, CounterResetHint>(
  Object.entries(COUNTER_RESET_WORDS).map(([hint, word]) => [word, Number(hint) as CounterResetHint]),
);

type JsonObject = Record<string, unknown>;

export function counterResetWord(hint: CounterResetHint): string {
  return COUNTER_RESET_WORDS[hint];
}

export function histogramAt(value: unknown, path: JsonPath): Histogram {
  const object = objectAt(value, path);
  checkKeys(object, KEYS, path);
  const schema = wholeAt(object['schema'], [...path, 'schema']);
  const exponential = schema >= MIN_EXPONENTIAL_SCHEMA && schema <= MAX_EXPONENTIAL_SCHEMA;
  if (!exponential && schema !== CUSTOM_BUCKETS_SCHEMA) {
    throw new JsonShapeError(`no histogram schema: ${schema}`, [...path, 'schema']);
  }
  const stale = object['sum'] === 'stale';
  const positiveSpans = spansAt(object, 'positive_spans', path);
  const negativeSpans = spansAt(object, 'negative_spans', path);
  return {
    isFloat: flagAt(object, 'float', path),
    counterReset: counterResetAt(object, path),
    schema,
    zeroThreshold: optionalNumber(object, 'zero_threshold', path),
    zeroCount: optionalNumber(object, 'zero_count', path),
    count: numberAt(object['count'], [...path, 'count']),
    sum: stale ? Number.NaN : numberAt(object['sum'], [...path, 'sum']),
    stale,
    positiveSpans,
    negativeSpans,
    positiveBuckets: bucketsAt(object, 'positive_buckets', positiveSpans, path),
    negativeBuckets: bucketsAt(object, 'negative_buckets', negativeSpans, path),
    customValues: numbersAt(object, 'custom_values', path),
  };
}

function flagAt(object: JsonObject, key: string, path: JsonPath): boolean {
  const value = object[key] ?? false;
  if (typeof value !== 'boolean')
    throw new JsonShapeError(`${key} is neither true nor false`, [...path, key]);
  return value;
}

function counterResetAt(object: JsonObject, path: JsonPath): CounterResetHint {
  const word = object['counter_reset'];
  if (word === undefined) return CounterReset.unknown;
  const hint = COUNTER_RESETS.get(word);
  if (hint === undefined) throw new JsonShapeError('no such counter_reset', [...path, 'counter_reset']);
  return hint;
}

function optionalNumber(object: JsonObject, key: string, path: JsonPath): number {
  return object[key] === undefined ? 0 : numberAt(object[key], [...path, key]);
}

function spansAt(object: JsonObject, key: string, path: JsonPath): Span[] {
  if (object[key] === undefined) return [];
  const at = [...path, key];
  return arrayAt(object[key], at).map((pair, i) => {
    const [offset, length, more] = arrayAt(pair, [...at, i]);
    const span = {
      offset: wholeAt(offset, [...at, i, 0]),
      length: wholeAt(length, [...at, i, 1]),
    };
    if (more !== undefined || span.length < 0 || (i > 0 && span.offset < 0)) {
      throw new JsonShapeError('a span is an offset and a length', [...at, i]);
    }
    return span;
  });
}

function bucketsAt(object: JsonObject, key: string, spans: readonly Span[], path: JsonPath): Float64Array {
  const buckets = numbersAt(object, key, path);
  let covered = 0;
  for (const span of spans) covered += span.length;
  if (covered === buckets.length) return buckets;
  const reason = `${buckets.length} ${key} where the spans have ${covered}`;
  throw new JsonShapeError(reason, object[key] === undefined ? path : [...path, key]);
}

function numbersAt(object: JsonObject, key: string, path: JsonPath): Float64Array {
  if (object[key] === undefined) return new Float64Array(0);
  const values = arrayAt(object[key], [...path, key]);
  const out = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) writeValueAt(out, i, values[i], [...path, key, i]);
  return out;
}
