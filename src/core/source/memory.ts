/**
 * Series held in memory: what rule tests and `.test` scripts load, and what `--from -` reads from exposition. Samples
 * may be added in any order of time; a later one for the same time replaces the earlier.
 */

import { copied } from '../encoding/grown.ts';
import type { SampleColumns } from '../model/columns.ts';
import type { Exemplar } from '../model/exemplar.ts';
import type { Histogram } from '../model/histogram.ts';
import { compareStrings, type Labels, METRIC_NAME } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import { type Metadata, sameMetadata } from '../model/metadata.ts';
import type { ExemplarSeries, SelectHints, SeriesSet, Source, TimeRange } from './source.ts';

/** Samples of one series, of which the first `length` rows count. */
export type SampleRows = Pick<SampleColumns, 't' | 'v' | 'histograms' | 'length'>;

export class MemorySeries {
  readonly labels: Labels;
  length = 0;
  t = new Float64Array(16);
  v = new Float64Array(16);
  /** Parallel to `t`, or null while every sample is a float without a start time. */
  histograms: (Histogram | null)[] | null = null;
  /** Start timestamps (ms), parallel to `t`, or null. */
  st: Float64Array | null = null;
  readonly exemplars: Exemplar[] = [];

  constructor(labels: Labels) {
    this.labels = labels;
  }

  /** Adds row `row` of a value column (so that NaN payloads stay), at time `t` (ms). */
  addFloat(t: number, vs: Float64Array, row: number, st = 0): void {
    const i = this.place(t);
    this.v.set(vs.subarray(row, row + 1), i);
    if (this.histograms !== null) this.histograms[i] = null;
    this.setStart(i, st);
  }

  addHistogram(t: number, h: Histogram, st = 0): void {
    const i = this.place(t);
    this.v[i] = 0;
    if (this.histograms === null) this.histograms = new Array<Histogram | null>(this.length).fill(null);
    this.histograms[i] = h;
    this.setStart(i, st);
  }

  /** First row with a time of at least `t`. */
  firstFrom(t: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.t[middle] < t) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Takes away the samples at the first `count` of these times (ms, ascending); returns how many there were. */
  removeTimes(times: Float64Array, count: number): number {
    let kept = 0;
    let next = 0;
    for (let row = 0; row < this.length; row++) {
      while (next < count && times[next] < this.t[row]) next++;
      if (next < count && times[next] === this.t[row]) continue;
      if (kept < row) {
        this.t[kept] = this.t[row];
        this.v.copyWithin(kept, row, row + 1);
        if (this.st !== null) this.st[kept] = this.st[row];
        if (this.histograms !== null) this.histograms[kept] = this.histograms[row];
      }
      kept++;
    }
    const removed = this.length - kept;
    this.length = kept;
    if (this.histograms !== null) this.histograms.length = kept;
    return removed;
  }

  /** Forgets the samples before `t` (ms). */
  dropBefore(t: number): void {
    const from = this.firstFrom(t);
    if (from === 0) return;
    this.t.copyWithin(0, from, this.length);
    this.v.copyWithin(0, from, this.length);
    this.st?.copyWithin(0, from, this.length);
    this.histograms?.splice(0, from);
    this.length -= from;
  }

  /** Makes room for a sample at `t` and returns its row. */
  private place(t: number): number {
    const at = this.length === 0 || t > this.t[this.length - 1] ? this.length : this.firstFrom(t);
    if (at < this.length && this.t[at] === t) return at;
    if (this.length === this.t.length) this.grow();
    this.t.copyWithin(at + 1, at, this.length);
    this.v.copyWithin(at + 1, at, this.length);
    this.st?.copyWithin(at + 1, at, this.length);
    this.histograms?.splice(at, 0, null);
    this.t[at] = t;
    this.length++;
    return at;
  }

  private setStart(i: number, st: number): void {
    if (st === 0 && this.st === null) return;
    if (this.st === null) this.st = new Float64Array(this.t.length);
    this.st[i] = st;
  }

  private grow(): void {
    const size = this.t.length * 2;
    this.t = copied(this.t, new Float64Array(size));
    this.v = copied(this.v, new Float64Array(size));
    if (this.st !== null) this.st = copied(this.st, new Float64Array(size));
  }
}

export class MemorySource implements Source {
  private readonly byHash = new Map<number, MemorySeries[]>();
  /** In no order where `sorted` is false. */
  protected readonly all: MemorySeries[] = [];
  private sorted = true;
  /** By metric name, sorted where `sortedNames` has the name. */
  private readonly byName = new Map<string, MemorySeries[]>();
  private readonly sortedNames = new Set<string>();
  private readonly metadataByName = new Map<string, Metadata[]>();

  /** The series with these labels, made where it is new. */
  series(labels: Labels): MemorySeries {
    const hash = labels.hash();
    let bucket = this.byHash.get(hash);
    if (bucket === undefined) this.byHash.set(hash, (bucket = []));
    let series = bucket.find((candidate) => candidate.labels.equals(labels));
    if (series === undefined) {
      series = new MemorySeries(labels);
      bucket.push(series);
      this.all.push(series);
      this.sorted = false;
      const name = labels.get(METRIC_NAME);
      const named = this.byName.get(name);
      if (named === undefined) this.byName.set(name, [series]);
      else named.push(series);
      this.sortedNames.delete(name);
    }
    return series;
  }

