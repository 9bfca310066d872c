/**
 * What happens to metric names on the way: most operations drop them, at once or (a feature) at the very end. A metric's
 * type and unit, where they are labels (upstream's feature `type-and-unit-labels`), belong to its name and go with it.
 */
import { Labels, METRIC_NAME, METRIC_TYPE, METRIC_UNIT } from '../../model/labels.ts';
import type { QueryContext } from './context.ts';
import type { SeriesMeta } from './operator.ts';

/** The series as an operation that drops the metric name leaves it. */
export function withoutName(meta: SeriesMeta, context: QueryContext): SeriesMeta {
  if (context.settings.delayedNameRemoval) {
    return meta.dropName ? meta : { labels: meta.labels, dropName: true };
  }
  return meta instanceof NamelessSeries ? meta : nameRemoved(meta);
}

/** The series with its name removed for good. */
export function nameRemoved({ labels }: SeriesMeta): SeriesMeta {
  const { names } = labels;
  // Behind the name there may be others that begin so, as those of its type and its unit do.
  if (names[0] === METRIC_NAME && !(names.length > 1 && names[1].startsWith('__'))) {
    return new NamelessSeries(labels);
  }
  return { labels: labels.without(METRIC_NAME, METRIC_TYPE, METRIC_UNIT), dropName: false };
}

/**
 * A series whose name, the first of its labels, was removed. Most series that lose their name go on into an
 * aggregation or a match, which see to their other labels one by one: these labels are made only where asked for.
 */
export class NamelessSeries implements SeriesMeta {
  readonly dropName = false;
  readonly named: Labels;
  private nameless: Labels | null = null;

  constructor(named: Labels) {
    this.named = named;
  }

  get labels(): Labels {
    if (this.nameless === null) {
      const { names, values } = this.named;
      // Series of one selection mostly share their names, and so can these.
      if (names !== lastNames) {
        lastNames = names;
        lastRest = names.slice(1);
      }
      this.nameless = new Labels(lastRest, values.slice(1));
    }
    return this.nameless;
  }
}

/** The series, which may stand beside others that still have the name that it has lost. */
export function besideNamed(meta: SeriesMeta): SeriesMeta {
  return meta instanceof NamelessSeries ? { labels: meta.labels, dropName: false } : meta;
}

let lastNames: readonly string[] = [];
let lastRest: readonly string[] = [];

/** The series' labels, maybe with a name that it has no more: for those who do not look at names. */
export function labelsButName(meta: SeriesMeta): Labels {
  return meta instanceof NamelessSeries ? meta.named : meta.labels;
}

/** Whether all series have lost the same name, so that no two of them, having been different, are equal now. */
export function haveLostOneName(series: readonly SeriesMeta[]): boolean {
  if (series.length === 0) return true;
  const [first] = series;
  if (!(first instanceof NamelessSeries)) return false;
  const name = first.named.values[0];
  for (let i = 1; i < series.length; i++) {
    const meta = series[i];
    if (!(meta instanceof NamelessSeries) || meta.named.values[0] !== name) return false;
  }
  return true;
}
