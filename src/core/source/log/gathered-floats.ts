/**
 * The float samples of a selection in the order in which the log has them, from the pass that counts them: while they are
 * not many, the log need not be passed over again for them, which would mean to decompress and decode all of it.
 */
import { copied, grownLength } from '../../encoding/grown.ts';
import type { LogSamples } from './log-samples.ts';

export class GatheredFloats {
  private length = 0;
  /** Where the samples that came in order end. */
  private orderedEnd = 0;
  private rows: Uint32Array = new Uint32Array(0);
  private t: Float64Array = new Float64Array(0);
  /** Halves of the values, lowest first. */
  private bits: Uint32Array = new Uint32Array(0);
  private readonly most: number;

  /** Takes at most so many samples, 20 bytes each. */
  constructor(most: number) {
    this.most = most;
  }

  /** Adds a sample of the series `row`, at `t` (ms); false where there are too many. */
  add(row: number, t: number, high: number, low: number): boolean {
    const i = this.length;
    if (i === this.most) return false;
    if (i === this.t.length) this.grow();
    this.rows[i] = row;
    this.t[i] = t;
    this.bits[i * 2] = low;
    this.bits[i * 2 + 1] = high;
    this.length = i + 1;
    return true;
  }

  /** The samples added from now on may have any times. */
  endOrdered(): void {
    this.orderedEnd = this.length;
  }

  /**
   * Adds the samples up to `maxt` to those of `series` series. `positions` says which of them a row is, or -1. Those that
   * came in order count only where they are newer than all before, also such that are beyond `maxt`.
   */
  moveTo(samples: LogSamples, positions: Int32Array, series: number, maxt: number): void {
    const { rows, t, bits, length, orderedEnd } = this;
    const newest = new Float64Array(series).fill(Number.NEGATIVE_INFINITY);
    for (let i = 0; i < length; i++) {
      if (i === orderedEnd) samples.endOrdered();
      const at = positions[rows[i]];
      if (at < 0 || (i < orderedEnd && t[i] <= newest[at])) continue;
      newest[at] = t[i];
      if (t[i] <= maxt) samples.addFloat(at, t[i], 0, bits[i * 2 + 1], bits[i * 2]);
    }
    if (orderedEnd === length) samples.endOrdered();
    samples.end();
  }

  private grow(): void {
    const size = Math.min(this.most, grownLength(this.length, this.length + 1));
    this.rows = copied(this.rows, new Uint32Array(size));
    this.t = copied(this.t, new Float64Array(size));
    this.bits = copied(this.bits, new Uint32Array(size * 2));
  }
}
