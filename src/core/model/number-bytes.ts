/**
 * Floating-point numbers written straight into bytes, with the digits and the form of `formatJson`, at about a third
 * of the price of making a string first. Results of queries are mostly this.
 *
 * A number's product with a power of ten that makes it one of 17 digits before the point is held exactly by two doubles
 * (Dekker 1971). The shortest decimal is then the nearest multiple of 100, 10 or 1 that lies no further away than half
 * the distance to the next number. What is rare (exponents, ties, powers of two) is left to `formatJson`.
 */
import { formatJson } from './number.ts';

/** No number takes more bytes. */
export const MAX_NUMBER_BYTES = 25;

/** 10^0 to 10^22, all exact, and their halves of at most 26 bits each. */
const POWERS = Float64Array.from({ length: 23 }, (_, k) => Number(`1e${k}`));
const POWERS_HIGH = POWERS.map(highHalf);
const POWERS_LOW = POWERS.map((power, k) => power - POWERS_HIGH[k]);

/** 00 to 99, two digits each. */
const PAIRS = Uint8Array.from(
  { length: 200 },
  (_, i) => 0x30 + (i % 2 === 0 ? Math.floor(i / 20) : (i >> 1) % 10),
);

const ZERO = 0x30;
const POINT = 0x2e;
const MINUS = 0x2d;
/** Of these many digits there is always one decimal that is read as a given number. */
const DIGITS = 17;
/** Half the distance to the next number, by the exponent of two from -LEAST_EXPONENT to 49. */
const LEAST_EXPONENT = 20;
const HALF_ULPS = Float64Array.from(
  { length: LEAST_EXPONENT + 50 },
  (_, i) => 2 ** (i - LEAST_EXPONENT - 53),
);
/** Closer calls than this are not made here: more than the rounding of a sum of eight digits and a fraction. */
const MARGIN = 1e-6;

const scratch = new Float64Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** Writes `v` at `pos`, where there must be room for MAX_NUMBER_BYTES; returns the position after it. */
export function writeJsonNumber(bytes: Uint8Array, pos: number, v: number): number {
  const abs = Math.abs(v);
  // Also false for NaN.
  if (!(abs < 1e15)) return writeText(bytes, pos, formatJson(v));
  let at = pos;
  if (v < 0) bytes[at++] = MINUS;
  if (abs === Math.floor(abs)) {
    if (v === 0 && Object.is(v, -0)) bytes[at++] = MINUS;
    return writeInteger(bytes, at, abs);
  }
  // Most numbers that are not whole have few decimals.
  const thousandfold = abs * 1000;
  if (thousandfold === Math.floor(thousandfold) && thousandfold / 1000 === abs && thousandfold < 1e15) {
    const whole = Math.floor(abs);
    at = writeInteger(bytes, at, whole);
    return writeThreeDecimals(bytes, at, thousandfold - whole * 1000);
  }
  const end = abs >= 1e-6 ? writeFraction(bytes, at, abs) : -1;
  return end >= 0 ? end : writeText(bytes, pos, formatJson(v));
}

/** The shortest digits of a number in [1e-6, 1e15) that is not whole; -1 where that is too rare to be done here. */
function writeFraction(bytes: Uint8Array, pos: number, v: number): number {
  scratch[0] = v;
  const top = scratchBits[1];
  // A power of two is nearer to the number below it than to the one above.
  if (scratchBits[0] === 0 && (top & 0xfffff) === 0) return -1;
  const exponent = (top >>> 20) - 1023;
  // log10(2) is 1233 / 4096, nearly, so the power of ten may be one too small.
  let k = 15 - ((exponent * 1233) >> 12);
  let product = v * POWERS[k];
  if (product < 1e16) product = v * POWERS[++k];
  let high = Math.floor(product * 1e-8);
  const low = product - high * 1e8 + productError(v, k, product);
  // How far from that a decimal may be to be read as v.
  const reach = HALF_ULPS[exponent + LEAST_EXPONENT] * POWERS[k];

  let unit = 100;
  let nearest = Math.round(low * 0.01) * 100;
  let distance = Math.abs(low - nearest);
  if (distance > reach - MARGIN) {
    if (distance < reach + MARGIN) return -1;
    unit = 10;
    nearest = Math.round(low * 0.1) * 10;
    distance = Math.abs(low - nearest);
    if (distance > reach - MARGIN) {
      if (distance < reach + MARGIN) return -1;
      unit = 1;
      nearest = Math.round(low);
      distance = Math.abs(low - nearest);
    }
  }
  // Two decimals are equally near.
  if (distance > unit / 2 - MARGIN) return -1;
  if (nearest < 0) {
    nearest += 1e8;
    high--;
  } else if (nearest >= 1e8) {
    nearest -= 1e8;
    high++;
  }
  if (high < 1e8 || high >= 1e9) return -1;
  return trimZeros(bytes, writeDecimal(bytes, pos, high, nearest, k));
}

