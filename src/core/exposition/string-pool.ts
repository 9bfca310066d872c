/**
 * Strings by the bytes they are written with, each made once: label names and values repeat from series to series,
 * and finding one by its bytes is cheaper than making it again. Their hashes are kept too.
 */
import { isUtf8 } from 'node:buffer';
import { hashText } from '../model/labels.ts';
import { ByteTable } from './byte-table.ts';

export class StringPool {
  private keys = new ByteTable();
  private strings: string[] = [];
  private hashes = new Int32Array(16);

  get size(): number {
    return this.strings.length;
  }

  /**
   * The number of the string that bytes [start, end) stand for, with `\\`, `\"` and `\n` resolved and other
   * backslashes left as they are; -1 where they are not valid UTF-8. `view` and `bytes` see the same memory.
   */
  find(view: DataView, bytes: Buffer, start: number, end: number): number {
    const known = this.keys.find(view, start, end);
    if (known >= 0) return known;
    const text = decode(bytes, start, end);
    if (text === undefined) return -1;
    const string = text.includes('\\') ? unescapeText(text) : text;
    const number = this.keys.add(view, start, end);
    this.strings.push(string);
    if (number === this.hashes.length) {
      const wider = new Int32Array(this.hashes.length * 2);
      wider.set(this.hashes);
      this.hashes = wider;
    }
    this.hashes[number] = hashText(string);
    return number;
  }

  string(number: number): string {
    return this.strings[number];
  }

  /** What `hashText` makes of it. */
  hash(number: number): number {
    return this.hashes[number];
  }

  /** Forgets everything; strings that were given out live on with those who hold them. */
  clear(): void {
    if (this.strings.length === 0) return;
    this.keys = new ByteTable();
    this.strings = [];
  }
}

/** Bytes [start, end) as text, or undefined where they are not valid UTF-8. */
export function decode(bytes: Buffer, start: number, end: number): string | undefined {
  const text = bytes.toString('utf8', start, end);
  // Where a byte is wrong, decoding leaves this character; but it may stand there by right.
  return text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end)) ? undefined : text;
}

/** Resolves `\\`, `\"` and `\n`; a backslash before anything else stands for itself. */
export function unescapeText(text: string): string {
  return text.replace(/\\([\\"n])/g, (_, c: string) => (c === 'n' ? '\n' : c));
}
