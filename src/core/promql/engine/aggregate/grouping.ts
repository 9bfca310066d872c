/** Which group each input series of an aggregation belongs to. */
import { METRIC_NAME } from '../../../model/labels.ts';
import type { Aggregate } from '../../parser/ast.ts';
import { LabelGroups } from '../label-groups.ts';
import { labelsButName } from '../names.ts';
import type { SeriesMeta } from '../operator.ts';

export interface Grouping {
  /** Group number of each input series. */
  groupOf: Int32Array;
  /** In order of first appearance. */
  groups: SeriesMeta[];
}

export function groupSeries(series: readonly SeriesMeta[], expr: Aggregate): Grouping {
  const byName = !expr.without && expr.grouping.includes(METRIC_NAME);
  const labelGroups = new LabelGroups(
    expr.without ? [...expr.grouping, METRIC_NAME] : expr.grouping,
    !expr.without,
  );
  const { keys } = labelGroups;
  const groupOf = new Int32Array(series.length);
  const groups: SeriesMeta[] = [];
  for (let i = 0; i < series.length; i++) {
    const meta = series[i];
    const group = labelGroups.of(byName ? meta.labels : labelsButName(meta));
    if (group === groups.length) {
      groups.push({ labels: keys[group], dropName: meta.dropName });
    } else if (meta.dropName && !groups[group].dropName) {
      // A group that is made `by (__name__)` loses the name if any of its series is to lose it.
      groups[group] = { labels: keys[group], dropName: true };
    }
    groupOf[i] = group;
  }
  return { groupOf, groups };
}
