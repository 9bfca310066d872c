/**
 * What all histograms of one chunk have in common: schema, zero bucket width, which buckets there are. It stands
 * before the samples. Layout: docs/format/chunk.md.
 */
import type { BitWriter } from '../../encoding/bit-stream.ts';
import { CorruptionError } from '../../errors.ts';
import { CUSTOM_BUCKETS_SCHEMA, type Histogram, type Span } from '../../model/index.ts';
import type { ChunkBits } from './bits.ts';
import { floatBits, floatFromBits } from './float-bits.ts';
import { writeVarbitInt, writeVarbitUint } from './varbit.ts';

export type HistogramLayout = Pick<
  Histogram,
  'schema' | 'zeroThreshold' | 'positiveSpans' | 'negativeSpans' | 'customValues'
>;

/** The layout of a chunk that starts with a stale marker. */
export const EMPTY_LAYOUT: HistogramLayout = {
  schema: 0,
  zeroThreshold: 0,
  positiveSpans: [],
  negativeSpans: [],
  customValues: new Float64Array(0),
};

/** A custom bound that is a whole number of thousandths up to here is stored as that number. */
const MAX_THOUSANDTHS = 33554430;
/** The zero threshold 2^n is stored as the byte n + 244 where that is 1 to 254. */
const THRESHOLD_BIAS = 244;

export function writeLayout(w: BitWriter, layout: HistogramLayout): void {
  writeZeroThreshold(w, layout.zeroThreshold);
  writeVarbitInt(w, layout.schema);
  writeSpans(w, layout.positiveSpans);
  writeSpans(w, layout.negativeSpans);
  if (layout.schema === CUSTOM_BUCKETS_SCHEMA) {
    writeVarbitUint(w, layout.customValues.length);
    for (const bound of layout.customValues) writeCustomBound(w, bound);
  }
}

/** `maxEntries` bounds what is believed: no list can have more entries than the chunk has bits. */
export function readLayout(bits: ChunkBits, maxEntries: number): HistogramLayout {
  const zeroThreshold = readZeroThreshold(bits);
  const schema = bits.varbitInt();
  const positiveSpans = readSpans(bits, maxEntries);
  const negativeSpans = readSpans(bits, maxEntries);
  let customValues = EMPTY_LAYOUT.customValues;
  if (schema === CUSTOM_BUCKETS_SCHEMA) {
    const count = bits.varbitUint();
    if (count > maxEntries) throw new CorruptionError(`histogram chunk claims ${count} custom bounds`);
    customValues = new Float64Array(count);
    for (let i = 0; i < count && !bits.overrun; i++) customValues[i] = readCustomBound(bits);
  }
  return { schema, zeroThreshold, positiveSpans, negativeSpans, customValues };
}

/** How many buckets the spans cover. */
export function bucketCount(spans: readonly Span[]): number {
  let count = 0;
  for (const span of spans) count += span.length;
  return count;
}

function writeSpans(w: BitWriter, spans: readonly Span[]): void {
  writeVarbitUint(w, spans.length);
  for (const span of spans) {
    writeVarbitUint(w, span.length);
    writeVarbitInt(w, span.offset);
  }
}

function readSpans(bits: ChunkBits, maxEntries: number): Span[] {
  const count = bits.varbitUint();
  if (count > maxEntries) throw new CorruptionError(`histogram chunk claims ${count} spans`);
  const spans: Span[] = [];
  let buckets = 0;
  for (let i = 0; i < count && !bits.overrun; i++) {
    const length = bits.varbitUint();
    spans.push({ offset: bits.varbitInt(), length });
    buckets += length;
  }
  if (buckets > maxEntries) throw new CorruptionError(`histogram chunk claims ${buckets} buckets`);
  return spans;
}

function writeZeroThreshold(w: BitWriter, threshold: number): void {
  if (threshold === 0) {
    w.writeByte(0);
    return;
  }
  const exponent = Math.round(Math.log2(threshold));
  const byte = exponent + THRESHOLD_BIAS;
  if (byte >= 1 && byte <= 254 && 2 ** exponent === threshold) {
    w.writeByte(byte);
    return;
  }
  w.writeByte(255);
  writeFloat(w, threshold);
}

function readZeroThreshold(bits: ChunkBits): number {
  const byte = bits.bits(8);
  if (byte === 0) return 0;
  return byte === 255 ? readFloat(bits) : 2 ** (byte - THRESHOLD_BIAS);
}

function writeCustomBound(w: BitWriter, bound: number): void {
  const thousandths = bound * 1000;
  if (thousandths >= 0 && thousandths <= MAX_THOUSANDTHS && Number.isInteger(thousandths)) {
    writeVarbitUint(w, thousandths + 1);
    return;
  }
  w.writeBit(0);
  writeFloat(w, bound);
}

function readCustomBound(bits: ChunkBits): number {
  // The number is never 0, so its first bit is a one; a zero says that a plain float follows.
  if (bits.peek() < 0) return (bits.varbitUint() - 1) / 1000;
  bits.bit();
  return readFloat(bits);
}

function writeFloat(w: BitWriter, value: number): void {
  const { high, low } = floatBits(value);
  w.writeBits(high, 32);
  w.writeBits(low, 32);
}

function readFloat(bits: ChunkBits): number {
  bits.bits64();
  return floatFromBits(bits.high, bits.low);
}
