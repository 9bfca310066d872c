/**
 * Strings by the bytes they are written with, each made once: label names and values repeat from series to series,
 * and finding one by its bytes is cheaper than making it again.
 */
import { isUtf8 } from 'node:buffer';
import { ByteTable } from './byte-table.ts';

export class StringPool {
  private keys = new ByteTable();
  private strings: string[] = [];

  /**
   * The string that bytes [start, end) stand for, with `\\`, `\"` and `\n` resolved and other backslashes left as
   * they are; undefined where they are not valid UTF-8.
   */
  get(view: DataView, start: number, end: number): string | undefined {
    const known = this.keys.find(view, start, end);
    if (known >= 0) return this.strings[known];
    const text = decode(view, start, end);
    if (text === undefined) return undefined;
    const string = text.includes('\\') ? unescapeText(text) : text;
    this.keys.add(view, start, end);
    this.strings.push(string);
    return string;
  }

  get size(): number {
    return this.strings.length;
  }

  /** Forgets everything; strings that were given out live on with those who hold them. */
  clear(): void {
    if (this.strings.length === 0) return;
    this.keys = new ByteTable();
    this.strings = [];
  }
}

/** Bytes [start, end) as text, or undefined where they are not valid UTF-8. */
export function decode(view: DataView, start: number, end: number): string | undefined {
  const bytes = Buffer.from(view.buffer as ArrayBuffer, view.byteOffset + start, end - start);
  return isUtf8(bytes) ? bytes.toString() : undefined;
}

/** Resolves `\\`, `\"` and `\n`; a backslash before anything else stands for itself. */
export function unescapeText(text: string): string {
  return text.replace(/\\([\\"n])/g, (_, c: string) => (c === 'n' ? '\n' : c));
}
