/** The families of one collection while they grow: a collector asks for a family by name, and adds samples to it. */
import type { MetricFamily } from '../model/family.ts';
import { compareStrings, Labels, METRIC_NAME } from '../model/labels.ts';
import type { MetricType } from '../model/metadata.ts';

/** One family, and the label names that its samples share. */
export class FamilyWriter {
  readonly family: MetricFamily;
  /** `__name__` first: all label names of collectors start with a lower-case letter, which sorts after `_`. */
  private readonly names: readonly string[];
  /** For each label in sorted order, which of `add`'s values it gets. */
  private readonly order: readonly number[];

  constructor(family: MetricFamily, labelNames: readonly string[]) {
    this.family = family;
    this.order = labelNames.map((_, i) => i).sort((a, b) => (labelNames[a] < labelNames[b] ? -1 : 1));
    this.names = [METRIC_NAME, ...this.order.map((i) => labelNames[i])];
  }

  /** Adds a sample with the label values in the order in which the names were given. */
  add(v: number, ...values: readonly string[]): void {
    const sorted = [this.family.name];
    let empty = false;
    for (const i of this.order) {
      sorted.push(values[i]);
      if (values[i] === '') empty = true;
    }
    const labels = empty ? withoutEmpty(this.names, sorted) : new Labels(this.names, sorted);
    this.family.samples.push({ labels, v });
  }
}

export class Families {
  private readonly byName: Map<string, MetricFamily> = new Map();

  counter(name: string, help: string, ...labelNames: readonly string[]): FamilyWriter {
    return new FamilyWriter(this.family(name, 'counter', help), labelNames);
  }

  gauge(name: string, help: string, ...labelNames: readonly string[]): FamilyWriter {
    return new FamilyWriter(this.family(name, 'gauge', help), labelNames);
  }

  /** node_exporter leaves some families untyped where the kernel does not say what a number is. */
  untyped(name: string, help: string, ...labelNames: readonly string[]): FamilyWriter {
    return new FamilyWriter(this.family(name, 'unknown', help), labelNames);
  }

  get(name: string): MetricFamily | undefined {
    return this.byName.get(name);
  }

  /** The family of that name, which is made (and given this type and help) where there is none yet. */
  family(name: string, type: MetricType, help: string): MetricFamily {
    let family = this.byName.get(name);
    if (family === undefined) {
      family = { name, type, help, unit: '', samples: [] };
      this.byName.set(name, family);
    }
    return family;
  }

  /** The families that have samples, by name. */
  sorted(): MetricFamily[] {
    const families = [...this.byName.values()].filter((family) => family.samples.length > 0);
    return families.sort((a, b) => compareStrings(a.name, b.name));
  }
}

function withoutEmpty(names: readonly string[], values: readonly string[]): Labels {
  return new Labels(
    names.filter((_, i) => values[i] !== ''),
    values.filter((value) => value !== ''),
  );
}
