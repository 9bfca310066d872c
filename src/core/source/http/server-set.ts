/** Series that a server answered with, in the order of their labels. */
import type { SampleColumns } from '../../model/columns.ts';
import type { Labels } from '../../model/labels.ts';
import type { SeriesSet } from '../source.ts';

export abstract class ServerSet<Answered extends { readonly labels: Labels }> implements SeriesSet {
  protected readonly series: readonly Answered[];

  constructor(series: Answered[]) {
    // Servers sort, but not all of them by the same order.
    this.series = series.sort((a, b) => a.labels.compare(b.labels));
  }

  get length(): number {
    return this.series.length;
  }

  labels(i: number): Labels {
    return this.series[i].labels;
  }

  abstract read(i: number, out: SampleColumns): void;
}
