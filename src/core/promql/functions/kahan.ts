/**
 * Compensated summation after Kahan and Neumaier, as Prometheus uses it, so that sums agree to the last digit where
 * that is possible. The state is two numbers that the caller keeps: the sum and what has been lost from it.
 */

/** The sum of a column's rows [from, to), each compensated. */
export function kahanSum(vs: Float64Array, from: number, to: number): number {
  let sum = 0;
  let lost = 0;
  for (let i = from; i < to; i++) {
    const v = vs[i];
    const t = sum + v;
    lost = nextLost(sum, v, t, lost);
    sum = t;
  }
  return Number.isFinite(sum) ? sum + lost : sum;
}

/** What is lost after `sum + v` was rounded to `t`. */
export function nextLost(sum: number, v: number, t: number, lost: number): number {
  if (t === Number.POSITIVE_INFINITY || t === Number.NEGATIVE_INFINITY) return 0;
  return Math.abs(sum) >= Math.abs(v) ? lost + (sum - t + v) : lost + (v - t + sum);
}
