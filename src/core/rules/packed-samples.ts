/**
 * Samples of many series, decoded, one series after the other in one pair of columns: two arrays in all and not two for
 * each series, of which there may be many thousands with a few samples each.
 */
import { SampleColumns } from '../model/columns.ts';
import type { SeriesSet } from '../source/source.ts';

/** Up to this many rows a loop is faster than the arrays' own copy. */
const FEW_ROWS = 64;

export class PackedSamples {
  /** Series taken in. */
  count = 0;
  private readonly columns = new SampleColumns();
  /** Series n has rows [starts[n], starts[n + 1]). */
  private starts = new Float64Array(64);

  /** Rows of all series. */
  get rows(): number {
    return this.columns.length;
  }

  /** Makes room for so many rows in all. */
  reserve(rows: number): void {
    this.columns.reserve(rows);
  }

  /** Takes in the samples of series `i` of the set, which get the number `count`. False: they are more than these columns hold. */
  add(set: SeriesSet, i: number): boolean {
    const { columns } = this;
    set.read(i, columns);
    if (columns.st !== null) {
      columns.length = this.starts[this.count];
      columns.st = null;
      return false;
    }
    if (++this.count === this.starts.length) {
      const starts = new Float64Array(this.count * 2);
      starts.set(this.starts);
      this.starts = starts;
    }
    this.starts[this.count] = columns.length;
    return true;
  }

  /** Whether series `n` has samples from `mint` to `maxt` (ms), or some before and some after. */
  overlaps(n: number, mint: number, maxt: number): boolean {
    const { t } = this.columns;
    const from = this.starts[n];
    const to = this.starts[n + 1];
    return from < to && t[from] <= maxt && t[to - 1] >= mint;
  }

  /** Appends the samples of series `n` from `mint` to `maxt` (ms, inclusive) to `out`. */
  copy(n: number, mint: number, maxt: number, out: SampleColumns): void {
    const { t, v, histograms } = this.columns;
    const from = firstFrom(t, this.starts[n], this.starts[n + 1], mint);
    const to = firstFrom(t, from, this.starts[n + 1], maxt + 1);
    const base = out.length;
    const rows = to - from;
    out.reserve(base + rows);
    copyColumn(t, from, to, out.t, base);
    copyColumn(v, from, to, out.v, base);
    out.length = base + rows;
    if (histograms !== null) {
      let any = out.histograms !== null;
      for (let row = from; row < to && !any; row++) any = (histograms[row] ?? null) !== null;
      if (any) out.histograms ??= new Array(base).fill(null);
    }
    if (out.histograms === null) return;
    for (let row = from; row < to; row++) out.histograms[base + row - from] = histograms?.[row] ?? null;
  }
}

function copyColumn(from: Float64Array, start: number, end: number, to: Float64Array, at: number): void {
  const rows = end - start;
  if (rows > FEW_ROWS) {
    to.set(from.subarray(start, end), at);
    return;
  }
  for (let i = 0; i < rows; i++) {
    const value = from[start + i];
    // A NaN's bits are safe only where it is copied as memory.
    if (Number.isNaN(value)) {
      to.set(from.subarray(start + i, end), at + i);
      return;
    }
    to[at + i] = value;
  }
}

/** The first of rows [low, high) whose time is `time` or later. */
function firstFrom(t: Float64Array, low: number, high: number, time: number): number {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (t[middle] < time) from = middle + 1;
    else to = middle;
  }
  return from;
}
