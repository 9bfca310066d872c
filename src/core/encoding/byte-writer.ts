/** A growing buffer of the primitives that the storage formats are written in: highest byte first, varints. */
import { ByteOutput } from './byte-output.ts';
import { writeInt64, writeUint32, writeUvarint, writeVarint } from './varint.ts';

const INITIAL_BYTES = 256;
/** More than any primitive needs. */
const PRIMITIVE_BYTES = 16;

const encoder = new TextEncoder();

export class ByteWriter extends ByteOutput {
  constructor(capacityBytes = INITIAL_BYTES) {
    super(capacityBytes);
  }

  /** What was written so far: a view, valid until the next write. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }

  uvarint(value: number): void {
    this.reserve(PRIMITIVE_BYTES);
    this.length = writeUvarint(this.bytes, this.length, value);
  }

  varint(value: number): void {
    this.reserve(PRIMITIVE_BYTES);
    this.length = writeVarint(this.bytes, this.length, value);
  }

  uint32(value: number): void {
    this.reserve(4);
    this.length = writeUint32(this.bytes, this.length, value);
  }

  int64(value: number): void {
    this.reserve(8);
    this.length = writeInt64(this.bytes, this.length, value);
  }

  /** Eight bytes from two halves: the bits of a float64, or any 64-bit value. */
  bits64(high: number, low: number): void {
    this.reserve(8);
    writeUint32(this.bytes, this.length, high);
    this.length = writeUint32(this.bytes, this.length + 4, low);
  }

  /** A float64 whose NaN payload, if it is a NaN, does not matter. */
  float64(value: number): void {
    floatValue[0] = value;
    this.bits64(floatBits[1], floatBits[0]);
  }

  /** The string's length in bytes as a varint, and its UTF-8. */
  string(text: string): void {
    const n = text.length;
    this.reserve(n * 3 + PRIMITIVE_BYTES);
    const bytes = this.bytes;
    const at = this.length;
    // Nearly all label names and values are short and ASCII: their length takes one byte and is known beforehand.
    if (n < 128) {
      let i = 0;
      for (; i < n; i++) {
        const unit = text.charCodeAt(i);
        if (unit >= 0x80) break;
        bytes[at + 1 + i] = unit;
      }
      if (i === n) {
        bytes[at] = n;
        this.length = at + 1 + n;
        return;
      }
    }
    const utf8 = encoder.encode(text);
    this.uvarint(utf8.length);
    this.copy(utf8);
  }
}

const floatValue = new Float64Array(1);
const floatBits = new Uint32Array(floatValue.buffer);
