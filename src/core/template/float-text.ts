/**
 * Floating-point numbers with a chosen verb and precision, as Go's `strconv.FormatFloat` writes them. JavaScript's own
 * toFixed and toExponential round a half away from zero (5.25 to 5.3), Go rounds it to the even digit (5.2).
 */
import { formatG } from '../model/number.ts';

/** Digits that JavaScript writes of a number at most, behind the first one. */
const MOST = 100;

/** `v` without its sign; finite. `precision` undefined stands for as many digits as it takes to read it back. */
export function floatText(verb: string, v: number, precision: number | undefined): string {
  switch (verb) {
    case 'e':
      return withExponent(v, precision ?? 6);
    case 'f':
      return withoutExponent(v, precision ?? 6);
    case 'b':
      return binary(v);
    case 'x':
      return hexadecimal(v, precision);
    default:
      return precision === undefined ? formatG(v) : significant(v, precision);
  }
}

/** `%.4g` of a number that is not negative. */
export function significant(v: number, precision: number): string {
  const most = Math.max(1, precision);
  const { digits, point } = rounded(v, most);
  const kept = digits.replace(/0+$/, '') || '0';
  const power = point - 1;
  const threshold = most > kept.length && kept.length >= point ? kept.length : most;
  if (power < -4 || power >= threshold) return exponential(kept, power);
  if (point <= 0) return v === 0 ? '0' : `0.${'0'.repeat(-point)}${kept}`;
  if (kept.length <= point) return kept.padEnd(point, '0');
  return `${kept.slice(0, point)}.${kept.slice(point)}`;
}

function withExponent(v: number, precision: number): string {
  const { digits, point } = rounded(v, precision + 1);
  return exponential(digits, point - 1);
}

function withoutExponent(v: number, precision: number): string {
  // An integer of this size has no fraction, and more digits than `rounded` gives out.
  if (v >= 1e21) return `${BigInt(v)}${precision === 0 ? '' : `.${'0'.repeat(precision)}`}`;
  const before = v === 0 ? 1 : Number(v.toExponential().split('e')[1]) + 1;
  const { digits, point } = rounded(v, before + precision);
  const all = digits.padStart(digits.length + Math.max(0, 1 - point), '0');
  const whole = Math.max(1, point);
  const fraction = all.slice(whole).padEnd(precision, '0').slice(0, precision);
  return all.slice(0, whole).padEnd(whole, '0') + (precision === 0 ? '' : `.${fraction}`);
}

/** Go's exponents have two digits at least. */
function exponential(digits: string, power: number): string {
  const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** The first `count` digits of `v`, a half rounded to even; `point` digits stand before the decimal point. */
function rounded(v: number, count: number): { digits: string; point: number } {
  const [mantissa, exponent] = v.toExponential(MOST).split('e');
  const all = mantissa.replace('.', '');
  const point = Number(exponent) + 1;
  if (count < 0 || v === 0) return { digits: '0'.repeat(Math.max(1, count)), point: v === 0 ? 1 : point };
  if (count >= all.length) return { digits: all.padEnd(count, '0'), point };
  const kept = all.slice(0, count);
  const rest = all.slice(count);
  const half = `5${'0'.repeat(rest.length - 1)}`;
  const up = rest === half ? Number(kept.slice(-1)) % 2 === 1 : rest > half;
  if (!up) return { digits: kept === '' ? '0' : kept, point: kept === '' ? point + 1 : point };
  const next = String(BigInt(kept === '' ? 0 : kept) + 1n).padStart(count, '0');
  return next.length > count
    ? { digits: count === 0 ? next : next.slice(0, count), point: point + 1 }
    : { digits: next, point };
}

/** The sign apart, a float64 is `mantissa` times two to the power of `exponent`. */
function partsOf(v: number): { mantissa: bigint; exponent: number } {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, v);
  const biased = (bits.getUint32(0) >>> 20) & 0x7ff;
  const fraction = bits.getBigUint64(0) & 0xfffffffffffffn;
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}

/** `4503599627370496p-52`. */
function binary(v: number): string {
  const { mantissa, exponent } = partsOf(v);
  return `${mantissa}p${exponent < 0 ? '' : '+'}${exponent}`;
}

/** `0x1.8p+01`. */
function hexadecimal(v: number, precision: number | undefined): string {
  let { mantissa, exponent } = partsOf(v);
  if (mantissa === 0n) exponent = -52;
  else while (mantissa < 1n << 52n) [mantissa, exponent] = [mantissa << 1n, exponent - 1];
  if (precision !== undefined && precision < 13) {
    const cut = BigInt(4 * (13 - precision));
    const rest = mantissa & ((1n << cut) - 1n);
    const half = 1n << (cut - 1n);
    mantissa >>= cut;
    if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa += 1n;
    mantissa <<= cut;
    if (mantissa >= 1n << 53n) [mantissa, exponent] = [mantissa >> 1n, exponent + 1];
  }
  const power = exponent + 52;
  const hex = (mantissa & ((1n << 52n) - 1n)).toString(16).padStart(13, '0');
  const fraction =
    precision === undefined ? hex.replace(/0+$/, '') : hex.padEnd(precision, '0').slice(0, precision);
  const lead = mantissa >> 52n;
  return `0x${lead}${fraction === '' ? '' : `.${fraction}`}p${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}
