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

/** Values of label `name` among the series for which every matcher holds, sorted. */
export function selectLabelValues(index: LabelIndex, name: string, matchers: readonly Matcher[]): string[] {
  if (matchers.length === 0) return index.labelValues(name);
  const series = selectPostings(index, matchers);
  if (series.length === 0) return [];
  const values = index.labelValues(name);
  // Either each value is tried against the series, or each series is asked for its value.
  if (values.length <= series.length) {
    return values.filter((value) => overlap(index.postings(name, value), series));
  }
  const found = index.labelValuesOf(series, name);
  return values.filter((value) => found.has(value));
}

/** Names of the labels of the series for which every matcher holds, sorted. */
export function selectLabelNames(index: LabelIndex, matchers: readonly Matcher[]): string[] {
  if (matchers.length === 0) return index.labelNames();
  const found = index.labelNamesOf(selectPostings(index, matchers));
  return index.labelNames().filter((name) => found.has(name));
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
