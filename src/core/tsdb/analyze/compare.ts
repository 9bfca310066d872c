/** What grew between two analyses, and what shrank. */
import { compareStrings } from '../../model/index.ts';
import type { Analysis, Ranked } from './analysis.ts';

export interface Change {
  name: string;
  before: number;
  after: number;
}

export interface Comparison {
  /** Series, label pairs, chunks and so on, where both are known. */
  totals: Change[];
  /** Series by metric, by value of the label that was asked for, and by label pair; values by label name. */
  metrics: Change[];
  groups: Change[];
  pairs: Change[];
  names: Change[];
}

/** The `limit` greatest changes of each kind (0 is all), the greatest first; what is the same is left out. */
export function compareAnalyses(before: Analysis, after: Analysis, group: string, limit: number): Comparison {
  const totals: Change[] = [];
  for (const key of [
    'series',
    'labelNames',
    'labelPairs',
    'chunks',
    'samples',
    'chunkBytes',
    'indexBytes',
  ] as const) {
    const from = before.totals[key];
    const to = after.totals[key];
    if (from !== undefined && to !== undefined) totals.push({ name: key, before: from, after: to });
  }
  const changes = (list: (of: Analysis) => Ranked[]) => changesOf(list(before), list(after), limit);
  return {
    totals,
    metrics: changes((of) => of.topValues('series', 0)),
    groups: changes((of) => of.topValues('series', 0, group)),
    pairs: changes((of) => of.topPairs('series', 0)),
    names: changes((of) => of.topNames('values', 0)),
  };
}

function changesOf(before: readonly Ranked[], after: readonly Ranked[], limit: number): Change[] {
  const was = new Map(before.map(({ name, count }) => [name, count]));
  const changes: Change[] = [];
  for (const { name, count } of after) {
    const from = was.get(name) ?? 0;
    was.delete(name);
    if (from !== count) changes.push({ name, before: from, after: count });
  }
  for (const [name, count] of was) changes.push({ name, before: count, after: 0 });
  const size = (change: Change) => Math.abs(change.after - change.before);
  changes.sort((a, b) => size(b) - size(a) || compareStrings(a.name, b.name));
  return limit === 0 ? changes : changes.slice(0, limit);
}
