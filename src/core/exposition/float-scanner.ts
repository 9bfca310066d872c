/**
 * Decimal floating-point numbers read from bytes, without a string.
 *
 * Exact, as Clinger showed (How to read floating point numbers accurately, 1990): where the digits make an integer
 * below 2^53 and the power of ten is at most 10^22, both are float64s without an error, and one multiplication or
 * division rounds once, which is what correct rounding is. Everything longer goes to JavaScript's own exact reader.
 */

const MAX_EXACT_DIGITS = 2 ** 53;
const MAX_EXACT_POWER = 22;

/** 10^0 to 10^22, all of them exact. */
const POWERS = Float64Array.from({ length: MAX_EXACT_POWER + 1 }, (_, i) => Number(`1e${i}`));

const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;

/**
 * Reads `[+-]digits[.digits][e[+-]digits]` from `pos` on into `out[row]`; returns the position behind it, or -1
 * where there is no such number or it is too great for a float64. The bytes must end with something that no number
 * can contain, such as a newline. Equal to `Number` of the same text, bit for bit.
 */
export function scanFloat(bytes: Uint8Array, pos: number, out: Float64Array, row: number): number {
  let at = pos;
  let c = bytes[at];
  const negative = c === MINUS;
  if (negative || c === PLUS) c = bytes[++at];
  const first = at;
  let digits = 0;
  let digit = c - ZERO;
  while (digit >= 0 && digit <= 9) {
    digits = digits * 10 + digit;
    digit = bytes[++at] - ZERO;
  }
  let count = at - first;
  let exponent = 0;
  if (digit === DOT - ZERO) {
    const point = at;
    digit = bytes[++at] - ZERO;
    while (digit >= 0 && digit <= 9) {
      digits = digits * 10 + digit;
      digit = bytes[++at] - ZERO;
    }
    exponent = point + 1 - at;
    count -= exponent;
  }
  if (count === 0) return -1;
  c = digit + ZERO;
  if (c === 0x65 || c === 0x45) {
    c = bytes[++at];
    const down = c === MINUS;
    if (down || c === PLUS) c = bytes[++at];
    digit = c - ZERO;
    if (digit < 0 || digit > 9) return -1;
    let power = 0;
    while (digit >= 0 && digit <= 9) {
      // Far beyond what any float64 has; stops it from overflowing.
      if (power < 100_000) power = power * 10 + digit;
      digit = bytes[++at] - ZERO;
    }
    exponent += down ? -power : power;
  }
  if (digits < MAX_EXACT_DIGITS && exponent >= -MAX_EXACT_POWER && exponent <= MAX_EXACT_POWER) {
    const v = exponent < 0 ? digits / POWERS[-exponent] : digits * POWERS[exponent];
    out[row] = negative ? -v : v;
    return at;
  }
  const v = Number(latin1(bytes, pos, at));
  if (v === Number.POSITIVE_INFINITY || v === Number.NEGATIVE_INFINITY) return -1;
  out[row] = v;
  return at;
}

/** Bytes [start, end) as text, one character each. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}
