/**
 * JSON written into byte buffers that are handed on when they are full: an answer of a million points is never one
 * string, and its numbers are none at all.
 */
import { MAX_NUMBER_BYTES, writeJsonNumber } from '../../model/number-bytes.ts';

/** Most answers are small. */
const FIRST_PIECE_BYTES = 2 * 1024;
const PIECE_BYTES = 64 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

export class JsonWriter {
  private readonly write: (piece: Uint8Array) => void;
  private bytes: Buffer = Buffer.allocUnsafe(FIRST_PIECE_BYTES);
  private at = 0;

  /** `write` is given each piece, which is then its own. */
  constructor(write: (piece: Uint8Array) => void) {
    this.write = write;
  }

  /** Short ASCII text as it is. */
  raw(text: string): void {
    this.reserve(text.length);
    const { bytes } = this;
    let { at } = this;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.at = at;
  }

  /** Any text as it is, in UTF-8. */
  text(text: string): void {
    if (text.length * 3 > PIECE_BYTES) {
      this.flush();
      this.write(Buffer.from(text, 'utf8'));
      return;
    }
    this.reserve(text.length * 3);
    this.at += this.bytes.write(text, this.at, 'utf8');
  }

  /** A JSON string. */
  string(text: string): void {
    this.reserve(text.length + 2);
    const { bytes, at } = this;
    let end = at;
    bytes[end++] = QUOTE;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) {
        this.text(JSON.stringify(text));
        return;
      }
      bytes[end++] = code;
    }
    bytes[end++] = QUOTE;
    this.at = end;
  }

  /** `[1700000000.123,"4.5"` and what closes it: a time in ms as seconds, and a value. */
  point(t: number, v: number): void {
    this.reserve(2 * MAX_NUMBER_BYTES + 8);
    const { bytes } = this;
    let { at } = this;
    bytes[at++] = 0x5b;
    at = writeJsonNumber(bytes, at, t / 1000);
    bytes[at++] = 0x2c;
    bytes[at++] = QUOTE;
    at = writeJsonNumber(bytes, at, v);
    bytes[at++] = QUOTE;
    bytes[at++] = 0x5d;
    this.at = at;
  }

  /** Hands on what there is. */
  flush(): void {
    if (this.at === 0) return;
    this.write(this.bytes.subarray(0, this.at));
    this.bytes = Buffer.allocUnsafe(0);
    this.at = 0;
  }

  /** Room for so many bytes, of which there may be more than a piece. */
  private reserve(bytes: number): void {
    if (this.at + bytes <= this.bytes.length) return;
    this.flush();
    this.bytes = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, bytes));
  }
}
