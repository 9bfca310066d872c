/**
 * Characters: the classes that the lexer tells apart (given as UTF-16 units, or END behind the last one), and their
 * names in messages, which are those that Go's fmt gives them.
 */
import { goQuote } from '../../model/quote.ts';

/** What is read behind the end of the input. */
export const END = -1;

/** The UTF-16 unit at `i`, or END. */
export function charAt(text: string, i: number): number {
  return i < text.length ? text.charCodeAt(i) : END;
}

export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** The UTF-8 byte offset of every UTF-16 unit of `text`, and of its end. */
export function byteOffsetsOf(text: string): Uint32Array {
  const offsets = new Uint32Array(text.length + 1);
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    offsets[i] = bytes;
    const c = text.codePointAt(i)!;
    if (c > 0xffff) {
      offsets[++i] = bytes;
      bytes += 4;
    } else {
      bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
    }
  }
  offsets[text.length] = bytes;
  return offsets;
}

export function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

export function isHexDigit(c: number): boolean {
  return isDigit(c) || (c >= 0x61 && c <= 0x66) || (c >= 0x41 && c <= 0x46);
}

export function isAlpha(c: number): boolean {
  return (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || c === 0x5f;
}

export function isAlphaNumeric(c: number): boolean {
  return isAlpha(c) || isDigit(c);
}

/** 16, which is no digit in any base used here, where `c` is none. */
export function digitValue(c: number): number {
  return isHexDigit(c) ? Number.parseInt(String.fromCharCode(c), 16) : 16;
}

/** Go's `%q` of a character; the end of input shows as U+FFFD. */
export function goQuoteRune(rune: number): string {
  if (rune === END) return `'\ufffd'`;
  if (rune === 0x27) return `'\\''`;
  if (rune === 0x22) return `'"'`;
  return `'${goQuote(String.fromCodePoint(rune)).slice(1, -1)}'`;
}

/** Go's `%#U`: `U+0071 'q'`, without the character where it cannot be printed. */
export function runeName(rune: number): string {
  const code = `U+${rune.toString(16).toUpperCase().padStart(4, '0')}`;
  const text = String.fromCodePoint(rune);
  return /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(text) ? `${code} '${text}'` : code;
}

/** Quoted, and cut to ten characters where it has more than ten bytes. */
export function shortQuote(text: string): string {
  if (Buffer.byteLength(text) <= 10) return goQuote(text);
  return `${goQuote([...text].slice(0, 10).join(''))}...`;
}
