/**
 * Encodes float chunks (encoding XOR) a sample at a time. The state of a chunk being written is a row of
 * `XorStates`, not an object, so that a million open chunks cost the garbage collector nothing; the bytes are
 * wherever the caller keeps them. Layout: docs/format/chunk.md.
 */
import { CorruptionError } from '../../errors.ts';
import { ChunkBits } from './bits.ts';

/** `appendXor` may write this many bytes behind the ones in use. */
export const XOR_SAMPLE_ROOM = 24;

/** `XorStates.leading` before the first value that differs from its predecessor. */
const NO_WINDOW = 0xff;
const HEADER_BITS = 16;
const TWO_32 = 2 ** 32;

/** Encoder states, one chunk a row. `clear` a row before its first sample. */
export class XorStates {
  /** Time of the last sample, ms. */
  t: Float64Array;
  /** Time between the last two samples, ms. */
  delta: Float64Array;
  /** Halves of the last value. */
  high: Int32Array;
  low: Int32Array;
  /** The window of bits that the last written difference used. */
  leading: Uint8Array;
  trailing: Uint8Array;
  /** Samples in the chunk. */
  count: Uint16Array;
  /** Bits of chunk data in use, the header included. */
  bits: Uint32Array;

  constructor(rows: number) {
    this.t = new Float64Array(rows);
    this.delta = new Float64Array(rows);
    this.high = new Int32Array(rows);
    this.low = new Int32Array(rows);
    this.leading = new Uint8Array(rows).fill(NO_WINDOW);
    this.trailing = new Uint8Array(rows);
    this.count = new Uint16Array(rows);
    this.bits = new Uint32Array(rows).fill(HEADER_BITS);
  }

  /** Makes row `i` an empty chunk. */
  clear(i: number): void {
    this.t[i] = 0;
    this.delta[i] = 0;
    this.high[i] = 0;
    this.low[i] = 0;
    this.leading[i] = NO_WINDOW;
    this.trailing[i] = 0;
    this.count[i] = 0;
    this.bits[i] = HEADER_BITS;
  }

  /** Bytes of chunk data in use. */
  byteLength(i: number): number {
    return (this.bits[i] + 7) >>> 3;
  }

  /** Makes room for `rows` rows in all. */
  grow(rows: number): void {
    const old = this.t.length;
    if (rows <= old) return;
    this.t = copied(this.t, new Float64Array(rows));
    this.delta = copied(this.delta, new Float64Array(rows));
    this.high = copied(this.high, new Int32Array(rows));
    this.low = copied(this.low, new Int32Array(rows));
    this.leading = copied(this.leading, new Uint8Array(rows).fill(NO_WINDOW, old));
    this.trailing = copied(this.trailing, new Uint8Array(rows));
    this.count = copied(this.count, new Uint16Array(rows));
    this.bits = copied(this.bits, new Uint32Array(rows).fill(HEADER_BITS, old));
  }
}

/**
 * Appends a sample to the chunk of row `i`, whose data starts at byte `base` of `bytes` and must have
 * `XOR_SAMPLE_ROOM` bytes behind those in use. `t` in ms; `high` and `low` are the halves of the value's bits. The
 * caller sees to it that time ascends and that the chunk has fewer than 65,535 samples (cut.ts).
 */
export function appendXor(
  states: XorStates,
  i: number,
  bytes: Uint8Array,
  base: number,
  t: number,
  high: number,
  low: number,
): void {
  const count = states.count[i];
  let p = states.bits[i];
  if (count === 0) {
    p = putVarint(bytes, base, p, t);
    p = putBits(bytes, base, p, high, 32);
    p = putBits(bytes, base, p, low, 32);
  } else {
    const delta = t - states.t[i];
    if (count === 1) {
      p = putUvarint(bytes, base, p, delta);
    } else {
      const dod = delta - states.delta[i];
      if (dod === 0) p = putBits(bytes, base, p, 0, 1);
      else if (dod >= -8191 && dod <= 8192) p = putBits(bytes, base, p, 0x8000 | (dod & 0x3fff), 16);
      else if (dod >= -65535 && dod <= 65536) p = putBits(bytes, base, p, 0xc0000 | (dod & 0x1ffff), 20);
      else if (dod >= -524287 && dod <= 524288) p = putBits(bytes, base, p, 0xe00000 | (dod & 0xfffff), 24);
      else {
        p = putBits(bytes, base, p, 15, 4);
        p = putBits(bytes, base, p, Math.floor(dod / TWO_32), 32);
        p = putBits(bytes, base, p, dod | 0, 32);
      }
    }
    states.delta[i] = delta;
    p = putDifference(states, i, bytes, base, p, high ^ states.high[i], low ^ states.low[i]);
  }
  states.t[i] = t;
  states.high[i] = high;
  states.low[i] = low;
  states.count[i] = count + 1;
  states.bits[i] = p;
  bytes[base] = (count + 1) >>> 8;
  bytes[base + 1] = count + 1;
}

