/**
 * What start timestamps tell about counters (upstream's feature `use-start-timestamps`): when counting began for a
 * sample, in ms, 0 where nobody knows.
 */

/**
 * Whether a sample, by its start, does not continue the one before it: it started after that, or exactly then while
 * that one had started before, as samples of a delta do.
 */
export function startsAnew(stBefore: number, tBefore: number, st: number, t: number): boolean {
  if (st === 0 || st >= t) return false;
  return st > tBefore || (st === tBefore && stBefore !== 0 && stBefore < tBefore);
}

/** Whether the time that a sample counts over overlaps with the sample before it, which it does not share a start with. */
export function overlaps(stBefore: number, tBefore: number, st: number): boolean {
  return st !== 0 && st < tBefore && st !== stBefore;
}

/** The start of the first sample of a window where it lies inside of it, else 0: there the counter was zero. */
export function startInWindow(st: number, t: number, windowStart: number): number {
  return st !== 0 && st > windowStart && st < t ? st : 0;
}
