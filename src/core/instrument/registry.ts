/** All that one process says of itself, gathered where it is asked for. */
import type { MetricFamily } from '../model/family.ts';
import { compareStrings, labelsFromPairs, METRIC_NAME } from '../model/labels.ts';
import { ClassicHistogram, Counter, Gauge, Summary, type SummaryOptions } from './metric.ts';

export class Registry {
  private readonly names = new Set<string>();
  private readonly sources: (() => readonly MetricFamily[])[] = [];

  counter(name: string, help: string, ...labelNames: readonly string[]): Counter {
    return this.add(new Counter(name, help, labelNames));
  }

  gauge(name: string, help: string, ...labelNames: readonly string[]): Gauge {
    return this.add(new Gauge(name, help, labelNames));
  }

  histogram(
    name: string,
    help: string,
    labelNames: readonly string[] = [],
    bounds?: readonly number[],
  ): ClassicHistogram {
    return this.add(new ClassicHistogram(name, help, labelNames, bounds));
  }

  summary(name: string, help: string, options: SummaryOptions = {}): Summary {
    return this.add(new Summary(name, help, options));
  }

  /** A gauge or counter whose value is read when it is asked for; no sample where that gives undefined. */
  reading(type: 'gauge' | 'counter', name: string, help: string, read: () => number | undefined): void {
    this.claim(name);
    const labels = labelsFromPairs([[METRIC_NAME, name]]);
    this.source(() => {
      const v = read();
      return [{ name, type, help, unit: '', samples: v === undefined ? [] : [{ labels, v }] }];
    });
  }

  /** Families from elsewhere, such as `processFamilies`; their names are for the caller to keep apart. */
  source(families: () => readonly MetricFamily[]): void {
    this.sources.push(families);
  }

  /** All families that have samples, by name. */
  collect(): MetricFamily[] {
    const families = this.sources.flatMap((source) => source()).filter((family) => family.samples.length > 0);
    return families.sort((a, b) => compareStrings(a.name, b.name));
  }

  private add<T extends Counter | Gauge | ClassicHistogram | Summary>(metric: T): T {
    this.claim(metric.name);
    this.source(() => [metric.collect()]);
    return metric;
  }

  private claim(name: string): void {
    if (this.names.has(name)) throw new Error(`two metrics are called ${name}`);
    this.names.add(name);
  }
}
