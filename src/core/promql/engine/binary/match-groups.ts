/** Which series of two vectors match: series with the same values in the compared labels form one group. */
import { type Labels, METRIC_NAME } from '../../../model/labels.ts';
import type { VectorMatching } from '../../parser/ast.ts';
import type { SeriesMeta } from '../operator.ts';

export interface MatchGroup {
  /** The compared labels, which all members share. */
  key: Labels;
  /** Numbers of the left and right series in the group, ascending. */
  left: number[];
  right: number[];
}

/** Groups in order of first appearance, left side first. */
export function matchGroups(
  left: readonly SeriesMeta[],
  right: readonly SeriesMeta[],
  matching: VectorMatching,
): MatchGroup[] {
  const matchKey = keyFunction(matching);
  const byHash = new Map<number, MatchGroup[]>();
  const groups: MatchGroup[] = [];
  const groupOf = (labels: Labels): MatchGroup => {
    const key = matchKey(labels);
    const hash = key.hash();
    let bucket = byHash.get(hash);
    if (bucket === undefined) byHash.set(hash, (bucket = []));
    let group = bucket.find((candidate) => candidate.key.equals(key));
    if (group === undefined) {
      group = { key, left: [], right: [] };
      bucket.push(group);
      groups.push(group);
    }
    return group;
  };
  for (let i = 0; i < left.length; i++) groupOf(left[i].labels).left.push(i);
  for (let i = 0; i < right.length; i++) groupOf(right[i].labels).right.push(i);
  return groups;
}

/** The part of a label set that `on` or `ignoring` compares. The metric name takes part only where `on` names it. */
export function keyFunction(matching: VectorMatching): (labels: Labels) => Labels {
  const names = new Set(matching.labels);
  if (matching.on) return (labels) => labels.filter((name) => names.has(name));
  names.add(METRIC_NAME);
  return (labels) => labels.filter((name) => !names.has(name));
}
