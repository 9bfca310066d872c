/** Which series of two vectors match: series with the same values in the compared labels form one group. */
import { type Labels, METRIC_NAME } from '../../../model/labels.ts';
import type { VectorMatching } from '../../parser/ast.ts';
import { LabelGroups } from '../label-groups.ts';
import { labelsButName } from '../names.ts';
import type { SeriesMeta } from '../operator.ts';

export interface MatchGroup {
  /** The compared labels, which all members share. */
  key: Labels;
  /** Numbers of the left and right series in the group, ascending. */
  left: number[];
  right: number[];
}

/** Groups in order of first appearance, left side first. The name takes part only where `on` says so. */
export function matchGroups(
  left: readonly SeriesMeta[],
  right: readonly SeriesMeta[],
  { on, labels }: VectorMatching,
): MatchGroup[] {
  const byName = on && labels.includes(METRIC_NAME);
  const labelGroups = new LabelGroups(on ? labels : [...labels, METRIC_NAME], on);
  const groups: MatchGroup[] = [];
  const groupOf = (meta: SeriesMeta): MatchGroup => {
    const number = labelGroups.of(byName ? meta.labels : labelsButName(meta));
    if (number === groups.length) groups.push({ key: labelGroups.keys[number], left: [], right: [] });
    return groups[number];
  };
  for (let i = 0; i < left.length; i++) groupOf(left[i]).left.push(i);
  for (let i = 0; i < right.length; i++) groupOf(right[i]).right.push(i);
  return groups;
}
