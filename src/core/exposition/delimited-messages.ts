/**
 * Cuts a stream of length-delimited protobuf messages into messages. Those that lie whole in one piece of input are
 * handed on where they lie; only what is cut by the end of a piece is copied.
 */
import { InputError } from '../errors.ts';
import { BAD_EXPOSITION } from './parser.ts';

export interface MessageHandler {
  /** A message in bytes [start, end), good until this returns; `offset` is the place of `bytes[0]` in the stream. */
  message(bytes: Uint8Array, start: number, end: number, offset: number): void;
}

const MAX_LENGTH_BYTES = 5;

export class DelimitedMessages {
  private readonly maxBytes: number;
  private pieces: Uint8Array[] = [];
  private pendingBytes = 0;
  /** Bytes that have to be there before it is worth looking again. */
  private wantedBytes = 0;
  /** Place in the stream of the first pending byte. */
  private offset = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Whatever the handler throws ends the input. */
  write(bytes: Uint8Array, handler: MessageHandler): void {
    try {
      this.add(bytes, handler);
    } catch (error) {
      this.reset();
      throw error;
    }
  }

  /** The input is over; throws InputError where that is in the middle of a message. */
  end(): void {
    const { pendingBytes, offset } = this;
    this.reset();
    if (pendingBytes === 0) return;
    throw new InputError(BAD_EXPOSITION, `the last ${pendingBytes} bytes are no whole message`, { offset });
  }

  private reset(): void {
    this.pieces = [];
    this.pendingBytes = 0;
    this.offset = 0;
  }

  private add(bytes: Uint8Array, handler: MessageHandler): void {
    let input = bytes;
    if (this.pendingBytes > 0) {
      this.pieces.push(bytes);
      this.pendingBytes += bytes.length;
      if (this.pendingBytes < this.wantedBytes) {
        this.pieces[this.pieces.length - 1] = bytes.slice();
        return;
      }
      input = Buffer.concat(this.pieces);
    }
    const used = this.cut(input, handler);
    this.offset += used;
    this.pieces = used === input.length ? [] : [input.slice(used)];
    this.pendingBytes = input.length - used;
  }

  /** Hands on the whole messages of `bytes`; returns where the first that is not whole begins. */
  private cut(bytes: Uint8Array, handler: MessageHandler): number {
    let start = 0;
    while (start < bytes.length) {
      let pos = start;
      let length = 0;
      let scale = 1;
      let b = 0x80;
      for (; b >= 0x80 && pos < bytes.length; scale *= 128) {
        if (pos - start === MAX_LENGTH_BYTES) throw this.tooLong(start);
        b = bytes[pos++];
        length += (b & 0x7f) * scale;
      }
      if (length > this.maxBytes) throw this.tooLong(start);
      this.wantedBytes = b >= 0x80 ? 0 : pos - start + length;
      if (b >= 0x80 || length > bytes.length - pos) break;
      handler.message(bytes, pos, pos + length, this.offset);
      start = pos + length;
    }
    return start;
  }

  private tooLong(start: number): InputError {
    const reason = `a message is longer than ${this.maxBytes} bytes, or this is no delimited protobuf`;
    return new InputError(BAD_EXPOSITION, reason, { offset: this.offset + start });
  }
}
