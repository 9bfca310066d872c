/** Floats that are equal but for rounding, as Prometheus' tests and its classic histograms understand it. */
import { isStaleNaN } from './value.ts';

/** The smallest number that a float holds with all its digits. */
const SMALLEST_NORMAL = 2 ** -1022;

/** Whether `a` and `b` differ by less than `epsilon` of their size. NaN equals NaN, a stale marker only itself. */
export function almostEqual(a: number, b: number, epsilon: number): boolean {
  if (a === b) return true;
  if (Number.isNaN(a) || Number.isNaN(b)) {
    return Number.isNaN(a) && Number.isNaN(b) && isStaleNaN(a) === isStaleNaN(b);
  }
  const sum = Math.abs(a) + Math.abs(b);
  const difference = Math.abs(a - b);
  if (a === 0 || b === 0 || sum < SMALLEST_NORMAL) return difference < epsilon * SMALLEST_NORMAL;
  return difference / Math.min(sum, Number.MAX_VALUE) < epsilon;
}
