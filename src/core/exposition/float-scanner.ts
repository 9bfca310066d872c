/**
 * Decimal floating-point numbers read from bytes, without a string, and exactly.
 *
 * Short ones as Clinger showed (How to read floating point numbers accurately, 1990): where the digits make an
 * integer below 2^53 and the power of ten is at most 10^22, both are float64s without an error, and one multiplication
 * or division rounds once, which is what correct rounding is.
 *
 * Of longer ones, up to 30 digits are held in the unevaluated sum of two float64s (Dekker, A floating-point technique
 * for extending the available precision, 1971), as are powers of ten up to 10^44, still without an error. Their
 * product or quotient has one far below the last bit; where a little more and a little less round to the same float64,
 * that is the result, and where not (once in billions, and halfway cases) JavaScript's own reader decides.
 */

const MAX_EXACT_DIGITS = 2 ** 53;
const MAX_EXACT_POWER = 22;

/** 10^0 to 10^22 as float64s; POWERS[k] + POWERS_LOW[k] is 10^k up to 10^44. */
const POWERS = new Float64Array(2 * MAX_EXACT_POWER + 1);
const POWERS_LOW = new Float64Array(2 * MAX_EXACT_POWER + 1);

/** Digits that each half of a long number may have. */
const HALF_DIGITS = 15;
/** Relative, far above what Dekker's arithmetic loses and far below what rounding could hide. */
const MARGIN = 2 ** -42;
/** Splits a float64 into two of half the bits. */
const SPLITTER = 2 ** 27 + 1;

for (let k = 0; k <= MAX_EXACT_POWER; k++) POWERS[k] = Number(`1e${k}`);
for (let k = 1; k <= MAX_EXACT_POWER; k++) {
  const high = POWERS[MAX_EXACT_POWER] * POWERS[k];
  POWERS[MAX_EXACT_POWER + k] = high;
  POWERS_LOW[MAX_EXACT_POWER + k] = productError(POWERS[MAX_EXACT_POWER], POWERS[k], high);
}

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
  if (!scanLong(bytes, first, exponent, negative, out, row)) out[row] = Number(latin1(bytes, pos, at));
  const v = out[row];
  if (v === Number.POSITIVE_INFINITY || v === Number.NEGATIVE_INFINITY) return -1;
  return at;
}

/**
 * Reads digits with at most one point among them from `pos` on, and writes `digits * 10^exponent` to `out[row]`;
 * false where that needs a longer arithmetic.
 */
function scanLong(
  bytes: Uint8Array,
  pos: number,
  exponent: number,
  negative: boolean,
  out: Float64Array,
  row: number,
): boolean {
  let at = pos;
  while (bytes[at] === ZERO || bytes[at] === DOT) at++;
  let first = 0;
  let second = 0;
  let count = 0;
  for (; ; at++) {
    const digit = bytes[at] - ZERO;
    if (digit >= 0 && digit <= 9) {
      if (count < HALF_DIGITS) first = first * 10 + digit;
      else second = second * 10 + digit;
      count++;
    } else if (digit !== DOT - ZERO) break;
  }
  if (count <= HALF_DIGITS || count > 2 * HALF_DIGITS) return false;
  if (exponent < -2 * MAX_EXACT_POWER || exponent > 2 * MAX_EXACT_POWER) return false;
  // The digits are high + low, exactly.
  const shift = POWERS[count - HALF_DIGITS];
  const shifted = first * shift;
  const rest = productError(first, shift, shifted) + second;
  const high = shifted + rest;
  const low = rest - (high - shifted);
  let sum: number;
  let correction: number;
  if (exponent < 0) {
    const power = POWERS[-exponent];
    sum = high / power;
    const product = sum * power;
    const left = high - product - productError(sum, power, product) + low - sum * POWERS_LOW[-exponent];
    correction = left / power;
  } else {
    const power = POWERS[exponent];
    sum = high * power;
    correction = productError(high, power, sum) + (high * POWERS_LOW[exponent] + low * power);
  }
  const least = sum + (correction - correction * MARGIN);
  if (least !== sum + (correction + correction * MARGIN)) return false;
  out[row] = negative ? -least : least;
  return true;
}

/** `a * b - product`, exactly, where `product` is `a * b` rounded. */
function productError(a: number, b: number, product: number): number {
  const aSplit = SPLITTER * a;
  const aHigh = aSplit - (aSplit - a);
  const aLow = a - aHigh;
  const bSplit = SPLITTER * b;
  const bHigh = bSplit - (bSplit - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** Bytes [start, end) as text, one character each. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}
