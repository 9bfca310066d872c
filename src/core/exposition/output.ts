/**
 * The byte buffer of the exposition writers: text, and numbers, which are written as digits without a string where
 * that is exact.
 */
import { ByteOutput } from '../encoding/byte-output.ts';

export class Output extends ByteOutput {
  /** For text known to be ASCII. */
  ascii(text: string): void {
    const n = text.length;
    this.reserve(n);
    const bytes = this.bytes;
    let at = this.length;
    for (let i = 0; i < n; i++) bytes[at++] = text.charCodeAt(i);
    this.length = at;
  }

  /**
   * Writes text that needs no escape in any format: printable ASCII but double quotes and backslashes. For other text
   * it writes nothing and returns false.
   */
  plain(text: string): boolean {
    const n = text.length;
    this.reserve(n);
    const bytes = this.bytes;
    let at = this.length;
    for (let i = 0; i < n; i++) {
      const c = text.charCodeAt(i);
      if (c < 0x20 || c >= 0x7f || c === 0x22 || c === 0x5c) return false;
      bytes[at++] = c;
    }
    this.length = at;
    return true;
  }

  /** A whole number of at most 2^53, in decimal. */
  integer(v: number): void {
    this.reserve(20);
    if (v < 0) {
      this.bytes[this.length++] = 0x2d;
      v = -v;
    }
    if (v < 1e9) {
      this.digits(v, digitCount(v));
      return;
    }
    const high = Math.floor(v / 1e9);
    this.digits(high, digitCount(high));
    this.digits(v - high * 1e9, 9);
  }

  /** A finite float64 in the fewest digits that read back as the same number; -0 keeps its sign. */
  finite(v: number): void {
    if (Number.isSafeInteger(v)) {
      if (v === 0 && 1 / v < 0) this.ascii('-0');
      else this.integer(v);
      return;
    }
    // Most fractions that people expose have few decimals. Where the number is a decimal of six places and fifteen
    // digits, those digits are the shortest (two decimals of fifteen digits are never the same float64), and
    // writing them needs no string.
    const scaled = Math.round(v * 1e6);
    if (scaled < 1e15 && scaled > -1e15 && scaled / 1e6 === v) this.millionths(scaled);
    else this.ascii(String(v));
  }

  /** Three digits of a number below 1000. */
  thousandths(v: number): void {
    this.reserve(3);
    this.digits(v, 3);
  }

  /** `scaled` / 1e6, which is not whole, as a decimal. */
  private millionths(scaled: number): void {
    this.reserve(24);
    if (scaled < 0) {
      this.bytes[this.length++] = 0x2d;
      scaled = -scaled;
    }
    const whole = Math.floor(scaled / 1e6);
    this.integer(whole);
    this.bytes[this.length++] = 0x2e;
    this.digits(scaled - whole * 1e6, 6);
    while (this.bytes[this.length - 1] === 0x30) this.length--;
  }

  /** The last `count` digits of `v` < 1e9, with leading zeros. */
  private digits(v: number, count: number): void {
    const bytes = this.bytes;
    const end = this.length + count;
    let rest = v | 0;
    for (let at = end - 1; at >= this.length; at--) {
      const next = (rest / 10) | 0;
      bytes[at] = 0x30 + rest - next * 10;
      rest = next;
    }
    this.length = end;
  }
}

function digitCount(v: number): number {
  if (v < 10) return 1;
  if (v < 100) return 2;
  if (v < 1000) return 3;
  if (v < 10000) return 4;
  if (v < 100000) return 5;
  if (v < 1e6) return 6;
  if (v < 1e7) return 7;
  if (v < 1e8) return 8;
  return 9;
}
