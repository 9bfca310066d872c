/**
 * The samples of one histogram chunk, one after another: the state that makes each a difference to the one before.
 * Counts of integer histograms are written as change of change, those of float histograms xor-ed.
 * Layout: docs/format/chunk.md.
 */
import type { BitWriter } from '../../encoding/bit-stream.ts';
import { CorruptionError } from '../../errors.ts';
import {
  CounterReset,
  type CounterResetHint,
  type Histogram,
  NORMAL_NAN_BITS,
  STALE_NAN_BITS,
} from '../../model/index.ts';
import type { ChunkBits } from './bits.ts';
import { IntColumns, XorColumns } from './columns.ts';
import { floatBits, floatFromBits } from './float-bits.ts';
import { bucketCount, EMPTY_LAYOUT, type HistogramLayout } from './histogram-layout.ts';
import { writeVarbitUint } from './varbit.ts';

/** Columns before those of the buckets. */
const COUNT = 0;
const ZERO_COUNT = 1;
const BUCKETS = 2;

export class HistogramSamples {
  readonly isFloat: boolean;
  readonly layout: HistogramLayout;
  /** Samples written or read so far. */
  length = 0;
  private readonly positive: number;
  private readonly negative: number;
  private readonly time = new IntColumns(1);
  private readonly sum = new XorColumns(1);
  /** Exactly one of these two is used. */
  private readonly ints: IntColumns;
  private readonly floats: XorColumns;

  constructor(isFloat: boolean, layout: HistogramLayout) {
    this.isFloat = isFloat;
    this.layout = layout;
    this.positive = bucketCount(layout.positiveSpans);
    this.negative = bucketCount(layout.negativeSpans);
    const columns = BUCKETS + this.positive + this.negative;
    this.ints = new IntColumns(isFloat ? 0 : columns);
    this.floats = new XorColumns(isFloat ? columns : 0);
  }

  /** Time of the last sample, ms. */
  get t(): number {
    return this.time.value[0];
  }

  /** Whether the last sample is a stale marker; nothing but further markers may follow one. */
  get stale(): boolean {
    return this.sum.high[0] === STALE_NAN_BITS.high && this.sum.low[0] === STALE_NAN_BITS.low;
  }

  /** Writes a histogram whose buckets are those of the layout, or a stale marker. */
  write(w: BitWriter, t: number, h: Histogram): void {
    if (this.length === 0) this.time.writeFirst(w, 0, t);
    else this.time.write(w, 0, t);
    if (this.isFloat) this.writeFloats(w, h);
    else this.writeInts(w, h);
    this.length++;
  }

  /** Reads the next sample; `current` tells what it is. */
  read(bits: ChunkBits): void {
    const first = this.length === 0;
    if (first) this.time.readFirst(bits, 0);
    else this.time.read(bits, 0);
    if (this.isFloat) this.readFloats(bits, first);
    else this.readInts(bits, first);
    if (bits.overrun) throw new CorruptionError('chunk data ends before its samples do');
    this.length++;
  }

  /** The sample read or written last, as an object of its own (spans and bounds are shared by the chunk). */
  current(counterReset: CounterResetHint): Histogram {
    const stale = this.stale;
    const layout = stale ? EMPTY_LAYOUT : this.layout;
    const n = stale ? 0 : this.positive;
    return {
      isFloat: this.isFloat,
      counterReset: stale ? CounterReset.unknown : counterReset,
      schema: layout.schema,
      zeroThreshold: layout.zeroThreshold,
      zeroCount: stale ? 0 : this.number(ZERO_COUNT),
      count: stale ? 0 : this.number(COUNT),
      sum: floatFromBits(this.sum.high[0], this.sum.low[0]),
      stale,
      positiveSpans: layout.positiveSpans,
      negativeSpans: layout.negativeSpans,
      positiveBuckets: this.buckets(BUCKETS, n),
      negativeBuckets: this.buckets(BUCKETS + n, stale ? 0 : this.negative),
      customValues: layout.customValues,
    };
  }

  private number(column: number): number {
    if (!this.isFloat) return this.ints.value[column];
    return floatFromBits(this.floats.high[column], this.floats.low[column]);
  }