/** What `product`, the rounded v * 10^k, is short of the exact one. */
function productError(v: number, k: number, product: number): number {
  const high = highHalf(v);
  const low = v - high;
  const powerHigh = POWERS_HIGH[k];
  const powerLow = POWERS_LOW[k];
  return high * powerHigh - product + high * powerLow + low * powerHigh + low * powerLow;
}

function highHalf(v: number): number {
  const scaled = v * 134217729;
  return scaled - (scaled - v);
}

/** Writes the 17 digits of high * 10^8 + low, the last `k` of them behind the point. */
function writeDecimal(bytes: Uint8Array, pos: number, high: number, low: number, k: number): number {
  let whole = DIGITS - k;
  let at = pos;
  if (whole <= 0) {
    bytes[at++] = ZERO;
    bytes[at++] = POINT;
    for (; whole < 0; whole++) bytes[at++] = ZERO;
    const end = at + DIGITS;
    writeLast8(bytes, end, low);
    writeBefore(bytes, end - 8, at, high);
    return end;
  }
  const end = at + DIGITS + 1;
  writeLast8(bytes, end, low);
  writeBefore(bytes, end - 8, at + 1, high);
  // The digits before the point move one to the left.
  for (; whole > 0; whole--, at++) bytes[at] = bytes[at + 1];
  bytes[at] = POINT;
  return end;
}

/** Writes the eight digits of `n` in front of `end`. */
function writeLast8(bytes: Uint8Array, end: number, n: number): void {
  const high = (n / 10000) | 0;
  const low = (n - high * 10000) | 0;
  writePair(bytes, end - 2, low % 100);
  writePair(bytes, end - 4, (low / 100) | 0);
  writePair(bytes, end - 6, high % 100);
  writePair(bytes, end - 8, (high / 100) | 0);
}

function writePair(bytes: Uint8Array, at: number, n: number): void {
  bytes[at] = PAIRS[n * 2];
  bytes[at + 1] = PAIRS[n * 2 + 1];
}

/** Writes the digits of `n`, which is below 2^31, in front of `end` as far back as `start`. */
function writeBefore(bytes: Uint8Array, end: number, start: number, n: number): void {
  let rest = n | 0;
  let at = end;
  while (at - start >= 2) {
    const hundreds = (rest / 100) | 0;
    at -= 2;
    writePair(bytes, at, rest - hundreds * 100);
    rest = hundreds;
  }
  if (at > start) bytes[start] = ZERO + (rest % 10);
}

/** A whole number below 10^15. */
function writeInteger(bytes: Uint8Array, pos: number, n: number): number {
  if (n < 10) {
    bytes[pos] = ZERO + n;
    return pos + 1;
  }
  if (n < 1e8) {
    const end = pos + digitsOf(n | 0);
    writeBefore(bytes, end, pos, n);
    return end;
  }
  const high = Math.floor(n / 1e8);
  const end = pos + digitsOf(high) + 8;
  writeLast8(bytes, end, n - high * 1e8);
  writeBefore(bytes, end - 8, pos, high);
  return end;
}

function digitsOf(n: number): number {
  if (n < 1e4) return n < 100 ? (n < 10 ? 1 : 2) : n < 1000 ? 3 : 4;
  return n < 1e6 ? (n < 1e5 ? 5 : 6) : n < 1e7 ? 7 : 8;
}

function writeThreeDecimals(bytes: Uint8Array, pos: number, thousandths: number): number {
  const hundredths = (thousandths / 10) | 0;
  bytes[pos] = POINT;
  writePair(bytes, pos + 1, hundredths);
  bytes[pos + 3] = ZERO + (thousandths - hundredths * 10);
  return trimZeros(bytes, pos + 4);
}

/** The position behind the last digit that is not zero. */
function trimZeros(bytes: Uint8Array, end: number): number {
  let at = end;
  while (bytes[at - 1] === ZERO) at--;
  return at;
}

function writeText(bytes: Uint8Array, pos: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[pos + i] = text.charCodeAt(i);
  return pos + text.length;
}
