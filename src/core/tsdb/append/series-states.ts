/**
 * What the appender knows of each series, as columns: about eighty bytes a series, and no object. A series is found
 * by the hash of its labels; labels themselves are not kept.
 */
import { crc32c } from '../../encoding/crc32c.ts';
import { halfSipHash } from '../../encoding/siphash.ts';

/**
 * A label set's hash: 64 bits under a secret key, so that nobody can make two sets have the same one, and the CRC-32C,
 * so that among all sets that occur no two have.
 */
export const HASH_WORDS = 3;
export const KEY_WORDS = 2;

/** `lastT` of a series that has no sample. */
export const NO_SAMPLE = Number.NEGATIVE_INFINITY;

export const ValueKind = { float: 0, histogram: 1 } as const;
export type ValueKind = (typeof ValueKind)[keyof typeof ValueKind];

/** Hashes encoded labels (labels-codec.ts) into `out[0..2]`. */
export function hashLabels(
  key: Uint32Array,
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint32Array,
): void {
  halfSipHash(key[0], key[1], bytes, start, end, out, 0);
  out[2] = crc32c(bytes, start, end);
}

const scratch = new Uint32Array(2);

/** A 32-bit check of metadata or an exemplar: whether the log has this one already. Never 0, which says "none". */
export function checkOf(bytes: Uint8Array, start: number, end: number): number {
  halfSipHash(0, 0, bytes, start, end, scratch, 0);
  return scratch[0] || 1;
}

/** The 64 bits that stand for a histogram's value: equal ones are duplicates. */
export function histogramBits(bytes: Uint8Array, start: number, end: number, out: Uint32Array): void {
  halfSipHash(0, 0, bytes, start, end, scratch, 0);
  out[0] = scratch[0];
  out[1] = scratch[1];
}

/** One row a series; rows are given out by whoever owns the columns. */
export class StateColumns {
  /** The series' ref in the log; 0 where it is not there yet. */
  ref = new Float64Array(0);
  /** Time of the newest sample, or NO_SAMPLE. */
  lastT = new Float64Array(0);
  /** Bits of the newest sample's value, high and low half; `histogramBits` of a histogram. */
  lastHigh = new Uint32Array(0);
  lastLow = new Uint32Array(0);
  /** ValueKind of the newest sample. */
  kind = new Uint8Array(0);
  /** `checkOf` the newest metadata; 0 where there is none. */
  metadata = new Uint32Array(0);
  /** Of the newest exemplar, the time (or NO_SAMPLE), `checkOf`, and the value; NaN where that is not known. */
  exemplarT = new Float64Array(0);
  exemplar = new Uint32Array(0);
  exemplarV = new Float64Array(0);

  get capacity(): number {
    return this.ref.length;
  }

  /** Makes room for so many rows in all. */
  resize(rows: number): void {
    this.ref = copied(this.ref, new Float64Array(rows));
    this.lastT = copied(this.lastT, new Float64Array(rows));
    this.lastHigh = copied(this.lastHigh, new Uint32Array(rows));
    this.lastLow = copied(this.lastLow, new Uint32Array(rows));
    this.kind = copied(this.kind, new Uint8Array(rows));
    this.metadata = copied(this.metadata, new Uint32Array(rows));
    this.exemplarT = copied(this.exemplarT, new Float64Array(rows));
    this.exemplar = copied(this.exemplar, new Uint32Array(rows));
    this.exemplarV = copied(this.exemplarV, new Float64Array(rows));
  }

  copyRow(from: StateColumns, row: number, to: number): void {
    this.ref[to] = from.ref[row];
    this.lastT[to] = from.lastT[row];
    this.lastHigh[to] = from.lastHigh[row];
    this.lastLow[to] = from.lastLow[row];
    this.kind[to] = from.kind[row];
    this.metadata[to] = from.metadata[row];
    this.exemplarT[to] = from.exemplarT[row];
    this.exemplar[to] = from.exemplar[row];
    this.exemplarV[to] = from.exemplarV[row];
  }
}

export class SeriesStates extends StateColumns {
  count = 0;
  /** HASH_WORDS a series. */
  hash = new Uint32Array(0);
  /** Open addressing over the hashes: row + 1, or 0. */
  private slots = new Int32Array(256);

  /** The row of the series with this hash, or -1. */
  find(hash: Uint32Array): number {
    const { slots } = this;
    const mask = slots.length - 1;
    for (let slot = hash[0] & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const at = (slots[slot] - 1) * HASH_WORDS;
      if (this.hash[at] === hash[0] && this.hash[at + 1] === hash[1] && this.hash[at + 2] === hash[2]) {
        return slots[slot] - 1;
      }
    }
    return -1;
  }

  /** Adds a series that `find` does not find, without ref and sample. */
  add(hash: Uint32Array): number {
    const row = this.count;
    if (row === this.capacity) this.resize(Math.max(128, row * 2));
    this.hash.set(hash.subarray(0, HASH_WORDS), row * HASH_WORDS);
    this.lastT[row] = NO_SAMPLE;
    this.exemplarT[row] = NO_SAMPLE;
    this.exemplarV[row] = Number.NaN;
    this.count = row + 1;
    if (this.count * 2 > this.slots.length) this.rehash();
    else this.occupy(row);
    return row;
  }

  override resize(rows: number): void {
    super.resize(rows);
    this.hash = copied(this.hash, new Uint32Array(rows * HASH_WORDS));
  }

  private rehash(): void {
    this.slots = new Int32Array(this.slots.length * 4);
    for (let row = 0; row < this.count; row++) this.occupy(row);
  }

  private occupy(row: number): void {
    const mask = this.slots.length - 1;
    let slot = this.hash[row * HASH_WORDS] & mask;
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    this.slots[slot] = row + 1;
  }
}

function copied<T extends Float64Array | Uint32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
