/**
 * What happens to metric names on the way: most operations drop them, at once or (a feature) at the very end. A metric's
 * type and unit, where they are labels (upstream's feature `type-and-unit-labels`), belong to its name and go with it.
 */
import { METRIC_NAME, METRIC_TYPE, METRIC_UNIT } from '../../model/labels.ts';
import type { QueryContext } from './context.ts';
import type { SeriesMeta } from './operator.ts';

/** The series as an operation that drops the metric name leaves it. */
export function withoutName(meta: SeriesMeta, context: QueryContext): SeriesMeta {
  if (context.settings.delayedNameRemoval) {
    return meta.dropName ? meta : { labels: meta.labels, dropName: true };
  }
  return nameRemoved(meta);
}

/** The series with its name removed for good. */
export function nameRemoved(meta: SeriesMeta): SeriesMeta {
  return { labels: meta.labels.without(METRIC_NAME, METRIC_TYPE, METRIC_UNIT), dropName: false };
}
