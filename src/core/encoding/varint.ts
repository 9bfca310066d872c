/**
 * Variable-length integers as Go's encoding/binary and protocol buffers write them: seven bits a byte, lowest
 * first, the top bit set on all but the last; signed ones zigzagged. Values are numbers, exact below 2^53 in
 * magnitude; a 64-bit value beyond that is read as the nearest double, never wrapped.
 */

/** No 64-bit value takes more bytes. */
export const MAX_VARINT_BYTES = 10;

const TWO_28 = 2 ** 28;
const TWO_32 = 2 ** 32;
const TWO_64 = 2 ** 64;

/** Writes `value` (a non-negative integer) at `pos`; returns the position after it. */
export function writeUvarint(bytes: Uint8Array, pos: number, value: number): number {
  let rest = value;
  while (rest >= TWO_28) {
    bytes[pos++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  let low = rest | 0;
  while (low >= 0x80) {
    bytes[pos++] = (low & 0x7f) | 0x80;
    low >>>= 7;
  }
  bytes[pos++] = low;
  return pos;
}

/** Writes `value` (any integer below 2^53 in magnitude) zigzagged at `pos`; returns the position after it. */
export function writeVarint(bytes: Uint8Array, pos: number, value: number): number {
  // Doubling stays exact up to 2^54, since the result is even; the odd ones need one bit more than a double has.
  if (value >= 0) return writeUvarint(bytes, pos, value * 2);
  if (value > -TWO_28) return writeUvarint(bytes, pos, -value * 2 - 1);
  // -2v-1 by parts: its lowest seven bits first, so that nothing beyond 2^53 is ever held.
  const below = -value - 1;
  bytes[pos] = ((below % 64) * 2 + 1) | 0x80;
  return writeUvarint(bytes, pos + 1, Math.floor(below / 64));
}

/** How many bytes `writeUvarint` takes for `value`. */
export function uvarintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Where the last `readUvarint` or `readVarint` of this cursor ended. One cursor serves one reader. */
export interface Cursor {
  pos: number;
}

/**
 * Reads at `cursor.pos` and moves it past the value. Returns NaN, with the cursor where it was, if `end` comes
 * before the value does or the value needs more than 64 bits.
 */
export function readUvarint(bytes: Uint8Array, cursor: Cursor, end: number): number {
  let pos = cursor.pos;
  let low = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    if (pos >= end) return Number.NaN;
    const b = bytes[pos++];
    low |= (b & 0x7f) << shift;
    if (b < 0x80) {
      cursor.pos = pos;
      return low;
    }
  }
  let value = low;
  let scale = TWO_28;
  for (let i = 4; i < MAX_VARINT_BYTES; i++) {
    if (pos >= end) return Number.NaN;
    const b = bytes[pos++];
    if (i === MAX_VARINT_BYTES - 1 && b > 1) return Number.NaN;
    value += (b & 0x7f) * scale;
    if (b < 0x80) {
      cursor.pos = pos;
      return value;
    }
    scale *= 128;
  }
  return Number.NaN;
}

/** As `readUvarint`, for a zigzagged value. Exact for magnitudes below 2^53. */
export function readVarint(bytes: Uint8Array, cursor: Cursor, end: number): number {
  let pos = cursor.pos;
  if (pos >= end) return Number.NaN;
  const first = bytes[pos];
  if (first < 0x80) {
    cursor.pos = pos + 1;
    return first & 1 ? -(first >>> 1) - 1 : first >>> 1;
  }
  // The sign bit is split off first: what is left is the magnitude, which a double holds when it is below 2^53.
  const negative = (first & 1) !== 0;
  pos++;
  let low = (first & 0x7f) >>> 1;
  for (let shift = 6; shift < 27; shift += 7) {
    if (pos >= end) return Number.NaN;
    const b = bytes[pos++];
    low |= (b & 0x7f) << shift;
    if (b < 0x80) {
      cursor.pos = pos;
      return negative ? -low - 1 : low;
    }
  }
  let value = low;
  let scale = 2 ** 27;
  for (let i = 4; i < MAX_VARINT_BYTES; i++) {
    if (pos >= end) return Number.NaN;
    const b = bytes[pos++];
    if (i === MAX_VARINT_BYTES - 1 && b > 1) return Number.NaN;
    value += (b & 0x7f) * scale;
    if (b < 0x80) {
      cursor.pos = pos;
      return negative ? -value - 1 : value;
    }
    scale *= 128;
  }
  return Number.NaN;
}

/** Writes an integer below 2^53 in magnitude as eight bytes, highest first, in two's complement. */
export function writeInt64(bytes: Uint8Array, pos: number, value: number): number {
  const high = Math.floor(value / TWO_32);
  const low = value - high * TWO_32;
  writeUint32(bytes, pos, high >>> 0);
  writeUint32(bytes, pos + 4, low);
  return pos + 8;
}

/** Reads eight bytes, highest first, in two's complement. The caller checks the bounds. */
export function readInt64(bytes: Uint8Array, pos: number): number {
  const high = (bytes[pos] << 24) | (bytes[pos + 1] << 16) | (bytes[pos + 2] << 8) | bytes[pos + 3];
  return high * TWO_32 + readUint32(bytes, pos + 4);
}

/** Reads eight bytes, highest first, as an unsigned number. The caller checks the bounds. */
export function readUint64(bytes: Uint8Array, pos: number): number {
  const value = readInt64(bytes, pos);
  return value < 0 ? value + TWO_64 : value;
}

export function writeUint32(bytes: Uint8Array, pos: number, value: number): number {
  bytes[pos] = value >>> 24;
  bytes[pos + 1] = value >>> 16;
  bytes[pos + 2] = value >>> 8;
  bytes[pos + 3] = value;
  return pos + 4;
}

export function readUint32(bytes: Uint8Array, pos: number): number {
  return ((bytes[pos] << 24) | (bytes[pos + 1] << 16) | (bytes[pos + 2] << 8) | bytes[pos + 3]) >>> 0;
}
