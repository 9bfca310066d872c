/**
 * Which series a list of matchers selects, by set algebra on postings, as Prometheus does: what a matcher accepts is
 * intersected; a matcher that also accepts a missing label instead takes away what it does not accept.
 */
import type { Matcher } from '../../model/index.ts';
import { intersect, intersectAll, NO_POSTINGS, overlap, subtract, union } from './postings.ts';

/** Labels and their postings, of a block's index or of a head. */
export interface LabelIndex {
  /** All series. */
  allPostings(): Uint32Array;
  /** Series with the label; none where there are none. */
  postings(name: string, value: string): Uint32Array;
  /** The postings of each value of `name` that starts with `prefix` and for which `keep` holds. */
  postingsWhere(name: string, prefix: string, keep: (value: string) => boolean): Uint32Array[];
  /** Sorted. */
  labelNames(): string[];
  /** Sorted. */
  labelValues(name: string): string[];
  /** The names of the labels of these series, in any order. */
  labelNamesOf(refs: Uint32Array): Set<string>;
  /** The values of `name` in these series, in any order. */
  labelValuesOf(refs: Uint32Array, name: string): Set<string>;
  /** About how many values the label has; must cost next to nothing. */
  valueCount(name: string): number;
  /** Those of the series for whose value of `name` ('' where they have none) `keep` holds. */
  filter(refs: Uint32Array, name: string, keep: (value: string) => boolean): Uint32Array;
}

/** Reading the labels of one series costs about as much as trying so many label values. */
const SERIES_COST = 4;

/** Series that are asked between two chances for others to work. */
const STEP_SERIES = 2000;

/** Refs of the series for which every matcher holds. */
export function selectPostings(index: LabelIndex, matchers: readonly Matcher[]): Uint32Array {
  // First those that name their values; they may leave so few series that the others need not try all values.
  const exact: Uint32Array[] = [];
  for (const matcher of matchers) {
    if (!namesValues(matcher) || matcher.matchesEmpty) continue;
    const postings = acceptedBy(index, matcher);
    if (postings.length === 0) return NO_POSTINGS;
    exact.push(postings);
  }
  let out = exact.length === 0 ? undefined : intersectAll(exact);
  for (const matcher of matchers) {
    if (acceptsAll(matcher) || (namesValues(matcher) && !matcher.matchesEmpty)) continue;
    if (out?.length === 0) return NO_POSTINGS;
    if (out !== undefined && out.length * SERIES_COST < index.valueCount(matcher.name)) {
      out = index.filter(out, matcher.name, (value) => matcher.matches(value));
    } else if (matcher.matchesEmpty) {
      out = subtract(out ?? index.allPostings(), refusedBy(index, matcher));
    } else {
      const postings = acceptedBy(index, matcher);
      out = out === undefined ? postings : intersect(out, postings);
    }
  }
  return out ?? index.allPostings();
}

/** Values of label `name` among the series for which every matcher holds, sorted; in steps of some milliseconds. */
export function* selectingLabelValues(
  index: LabelIndex,
  name: string,
  matchers: readonly Matcher[],
): Generator<void, string[]> {
  if (matchers.length === 0) return index.labelValues(name);
  const series = selectPostings(index, matchers);
  if (series.length === 0) return [];
  const values = index.labelValues(name);
  yield;
  // Either each series is asked for its value, or each value is tried against the series.
  if (values.length > series.length) {
    const found = yield* inPieces(series, (piece) => index.labelValuesOf(piece, name));
    return values.filter((value) => found.has(value));
  }
  const out: string[] = [];
  for (const value of values) {
    if (overlap(index.postings(name, value), series)) out.push(value);
    yield;
  }
  return out;
}

/** Names of the labels of the series for which every matcher holds, sorted; in steps of some milliseconds. */
export function* selectingLabelNames(
  index: LabelIndex,
  matchers: readonly Matcher[],
): Generator<void, string[]> {
  if (matchers.length === 0) return index.labelNames();
  const series = selectPostings(index, matchers);
  yield;
  const found = yield* inPieces(series, (piece) => index.labelNamesOf(piece));
  return index.labelNames().filter((name) => found.has(name));
}

function* inPieces(
  refs: Uint32Array,
  ask: (piece: Uint32Array) => Set<string>,
): Generator<void, Set<string>> {
  const found = new Set<string>();
  for (let from = 0; from < refs.length; from += STEP_SERIES) {
    for (const text of ask(refs.subarray(from, from + STEP_SERIES))) found.add(text);
    yield;
  }
  return found;
}

/** Whether the matcher is a list of values. */
function namesValues(matcher: Matcher): boolean {
  return matcher.setMatches !== undefined;
}

function acceptsAll(matcher: Matcher): boolean {
  return matcher.type === '=~' && matcher.value === '.*';
}

/** Series whose label the matcher accepts; the matcher does not accept a missing one. */
function acceptedBy(index: LabelIndex, matcher: Matcher): Uint32Array {
  const set = matcher.setMatches;
  if (set !== undefined) {
    return union(set.map((value) => (value === '' ? NO_POSTINGS : index.postings(matcher.name, value))));
  }
  return union(index.postingsWhere(matcher.name, matcher.prefix, (value) => matcher.matches(value)));
}

/** Series whose label the matcher refuses; the matcher accepts a missing one. */
function refusedBy(index: LabelIndex, matcher: Matcher): Uint32Array {
  if (matcher.type === '!=' && matcher.value !== '') return index.postings(matcher.name, matcher.value);
  return union(index.postingsWhere(matcher.name, '', (value) => !matcher.matches(value)));
}