/** Writes a value as its difference to the last one; keeps the window of row `i`. */
function putDifference(
  states: XorStates,
  i: number,
  bytes: Uint8Array,
  base: number,
  at: number,
  high: number,
  low: number,
): number {
  let p = at;
  if (high === 0 && low === 0) return putBits(bytes, base, p, 0, 1);
  // The format has five bits for the count of leading zeros.
  const leading = Math.min(high === 0 ? 31 : Math.clz32(high), 31);
  const trailing = low === 0 ? 32 + ctz32(high) : ctz32(low);
  let windowLeading = states.leading[i];
  let windowTrailing = states.trailing[i];
  if (windowLeading !== NO_WINDOW && leading >= windowLeading && trailing >= windowTrailing) {
    p = putBits(bytes, base, p, 2, 2);
  } else {
    windowLeading = states.leading[i] = leading;
    windowTrailing = states.trailing[i] = trailing;
    // A width of 64 is written as 0.
    p = putBits(bytes, base, p, (3 << 11) | (leading << 6) | ((64 - leading - trailing) & 63), 13);
  }
  const width = 64 - windowLeading - windowTrailing;
  const upper = windowTrailing >= 32 ? 0 : high >>> windowTrailing;
  const lower =
    windowTrailing === 0
      ? low
      : windowTrailing >= 32
        ? high >>> (windowTrailing - 32)
        : (high << (32 - windowTrailing)) | (low >>> windowTrailing);
  if (width > 32) {
    p = putBits(bytes, base, p, upper, width - 32);
    return putBits(bytes, base, p, lower, 32);
  }
  return putBits(bytes, base, p, lower, width);
}

/**
 * Rebuilds the state of row `i` from the chunk data [start, end), so that more can be appended to a copy of it.
 * Throws CorruptionError as decodeXor does.
 */
export function resumeXor(states: XorStates, i: number, data: Uint8Array, start: number, end: number): void {
  states.clear(i);
  const bits = new ChunkBits();
  bits.open(data, start, end);
  const count = end - start < 2 ? 0 : bits.bits(16);
  let t = 0;
  let delta = 0;
  let high = 0;
  let low = 0;
  let leading = NO_WINDOW;
  let trailing = 0;
  for (let n = 0; n < count; n++) {
    if (bits.overrun) break;
    if (n === 0) {
      t = bits.varint();
      bits.bits64();
      high = bits.high;
      low = bits.low;
      continue;
    }
    delta = n === 1 ? bits.uvarint() : delta + readDod(bits);
    t += delta;
    if (bits.bit() === 0) continue;
    if (bits.bit() === 1) {
      leading = bits.bits(5);
      trailing = 64 - leading - (bits.bits(6) || 64);
    }
    if (leading === NO_WINDOW || trailing < 0) {
      throw new CorruptionError('chunk has a value of no possible width', {
        offset: start + (bits.at >>> 3),
      });
    }
    bits.shifted(64 - leading - trailing, trailing);
    high ^= bits.high;
    low ^= bits.low;
  }
  if (bits.overrun) throw new CorruptionError('chunk data ends before its samples do', { offset: end });
  states.t[i] = t;
  states.delta[i] = delta;
  states.high[i] = high;
  states.low[i] = low;
  states.leading[i] = leading;
  states.trailing[i] = trailing;
  states.count[i] = count;
  states.bits[i] = Math.max(bits.at, HEADER_BITS);
}

/** Delta of deltas: prefix 0, 10, 110, 1110 or 1111, then none, 14, 17, 20 or 64 bits. */
function readDod(bits: ChunkBits): number {
  if (bits.bit() === 0) return 0;
  const width = bits.bit() === 0 ? 14 : bits.bit() === 0 ? 17 : bits.bit() === 0 ? 20 : 64;
  if (width === 64) {
    bits.bits64();
    return bits.high * TWO_32 + (bits.low >>> 0);
  }
  const raw = bits.bits(width);
  return raw > 1 << (width - 1) ? raw - (1 << width) : raw;
}

/** Writes the lowest `count` (1 to 32) bits of `value` at bit `at`; returns the position after them. */
function putBits(bytes: Uint8Array, base: number, at: number, value: number, count: number): number {
  let pos = base + (at >>> 3);
  const used = at & 7;
  let rest = value << (32 - count);
  bytes[pos] = used === 0 ? rest >>> 24 : (bytes[pos] & (0xff << (8 - used))) | (rest >>> (24 + used));
  rest <<= 8 - used;
  for (let left = count - 8 + used; left > 0; left -= 8) {
    bytes[++pos] = rest >>> 24;
    rest <<= 8;
  }
  return at + count;
}

function putUvarint(bytes: Uint8Array, base: number, at: number, value: number): number {
  let p = at;
  let rest = value;
  while (rest >= 128) {
    p = putBits(bytes, base, p, (rest % 128) | 0x80, 8);
    rest = Math.floor(rest / 128);
  }
  return putBits(bytes, base, p, rest, 8);
}

function putVarint(bytes: Uint8Array, base: number, at: number, value: number): number {
  // Without doubling the magnitude, so that all of 2^53 fits.
  const magnitude = value < 0 ? -value - 1 : value;
  const sign = value < 0 ? 1 : 0;
  if (magnitude < 64) return putBits(bytes, base, at, magnitude * 2 + sign, 8);
  const p = putBits(bytes, base, at, (magnitude % 64) * 2 + sign + 0x80, 8);
  return putUvarint(bytes, base, p, Math.floor(magnitude / 64));
}

function ctz32(x: number): number {
  return 31 - Math.clz32(x & -x);
}

function copied<T extends Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array>(
  from: T,
  to: T,
): T {
  to.set(from);
  return to;
}
