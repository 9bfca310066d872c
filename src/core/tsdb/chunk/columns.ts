/**
 * The numbers of a histogram chunk, column by column: how each was last, so that the next one can be written or
 * read as a difference. Reading and writing keep the same state, so a chunk that was read can be written on.
 * Layout: docs/format/chunk.md.
 */
import type { BitWriter } from '../../encoding/bit-stream.ts';
import { CorruptionError } from '../../errors.ts';
import type { ChunkBits } from './bits.ts';
import { writeVarbitInt } from './varbit.ts';

/** `XorColumns.leading` before the first value that differs from its predecessor. */
const NO_WINDOW = 0xff;

/** Integers whose change of change is small: times, counts, bucket deltas. */
export class IntColumns {
  readonly value: Float64Array;
  private readonly delta: Float64Array;

  constructor(columns: number) {
    this.value = new Float64Array(columns);
    this.delta = new Float64Array(columns);
  }

  writeFirst(w: BitWriter, i: number, value: number): void {
    writeVarbitInt(w, value);
    this.value[i] = value;
  }

  readFirst(bits: ChunkBits, i: number): void {
    this.value[i] = bits.varbitInt();
  }

  write(w: BitWriter, i: number, value: number): void {
    const delta = value - this.value[i];
    writeVarbitInt(w, delta - this.delta[i]);
    this.value[i] = value;
    this.delta[i] = delta;
  }

  read(bits: ChunkBits, i: number): void {
    const delta = this.delta[i] + bits.varbitInt();
    this.delta[i] = delta;
    this.value[i] += delta;
  }
}

/** Floats that share leading and trailing bits with their predecessor. */
export class XorColumns {
  readonly high: Int32Array;
  readonly low: Int32Array;
  private readonly leading: Uint8Array;
  private readonly trailing: Uint8Array;

  constructor(columns: number) {
    this.high = new Int32Array(columns);
    this.low = new Int32Array(columns);
    this.leading = new Uint8Array(columns).fill(NO_WINDOW);
    this.trailing = new Uint8Array(columns);
  }

  /** Writes column `i`'s first value in full. */
  writeFirst(w: BitWriter, i: number, high: number, low: number): void {
    this.high[i] = high;
    this.low[i] = low;
    w.writeBits(high, 32);
    w.writeBits(low, 32);
  }

  readFirst(bits: ChunkBits, i: number): void {
    bits.bits64();
    this.high[i] = bits.high;
    this.low[i] = bits.low;
  }

  write(w: BitWriter, i: number, high: number, low: number): void {
    const x = high ^ this.high[i];
    const y = low ^ this.low[i];
    this.high[i] = high;
    this.low[i] = low;
    if (x === 0 && y === 0) {
      w.writeBit(0);
      return;
    }
    // The format has five bits for the count of leading zeros.
    const leading = x === 0 ? 31 : Math.min(Math.clz32(x), 31);
    const trailing = y === 0 ? 32 + ctz32(x) : ctz32(y);
    if (this.leading[i] !== NO_WINDOW && leading >= this.leading[i] && trailing >= this.trailing[i]) {
      w.writeBits(2, 2);
    } else {
      this.leading[i] = leading;
      this.trailing[i] = trailing;
      // A width of 64 is written as 0.
      w.writeBits((3 << 11) | (leading << 6) | ((64 - leading - trailing) & 63), 13);
    }
    const shift = this.trailing[i];
    const width = 64 - this.leading[i] - shift;
    if (shift >= 32) {
      w.writeBits(x >>> (shift - 32), width);
      return;
    }
    const lower = shift === 0 ? y : (x << (32 - shift)) | (y >>> shift);
    if (width > 32) {
      w.writeBits(x >>> shift, width - 32);
      w.writeBits(lower, 32);
    } else {
      w.writeBits(lower, width);
    }
  }

  read(bits: ChunkBits, i: number): void {
    if (bits.bit() === 0) return;
    if (bits.bit() === 1) {
      const leading = bits.bits(5);
      const width = bits.bits(6) || 64;
      if (leading + width > 64) throw new CorruptionError('histogram chunk has a value of more than 64 bits');
      this.leading[i] = leading;
      this.trailing[i] = 64 - leading - width;
    } else if (this.leading[i] === NO_WINDOW) {
      throw new CorruptionError('histogram chunk has a value of unknown width');
    }
    bits.shifted(64 - this.leading[i] - this.trailing[i], this.trailing[i]);
    this.high[i] ^= bits.high;
    this.low[i] ^= bits.low;
  }
}

function ctz32(x: number): number {
  return 31 - Math.clz32(x & -x);
}
