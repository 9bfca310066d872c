/**
 * The unit of work of the query engine: one series' values at every step of the query. Operators fill a column that
 * their consumer owns; nothing is allocated per step.
 */
import type { Histogram } from '../../model/histogram.ts';

/** What a step holds. */
export const ABSENT = 0;
export const FLOAT = 1;
export const HISTOGRAM = 2;

/** Steps whose kinds make a 64-bit number. Kinds are small, so that number is 0 only where all are ABSENT. */
const WORD_STEPS = 8;
/** Its logarithm: a quotient would be a number with a fraction, which code that is not compiled yet allocates. */
const WORD_SHIFT = 3;
const ALL_FLOAT = new Float64Array(new Uint8Array(WORD_STEPS).fill(FLOAT).buffer)[0];

export class StepColumn {
  /** Number of steps. */
  readonly length: number;
  /** ABSENT, FLOAT or HISTOGRAM, a step each. */
  readonly kind: Uint8Array;
  /** Valid where `kind` is FLOAT. */
  readonly v: Float64Array;
  /** Valid where `kind` is HISTOGRAM; null until the first histogram is set. Histograms are shared and immutable. */
  histograms: (Histogram | null)[] | null;
  /** `kind` again, eight steps a number, to pass over many at a time; null where there are few. */
  private readonly words: Float64Array | null;

  constructor(length: number) {
    this.length = length;
    if (length < WORD_STEPS * 4) {
      this.words = null;
      this.kind = new Uint8Array(length);
    } else {
      this.words = new Float64Array(Math.ceil(length / WORD_STEPS));
      this.kind = new Uint8Array(this.words.buffer, 0, length);
    }
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

  /** How many steps are not absent, from `first` on: the first of them, where that is known. */
  count(first = 0): number {
    const { kind, words, length } = this;
    let n = 0;
    let i = first;
    if (words === null) {
      for (; i < length; i++) if (kind[i] !== ABSENT) n++;
      return n;
    }
    for (; i % WORD_STEPS !== 0 && i < length; i++) if (kind[i] !== ABSENT) n++;
    if (i >= length) return n;
    for (let w = i >> WORD_SHIFT; w < words.length; w++) {
      if (words[w] === 0) continue;
      if (words[w] === ALL_FLOAT) {
        n += WORD_STEPS;
        continue;
      }
      const end = Math.min(length, (w + 1) << WORD_SHIFT);
      for (i = w << WORD_SHIFT; i < end; i++) if (kind[i] !== ABSENT) n++;
    }
    return n;
  }

  /** The first step from `from` on that is not absent; `length` if there is none. */
  next(from: number): number {
    const { kind, words, length } = this;
    let i = from;
    if (words !== null) {
      for (; i % WORD_STEPS !== 0 && i < length; i++) if (kind[i] !== ABSENT) return i;
      if (i >= length) return length;
      let w = i >> WORD_SHIFT;
      while (w < words.length && words[w] === 0) w++;
      i = w << WORD_SHIFT;
    }
    while (i < length && kind[i] === ABSENT) i++;
    return Math.min(i, length);
  }
}
