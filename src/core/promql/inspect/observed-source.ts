/** A source that notes, for the node at work, what is selected and read. */
import type { SampleColumns } from '../../model/columns.ts';
import type { Labels } from '../../model/labels.ts';
import type { Matcher } from '../../model/matcher.ts';
import type { Metadata } from '../../model/metadata.ts';
import type { ExemplarSeries, SelectHints, SeriesSet, Source, TimeRange } from '../../source/source.ts';
import type { Attention } from './observed-operators.ts';

export class ObservedSource implements Source {
  private readonly inner: Source;
  private readonly labelsOnly: boolean;
  /** Set as soon as there is a builder. */
  attention: Attention | null = null;

  /** With `labelsOnly` series have no samples, and none are read. */
  constructor(inner: Source, labelsOnly: boolean) {
    this.inner = inner;
    this.labelsOnly = labelsOnly;
  }

  async select(matchers: readonly Matcher[], hints: SelectHints): Promise<SeriesSet> {
    const selection = this.attention?.current?.selections.at(-1);
    const set = await this.inner.select(matchers, { ...hints, labelsOnly: this.labelsOnly });
    if (selection !== undefined) selection.series = set.length;
    return new ObservedSet(set, this.labelsOnly ? null : this.attention);
  }

  labelNames(matchers: readonly Matcher[], range: TimeRange): Promise<string[]> {
    return this.inner.labelNames(matchers, range);
  }

  labelValues(name: string, matchers: readonly Matcher[], range: TimeRange): Promise<string[]> {
    return this.inner.labelValues(name, matchers, range);
  }

  metadata(metric?: string): Promise<Map<string, Metadata[]>> {
    return this.inner.metadata(metric);
  }

  exemplars(matchers: readonly (readonly Matcher[])[], range: TimeRange): Promise<ExemplarSeries[]> {
    return this.inner.exemplars(matchers, range);
  }

  extent(): Promise<TimeRange | undefined> {
    return this.inner.extent();
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

class ObservedSet implements SeriesSet {
  private readonly inner: SeriesSet;
  private readonly attention: Attention | null;

  /** Without `attention` nothing is read. */
  constructor(inner: SeriesSet, attention: Attention | null) {
    this.inner = inner;
    this.attention = attention;
  }

  get length(): number {
    return this.inner.length;
  }

  labels(i: number): Labels {
    return this.inner.labels(i);
  }

  read(i: number, out: SampleColumns): void {
    if (this.attention === null) return;
    const { length, chunksDecoded, bytesDecoded } = out;
    this.inner.read(i, out);
    const node = this.attention.current;
    if (node === undefined) return;
    node.samples += out.length - length;
    node.chunks += out.chunksDecoded - chunksDecoded;
    node.bytes += out.bytesDecoded - bytesDecoded;
  }
}
