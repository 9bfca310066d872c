/** Records of comma-separated values (RFC 4180) in bytes: where they end, and where their fields are. */
import { utf8Text } from '../../encoding/byte-reader.ts';

export const QUOTE = 0x22;
export const NEWLINE = 0x0a;
const COMMA = 0x2c;

/** Finds the ends of the records in a piece of a file, one after another. */
export class RecordEnds {
  private readonly bytes: Uint8Array;
  /** The next quote; behind the end where there is none. */
  private quote = -1;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Where the record that starts at `pos` ends (at its line break), or -1. */
  next(pos: number): number {
    const { bytes } = this;
    const newline = bytes.indexOf(NEWLINE, pos);
    if (newline < 0) return -1;
    if (this.quote < pos) {
      this.quote = bytes.indexOf(QUOTE, pos);
      if (this.quote < 0) this.quote = bytes.length;
    }
    if (this.quote > newline) return newline;
    let quoted = false;
    for (let at = this.quote; at < bytes.length; at++) {
      if (bytes[at] === QUOTE) quoted = !quoted;
      else if (bytes[at] === NEWLINE && !quoted) return at;
    }
    return -1;
  }
}

/** The fields of one record, which keeps its bytes. */
export class CsvRecord {
  /** How many fields there are. */
  length = 0;
  private bytes = new Uint8Array(1024);
  /** Field i is at [starts[i], ends[i]), without its quotes. */
  private starts = new Int32Array(64);
  private ends = new Int32Array(64);
  /** Whether any field was in quotes, where two stand for one. */
  private quoted = false;

  /** Takes the record at [start, end), without its line break. */
  split(from: Uint8Array, start: number, end: number): void {
    const size = end - start;
    if (size > this.bytes.length) this.bytes = new Uint8Array(size * 2);
    const { bytes } = this;
    for (let i = 0; i < size; i++) bytes[i] = from[start + i];
    this.length = 0;
    this.quoted = false;
    for (let at = 0; at <= size; at++) {
      if (bytes[at] !== QUOTE || at === size) {
        const field = at;
        while (at < size && bytes[at] !== COMMA) at++;
        this.add(field, at);
        continue;
      }
      this.quoted = true;
      let stop = at + 1;
      while (stop < size && (bytes[stop] !== QUOTE || bytes[stop + 1] === QUOTE))
        stop += bytes[stop] === QUOTE ? 2 : 1;
      this.add(at + 1, stop);
      at = stop;
      while (at < size && bytes[at] !== COMMA) at++;
      if (at === size) break;
    }
  }

  isEmpty(i: number): boolean {
    return this.starts[i] === this.ends[i];
  }

  text(i: number): string {
    const text = utf8Text(this.bytes, this.starts[i], this.ends[i]);
    return this.quoted ? text.replaceAll('""', '"') : text;
  }

  texts(): string[] {
    return Array.from({ length: this.length }, (_, i) => this.text(i));
  }

  /** Whether field `i` is certainly the same in `other`. */
  equals(other: CsvRecord, i: number): boolean {
    const start = this.starts[i];
    const length = this.ends[i] - start;
    const otherStart = other.starts[i];
    if (this.quoted !== other.quoted || other.ends[i] - otherStart !== length) return false;
    for (let at = 0; at < length; at++) {
      if (this.bytes[start + at] !== other.bytes[otherStart + at]) return false;
    }
    return true;
  }

  private add(start: number, end: number): void {
    if (this.length === this.starts.length) {
      this.starts = grown(this.starts);
      this.ends = grown(this.ends);
    }
    this.starts[this.length] = start;
    this.ends[this.length++] = end;
  }
}

function grown(column: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(column.length * 2);
  larger.set(column);
  return larger;
}
