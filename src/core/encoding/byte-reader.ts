/** Reads what ByteWriter wrote. Every method throws CorruptionError where the data ends too early. */
import { CorruptionError } from '../errors.ts';
import { readInt64, readUint32, readUvarint, readVarint } from './varint.ts';

const decoder = new TextDecoder();
const floatValue = new Float64Array(1);
const floatBits = new Uint32Array(floatValue.buffer);

export class ByteReader {
  bytes: Uint8Array;
  pos: number;
  end: number;

  constructor(bytes: Uint8Array = new Uint8Array(0), start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.pos = start;
    this.end = end;
  }

  /** Begins anew with other bytes, which must not change while they are read. */
  reset(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    this.bytes = bytes;
    this.pos = start;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.pos;
  }

  byte(): number {
    if (this.pos >= this.end) throw cut();
    return this.bytes[this.pos++];
  }

  uvarint(): number {
    if (this.pos < this.end && this.bytes[this.pos] < 0x80) return this.bytes[this.pos++];
    const value = readUvarint(this.bytes, this, this.end);
    if (Number.isNaN(value)) throw cut();
    return value;
  }

  varint(): number {
    const value = readVarint(this.bytes, this, this.end);
    if (Number.isNaN(value)) throw cut();
    return value;
  }

  /** A count of items that take at least `itemBytes` each: so a damaged one never makes anybody allocate for it. */
  count(itemBytes: number): number {
    const value = this.uvarint();
    if (value * itemBytes > this.remaining) throw cut();
    return value;
  }

  uint32(): number {
    const pos = this.advance(4);
    return readUint32(this.bytes, pos);
  }

  int64(): number {
    const pos = this.advance(8);
    return readInt64(this.bytes, pos);
  }

  /** A float64 whose NaN payload, if it is a NaN, does not matter; else read the halves with `uint32`. */
  float64(): number {
    const pos = this.advance(8);
    floatBits[1] = readUint32(this.bytes, pos);
    floatBits[0] = readUint32(this.bytes, pos + 4);
    return floatValue[0];
  }

  /** Moves past `n` bytes; returns where they start. */
  advance(n: number): number {
    const pos = this.pos;
    if (n > this.end - pos) throw cut();
    this.pos = pos + n;
    return pos;
  }

  /** A string after its length in bytes. Bytes that are not UTF-8 come out as U+FFFD. */
  string(): string {
    const n = this.uvarint();
    const start = this.advance(n);
    return utf8Text(this.bytes, start, start + n);
  }

  /** Moves past a string. */
  skipString(): void {
    this.advance(this.uvarint());
  }
}

/** The text of bytes [start, end); short ASCII, which is nearly all of it, without the decoder's overhead. */
export function utf8Text(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= 24) {
    let text = '';
    for (let i = start; i < end; i++) {
      const byte = bytes[i];
      if (byte >= 0x80) return decoder.decode(bytes.subarray(start, end));
      text += String.fromCharCode(byte);
    }
    return text;
  }
  return decoder.decode(bytes.subarray(start, end));
}

function cut(): CorruptionError {
  return new CorruptionError('the data ends too early');
}
