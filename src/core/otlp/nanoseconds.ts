/** Times in nanoseconds, which are beyond what a number holds exactly, as milliseconds, cut off as upstream does. */

const MILLION = 1e6;
const TWO_31 = 2 ** 31;
const TWO_32 = 2 ** 32;

/** From the halves of a fixed64. What is beyond an int64 is before 1970. */
export function millisOfHalves(high: number, low: number): number {
  if (high >= TWO_31) return Math.ceil(((high - TWO_32) * TWO_32 + low) / MILLION);
  // 2^32 = 4294 * 10^6 + 967296: all of it stays below 2^53.
  return high * 4294 + Math.floor((high * 967_296 + low) / MILLION);
}

/** From a decimal number as text; undefined where that is none of 64 bits. */
export function millisOfText(text: string): number | undefined {
  if (!/^\d{1,20}$/.test(text)) return undefined;
  const ns = BigInt(text);
  if (ns >= 2n ** 64n) return undefined;
  return Number(BigInt.asIntN(64, ns) / 1_000_000n);
}

/** From a number of JSON, which has lost up to 128 ns: what is that close to a millisecond was meant to be one. */
export function millisOfNumber(ns: number): number | undefined {
  if (!(ns >= 0 && ns < TWO_32 * TWO_32)) return undefined;
  const nearest = Math.round(ns / MILLION);
  return Math.abs(ns - nearest * MILLION) <= 256 ? nearest : Math.trunc(ns / MILLION);
}
