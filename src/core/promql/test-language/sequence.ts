/** The values of one series at equal steps, as columns: what series notation stands for. */

import { copied } from '../../encoding/grown.ts';
import type { Histogram } from '../../model/histogram.ts';
import { writeStale } from '../../model/value.ts';

export class Sequence {
  /** Rows in use; the arrays may be longer. */
  length = 0;
  /** 0 where the row is a gap. */
  present: Uint8Array = new Uint8Array(16);
  /** Floats, stale markers among them; 0 in a gap and in a histogram's row. */
  values: Float64Array = new Float64Array(16);
  /** Parallel to `values` where any row is a histogram, else null. */
  histograms: (Histogram | null)[] | null = null;
  /** Parallel to `histograms`: whether the notation says what the counter reset hint is. */
  hintsGiven: boolean[] | null = null;

  pushGap(): void {
    this.push(0, 0);
  }

  pushFloat(value: number): void {
    this.push(1, value);
  }

  pushStale(): void {
    this.push(1, 0);
    writeStale(this.values, this.length - 1);
  }

  /** The histogram is not copied. */
  pushHistogram(histogram: Histogram, hintGiven: boolean): void {
    this.push(1, 0);
    this.histograms ??= [];
    this.hintsGiven ??= [];
    while (this.histograms.length < this.length - 1) {
      this.histograms.push(null);
      this.hintsGiven.push(false);
    }
    this.histograms.push(histogram);
    this.hintsGiven.push(hintGiven);
  }

  /** The histogram of a row, or null where it is a float or a gap. */
  histogramAt(row: number): Histogram | null {
    return this.histograms?.[row] ?? null;
  }

  private push(present: 0 | 1, value: number): void {
    const row = this.length++;
    if (row === this.values.length) {
      this.present = copied(this.present, new Uint8Array(row * 2));
      this.values = copied(this.values, new Float64Array(row * 2));
    }
    this.present[row] = present;
    this.values[row] = value;
  }
}
