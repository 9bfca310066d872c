/**
 * Finds where numbers and durations end. A number is digits (hexadecimal ones behind 0x), one dot, one exponent, and
 * underscores between digits; whether it has a value is for its conversion to say. A duration is what goes on with a
 * unit where a number would have ended.
 *
 * Both functions return the end (in UTF-16 units), or, where something follows that cannot, the bitwise complement of
 * the place where that was noticed, which is negative.
 */
import { charAt, END, isAlphaNumeric, isDigit, isHexDigit } from './characters.ts';

const DOT = 0x2e;
const UNDERSCORE = 0x5f;

export function scanNumber(text: string, start: number): number {
  let i = start;
  let isDigitHere = isDigit;
  const hexadecimal = charAt(text, i) === 0x30 && (charAt(text, i + 1) | 0x20) === 0x78;
  if (hexadecimal) {
    i += charAt(text, i + 2) === UNDERSCORE ? 3 : 2;
    isDigitHere = isHexDigit;
  } else if (charAt(text, i) === 0x30) {
    i++;
  }
  // A dot or exponent digit right here is not counted, so that 0.5.5 is one (invalid) number, as in Prometheus.
  if (charAt(text, i) === DOT) i++;
  if (isDigitHere(charAt(text, i))) i++;
  let gotDot = false;
  let gotExponent = false;
  for (;;) {
    const c = charAt(text, i);
    if (c === DOT) {
      i++;
      if (gotDot) return ~i;
      gotDot = true;
      const next = charAt(text, i);
      if (next === UNDERSCORE || next === DOT) return ~(i + 1);
      if (hexadecimal) return ~i;
    } else if (isExponent(c)) {
      // Also at the start of a run of hexadecimal digits, but once in a number: Prometheus reads no 0xeee.
      i++;
      if (gotExponent) return ~i;
      gotExponent = true;
      if (charAt(text, i) === 0x2b || charAt(text, i) === 0x2d) i++;
      if (stopsNumber(charAt(text, i))) return ~Math.min(i + 1, text.length);
    } else if (c === UNDERSCORE) {
      i++;
      if (stopsNumber(charAt(text, i))) return ~Math.min(i + 1, text.length);
    } else if (isDigitHere(c)) {
      // All of them at once: within a run of hexadecimal digits an e is one of them.
      do i++;
      while (isDigitHere(charAt(text, i)));
    } else {
      return isAlphaNumeric(c) ? ~i : i;
    }
  }
}

/** `from` is where `scanNumber` stopped: behind the digits before the first unit. */
export function scanDuration(text: string, from: number): number {
  let i = behindUnit(text, from, true);
  if (i < 0) return i;
  while (isDigit(charAt(text, i))) {
    while (isDigit(charAt(text, i))) i++;
    i = behindUnit(text, i, false);
    if (i < 0) return i;
  }
  // The complement is behind the character that does not belong there: messages show it.
  return isAlphaNumeric(charAt(text, i)) ? ~(i + 1) : i;
}

/** Years come only first. That `hs` or `ys` are no units is noticed when the duration is converted. */
function behindUnit(text: string, i: number, years: boolean): number {
  switch (charAt(text, i)) {
    case 0x79: // y
      if (!years) return ~i;
      break;
    case 0x73: // s
    case 0x6d: // m
    case 0x68: // h
    case 0x64: // d
    case 0x77: // w
      break;
    default:
      return ~i;
  }
  return charAt(text, i + 1) === 0x73 ? i + 2 : i + 1;
}

/** What must not follow an exponent's `e` or an underscore. */
function stopsNumber(c: number): boolean {
  return c === END || c === DOT || c === UNDERSCORE || isExponent(c);
}

function isExponent(c: number): boolean {
  return (c | 0x20) === 0x65;
}
