/**
 * Reads the wire format of protocol buffers, field by field
 * (https://protobuf.dev/programming-guides/encoding/). The caller knows the schema:
 *
 *     for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
 *       switch (tag) {
 *         case field(1, LENGTH): name = reader.string(); break;
 *         case field(4, LENGTH): { const outer = reader.enter(); …; reader.leave(outer); break; }
 *         default: reader.skip(tag);
 *       }
 *     }
 *
 * Whatever is cut short or no protobuf throws an InputError (`bad_protobuf`) with the byte offset. Integers are numbers,
 * exact below 2^53 in magnitude.
 */
import { isUtf8 } from 'node:buffer';
import { InputError } from '../errors.ts';

export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH = 2;
export const FIXED32 = 5;

export type WireType = typeof VARINT | typeof FIXED64 | typeof LENGTH | typeof FIXED32;

/** The tag of a field, as `tag` returns it. */
export function field(number: number, type: WireType): number {
  return number * 8 + type;
}

const TWO_32 = 2 ** 32;
const MAX_VARINT_BYTES = 10;
const EMPTY = new Uint8Array(0);

export class ProtobufReader {
  /** The next byte to read. */
  pos = 0;
  /** End of the message that is being read. */
  end = 0;
  private bytes: Uint8Array = EMPTY;
  private view: DataView = new DataView(EMPTY.buffer);
  /** What offsets in errors count from: the place of `bytes[0]` in its stream. */
  private base = 0;
  /** The halves of the varint that was read last. */
  private low = 0;
  private high = 0;

  /** Starts over with a message in bytes [start, end); `base` is added to the offsets in errors. */
  reset(bytes: Uint8Array, start = 0, end: number = bytes.length, base = 0): void {
    if (this.bytes !== bytes) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    this.pos = start;
    this.end = end;
    this.base = base;
  }

  /** Goes on at `pos` of the same input, in a message that ends at `end`: to read something again. */
  seek(pos: number, end: number): void {
    this.pos = pos;
    this.end = end;
  }

  /** The next field's tag, or 0 at the end of the message. */
  tag(): number {
    if (this.pos === this.end) return 0;
    const start = this.pos;
    this.readVarint();
    if (this.high !== 0 || this.low >>> 3 === 0) throw this.fault('bad field number', start);
    return this.low >>> 0;
  }

  /** uint64, uint32 or an enum. */
  uint(): number {
    this.readVarint();
    return (this.high >>> 0) * TWO_32 + (this.low >>> 0);
  }

  /** int64 or int32 in two's complement. */
  int(): number {
    this.readVarint();
    return this.high * TWO_32 + (this.low >>> 0);
  }

  /** int64, exact whatever its size. */
  bigInt(): bigint {
    this.readVarint();
    return BigInt.asIntN(64, (BigInt(this.high >>> 0) << 32n) | BigInt(this.low >>> 0));
  }

  /** sint64 or sint32. */
  sint(): number {
    this.readVarint();
    const sign = -(this.low & 1);
    const low = ((this.low >>> 1) | (this.high << 31)) ^ sign;
    const high = (this.high >>> 1) ^ sign;
    return high * TWO_32 + (low >>> 0);
  }

  bool(): boolean {
    this.readVarint();
    return (this.low | this.high) !== 0;
  }

  /** A double whose NaN bits do not matter. */
  double(): number {
    const at = this.advance(8);
    return this.view.getFloat64(at, true);
  }

  /** Reads a double into row `row` of a column, with all its bits. */
  doubleInto(vs: Float64Array, row: number): void {
    const at = this.advance(8);
    const v = this.view.getFloat64(at, true);
    if (!Number.isNaN(v)) {
      vs[row] = v;
      return;
    }
    const halves = new Uint32Array(vs.buffer, vs.byteOffset + row * 8, 2);
    halves[0] = this.view.getUint32(at, true);
    halves[1] = this.view.getUint32(at + 4, true);
  }

  fixed64(): number {
    const at = this.advance(8);
    return this.view.getUint32(at + 4, true) * TWO_32 + this.view.getUint32(at, true);
  }

  sfixed64(): number {
    const at = this.advance(8);
    return this.view.getInt32(at + 4, true) * TWO_32 + this.view.getUint32(at, true);
  }

  fixed32(): number {
    return this.view.getUint32(this.advance(4), true);
  }

  /** The bytes of a field, as a view of the input. */
  raw(): Uint8Array {
    const length = this.length();
    const at = this.advance(length);
    return this.bytes.subarray(at, at + length);
  }

  string(): string {
    const start = this.pos;
    return this.decode(this.raw(), start);
  }

  /** Bytes that `raw` gave, as a string; `pos` is where they are, for the error. */
  decode(bytes: Uint8Array, pos: number): string {
    if (!isUtf8(bytes)) throw this.fault('invalid UTF-8 in a string', pos);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  }

  /** Goes into an embedded message (or a packed field); returns what `leave` needs. */
  enter(): number {
    const length = this.length();
    const outer = this.end;
    this.end = this.pos + length;
    return outer;
  }

  /** Goes on behind the embedded message, all of which need not have been read. */
  leave(outer: number): void {
    this.pos = this.end;
    this.end = outer;
  }

  /** Passes over a field of no interest. */
  skip(tag: number): void {
    switch (tag & 7) {
      case VARINT:
        this.readVarint();
        return;
      case FIXED64:
        this.advance(8);
        return;
      case LENGTH:
        this.advance(this.length());
        return;
      case FIXED32:
        this.advance(4);
        return;
      default:
        throw this.fault(`wire type ${tag & 7} is not supported`, this.pos);
    }
  }

  /** An error at a position of the input, by default where the reader stands. */
  fault(reason: string, pos: number = this.pos): InputError {
    return new InputError('bad_protobuf', reason, { offset: this.base + pos });
  }

  /** The length before a string, bytes or a message, all of which is there. */
  private length(): number {
    const start = this.pos;
    const length = this.uint();
    if (length > this.end - this.pos)
      throw this.fault(`${length} bytes are announced, ${this.end - this.pos} are left`, start);
    return length;
  }

  private advance(n: number): number {
    const at = this.pos;
    if (n > this.end - at) throw this.fault('the message ends within a field');
    this.pos = at + n;
    return at;
  }

  private readVarint(): void {
    const { bytes, end } = this;
    let pos = this.pos;
    this.high = 0;
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      if (pos >= end) throw this.fault('the message ends within a field');
      const b = bytes[pos++];
      low |= (b & 0x7f) << shift;
      if (b < 0x80) {
        this.low = low;
        this.pos = pos;
        return;
      }
    }
    this.readLongVarint(low, pos);
  }

  /** The fifth byte of a varint and those after it; the fifth has bits of both halves. */
  private readLongVarint(first: number, from: number): void {
    const { bytes, end } = this;
    let pos = from;
    let low = first;
    let high = 0;
    for (let i = 4; i < MAX_VARINT_BYTES; i++) {
      if (pos >= end) throw this.fault('the message ends within a field');
      const b = bytes[pos++];
      if (i === 4) {
        low |= (b & 0x0f) << 28;
        high = (b & 0x7f) >>> 4;
      } else {
        high |= (b & 0x7f) << (7 * i - 32);
      }
      if (b < 0x80) {
        if (i === MAX_VARINT_BYTES - 1 && b > 1) break;
        this.low = low;
        this.high = high;
        this.pos = pos;
        return;
      }
    }
    throw this.fault('a varint of more than 64 bits');
  }
}
