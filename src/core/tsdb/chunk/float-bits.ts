/** Plain numbers to and from the halves of their IEEE 754 bits, where no column is at hand. */
import { NORMAL_NAN_BITS } from '../../model/index.ts';

const number = new Float64Array(1);
const halves = new Uint32Array(number.buffer);

export interface FloatBits {
  readonly high: number;
  readonly low: number;
}

const answer = { high: 0, low: 0 };

/** The bits of a number; every NaN is the one that Prometheus' parsers make. Valid until the next call. */
export function floatBits(value: number): FloatBits {
  if (Number.isNaN(value)) return NORMAL_NAN_BITS;
  number[0] = value;
  answer.high = halves[1];
  answer.low = halves[0];
  return answer;
}

export function floatFromBits(high: number, low: number): number {
  halves[1] = high;
  halves[0] = low;
  return number[0];
}
