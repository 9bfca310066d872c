/** Joins the exemplars of several sources. */
import type { Exemplar } from '../model/exemplar.ts';
import type { ExemplarSeries } from './source.ts';

/** Each series once, sorted by labels; exemplars by time, those that several sources have once. */
export function mergeExemplars(lists: readonly (readonly ExemplarSeries[])[]): ExemplarSeries[] {
  const byName = new Map<string, ExemplarSeries>();
  for (const { labels, exemplars } of lists.flat()) {
    const name = labels.toString();
    const known = byName.get(name);
    byName.set(name, {
      labels,
      exemplars: known === undefined ? exemplars : join(known.exemplars, exemplars),
    });
  }
  return [...byName.values()].sort((a, b) => a.labels.compare(b.labels));
}

function join(a: readonly Exemplar[], b: readonly Exemplar[]): Exemplar[] {
  const added = b.filter(
    (e) => !a.some((known) => known.t === e.t && known.v === e.v && known.labels.equals(e.labels)),
  );
  return [...a, ...added].sort((x, y) => x.t! - y.t!);
}
