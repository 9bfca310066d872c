/** Which group each input series of an aggregation belongs to. */
import { type Labels, METRIC_NAME } from '../../../model/labels.ts';
import type { Aggregate } from '../../parser/ast.ts';
import type { SeriesMeta } from '../operator.ts';

export interface Grouping {
  /** Group number of each input series. */
  groupOf: Int32Array;
  /** In order of first appearance. */
  groups: SeriesMeta[];
}

export function groupSeries(series: readonly SeriesMeta[], expr: Aggregate): Grouping {
  const groupLabels = groupingFunction(expr);
  const groupOf = new Int32Array(series.length);
  const groups: SeriesMeta[] = [];
  const byHash = new Map<number, number[]>();
  for (let i = 0; i < series.length; i++) {
    const labels = groupLabels(series[i].labels);
    const hash = labels.hash();
    let bucket = byHash.get(hash);
    if (bucket === undefined) byHash.set(hash, (bucket = []));
    let group = bucket.find((candidate) => groups[candidate].labels.equals(labels));
    if (group === undefined) {
      group = groups.length;
      bucket.push(group);
      groups.push({ labels, dropName: series[i].dropName });
    } else if (series[i].dropName && !groups[group].dropName) {
      // A group that is made `by (__name__)` loses the name if any of its series is to lose it.
      groups[group] = { labels, dropName: true };
    }
    groupOf[i] = group;
  }
  return { groupOf, groups };
}

function groupingFunction(expr: Aggregate): (labels: Labels) => Labels {
  const names = new Set(expr.grouping);
  if (!expr.without) return (labels) => labels.filter((name) => names.has(name));
  names.add(METRIC_NAME);
  return (labels) => labels.filter((name) => !names.has(name));
}
