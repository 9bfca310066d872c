/**
 * Samples of some series of a log, gathered into columns by one pass over it: the series' rows lie one after
 * another, in the order in which the log has them. Histograms stay encoded until they are read.
 */
import { ByteReader } from '../../encoding/byte-reader.ts';
import type { SampleColumns } from '../../model/columns.ts';
import type { Histogram } from '../../model/histogram.ts';
import { mergeRuns } from '../../tsdb/block/index.ts';
import { decodeHistogram } from '../../tsdb/wal/index.ts';

export class LogSamples {
  /** Rows [starts[i], ends[i]) are the samples of series i, for which there is room up to starts[i + 1]. */
  private readonly starts: Float64Array;
  private readonly ends: Float64Array;
  /** Where the samples that came in order end, once `endOrdered` was called. */
  private ordered: Float64Array;
  private readonly t: Float64Array;
  /** Values as bits, low half first. */
  private readonly v: Float64Array;
  private readonly vBits: Uint32Array;
  /** Start timestamps, where any sample has one. */
  private st: Float64Array | null = null;
  /** Which rows are histograms: the histogram's number + 1, or 0. */
  private histogramOf: Uint32Array | null = null;
  private readonly histogramStarts: number[] = [];
  private readonly histogramIsFloat: boolean[] = [];
  private histogramBytes = new Uint8Array(0);
  private histogramEnd = 0;

  /** Makes room for `counts[i]` samples of series i. */
  constructor(counts: Uint32Array) {
    this.starts = new Float64Array(counts.length + 1);
    for (let i = 0; i < counts.length; i++) this.starts[i + 1] = this.starts[i] + counts[i];
    this.ends = this.starts.slice(0, counts.length);
    const rows = this.starts[counts.length];
    this.ordered = this.ends;
    this.t = new Float64Array(rows);
    this.v = new Float64Array(rows);
    this.vBits = new Uint32Array(this.v.buffer);
  }

  /** Adds a sample to series `i`: until `endOrdered`, later than those it has. Passed over where there is no room. */
  addFloat(i: number, t: number, st: number, high: number, low: number): void {
    if (this.ends[i] === this.starts[i + 1]) return;
    const row = this.ends[i]++;
    this.t[row] = t;
    this.vBits[row * 2] = low;
    this.vBits[row * 2 + 1] = high;
    if (st !== 0) this.setStart(row, st);
  }

  /** As `addFloat`, for the histogram that is encoded in bytes [start, end). */
  addHistogram(
    i: number,
    t: number,
    st: number,
    isFloat: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (this.ends[i] === this.starts[i + 1]) return;
    const row = this.ends[i]++;
    this.t[row] = t;
    if (st !== 0) this.setStart(row, st);
    const stop = this.histogramEnd + end - start;
    if (stop > this.histogramBytes.length) {
      const grown = new Uint8Array(Math.max(stop, this.histogramBytes.length * 2, 4096));
      grown.set(this.histogramBytes);
      this.histogramBytes = grown;
    }
    this.histogramBytes.set(bytes.subarray(start, end), this.histogramEnd);
    this.histogramStarts.push(this.histogramEnd);
    this.histogramIsFloat.push(isFloat);
    this.histogramEnd = stop;
    this.histogramOf ??= new Uint32Array(this.t.length);
    this.histogramOf[row] = this.histogramStarts.length;
  }

  /** The samples added from now on may have any times. */
  endOrdered(): void {
    this.ordered = this.ends.slice();
  }

  /** All samples were added. */
  end(): void {
    for (let i = 0; i < this.ends.length; i++) {
      if (this.ordered[i] < this.ends[i]) this.ends[i] = this.sort(this.ordered[i], this.ends[i]);
    }
  }

  /** Appends the samples of series `i` from `mint` to `maxt` (ms, inclusive) to `out`, in time order. */
  read(i: number, mint: number, maxt: number, out: SampleColumns): void {
    const from = out.length;
    this.copyWithin(this.starts[i], this.ordered[i], mint, maxt, out);
    const middle = out.length;
    this.copyWithin(this.ordered[i], this.ends[i], mint, maxt, out);
    mergeRuns(out, from, middle);
  }

  /** Whether series `i` has a sample from `mint` to `maxt` (ms, inclusive). */
  hasSamples(i: number, mint: number, maxt: number): boolean {
    const { t } = this;
    const inOrder = this.firstFrom(mint, this.starts[i], this.ordered[i]);
    if (inOrder < this.ordered[i] && t[inOrder] <= maxt) return true;
    const late = this.firstFrom(mint, this.ordered[i], this.ends[i]);
    return late < this.ends[i] && t[late] <= maxt;
  }

  private setStart(row: number, st: number): void {
    this.st ??= new Float64Array(this.t.length);
    this.st[row] = st;
  }

  /** Sorts rows [from, to) by time; of those with the same the first stays. Returns where they end now. */
  private sort(from: number, to: number): number {
    const ts = this.t.slice(from, to);
    const bits = this.vBits.slice(from * 2, to * 2);
    const sts = this.st?.slice(from, to);
    const histograms = this.histogramOf?.slice(from, to);
    const order = new Uint32Array(to - from);
    for (let i = 0; i < order.length; i++) order[i] = i;
    order.sort((a, b) => ts[a] - ts[b] || a - b);
    let row = from;
    for (const was of order) {
      if (row > from && this.t[row - 1] === ts[was]) continue;
      this.t[row] = ts[was];
      this.vBits[row * 2] = bits[was * 2];
      this.vBits[row * 2 + 1] = bits[was * 2 + 1];
      if (sts !== undefined) this.st![row] = sts[was];
      if (histograms !== undefined) this.histogramOf![row] = histograms[was];
      row++;
    }
    return row;
  }

  /** The first of rows [low, high) whose time is `time` (ms) or later. */
  private firstFrom(time: number, low: number, high: number): number {
    let from = low;
    let to = high;
    while (from < to) {
      const middle = Math.floor((from + to) / 2);
      if (this.t[middle] < time) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  private copyWithin(from: number, to: number, mint: number, maxt: number, out: SampleColumns): void {
    const first = this.firstFrom(mint, from, to);
    this.copy(first, this.firstFrom(maxt + 1, first, to), out);
  }

  private copy(from: number, to: number, out: SampleColumns): void {
    const at = out.length;
    out.reserve(at + to - from);
    out.t.set(this.t.subarray(from, to), at);
    out.v.set(this.v.subarray(from, to), at);
    if (this.st !== null) {
      out.st ??= new Float64Array(out.t.length);
      out.st.set(this.st.subarray(from, to), at);
    }
    out.length = at + to - from;
    if (this.histogramOf === null) {
      if (out.histograms !== null) while (out.histograms.length < out.length) out.histograms.push(null);
      return;
    }
    let any = out.histograms !== null;
    for (let row = from; row < to && !any; row++) any = this.histogramOf[row] !== 0;
    if (!any) return;
    out.histograms ??= new Array(at).fill(null);
    for (let row = from; row < to; row++) {
      const n = this.histogramOf[row];
      out.histograms[at + row - from] = n === 0 ? null : this.histogram(n - 1);
    }
  }

  private histogram(n: number): Histogram {
    const reader = new ByteReader(this.histogramBytes, this.histogramStarts[n], this.histogramEnd);
    return decodeHistogram(reader, this.histogramIsFloat[n]);
  }
}
