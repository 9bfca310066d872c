/** What a rewrite changes: which series are dropped or renamed, and what is deleted of the others. */
import type { Labels, Matcher } from '../../model/index.ts';
import { type RelabelRule, relabel } from '../../relabel/index.ts';

export interface RewriteRules {
  /** Series that satisfy any of these lists are concerned; none given means all. */
  selectors: readonly (readonly Matcher[])[];
  /** Deletes what they have in this time (ms, both inclusive). */
  deletion?: { mint: number; maxt: number };
  /** Labels that are taken away, then rules that are applied; a series that they drop is deleted. */
  dropLabels?: readonly string[];
  relabel?: readonly RelabelRule[];
}

/** What is to be done to one series. */
export interface SeriesFate {
  /** Null: it is dropped. The same object where nothing changes. */
  labels: Labels | null;
  /** Whether the deletion is about it. */
  isDeleted: boolean;
}

export function fateOf(labels: Labels, rules: RewriteRules): SeriesFate {
  if (!isSelected(labels, rules.selectors)) return { labels, isDeleted: false };
  const { dropLabels = [], deletion } = rules;
  const rest = dropLabels.length === 0 ? labels : labels.without(...dropLabels);
  const renamed = relabel(rest, rules.relabel ?? []);
  // A series without labels cannot be: neither written nor found.
  const isGone = renamed === null || renamed.size === 0;
  return { labels: isGone ? null : renamed, isDeleted: deletion !== undefined };
}

/** Whether the labels satisfy one of the lists, or there is none. */
export function isSelected(labels: Labels, selectors: readonly (readonly Matcher[])[]): boolean {
  if (selectors.length === 0) return true;
  return selectors.some((matchers) => matchers.every((matcher) => matcher.matches(labels.get(matcher.name))));
}

/** How much a rewrite changes, or would change. Series are counted in each block. */
export interface RewriteCounts {
  series: number;
  /** Series of which nothing is left. */
  dropped: number;
  /** Series that have other labels. */
  renamed: number;
  /** Series that became one with another, which has the same labels now. */
  joined: number;
  /** Samples that are deleted, those of dropped series among them. */
  samples: number;
}

export function noRewrites(): RewriteCounts {
  return { series: 0, dropped: 0, renamed: 0, joined: 0, samples: 0 };
}