  addMetadata(metric: string, metadata: Metadata): void {
    const known = this.metadataByName.get(metric);
    if (known === undefined) this.metadataByName.set(metric, [metadata]);
    else if (!known.some((other) => sameMetadata(other, metadata))) known.push(metadata);
  }

  /** Adds all rows of the columns to the series with these labels. */
  add(labels: Labels, { t, v, histograms, length }: SampleRows): void {
    const series = this.series(labels);
    for (let row = 0; row < length; row++) {
      const histogram = histograms?.[row] ?? null;
      if (histogram === null) series.addFloat(t[row], v, row);
      else series.addHistogram(t[row], histogram);
    }
  }

  /** Forgets the samples before `t` (ms) of all series. */
  dropBefore(t: number): void {
    for (const series of this.all) series.dropBefore(t);
  }

  clear(): void {
    this.byHash.clear();
    this.byName.clear();
    this.sortedNames.clear();
    this.all.length = 0;
    this.metadataByName.clear();
  }

  async select(matchers: readonly Matcher[], hints: SelectHints): Promise<SeriesSet> {
    const found = this.matching(matchers, hints);
    return new MemorySet(hints.limit ? found.slice(0, hints.limit) : found, hints);
  }

  async labelNames(matchers: readonly Matcher[], range: TimeRange): Promise<string[]> {
    const names = new Set<string>();
    for (const { labels } of this.matching(matchers, range)) for (const name of labels.names) names.add(name);
    return [...names].sort(compareStrings);
  }

  async labelValues(name: string, matchers: readonly Matcher[], range: TimeRange): Promise<string[]> {
    const values = new Set<string>();
    for (const { labels } of this.matching(matchers, range))
      if (labels.has(name)) values.add(labels.get(name));
    return [...values].sort(compareStrings);
  }

  async metadata(metric?: string): Promise<Map<string, Metadata[]>> {
    if (metric === undefined) return new Map(this.metadataByName);
    const known = this.metadataByName.get(metric);
    return known === undefined ? new Map() : new Map([[metric, known]]);
  }

  async exemplars(
    matcherSets: readonly (readonly Matcher[])[],
    { mint, maxt }: TimeRange,
  ): Promise<ExemplarSeries[]> {
    const found: ExemplarSeries[] = [];
    for (const series of this.inOrder()) {
      if (!matcherSets.some((matchers) => matchesAll(series.labels, matchers))) continue;
      const exemplars = series.exemplars.filter(({ t }) => t !== undefined && t >= mint && t <= maxt);
      if (exemplars.length > 0) found.push({ labels: series.labels, exemplars });
    }
    return found;
  }

  async extent(): Promise<TimeRange | undefined> {
    let extent: TimeRange | undefined;
    for (const { t, length } of this.all) {
      if (length === 0) continue;
      const [first, last] = [t[0], t[length - 1]];
      extent =
        extent === undefined
          ? { mint: first, maxt: last }
          : { mint: Math.min(extent.mint, first), maxt: Math.max(extent.maxt, last) };
    }
    return extent;
  }

  async close(): Promise<void> {}

  private matching(matchers: readonly Matcher[], range: TimeRange): MemorySeries[] {
    const name = matchers.find((matcher) => matcher.type === '=' && matcher.name === METRIC_NAME);
    const candidates = name === undefined ? this.inOrder() : this.named(name.value);
    return candidates.filter((series) => overlaps(series, range) && matchesAll(series.labels, matchers));
  }

  private named(name: string): readonly MemorySeries[] {
    const found = this.byName.get(name) ?? [];
    if (!this.sortedNames.has(name)) found.sort((a, b) => a.labels.compare(b.labels));
    this.sortedNames.add(name);
    return found;
  }

  private inOrder(): readonly MemorySeries[] {
    if (!this.sorted) this.all.sort((a, b) => a.labels.compare(b.labels));
    this.sorted = true;
    return this.all;
  }
}

class MemorySet implements SeriesSet {
  private readonly found: readonly MemorySeries[];
  private readonly range: TimeRange;

  constructor(found: readonly MemorySeries[], range: TimeRange) {
    this.found = found;
    this.range = range;
  }

  get length(): number {
    return this.found.length;
  }

  labels(i: number): Labels {
    return this.found[i].labels;
  }

  read(i: number, out: SampleColumns): void {
    const series = this.found[i];
    const from = series.firstFrom(this.range.mint);
    const to = series.firstFrom(this.range.maxt + 1);
    const base = out.length;
    const n = to - from;
    out.reserve(base + n);
    out.t.set(series.t.subarray(from, to), base);
    out.v.set(series.v.subarray(from, to), base);
    if (series.st !== null) {
      if (out.st === null) out.st = new Float64Array(out.t.length);
      out.st.set(series.st.subarray(from, to), base);
    }
    if (series.histograms !== null) {
      if (out.histograms === null) out.histograms = new Array<Histogram | null>(base).fill(null);
      for (let row = from; row < to; row++)
        out.histograms[base + row - from] = series.histograms[row] ?? null;
    }
    out.length = base + n;
  }
}

function overlaps(series: MemorySeries, { mint, maxt }: TimeRange): boolean {
  return series.length > 0 && series.t[0] <= maxt && series.t[series.length - 1] >= mint;
}

function matchesAll(labels: Labels, matchers: readonly Matcher[]): boolean {
  for (const matcher of matchers) if (!matcher.matches(labels.get(matcher.name))) return false;
  return true;
}
