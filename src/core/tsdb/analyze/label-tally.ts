/**
 * Counts series by label pair. Names and values are numbers here (symbols of an index, or what the caller gives out),
 * and a pair is found by a hash table over typed arrays, so a series costs no string and no object.
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
  /** Pair plus one, 0 where free; at most half are taken. */
  private slots = new Uint32Array(2048);
  /** Pairs of the series that was added last. */
  private last = new Uint32Array(64);
  private lastCount = 0;

  /** Adds a series with these names and values by turns. What `addTo…` says next is of it. */
  add(symbols: Uint32Array, labelCount: number, uncoveredMs: number): void {
    if (labelCount > this.last.length) this.last = new Uint32Array(labelCount * 2);
    const { last } = this;
    for (let i = 0; i < labelCount; i++) {
      const pair = this.find(symbols[2 * i], symbols[2 * i + 1]);
      last[i] = pair;
      this.series[pair]++;
      this.uncoveredMs[pair] += uncoveredMs;
    }
    this.lastCount = labelCount;
    this.seriesCount++;
    this.entryCount += labelCount;
  }

  addBytes(bytes: number): void {
    for (let i = 0; i < this.lastCount; i++) this.bytes[this.last[i]] += bytes;
  }

  addSamples(samples: number): void {
    for (let i = 0; i < this.lastCount; i++) this.samples[this.last[i]] += samples;
  }

  private find(name: number, value: number): number {
    const mask = this.slots.length - 1;
    for (let slot = hash(name, value) & mask; ; slot = (slot + 1) & mask) {
      const pair = this.slots[slot] - 1;
      if (pair < 0) return this.enter(name, value, slot);
      if (this.values[pair] === value && this.names[pair] === name) return pair;
    }
  }

  private enter(name: number, value: number, slot: number): number {
    const pair = this.size++;
    if (pair === this.names.length) this.growColumns();
    this.names[pair] = name;
    this.values[pair] = value;
    this.slots[slot] = pair + 1;
    if (this.size * 2 > this.slots.length) this.growSlots();
    return pair;
  }

  private growColumns(): void {
    const size = this.names.length * 2;
    this.names = copied(this.names, new Uint32Array(size));
    this.values = copied(this.values, new Uint32Array(size));
    this.series = copied(this.series, new Uint32Array(size));
    this.uncoveredMs = copied(this.uncoveredMs, new Float64Array(size));
    this.bytes = copied(this.bytes, new Float64Array(size));
    this.samples = copied(this.samples, new Float64Array(size));
  }

  private growSlots(): void {
    const slots = new Uint32Array(this.slots.length * 2);
    const mask = slots.length - 1;
    for (let pair = 0; pair < this.size; pair++) {
      let slot = hash(this.names[pair], this.values[pair]) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = pair + 1;
    }
    this.slots = slots;
  }
}

function hash(name: number, value: number): number {
  let h = Math.imul(value ^ (name << 20) ^ (name >>> 12), 0x9e3779b1);
  h ^= h >>> 15;
  h = Math.imul(h, 0x85ebca77);
  return h ^ (h >>> 13);
}
