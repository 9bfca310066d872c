/** What an appender was given and has not committed: rows of columns, in the order in which they came. */

import { copied, grownLength } from '../../encoding/grown.ts';
import type { Exemplar } from '../../model/exemplar.ts';
import type { Histogram } from '../../model/histogram.ts';
import type { Metadata } from '../../model/metadata.ts';

/** How a sample goes in. */
export const Entry = { inOrder: 0, late: 1, dropped: 2 } as const;
export type Entry = (typeof Entry)[keyof typeof Entry];

export class Transaction {
  /** Samples. */
  count = 0;
  /** Samples that are late. */
  lateCount = 0;
  /** Rows of the head's series. */
  row = new Uint32Array(0);
  t = new Float64Array(0);
  /** Values as bits, low half first; of no meaning for histograms. */
  bits = new Uint32Array(0);
  entry = new Uint8Array(0);
  /** By sample. */
  readonly histograms = new Map<number, Histogram>();
  /** Whether a series has floats and histograms here: their order then matters across records. */
  mixed = false;
  /** Each with the series' ref, by which a row is known to be still the same series. */
  readonly exemplars: { row: number; ref: number; exemplar: Exemplar }[] = [];
  /** The last of each row. */
  readonly newestExemplars = new Map<number, Exemplar>();
  readonly metadata: { row: number; ref: number; metadata: Metadata }[] = [];

  get isEmpty(): boolean {
    return this.count === 0 && this.exemplars.length === 0 && this.metadata.length === 0;
  }

  /** Adds a sample; the caller fills in its value. Returns its number. */
  push(row: number, t: number, entry: Entry): number {
    const i = this.count++;
    if (i === this.t.length) this.grow(grownLength(i, i + 1));
    this.row[i] = row;
    this.t[i] = t;
    this.entry[i] = entry;
    if (entry === Entry.late) this.lateCount++;
    return i;
  }

  pushExemplar(row: number, ref: number, exemplar: Exemplar): void {
    this.exemplars.push({ row, ref, exemplar });
    this.newestExemplars.set(row, exemplar);
  }

  clear(): void {
    this.count = 0;
    this.lateCount = 0;
    this.mixed = false;
    this.histograms.clear();
    this.exemplars.length = 0;
    this.newestExemplars.clear();
    this.metadata.length = 0;
  }

  private grow(length: number): void {
    this.row = copied(this.row, new Uint32Array(length));
    this.t = copied(this.t, new Float64Array(length));
    this.bits = copied(this.bits, new Uint32Array(length * 2));
    this.entry = copied(this.entry, new Uint8Array(length));
  }
}