  private buckets(from: number, count: number): Float64Array {
    const out = new Float64Array(count);
    if (this.isFloat) {
      const halves = new Int32Array(out.buffer);
      for (let i = 0; i < count; i++) {
        halves[i * 2] = this.floats.low[from + i];
        halves[i * 2 + 1] = this.floats.high[from + i];
      }
      return out;
    }
    // On disk each bucket is the difference to its neighbour.
    let absolute = 0;
    for (let i = 0; i < count; i++) out[i] = absolute += this.ints.value[from + i];
    return out;
  }

  private writeInts(w: BitWriter, h: Histogram): void {
    const ints = this.ints;
    if (this.length === 0) {
      writeVarbitUint(w, (ints.value[COUNT] = h.count));
      writeVarbitUint(w, (ints.value[ZERO_COUNT] = h.zeroCount));
    } else if (h.stale) {
      // The counts of a stale marker do not matter, so they go on as before at no cost.
      w.writeBits(0, 2);
    } else {
      ints.write(w, COUNT, h.count);
      ints.write(w, ZERO_COUNT, h.zeroCount);
    }
    this.writeSum(w, h);
    if (h.stale) return;
    this.writeIntBuckets(w, BUCKETS, h.positiveBuckets);
    this.writeIntBuckets(w, BUCKETS + this.positive, h.negativeBuckets);
  }

  private writeIntBuckets(w: BitWriter, from: number, buckets: Float64Array): void {
    let previous = 0;
    for (let i = 0; i < buckets.length; i++) {
      const step = buckets[i] - previous;
      previous = buckets[i];
      if (this.length === 0) this.ints.writeFirst(w, from + i, step);
      else this.ints.write(w, from + i, step);
    }
  }

  private readInts(bits: ChunkBits, first: boolean): void {
    const ints = this.ints;
    if (first) {
      ints.value[COUNT] = bits.varbitUint();
      ints.value[ZERO_COUNT] = bits.varbitUint();
      this.sum.readFirst(bits, 0);
    } else {
      ints.read(bits, COUNT);
      ints.read(bits, ZERO_COUNT);
      this.sum.read(bits, 0);
    }
    if (this.stale) return;
    const end = ints.value.length;
    for (let i = BUCKETS; i < end && !bits.overrun; i++) {
      if (first) ints.readFirst(bits, i);
      else ints.read(bits, i);
    }
  }

  private writeFloats(w: BitWriter, h: Histogram): void {
    this.writeFloat(w, COUNT, h.stale ? 0 : h.count);
    this.writeFloat(w, ZERO_COUNT, h.stale ? 0 : h.zeroCount);
    this.writeSum(w, h);
    if (h.stale) return;
    this.writeFloatBuckets(w, BUCKETS, h.positiveBuckets);
    this.writeFloatBuckets(w, BUCKETS + this.positive, h.negativeBuckets);
  }

  private writeFloat(w: BitWriter, column: number, value: number): void {
    const { high, low } = floatBits(value);
    if (this.length === 0) this.floats.writeFirst(w, column, high, low);
    else this.floats.write(w, column, high, low);
  }

  private writeFloatBuckets(w: BitWriter, from: number, buckets: Float64Array): void {
    const halves = new Uint32Array(buckets.buffer, buckets.byteOffset, buckets.length * 2);
    for (let i = 0; i < buckets.length; i++) {
      if (this.length === 0) this.floats.writeFirst(w, from + i, halves[i * 2 + 1], halves[i * 2]);
      else this.floats.write(w, from + i, halves[i * 2 + 1], halves[i * 2]);
    }
  }

  private readFloats(bits: ChunkBits, first: boolean): void {
    const floats = this.floats;
    this.readFloat(bits, COUNT, first);
    this.readFloat(bits, ZERO_COUNT, first);
    if (first) this.sum.readFirst(bits, 0);
    else this.sum.read(bits, 0);
    if (this.stale) return;
    const end = floats.high.length;
    for (let i = BUCKETS; i < end && !bits.overrun; i++) this.readFloat(bits, i, first);
  }

  private readFloat(bits: ChunkBits, column: number, first: boolean): void {
    if (first) this.floats.readFirst(bits, column);
    else this.floats.read(bits, column);
  }

  private writeSum(w: BitWriter, h: Histogram): void {
    const { high, low } = h.stale ? STALE_NAN_BITS : Number.isNaN(h.sum) ? NORMAL_NAN_BITS : floatBits(h.sum);
    if (this.length === 0) this.sum.writeFirst(w, 0, high, low);
    else this.sum.write(w, 0, high, low);
  }
}
