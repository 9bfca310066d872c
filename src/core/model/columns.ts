/**
 * A stretch of one series' samples as columns: the shape in which samples leave storage and enter the query
 * engine. One object is reused for many series; the arrays only ever grow.
 */

import { copied } from '../encoding/grown.ts';
import type { Histogram } from './histogram.ts';

const INITIAL_CAPACITY = 128;

export class SampleColumns {
  /** Rows in use; the arrays may be longer. */
  length = 0;
  /** Milliseconds since the epoch, strictly ascending. */
  t: Float64Array = new Float64Array(INITIAL_CAPACITY);
  /** Float values; 0 in a histogram's row. May hold stale markers (see value.ts). */
  v: Float64Array = new Float64Array(INITIAL_CAPACITY);
  /** Parallel to `t` where any row is a histogram, else null: most series never pay for it. */
  histograms: (Histogram | null)[] | null = null;
  /** Start timestamps (ms, 0 = unknown), parallel to `t`; null where the series has none. */
  st: Float64Array | null = null;
  /** Chunks, and bytes of them, that were decoded into this object since it was made. */
  chunksDecoded = 0;
  bytesDecoded = 0;

  clear(): void {
    this.length = 0;
    this.histograms = null;
    this.st = null;
  }

  /** Makes room for `capacity` rows in all, keeping those in use. */
  reserve(capacity: number): void {
    if (capacity <= this.t.length) return;
    let size = this.t.length;
    while (size < capacity) size *= 2;
    this.t = copied(this.t, new Float64Array(size));
    this.v = copied(this.v, new Float64Array(size));
    if (this.st !== null) this.st = copied(this.st, new Float64Array(size));
  }

  /** Adds a histogram row. Float rows are written straight into `t` and `v` after `reserve`. */
  pushHistogram(t: number, h: Histogram): void {
    const i = this.length;
    this.reserve(i + 1);
    if (this.histograms === null) this.histograms = new Array<Histogram | null>(i).fill(null);
    while (this.histograms.length < i) this.histograms.push(null);
    this.t[i] = t;
    this.v[i] = 0;
    this.histograms[i] = h;
    this.length = i + 1;
  }
}
