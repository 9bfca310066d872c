/**
 * Floating-point numbers as text, the way Go reads and writes them (package strconv). The digits are the shortest
 * that read back as the same number, in JavaScript as in Go; the two differ only in when an exponent is used and
 * how it looks (`1e+06`, `1e-07`), and in the names of the infinities.
 *
 * | function     | Go                                | exponent                    | used for              |
 * |--------------|-----------------------------------|-----------------------------|-----------------------|
 * | `formatG`    | FormatFloat(v, 'g', -1, 64), `%v` | below 1e-4 and from 1e6 on  | PromQL, text, messages |
 * | `formatF`    | FormatFloat(v, 'f', -1, 64)       | never                       | the API's scalars     |
 * | `formatJson` | Prometheus' jsonutil              | below 1e-6 and from 1e21 on | the API's samples     |
 */
import { goQuote } from './quote.ts';

export function formatG(v: number): string {
  const abs = Math.abs(v);
  if (abs >= 1e-4 && abs < 1e6) return String(v);
  return special(v) ?? withExponent(v);
}

export function formatF(v: number): string {
  const abs = Math.abs(v);
  if (abs >= 1e-6 && abs < 1e21) return String(v);
  return special(v) ?? withoutExponent(v);
}

/** Without the quotes that the API puts around it. */
export function formatJson(v: number): string {
  const abs = Math.abs(v);
  if (abs >= 1e-6 && abs < 1e21) return String(v);
  return special(v) ?? withExponent(v);
}

/** Zeros (Go shows the sign of -0), infinities and NaN. */
function special(v: number): string | undefined {
  if (v === 0) return Object.is(v, -0) ? '-0' : '0';
  if (Number.isNaN(v)) return 'NaN';
  if (v === Number.POSITIVE_INFINITY) return '+Inf';
  return v === Number.NEGATIVE_INFINITY ? '-Inf' : undefined;
}

/** Go gives an exponent at least two digits. */
function withExponent(v: number): string {
  const text = v.toExponential();
  const e = text.indexOf('e');
  return text.length - e === 3 ? `${text.slice(0, e + 2)}0${text.slice(e + 2)}` : text;
}

function withoutExponent(v: number): string {
  const [mantissa, exponent] = Math.abs(v).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const sign = v < 0 ? '-' : '';
  // Digits before the decimal point.
  const point = Number(exponent) + 1;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (digits.length <= point) return sign + digits.padEnd(point, '0');
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

// Nothing in them can be divided in two ways: strangers choose how long a text is that fails.
const DECIMAL = /^[+-]?(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?$/;
const HEXADECIMAL = /^([+-]?)0[xX]([\da-fA-F_]*)(?:\.([\da-fA-F_]*))?[pP]([+-]?\d[\d_]*)$/;
const WORD = /^([+-]?)(?:inf|infinity|(nan))$/i;

/**
 * What `strconv.ParseFloat(text, 64)` returns, or undefined where that fails: decimal and hexadecimal (`0x1.8p3`)
 * numbers with underscores between digits, `inf`, `infinity` and `nan` in any case. A number too great for a
 * float64 fails too. Surrounding space is not accepted.
 */
export function parseGoFloat(text: string): number | undefined {
  if (DECIMAL.test(text)) {
    const plain = text.includes('_') ? withoutUnderscores(text) : text;
    if (plain === undefined) return undefined;
    const v = Number(plain);
    return Number.isFinite(v) ? v : undefined;
  }
  const word = WORD.exec(text);
  if (word !== null) {
    // ParseFloat takes no sign before NaN.
    if (word[2] !== undefined) return word[1] === '' ? Number.NaN : undefined;
    return word[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  return HEXADECIMAL.test(text) ? parseHexFloat(text) : undefined;
}

/** As `parseGoFloat` for a sample's value in an exposition, where hexadecimal and underscores are refused. */
export function parseSampleFloat(text: string): number | undefined {
  return /[pP_]/.test(text) ? undefined : parseGoFloat(text);
}

/** Go's message for a text that `parseGoFloat` refuses. */
export function goFloatError(text: string): string {
  const number = text.includes('_') ? (withoutUnderscores(text) ?? '') : text;
  const outOfRange =
    DECIMAL.test(number) || /[\da-f]/i.test(HEXADECIMAL.exec(number)?.slice(2, 4).join('') ?? '');
  return `strconv.ParseFloat: parsing ${goQuote(text)}: ${outOfRange ? 'value out of range' : 'invalid syntax'}`;
}

/** Undefined unless every underscore has a digit (or the 0x of a prefix) before it and a digit after it. */
function withoutUnderscores(text: string): string | undefined {
  if (/(?:^|[^\da-fA-FxX])_|_(?:$|[^\da-fA-F])/.test(text)) return undefined;
  return text.replaceAll('_', '');
}

function parseHexFloat(text: string): number | undefined {
  const plain = withoutUnderscores(text);
  if (plain === undefined) return undefined;
  const [, sign, whole, fraction = '', power] = HEXADECIMAL.exec(plain)!;
  const digits = whole + fraction;
  if (digits === '') return undefined;
  let mantissa = BigInt(`0x${digits}`);
  let exponent = Number(power) - 4 * fraction.length;
  const negative = sign === '-';
  if (mantissa === 0n) return negative ? -0 : 0;
  // Keep the bits that the result has room for: 53, or fewer where it is subnormal (the last bit counts 2^-1074).
  const bits = mantissa.toString(2).length;
  if (exponent + bits < -1074) return negative ? -0 : 0;
  const excess = Math.max(bits - 53, -1074 - exponent);
  if (excess > 0) {
    mantissa = roundedShift(mantissa, BigInt(excess));
    exponent += excess;
  }
  const v = scaled(Number(mantissa), exponent);
  if (!Number.isFinite(v)) return undefined;
  return negative ? -v : v;
}

/** `n / 2^by`, to the nearest integer, halves to the even one. */
function roundedShift(n: bigint, by: bigint): bigint {
  const quotient = n >> by;
  const rest = n - (quotient << by);
  const half = 1n << (by - 1n);
  return rest > half || (rest === half && (quotient & 1n) === 1n) ? quotient + 1n : quotient;
}

/** `v * 2^exponent` in steps that stay within the range of powers of two; exact for what `parseHexFloat` gives it. */
function scaled(v: number, exponent: number): number {
  let rest = Math.max(Math.min(exponent, 5000), -5000);
  let out = v;
  while (rest > 1000) {
    out *= 2 ** 1000;
    rest -= 1000;
  }
  while (rest < -1000) {
    out *= 2 ** -1000;
    rest += 1000;
  }
  return out * 2 ** rest;
}
