/** Metric families as they come together sample by sample. */

export type FamilyType = 'counter' | 'gauge' | 'summary' | 'untyped' | 'histogram' | 'gauge_histogram';

export interface LintFamily {
  readonly name: string;
  /** Set by the header, or by the first sample. */
  type: FamilyType | undefined;
  help: string | undefined;
  readonly metrics: LintMetric[];
}

export interface LintMetric {
  /** In order of appearance; without `le` and `quantile` where they are no labels but bounds. */
  readonly labels: readonly (readonly [string, string])[];
  /** Its buckets or quantiles so far. */
  bounds: number;
}

/** The family that a sample belongs to, and whether the sample is its sum or its count. */
export interface SampleOf {
  family: LintFamily;
  isSumOrCount: boolean;
}

export class FamilySet {
  private readonly byName = new Map<string, LintFamily>();
  /** The metrics of summaries and histograms, which several samples make up, by their labels. */
  private readonly composed = new Map<LintFamily, Map<string, LintMetric>>();

  /** Families that have samples, in order of appearance. */
  all(): LintFamily[] {
    return [...this.byName.values()].filter((family) => family.metrics.length > 0);
  }

  /** The family of a sample, or of a header, with this name; made where it is new. */
  of(name: string): SampleOf {
    const known = this.byName.get(name);
    if (known !== undefined) return { family: known, isSumOrCount: false };
    const [, base, suffix] = /^(.*)_(count|sum|bucket)$/s.exec(name) ?? [];
    const composed = base === undefined ? undefined : this.byName.get(base);
    if (composed !== undefined && takesSuffix(composed.type, suffix)) {
      return { family: composed, isSumOrCount: suffix !== 'bucket' };
    }
    const family: LintFamily = { name, type: undefined, help: undefined, metrics: [] };
    this.byName.set(name, family);
    return { family, isSumOrCount: false };
  }

  /** Enters a sample with these labels; `bound` says that it is a bucket or a quantile. */
  add({ family, isSumOrCount }: SampleOf, labels: LintMetric['labels'], bound: boolean): void {
    const metric = isComposed(family.type) ? this.composedMetric(family, labels) : newMetric(family, labels);
    if (bound && !isSumOrCount) metric.bounds++;
  }

  private composedMetric(family: LintFamily, labels: LintMetric['labels']): LintMetric {
    let metrics = this.composed.get(family);
    if (metrics === undefined) {
      metrics = new Map();
      this.composed.set(family, metrics);
    }
    const key = labelKey(labels);
    let metric = metrics.get(key);
    if (metric === undefined) {
      metric = newMetric(family, labels);
      metrics.set(key, metric);
    }
    return metric;
  }
}

/** The same for the same labels in whatever order. */
export function labelKey(labels: LintMetric['labels']): string {
  return JSON.stringify([...labels].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function isHistogram(type: FamilyType | undefined): boolean {
  return type === 'histogram' || type === 'gauge_histogram';
}

function isComposed(type: FamilyType | undefined): boolean {
  return type === 'summary' || isHistogram(type);
}

function takesSuffix(type: FamilyType | undefined, suffix: string): boolean {
  return isHistogram(type) || (type === 'summary' && suffix !== 'bucket');
}

function newMetric(family: LintFamily, labels: LintMetric['labels']): LintMetric {
  const metric = { labels, bounds: 0 };
  family.metrics.push(metric);
  return metric;
}
