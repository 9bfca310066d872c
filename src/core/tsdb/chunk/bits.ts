/**
 * A bit reader made for decoding chunks: 32 bits a look, no test for the end at every field. It may look up to
 * `CHUNK_PADDING` bytes beyond the chunk, so the chunk must lie in a buffer with that much room behind it, or is
 * copied to one. Decoders ask `overrun` once a sample.
 */

/** More than a decoder looks ahead before it asks for the end: a longest sample field group and one 64-bit look. */
export const CHUNK_PADDING = 64;

let scratch = new Uint8Array(4096 + CHUNK_PADDING);
let lastBuffer: ArrayBufferLike = scratch.buffer;
let lastView: DataView<ArrayBufferLike> = new DataView(lastBuffer);

/** Where `openChunk` found the chunk: a view of the whole buffer, and the chunk's first byte in it. */
export interface ChunkPlace {
  view: DataView<ArrayBufferLike>;
  base: number;
}

const place: ChunkPlace = { view: lastView, base: 0 };

/** Makes [start, end) of `bytes` readable with padding. The answer is valid until the next call. */
export function openChunk(bytes: Uint8Array, start: number, end: number): ChunkPlace {
  let buffer: ArrayBufferLike = bytes.buffer;
  let base = bytes.byteOffset + start;
  if (bytes.byteOffset + end + CHUNK_PADDING > buffer.byteLength) {
    const size = end - start;
    if (size + CHUNK_PADDING > scratch.length) scratch = new Uint8Array(2 * size + CHUNK_PADDING);
    scratch.set(bytes.subarray(start, end));
    scratch.fill(0, size, size + CHUNK_PADDING);
    buffer = scratch.buffer;
    base = 0;
  }
  if (buffer !== lastBuffer) {
    lastBuffer = buffer;
    lastView = new DataView(buffer);
  }
  place.view = lastView;
  place.base = base;
  return place;
}

/** Bits after the prefix of a variable bit-width integer, by the number of ones that the prefix starts with. */
const VARBIT_WIDTHS = [0, 3, 6, 9, 12, 18, 25, 56, 64];
const TWO_32 = 2 ** 32;

export class ChunkBits {
  private view: DataView<ArrayBufferLike> = lastView;
  private base = 0;
  private endBit = 0;
  /** Position in bits from the start of the chunk. */
  at = 0;
  /** High and low half of what `bits64` and `xorValue` read. */
  high = 0;
  low = 0;

  /** Starts at byte `start` of `bytes`, the first of the chunk. Valid until another chunk is opened. */
  open(bytes: Uint8Array, start: number, end: number): void {
    const opened = openChunk(bytes, start, end);
    this.view = opened.view;
    this.base = opened.base;
    this.endBit = (end - start) * 8;
    this.at = 0;
  }

  /** Whether more was read than the chunk has. */
  get overrun(): boolean {
    return this.at > this.endBit;
  }

  /** The next 32 bits as a signed number, without moving. */
  peek(): number {
    const at = this.at;
    const pos = this.base + (at >>> 3);
    const shift = at & 7;
    return (this.view.getInt32(pos) << shift) | (this.view.getUint8(pos + 4) >>> (8 - shift));
  }

  bit(): number {
    const at = this.at++;
    return (this.view.getUint8(this.base + (at >>> 3)) >>> (7 - (at & 7))) & 1;
  }

  /** The next `count` (1 to 32) bits as an unsigned number. */
  bits(count: number): number {
    const value = this.peek() >>> (32 - count);
    this.at += count;
    return value;
  }

  /** Reads 64 bits into `high` and `low`. */
  bits64(): void {
    this.high = this.peek();
    this.at += 32;
    this.low = this.peek();
    this.at += 32;
  }

  /** A signed variable bit-width integer (`varbit_int`). */
  varbitInt(): number {
    const w = this.peek();
    if (w >= 0) {
      this.at++;
      return 0;
    }
    const ones = Math.min(Math.clz32(~w), 8);
    if (ones <= 6) {
      const width = VARBIT_WIDTHS[ones];
      this.at += ones + 1 + width;
      const raw = (w << (ones + 1)) >>> (32 - width);
      return raw > 1 << (width - 1) ? raw - (1 << width) : raw;
    }
    this.at += 8;
    let high = this.bits(ones === 7 ? 24 : 32) | 0;
    const low = this.bits(32);
    // The sign goes to the high half before the halves meet: afterwards a double would have lost the last bits. Of
    // 56 bits, the one with only the sign bit set is positive, as with the smaller widths.
    if (ones === 7 && (high > 0x800000 || (high === 0x800000 && low > 0))) high -= 0x1000000;
    return high * TWO_32 + low;
  }

  /** An unsigned variable bit-width integer (`varbit_uint`). */
  varbitUint(): number {
    const w = this.peek();
    if (w >= 0) {
      this.at++;
      return 0;
    }
    const ones = Math.min(Math.clz32(~w), 8);
    if (ones <= 6) {
      const width = VARBIT_WIDTHS[ones];
      this.at += ones + 1 + width;
      return (w << (ones + 1)) >>> (32 - width);
    }
    this.at += 8;
    const high = this.bits(ones === 7 ? 24 : 32);
    return high * TWO_32 + this.bits(32);
  }

  /** A zigzagged varint of whole bytes; NaN where it does not end within ten. */
  varint(): number {
    const first = this.bits(8);
    const low = (first & 0x7f) >>> 1;
    const magnitude = first < 0x80 ? low : low + this.uvarint() * 64;
    return first & 1 ? -magnitude - 1 : magnitude;
  }

  /** A varint of whole bytes; NaN where it does not end within ten. */
  uvarint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.bits(8);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    return Number.NaN;
  }

  /** Reads `count` (1 to 64) bits, shifted left by `shift` (count + shift <= 64), into `high` and `low`. */
  shifted(count: number, shift: number): void {
    if (count <= 32) {
      const v = this.peek() >>> (32 - count);
      this.at += count;
      if (shift >= 32) {
        this.high = v << (shift - 32);
        this.low = 0;
      } else {
        this.high = shift === 0 ? 0 : v >>> (32 - shift);
        this.low = v << shift;
      }
      return;
    }
    const high = this.peek() >>> (64 - count);
    this.at += count - 32;
    const low = this.peek();
    this.at += 32;
    this.high = shift === 0 ? high : (high << shift) | (low >>> (32 - shift));
    this.low = low << shift;
  }
}
