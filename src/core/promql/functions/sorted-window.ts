/** The values of a window in sorted order, kept so while the window moves: a sample is inserted and removed once. */
import { quantileOf } from './quantile.ts';

export class SortedWindow {
  private readonly v: Float64Array;
  private readonly sorted: Float64Array;
  private length = 0;
  private from = 0;
  private to = 0;
  /** NaNs have no place in an order; windows with one are sorted by `quantileOf`. */
  private nans = 0;

  constructor(v: Float64Array, count: number) {
    this.v = v;
    this.sorted = new Float64Array(count);
  }

  /** Moves to samples [from, to), neither of which goes back. */
  moveTo(from: number, to: number): void {
    if (from >= this.to) {
      this.length = 0;
      this.nans = 0;
      this.from = from;
      this.to = from;
    }
    for (; this.from < from; this.from++) this.remove(this.v[this.from]);
    for (; this.to < to; this.to++) this.insert(this.v[this.to]);
  }

  /** The values, a copy; sorted unless one is NaN. */
  values(): Float64Array {
    return this.nans > 0 ? this.v.slice(this.from, this.to) : this.sorted.slice(0, this.length);
  }

  quantile(q: number): number {
    // Sorting what is sorted costs a pass; only the two neighbours in rank are needed.
    if (this.nans > 0 || !(q >= 0 && q <= 1)) return quantileOf(q, this.values());
    const rank = q * (this.length - 1);
    const lower = Math.floor(rank);
    const upper = Math.min(this.length - 1, lower + 1);
    const weight = rank - lower;
    return this.sorted[lower] * (1 - weight) + this.sorted[upper] * weight;
  }

  private insert(value: number): void {
    if (Number.isNaN(value)) {
      this.nans++;
      return;
    }
    const at = this.position(value);
    this.sorted.copyWithin(at + 1, at, this.length);
    this.sorted[at] = value;
    this.length++;
  }

  private remove(value: number): void {
    if (Number.isNaN(value)) {
      this.nans--;
      return;
    }
    const at = this.position(value);
    this.sorted.copyWithin(at, at + 1, this.length);
    this.length--;
  }

  /** Index of the first value that is not below `value`. */
  private position(value: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.sorted[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
