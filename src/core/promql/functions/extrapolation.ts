/** How `rate` and its like get from the samples of a window to the window itself. */

/**
 * How much longer than between its first and last sample the window is taken to last: up to its borders where those
 * are about as near as the samples are to each other, else half a sample distance; and never back beyond the time at
 * which a counter would have been zero. Where it is known when the counter was zero (`startedAt`, else 0), it is taken to
 * have been sampled then. All times in ms.
 */
export function extrapolation(
  firstT: number,
  lastT: number,
  intervals: number,
  windowStart: number,
  windowEnd: number,
  isCounter: boolean,
  firstValue: number,
  total: number,
  startedAt: number,
): number {
  const sampled = (lastT - firstT) / 1000;
  const average = intervals === 0 ? 0 : sampled / intervals;
  const threshold = average * 1.1;
  let toStart = (firstT - windowStart) / 1000;
  let toEnd = (windowEnd - lastT) / 1000;
  if (toStart >= threshold) toStart = average / 2;
  if (isCounter && total > 0 && firstValue >= 0) {
    const toZero = sampled * (firstValue / total);
    if (toZero < toStart) toStart = toZero;
  }
  if (toEnd >= threshold) toEnd = average / 2;
  if (startedAt !== 0) {
    const counted = (lastT - startedAt) / 1000;
    return (counted + toEnd) / counted;
  }
  return (sampled + toStart + toEnd) / sampled;
}
