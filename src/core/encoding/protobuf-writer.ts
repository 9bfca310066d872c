/**
 * Writes the wire format of protocol buffers (https://protobuf.dev/programming-guides/encoding/), in one pass: the
 * length of an embedded message is filled in when it is closed. Defaults are written when asked for; leaving them
 * out is up to the caller. Integers are exact below 2^53 in magnitude.
 */
import { ByteOutput } from './byte-output.ts';
import { FIXED64, LENGTH, VARINT } from './protobuf-reader.ts';
import { MAX_VARINT_BYTES, uvarintSize, writeUvarint, writeVarint } from './varint.ts';

const TWO_32 = 2 ** 32;

export class ProtobufWriter extends ByteOutput {
  /** uint64, uint32, an enum or a bool (0 or 1). */
  uint(number: number, value: number): void {
    this.tag(number, VARINT);
    this.rawUint(value);
  }

  /** int64 or int32, whose negative values take ten bytes. */
  int(number: number, value: number): void {
    this.tag(number, VARINT);
    if (value >= 0) this.rawUint(value);
    else this.rawNegative(value);
  }

  /** sint64 or sint32. */
  sint(number: number, value: number): void {
    this.tag(number, VARINT);
    this.rawSint(value);
  }

  /** A double whose NaN bits do not matter. */
  double(number: number, value: number): void {
    scratch[0] = value;
    this.doubleFrom(number, scratch, 0);
  }

  /** Row `row` of a column, with all its bits. */
  doubleFrom(number: number, vs: Float64Array, row: number): void {
    this.tag(number, FIXED64);
    this.rawDouble(vs, row);
  }

  string(number: number, text: string): void {
    const start = this.begin(number);
    this.utf8(text);
    this.finish(start);
  }

  raw(number: number, bytes: Uint8Array): void {
    this.tag(number, LENGTH);
    this.rawUint(bytes.length);
    this.copy(bytes);
  }

  /** Opens an embedded message, or a packed field; `finish` closes it. */
  begin(number: number): number {
    this.tag(number, LENGTH);
    return this.open();
  }

  /** Opens a message that stands by itself behind its length, as in a delimited stream. */
  open(): number {
    // Most messages are short: their length takes one byte, and only longer ones are moved to make room.
    this.byte(0);
    return this.length;
  }

  /** Closes what `begin` or `open` opened; `start` is what that returned. */
  finish(start: number): void {
    const size = this.length - start;
    const extra = uvarintSize(size) - 1;
    if (extra > 0) {
      this.reserve(extra);
      this.bytes.copyWithin(start + extra, start, this.length);
      this.length += extra;
    }
    writeUvarint(this.bytes, start - 1, size);
  }

  /** An element of a packed field. */
  rawUint(value: number): void {
    this.reserve(MAX_VARINT_BYTES);
    this.length = writeUvarint(this.bytes, this.length, value);
  }

  rawSint(value: number): void {
    this.reserve(MAX_VARINT_BYTES);
    this.length = writeVarint(this.bytes, this.length, value);
  }

  rawDouble(vs: Float64Array, row: number): void {
    this.reserve(8);
    const v = vs[row];
    let halves: Uint32Array = scratchHalves;
    // A NaN keeps its bits only where no `number` holds it on the way.
    if (Number.isNaN(v)) halves = new Uint32Array(vs.buffer, vs.byteOffset + row * 8, 2);
    else scratch[0] = v;
    this.half(halves[0]);
    this.half(halves[1]);
  }

  private half(bits: number): void {
    const { bytes, length } = this;
    bytes[length] = bits;
    bytes[length + 1] = bits >>> 8;
    bytes[length + 2] = bits >>> 16;
    bytes[length + 3] = bits >>> 24;
    this.length = length + 4;
  }

  private rawNegative(value: number): void {
    this.reserve(MAX_VARINT_BYTES);
    const { bytes } = this;
    let high = Math.floor(value / TWO_32);
    let low = value - high * TWO_32;
    for (let i = 0; i < MAX_VARINT_BYTES - 1; i++) {
      bytes[this.length++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>= 7;
    }
    bytes[this.length++] = 1;
  }

  private tag(number: number, type: number): void {
    this.rawUint(number * 8 + type);
  }
}

const scratch = new Float64Array(1);
const scratchHalves = new Uint32Array(scratch.buffer);
