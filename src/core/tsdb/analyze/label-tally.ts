/**
 * Counts series by label pair. Names and values are numbers here (symbols of an index, or what the caller gives out),
 * and a pair is found by its value, which few pairs share: a series costs no string, no object and no hash.
 */
import { copied } from '../../encoding/grown.ts';

/** What is counted of each pair. */
export type PairMeasure = 'series' | 'uncoveredMs' | 'bytes' | 'samples';

export class LabelTally {
  /** Distinct pairs. */
  size = 0;
  /** Series that were added, and the pairs of all of them. */
  seriesCount = 0;
  entryCount = 0;
  /** Name and value of each pair. */
  names: Uint32Array = new Uint32Array(1024);
  values: Uint32Array = new Uint32Array(1024);
  /** Series that have the pair. */
  series: Uint32Array = new Uint32Array(1024);
  /** Of those, the time in which they have no samples (ms), the bytes of their chunks, and their samples. */
  uncoveredMs: Float64Array = new Float64Array(1024);
  bytes: Float64Array = new Float64Array(1024);
  samples: Float64Array = new Float64Array(1024);
  /** By value: the newest pair that has it, plus one; and by pair: the one before it with the same value. */
  private newest: Uint32Array = new Uint32Array(2048);
  private before: Uint32Array = new Uint32Array(1024);

  /** Adds a series with these names and values by turns. */
  add(symbols: Uint32Array, labelCount: number): void {
    this.addColumns(1, symbols, [2 * labelCount], NOTHING, NOTHING, NOTHING);
  }

  /**
   * Adds `count` series: the names and values of each end in `symbols` where `ends` says, and the other columns have
   * what is counted of it.
   */
  addColumns(
    count: number,
    symbols: Uint32Array,
    ends: ArrayLike<number>,
    uncoveredMs: Float64Array,
    bytes: Float64Array,
    samples: Float64Array,
  ): void {
    if (count === 0) return;
    this.seriesCount += count;
    this.entryCount += ends[count - 1] / 2;
    let i = 0;
    for (let s = 0; s < count; s++) {
      for (const end = ends[s]; i < end; i += 2) {
        const name = symbols[i];
        const value = symbols[i + 1];
        let pair = value < this.newest.length ? this.newest[value] : 0;
        while (pair !== 0 && this.names[pair - 1] !== name) pair = this.before[pair - 1];
        if (pair === 0) pair = this.enter(name, value);
        pair--;
        this.series[pair]++;
        this.uncoveredMs[pair] += uncoveredMs[s];
        this.bytes[pair] += bytes[s];
        this.samples[pair] += samples[s];
      }
    }
  }

  /** Returns the new pair, plus one. */
  private enter(name: number, value: number): number {
    const pair = this.size++;
    if (pair === this.names.length) this.growColumns();
    if (value >= this.newest.length) {
      this.newest = copied(this.newest, new Uint32Array(Math.max(value + 1, this.newest.length * 2)));
    }
    this.names[pair] = name;
    this.values[pair] = value;
    this.before[pair] = this.newest[value];
    this.newest[value] = pair + 1;
    return pair + 1;
  }

  private growColumns(): void {
    const size = this.names.length * 2;
    this.names = copied(this.names, new Uint32Array(size));
    this.values = copied(this.values, new Uint32Array(size));
    this.before = copied(this.before, new Uint32Array(size));
    this.series = copied(this.series, new Uint32Array(size));
    this.uncoveredMs = copied(this.uncoveredMs, new Float64Array(size));
    this.bytes = copied(this.bytes, new Float64Array(size));
    this.samples = copied(this.samples, new Float64Array(size));
  }
}

const NOTHING = new Float64Array(1);
