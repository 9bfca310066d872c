/**
 * One native histogram in a record:
 *
 *   counter reset hint (1), schema (varint), zero threshold (8), zero count, count, sum (8),
 *   positive spans, negative spans: their number, then offset (varint) and length (uvarint) of each
 *   positive buckets, negative buckets: their number, then each
 *   custom bounds, only with the schema of custom buckets: their number, then each (8)
 *
 * Of an integer histogram, counts are uvarints and buckets varints, each the difference to the bucket before; of a
 * float histogram all are float64 (8).
 */
import type { ByteReader } from '../../encoding/byte-reader.ts';
import type { ByteWriter } from '../../encoding/byte-writer.ts';
import {
  type CounterResetHint,
  CUSTOM_BUCKETS_SCHEMA,
  type Histogram,
  MAX_EXPONENTIAL_SCHEMA,
  MIN_EXPONENTIAL_SCHEMA,
  type Span,
} from '../../model/histogram.ts';
import { isStaleBits, STALE_NAN_BITS } from '../../model/value.ts';

/** The counter reset hint is the first byte of an encoded histogram. */
export const HINT_BYTES = 1;

export function encodeHistogram(h: Histogram, out: ByteWriter): void {
  out.byte(h.counterReset);
  out.varint(h.schema);
  out.float64(h.zeroThreshold);
  if (h.isFloat) {
    out.float64(h.zeroCount);
    out.float64(h.count);
  } else {
    out.uvarint(h.zeroCount);
    out.uvarint(h.count);
  }
  if (h.stale) out.bits64(STALE_NAN_BITS.high, STALE_NAN_BITS.low);
  else out.float64(h.sum);
  encodeSpans(h.positiveSpans, out);
  encodeSpans(h.negativeSpans, out);
  encodeBuckets(h.positiveBuckets, h.isFloat, out);
  encodeBuckets(h.negativeBuckets, h.isFloat, out);
  if (h.schema === CUSTOM_BUCKETS_SCHEMA) {
    out.uvarint(h.customValues.length);
    for (const bound of h.customValues) out.float64(bound);
  }
}

/**
 * Reads a histogram. Its schema may be one that nobody knows (`isKnownSchema`): Prometheus leaves such a histogram
 * out. Throws CorruptionError without a place.
 */
export function decodeHistogram(reader: ByteReader, isFloat: boolean): Histogram {
  const counterReset = (reader.byte() & 3) as CounterResetHint;
  const schema = reader.varint();
  const zeroThreshold = reader.float64();
  const zeroCount = isFloat ? reader.float64() : reader.uvarint();
  const count = isFloat ? reader.float64() : reader.uvarint();
  const high = reader.uint32();
  const stale = isStaleBits(high, reader.uint32());
  reader.pos -= 8;
  const sum = reader.float64();
  const positiveSpans = decodeSpans(reader);
  const negativeSpans = decodeSpans(reader);
  const positiveBuckets = decodeBuckets(reader, isFloat);
  const negativeBuckets = decodeBuckets(reader, isFloat);
  const customValues = new Float64Array(schema === CUSTOM_BUCKETS_SCHEMA ? reader.count(8) : 0);
  for (let i = 0; i < customValues.length; i++) customValues[i] = reader.float64();
  return {
    isFloat,
    counterReset,
    schema,
    zeroThreshold,
    zeroCount,
    count,
    sum,
    stale,
    positiveSpans,
    negativeSpans,
    positiveBuckets,
    negativeBuckets,
    customValues,
  };
}

/** Moves past a histogram. Throws CorruptionError without a place. */
export function skipHistogram(reader: ByteReader, isFloat: boolean): void {
  reader.byte();
  const schema = reader.varint();
  reader.advance(8);
  if (isFloat) reader.advance(16);
  else {
    reader.uvarint();
    reader.uvarint();
  }
  reader.advance(8);
  for (let kind = 0; kind < 2; kind++) {
    for (let left = reader.count(2); left > 0; left--) {
      reader.varint();
      reader.uvarint();
    }
  }
  for (let kind = 0; kind < 2; kind++) {
    const count = reader.count(isFloat ? 8 : 1);
    if (isFloat) reader.advance(count * 8);
    else for (let left = count; left > 0; left--) reader.varint();
  }
  if (schema === CUSTOM_BUCKETS_SCHEMA) reader.advance(reader.count(8) * 8);
}

export function isKnownSchema(schema: number): boolean {
  return (
    schema === CUSTOM_BUCKETS_SCHEMA || (schema >= MIN_EXPONENTIAL_SCHEMA && schema <= MAX_EXPONENTIAL_SCHEMA)
  );
}

function encodeSpans(spans: readonly Span[], out: ByteWriter): void {
  out.uvarint(spans.length);
  for (const span of spans) {
    out.varint(span.offset);
    out.uvarint(span.length);
  }
}

function decodeSpans(reader: ByteReader): Span[] {
  const spans: Span[] = [];
  for (let left = reader.count(2); left > 0; left--) {
    const offset = reader.varint();
    spans.push({ offset, length: reader.uvarint() });
  }
  return spans;
}

function encodeBuckets(buckets: Float64Array, isFloat: boolean, out: ByteWriter): void {
  out.uvarint(buckets.length);
  let previous = 0;
  for (const count of buckets) {
    if (isFloat) out.float64(count);
    else out.varint(count - previous);
    previous = count;
  }
}

function decodeBuckets(reader: ByteReader, isFloat: boolean): Float64Array {
  const buckets = new Float64Array(reader.count(isFloat ? 8 : 1));
  let count = 0;
  for (let i = 0; i < buckets.length; i++) {
    count = isFloat ? reader.float64() : count + reader.varint();
    buckets[i] = count;
  }
  return buckets;
}
