/**
 * Which queries are so small that a thread would cost them more than they do: those that read some series of the head alone,
 * a short way back. What is not seen to be light is not.
 */
import type { Matcher } from '../../model/matcher.ts';
import { type Expr, type VectorSelector, walk } from '../../promql/parser/index.ts';
import { type Head, HeadIndex } from '../../tsdb/head/index.ts';
import { selectPostings } from '../../tsdb/index/index.ts';
import type { QueryTimes } from '../query-runner.ts';

/** Some milliseconds of work each. */
const MAX_SERIES = 500;
const MAX_SAMPLES = 20_000;
const MAX_POINTS = 10_000;
/** Among so many it is found out which satisfy a matcher that does not ask for one value; that takes no longer. */
const MAX_LOOKED_AT = 50_000;
/** What samples are taken to be apart at the least, ms. */
const SAMPLE_MS = 5000;

/** `blocksEnd` (ms) is where the newest block ends: what a query reads before that is in a file. */
export function isLight(
  expr: Expr,
  times: QueryTimes,
  lookbackMs: number,
  head: Head,
  blocksEnd: number,
): boolean {
  const selectors: { selector: VectorSelector; windowMs: number }[] = [];
  const inRanges = new Set<VectorSelector>();
  let plain = true;
  walk(expr, (node) => {
    if (node.kind === 'subquery') plain = false;
    else if (node.kind === 'matrixSelector') {
      if (typeof node.window !== 'number') plain = false;
      else selectors.push({ selector: node.selector, windowMs: node.window });
      inRanges.add(node.selector);
    } else if (node.kind === 'vectorSelector' && !inRanges.has(node)) {
      selectors.push({ selector: node, windowMs: lookbackMs });
    }
  });
  if (!plain) return false;
  const { start, end, steps } =
    times.kind === 'instant'
      ? { start: times.t, end: times.t, steps: 1 }
      : { start: times.start, end: times.end, steps: (times.end - times.start) / times.stepMs + 1 };
  const index = new HeadIndex(head.series);
  let all = 0;
  let samples = 0;
  let points = 0;
  for (const { selector, windowMs } of selectors) {
    const { offset, at, matchers } = selector;
    if (at !== null || typeof offset !== 'number') return false;
    if (start - windowMs - Math.abs(offset) < blocksEnd) return false;
    const series = most(index, matchers);
    // Windows of a range query overlap: they are read once, and gone through once for each step.
    all += series;
    samples += (series * (end - start + windowMs)) / SAMPLE_MS;
    points += series * steps;
    if (all > MAX_SERIES || samples > MAX_SAMPLES || points > MAX_POINTS) return false;
  }
  return true;
}

/** How many series satisfy the matchers: exactly, where that is soon found out, else a bound. */
function most(index: HeadIndex, matchers: readonly Matcher[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const { type, name, value } of matchers) {
    if (type === '=' && value !== '') least = Math.min(least, index.postings(name, value).length);
  }
  return least <= MAX_SERIES || least > MAX_LOOKED_AT ? least : selectPostings(index, matchers).length;
}
