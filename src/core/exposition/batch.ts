/**
 * What a parser found, as columns. A row is one sample; its series is an index into the `SeriesTable` that the
 * parser fills, so a series that was seen before costs no string. A batch is cleared and reused: after the first
 * scrape of a target nothing here allocates.
 */

import { copied } from '../encoding/grown.ts';
import type { Exemplar } from '../model/exemplar.ts';
import type { Histogram } from '../model/histogram.ts';
import { NORMAL_NAN_BITS } from '../model/value.ts';

/** In column `t`: the exposition gave no timestamp. */
export const NO_TIMESTAMP = Number.NaN;

export interface RowExemplar {
  row: number;
  exemplar: Exemplar;
}

export class Batch {
  /** Rows in use; the columns may be longer. */
  length = 0;
  /** Index of each row's series in the SeriesTable. */
  series: Uint32Array = new Uint32Array(1024);
  /** Milliseconds since the epoch, or NO_TIMESTAMP. */
  t: Float64Array = new Float64Array(1024);
  /** Values, stale markers and NaNs with their bits; 0 in a histogram's row. */
  v: Float64Array = new Float64Array(1024);
  /** Start (created) timestamps in ms, 0 where the exposition gave none; null until a row has one. */
  st: Float64Array | null = null;
  /** Row -> histogram; empty for the text formats. */
  readonly histograms: Map<number, Histogram> = new Map();
  /** In row order. A row may have several (native histograms). */
  readonly exemplars: RowExemplar[] = [];
  /** The bits of `v`, while it is the column they were made for. */
  private bits: Uint32Array = new Uint32Array(this.v.buffer);

  clear(): void {
    this.length = 0;
    this.st = null;
    if (this.histograms.size > 0) this.histograms.clear();
    this.exemplars.length = 0;
  }

  /** Adds a row; hot callers may write the columns themselves after `reserve`. */
  push(series: number, t: number, v: number): number {
    const row = this.length;
    if (row === this.series.length) this.reserve(row + 1);
    this.series[row] = series;
    this.t[row] = t;
    this.v[row] = v;
    if (this.st !== null) this.st[row] = 0;
    this.length = row + 1;
    return row;
  }

  /** Adds copies of rows [start, end) of another batch, bit for bit. */
  append(other: Batch, start: number, end: number): void {
    const to = this.length;
    const shift = to - start;
    this.reserve(to + end - start);
    this.series.set(other.series.subarray(start, end), to);
    this.t.set(other.t.subarray(start, end), to);
    this.v.set(other.v.subarray(start, end), to);
    if (other.st !== null && this.st === null) this.st = new Float64Array(this.t.length);
    this.st?.set(other.st === null ? new Float64Array(end - start) : other.st.subarray(start, end), to);
    for (const [row, h] of other.histograms)
      if (row >= start && row < end) this.histograms.set(row + shift, h);
    for (let i = other.firstExemplar(start); i < other.exemplars.length; i++) {
      const { row, exemplar } = other.exemplars[i];
      if (row >= end) break;
      this.exemplars.push({ row: row + shift, exemplar });
    }
    this.length = to + end - start;
  }

  /** Makes row `row` of `v` an ordinary NaN with the bits that Prometheus' parsers give it. */
  writeNaN(row: number): void {
    if (this.bits.buffer !== this.v.buffer) this.bits = new Uint32Array(this.v.buffer);
    const low = this.v.byteOffset / 4 + row * 2;
    this.bits[low] = NORMAL_NAN_BITS.low;
    this.bits[low + 1] = NORMAL_NAN_BITS.high;
  }

  /** Notes the start timestamp (ms) of a row. */
  setStart(row: number, st: number): void {
    if (this.st === null) this.st = new Float64Array(this.t.length);
    this.st[row] = st;
  }

  /** Index of the first exemplar of row `row` or a later one. */
  private firstExemplar(row: number): number {
    let low = 0;
    let high = this.exemplars.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.exemplars[middle].row < row) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  reserve(rows: number): void {
    let size = this.series.length;
    if (rows <= size) return;
    while (size < rows) size *= 2;
    const series = new Uint32Array(size);
    series.set(this.series);
    this.series = series;
    this.t = copied(this.t, new Float64Array(size));
    this.v = copied(this.v, new Float64Array(size));
    if (this.st !== null) this.st = copied(this.st, new Float64Array(size));
  }
}
