/**
 * The unit of work of the query engine: one series' values at every step of the query. Operators fill a column that
 * their consumer owns; nothing is allocated per step.
 */
import type { Histogram } from '../../model/histogram.ts';

/** What a step holds. */
export const ABSENT = 0;
export const FLOAT = 1;
export const HISTOGRAM = 2;

export class StepColumn {
  /** Number of steps. */
  readonly length: number;
  /** ABSENT, FLOAT or HISTOGRAM, a step each. */
  readonly kind: Uint8Array;
  /** Valid where `kind` is FLOAT. */
  readonly v: Float64Array;
  /** Valid where `kind` is HISTOGRAM; null until the first histogram is set. Histograms are shared and immutable. */
  histograms: (Histogram | null)[] | null;

  constructor(length: number) {
    this.length = length;
    this.kind = new Uint8Array(length);
    this.v = new Float64Array(length);
    this.histograms = null;
  }

  /** Makes every step absent. */
  clear(): void {
    this.kind.fill(ABSENT);
    this.histograms = null;
  }

  setFloat(i: number, v: number): void {
    this.kind[i] = FLOAT;
    this.v[i] = v;
  }

  setHistogram(i: number, h: Histogram): void {
    this.kind[i] = HISTOGRAM;
    if (this.histograms === null) this.histograms = new Array<Histogram | null>(this.length).fill(null);
    this.histograms[i] = h;
  }

  /** Valid where `kind[i]` is HISTOGRAM. */
  histogramAt(i: number): Histogram {
    return this.histograms![i]!;
  }

  copyFrom(other: StepColumn): void {
    this.kind.set(other.kind);
    this.v.set(other.v);
    this.histograms = other.histograms === null ? null : other.histograms.slice();
  }

  /** How many steps are not absent. */
  count(): number {
    let n = 0;
    for (let i = 0; i < this.length; i++) if (this.kind[i] !== ABSENT) n++;
    return n;
  }
}
