/**
 * Finds where strings end, and checks their escapes, which are those of Go: as strconv.Unquote takes them. Both
 * functions are given the place of the opening quote, and return the one behind the closing quote (UTF-16 units).
 */
import { charAt, digitValue, END, runeName } from './characters.ts';

/** Makes the error that a string is to blame for. */
interface Faults {
  error(reason: string, suggestion?: string): Error;
}

/** A string in single or double quotes. */
export function scanString(text: string, start: number, faults: Faults): number {
  const quote = charAt(text, start);
  let i = start + 1;
  for (let c = charAt(text, i); c !== quote; c = charAt(text, i)) {
    if (c === END || c === 0x0a) throw faults.error('unterminated quoted string', 'add a closing quote');
    if (c === 0x5c) i = scanEscape(text, i + 1, quote, faults);
    else if (isInvalid(text, i)) throw faults.error('invalid UTF-8 rune');
    else i++;
  }
  return i + 1;
}

/** A string in backticks. */
export function scanRawString(text: string, start: number, faults: Faults): number {
  let i = start + 1;
  for (let c = charAt(text, i); c !== 0x60; c = charAt(text, ++i)) {
    if (c === END) throw faults.error('unterminated raw string', 'add a closing `');
    if (isInvalid(text, i)) throw faults.error('invalid UTF-8 rune');
  }
  return i + 1;
}

/** a b f n r t v \ */
const SIMPLE_ESCAPES: readonly number[] = [0x61, 0x62, 0x66, 0x6e, 0x72, 0x74, 0x76, 0x5c];

/** Checks the escape whose character behind the backslash is at `i`; returns where the string goes on. */
function scanEscape(text: string, i: number, quote: number, faults: Faults): number {
  const c = text.codePointAt(i) ?? END;
  let digits: number;
  let base = 16;
  let max = 0x10ffff;
  let at = i + 1;
  if (c === quote || SIMPLE_ESCAPES.includes(c)) return i + 1;
  if (c >= 0x30 && c <= 0x37) {
    digits = 3;
    base = 8;
    max = 255;
    at = i;
  } else if (c === 0x78) {
    digits = 2;
    max = 255;
  } else if (c === 0x75) {
    digits = 4;
  } else if (c === 0x55) {
    digits = 8;
  } else if (c === END) {
    throw faults.error('escape sequence not terminated');
  } else {
    throw faults.error(`unknown escape sequence ${runeName(c)}`, 'write \\\\ for a backslash');
  }
  let value = 0;
  for (const stop = at + digits; at < stop; at++) {
    const digit = digitValue(charAt(text, at));
    if (digit >= base) {
      const illegal = text.codePointAt(at) ?? END;
      if (illegal === END) throw faults.error('escape sequence not terminated');
      throw faults.error(`illegal character ${runeName(illegal)} in escape sequence`);
    }
    value = value * base + digit;
  }
  if (value > max || (value >= 0xd800 && value < 0xe000)) {
    throw faults.error('escape sequence is an invalid Unicode code point');
  }
  return at;
}

/** U+FFFD, which is what bytes that are not UTF-8 have become, and surrogates without their other half. */
function isInvalid(text: string, i: number): boolean {
  const c = text.charCodeAt(i);
  if (c === 0xfffd) return true;
  if (c < 0xd800 || c > 0xdfff) return false;
  if (c <= 0xdbff) {
    const low = text.charCodeAt(i + 1);
    return !(low >= 0xdc00 && low <= 0xdfff);
  }
  const high = i === 0 ? 0 : text.charCodeAt(i - 1);
  return !(high >= 0xd800 && high <= 0xdbff);
}
