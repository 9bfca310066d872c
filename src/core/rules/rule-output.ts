/** The series that one rule writes, as columns, with a stale marker where one of them ends. */
import type { Histogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import { writeStale } from '../model/value.ts';
import type { SampleRows } from '../source/memory.ts';

/** Most rules that are evaluated once write one sample a series. */
const FIRST_ROWS = 4;

export class OutputSeries implements SampleRows {
  readonly labels: Labels;
  length = 0;
  t: Float64Array = new Float64Array(FIRST_ROWS);
  v: Float64Array = new Float64Array(FIRST_ROWS);
  histograms: (Histogram | null)[] | null = null;
  /** Its last sample is no stale marker. */
  live = false;
  /** Of the last sample, ms. */
  lastT = Number.NEGATIVE_INFINITY;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  /** Row `row` of a value column at `t` (ms), later than all before. */
  addFloat(t: number, vs: Float64Array, row: number): void {
    const at = this.next(t);
    // As memory, so that the bits of a NaN stay.
    if (Number.isNaN(vs[row])) this.v.set(vs.subarray(row, row + 1), at);
    else this.v[at] = vs[row];
    if (this.histograms !== null) this.histograms[at] = null;
  }

  addHistogram(t: number, histogram: Histogram): void {
    const at = this.next(t);
    this.histograms ??= new Array<Histogram | null>(at).fill(null);
    this.histograms[at] = histogram;
    this.v[at] = 0;
  }

  end(t: number): void {
    this.addFloat(t, STALE, 0);
    this.live = false;
  }

  clear(): void {
    this.length = 0;
    this.histograms = null;
  }

  private next(t: number): number {
    const at = this.length;
    if (at === this.t.length) {
      this.t = twice(this.t);
      this.v = twice(this.v);
    }
    this.t[at] = t;
    this.lastT = t;
    this.live = true;
    this.length = at + 1;
    return at;
  }
}

function twice(array: Float64Array): Float64Array {
  const out = new Float64Array(array.length * 2);
  out.set(array);
  return out;
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
  flush(take: (labels: Labels, rows: SampleRows) => void): void {
    for (const [key, series] of this.byKey) {
      if (series.length > 0) take(series.labels, series);
      series.clear();
      if (!series.live) this.byKey.delete(key);
    }
  }
}
