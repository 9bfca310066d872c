/**
 * Counters, gauges, histograms and summaries that the stack keeps about itself. A metric with labels has a child for each
 * combination of values; who counts often keeps the child.
 */
import type { FamilySample, MetricFamily } from '../model/family.ts';
import { type Labels, labelsFromPairs, METRIC_NAME } from '../model/labels.ts';
import type { MetricType } from '../model/metadata.ts';
import { formatG } from '../model/number.ts';
import { RecentValues } from './recent-values.ts';

abstract class Metric<Child> {
  readonly name: string;
  private readonly type: MetricType;
  private readonly help: string;
  private readonly labelNames: readonly string[];
  private readonly children = new Map<string, { child: Child; values: readonly string[] }>();

  constructor(type: MetricType, name: string, help: string, labelNames: readonly string[]) {
    this.type = type;
    this.name = name;
    this.help = help;
    this.labelNames = labelNames;
  }

  /** The child with these label values, in the order of the names; made where it is new. */
  with(...values: readonly string[]): Child {
    if (values.length !== this.labelNames.length) {
      throw new Error(`${this.name} has ${this.labelNames.length} labels, got ${values.length} values`);
    }
    const key = values.join('\xff');
    let entry = this.children.get(key);
    if (entry === undefined) {
      entry = { child: this.create(), values };
      this.children.set(key, entry);
    }
    return entry.child;
  }

  /** Forgets the child with these label values. */
  remove(...values: readonly string[]): void {
    this.children.delete(values.join('\xff'));
  }

  collect(): MetricFamily {
    const samples: FamilySample[] = [];
    for (const { child, values } of this.children.values()) {
      this.addSamples(samples, child, (suffix, ...more) => {
        const pairs = this.labelNames.map((name, i) => [name, values[i]] as [string, string]);
        return labelsFromPairs([[METRIC_NAME, this.name + suffix], ...pairs, ...more]);
      });
    }
    return { name: this.name, type: this.type, help: this.help, unit: '', samples };
  }

  protected abstract create(): Child;
  protected abstract addSamples(out: FamilySample[], child: Child, labels: LabelsOf): void;
}

/** The labels of a child's sample: its name with a suffix, and more labels than its own. */
type LabelsOf = (suffix: string, ...more: [string, string][]) => Labels;

export class CounterChild {
  value = 0;

  /** `by` must not be negative. */
  inc(by = 1): void {
    if (!(by >= 0)) throw new Error(`a counter cannot go down, by ${by}`);
    this.value += by;
  }
}

export class Counter extends Metric<CounterChild> {
  constructor(name: string, help: string, labelNames: readonly string[] = []) {
    super('counter', name, help, labelNames);
    // What can be counted is exposed from the start, as 0.
    if (labelNames.length === 0) this.with();
  }

  inc(by = 1): void {
    this.with().inc(by);
  }

  protected create(): CounterChild {
    return new CounterChild();
  }

  protected addSamples(out: FamilySample[], child: CounterChild, labels: LabelsOf): void {
    out.push({ labels: labels(''), v: child.value });
  }
}

export class GaugeChild {
  value = 0;

  set(value: number): void {
    this.value = value;
  }

  add(by: number): void {
    this.value += by;
  }
}

export class Gauge extends Metric<GaugeChild> {
  constructor(name: string, help: string, labelNames: readonly string[] = []) {
    super('gauge', name, help, labelNames);
    if (labelNames.length === 0) this.with();
  }

  set(value: number): void {
    this.with().set(value);
  }

  add(by: number): void {
    this.with().add(by);
  }

  protected create(): GaugeChild {
    return new GaugeChild();
  }

  protected addSamples(out: FamilySample[], child: GaugeChild, labels: LabelsOf): void {
    out.push({ labels: labels(''), v: child.value });
  }
}

export class HistogramChild {
  /** Upper bounds, ascending, without +Inf. */
  readonly bounds: readonly number[];
  /** Observations of each bucket alone, the one up to +Inf last. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(v: number): void {
    let i = 0;
    while (i < this.bounds.length && !(v <= this.bounds[i])) i++;
    this.counts[i]++;
    this.sum += v;
  }
}

/** Seconds: what a request usually takes. */
export const DEFAULT_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A histogram with buckets given by their upper bounds. (Native ones are in model/histogram.ts.) */
export class ClassicHistogram extends Metric<HistogramChild> {
  private readonly bounds: readonly number[];

  /** `bounds` must ascend, without +Inf. */
  constructor(
    name: string,
    help: string,
    labelNames: readonly string[] = [],
    bounds: readonly number[] = DEFAULT_BUCKETS,
  ) {
    super('histogram', name, help, labelNames);
    if (bounds.some((bound, i) => i > 0 && !(bound > bounds[i - 1])))
      throw new Error(`${name}: bounds must ascend`);
    this.bounds = bounds;
    if (labelNames.length === 0) this.with();
  }

  observe(v: number): void {
    this.with().observe(v);
  }

  protected create(): HistogramChild {
    return new HistogramChild(this.bounds);
  }

  protected addSamples(out: FamilySample[], child: HistogramChild, labels: LabelsOf): void {
    let cumulative = 0;
    for (let i = 0; i < child.counts.length; i++) {
      cumulative += child.counts[i];
      const bound = i < this.bounds.length ? this.bounds[i] : Number.POSITIVE_INFINITY;
      out.push({ labels: labels('_bucket', ['le', formatG(bound)]), v: cumulative });
    }
    out.push({ labels: labels('_sum'), v: child.sum });
    out.push({ labels: labels('_count'), v: cumulative });
  }
}

export interface SummaryOptions {
  labelNames?: readonly string[];
  /** None by default: then there are a sum and a count alone. */
  quantiles?: readonly number[];
  /** Monotonic, ms; quantiles are of what was observed in the last minutes. */
  now?: () => number;
  /** How many values of a child quantiles are of at most. */
  kept?: number;
}

export class Summary extends Metric<RecentValues> {
  private readonly options: SummaryOptions;

  constructor(name: string, help: string, options: SummaryOptions = {}) {
    const { labelNames = [] } = options;
    super('summary', name, help, labelNames);
    this.options = options;
    if (labelNames.length === 0) this.with();
  }

  /** `values` are those of the labels. */
  observe(v: number, ...values: readonly string[]): void {
    this.with(...values).observe(v, this.now());
  }

  protected create(): RecentValues {
    const { quantiles = [], kept } = this.options;
    return new RecentValues(quantiles.length === 0 ? 0 : kept);
  }

  protected addSamples(out: FamilySample[], child: RecentValues, labels: LabelsOf): void {
    out.push(...child.samples(this.options.quantiles ?? [], this.now(), labels));
  }

  private now(): number {
    return this.options.now?.() ?? performance.now();
  }
}
