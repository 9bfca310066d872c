/**
 * JSON written into byte buffers that are handed on when they are full: an answer of a million points is never one
 * string, and its numbers are none at all.
 */
import { MAX_NUMBER_BYTES, writeJsonNumber } from '../../model/number-bytes.ts';

/** Most answers are small; of a large one the pieces are. */
const PIECE_BYTES = [2 * 1024, 16 * 1024, 64 * 1024];
const LAST_PIECE = PIECE_BYTES.length - 1;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const COMMA = 0x2c;
/** With a comma before it. */
const MAX_POINT_BYTES = 2 * MAX_NUMBER_BYTES + 6;

export class JsonWriter {
  private readonly write: (piece: Uint8Array) => void;
  private bytes: Buffer;
  private at = 0;
  /** Pieces begun before the present one, as far as it matters. */
  private pieces = 0;
  /** The times that were written last. */
  private lastTimes: Float64Array | null = null;
  /** The times whose text is in `timesText`, each up to its end. */
  private times: Float64Array | null = null;
  private timesText: Uint8Array = new Uint8Array(0);
  private timesEnd: Uint32Array = new Uint32Array(0);

  /** `write` is given each piece, which is then its own. Of about `expected` bytes, one piece is made if it may be. */
  constructor(write: (piece: Uint8Array) => void, expected = 0) {
    this.write = write;
    this.bytes = Buffer.allocUnsafe(Math.min(Math.max(PIECE_BYTES[0], expected), PIECE_BYTES[LAST_PIECE]));
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
    if (text.length * 3 > PIECE_BYTES[LAST_PIECE]) {
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

  /** `[1700000000.123,"4.5"]`: a time in ms as seconds, and a value. */
  point(t: number, v: number): void {
    this.reserve(MAX_POINT_BYTES);
    const at = writeTime(this.bytes, this.at, t);
    this.at = writeValue(this.bytes, at, v);
  }

  /** Points with commas between them. Where a list of times comes again, its text is copied. */
  points(t: Float64Array, v: Float64Array): void {
    if (t !== this.lastTimes) {
      this.lastTimes = t;
      this.firstPoints(t, v);
      return;
    }
    if (t !== this.times) this.writeTimes(t);
    const { timesText, timesEnd } = this;
    let from = 0;
    for (let i = 0; i < t.length; i++) {
      this.reserve(MAX_POINT_BYTES);
      const { bytes } = this;
      let { at } = this;
      if (i > 0) bytes[at++] = COMMA;
      const end = timesEnd[i];
      while (from < end) bytes[at++] = timesText[from++];
      this.at = writeValue(bytes, at, v[i]);
    }
  }

  /** Hands on what there is. */
  flush(): void {
    if (this.at === 0) return;
    this.write(this.bytes.subarray(0, this.at));
    this.bytes = Buffer.allocUnsafe(0);
    this.at = 0;
  }

  /** Points whose times may not come again. */
  private firstPoints(t: Float64Array, v: Float64Array): void {
    for (let i = 0; i < t.length; i++) {
      this.reserve(MAX_POINT_BYTES);
      const { bytes } = this;
      let { at } = this;
      if (i > 0) bytes[at++] = COMMA;
      at = writeTime(bytes, at, t[i]);
      this.at = writeValue(bytes, at, v[i]);
    }
  }

  private writeTimes(t: Float64Array): void {
    if (this.timesEnd.length < t.length) {
      this.timesEnd = new Uint32Array(t.length);
      this.timesText = new Uint8Array(t.length * (MAX_NUMBER_BYTES + 3));
    }
    let at = 0;
    for (let i = 0; i < t.length; i++) {
      at = writeTime(this.timesText, at, t[i]);
      this.timesEnd[i] = at;
    }
    this.times = t;
  }

  /** Room for so many bytes, of which there may be more than a piece. */
  private reserve(bytes: number): void {
    if (this.at + bytes <= this.bytes.length) return;
    this.flush();
    this.pieces = Math.min(this.pieces + 1, LAST_PIECE);
    this.bytes = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES[this.pieces], bytes));
  }
}

/** `[1700000000.123,"` of a time in ms. */
function writeTime(bytes: Uint8Array, pos: number, t: number): number {
  bytes[pos] = OPEN;
  const at = writeJsonNumber(bytes, pos + 1, t / 1000);
  bytes[at] = COMMA;
  bytes[at + 1] = QUOTE;
  return at + 2;
}

/** `4.5"]`. */
function writeValue(bytes: Uint8Array, pos: number, v: number): number {
  const at = writeJsonNumber(bytes, pos, v);
  bytes[at] = QUOTE;
  bytes[at + 1] = CLOSE;
  return at + 2;
}
