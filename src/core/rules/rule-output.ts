/** The series that one rule writes, as columns, with a stale marker where one of them ends. */
import { SampleColumns } from '../model/columns.ts';
import type { Histogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import { writeStale } from '../model/value.ts';

export class OutputSeries {
  readonly labels: Labels;
  readonly columns = new SampleColumns();
  /** Its last sample is no stale marker. */
  live = false;
  /** Of the last sample, ms. */
  lastT = Number.NEGATIVE_INFINITY;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  /** Row `row` of a value column at `t` (ms), later than all before. */
  addFloat(t: number, vs: Float64Array, row: number): void {
    const { columns } = this;
    const at = columns.length;
    columns.reserve(at + 1);
    columns.t[at] = t;
    // As memory, so that the bits of a NaN stay.
    if (Number.isNaN(vs[row])) columns.v.set(vs.subarray(row, row + 1), at);
    else columns.v[at] = vs[row];
    if (columns.histograms !== null) columns.histograms[at] = null;
    columns.length = at + 1;
    this.lastT = t;
    this.live = true;
  }

  addHistogram(t: number, histogram: Histogram): void {
    this.columns.pushHistogram(t, histogram);
    this.lastT = t;
    this.live = true;
  }

  end(t: number): void {
    this.addFloat(t, STALE, 0);
    this.live = false;
  }
}

const STALE = new Float64Array(1);
writeStale(STALE, 0);

export class RuleOutput {
  private readonly byKey = new Map<string, OutputSeries>();

  /** The series with these labels, made where it is new. */
  series(labels: Labels): OutputSeries {
    const key = labels.toString();
    let series = this.byKey.get(key);
    if (series === undefined) this.byKey.set(key, (series = new OutputSeries(labels)));
    return series;
  }

  all(): IterableIterator<OutputSeries> {
    return this.byKey.values();
  }

  /** Ends the series that go on though they have no sample at `t` (ms). */
  endAbsent(t: number): void {
    for (const series of this.byKey.values()) if (series.live && series.lastT !== t) series.end(t);
  }

  /** Hands over what was written since the last time; the columns are used again afterwards. */
  flush(take: (labels: Labels, columns: SampleColumns) => void): void {
    for (const [key, series] of this.byKey) {
      if (series.columns.length > 0) take(series.labels, series.columns);
      series.columns.clear();
      if (!series.live) this.byKey.delete(key);
    }
  }
}
