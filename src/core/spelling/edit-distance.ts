/**
 * How far a word is from another, in mistakes of a hand: a letter too many, one missing, a wrong one, or two neighbours
 * swapped (the optimal string alignment distance), given up early.
 */

/** Mistakes that turn `a` into `b`; `limit` where they are at least that many. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replaced, previous[j] + 1, row[j - 1] + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, beforePrevious[j - 2] + 1);
      row.push(least);
    }
    beforePrevious = previous;
    previous = row;
  }
  return Math.min(previous[b.length], limit);
}

/** A word this far from `name`, or farther, is no guess at it: one letter of three may be wrong, and one always. */
export function guessLimit(name: string): number {
  return Math.max(1, Math.floor(name.length / 3)) + 1;
}
