/**
 * The label sets and pairs of some series, and where they are found, copied to tables of their own: what is left of
 * tables that have grown old. Rows stay what they are.
 */
import { ByteWriter } from '../../encoding/byte-writer.ts';
import { copied, grownLength } from '../../encoding/grown.ts';
import { LabelSets } from './label-sets.ts';
import { PairPostings } from './pair-postings.ts';

export class LabelCopy {
  readonly sets = new LabelSets();
  readonly postings = new PairPostings();
  /** By row, of those that were copied: where the labels are, and their hash. */
  places: Uint32Array;
  hashes: Uint32Array;
  /** Open addressing over the hashes: row + 1, or 0. */
  slots: Int32Array;
  private readonly old: LabelSets;
  private readonly encoded = new ByteWriter();
  private isCopied: Uint8Array;
  private count = 0;

  /** For `rows` rows, of which `count` are copied; when it are more, this grows. */
  constructor(old: LabelSets, rows: number, count: number) {
    this.old = old;
    this.isCopied = new Uint8Array(rows);
    this.places = new Uint32Array(rows);
    this.hashes = new Uint32Array(rows);
    this.slots = new Int32Array(slotsFor(count));
  }

  /** Copies the labels at `place`, which are those of `row`, unless that was done before. */
  add(row: number, place: number): void {
    if (row >= this.isCopied.length) this.grow(grownLength(this.isCopied.length, row + 1));
    if (this.isCopied[row] !== 0) return;
    this.isCopied[row] = 1;
    const { sets, encoded } = this;
    encoded.clear();
    this.old.encode(place, encoded);
    sets.intern(encoded.bytes, 0, encoded.length);
    this.places[row] = sets.store();
    this.hashes[row] = sets.hashOfCurrent();
    if (++this.count * 2 > this.slots.length) this.rehash();
    else occupy(this.slots, this.hashes, row);
    const { pairs, length } = sets.current;
    for (let i = 0; i < length; i++) this.postings.add(pairs[i], row);
  }

  /** Makes room for so many rows. */
  grow(rows: number): void {
    this.isCopied = copied(this.isCopied, new Uint8Array(rows));
    this.places = copied(this.places, new Uint32Array(rows));
    this.hashes = copied(this.hashes, new Uint32Array(rows));
  }

  private rehash(): void {
    this.slots = new Int32Array(this.slots.length * 2);
    for (let row = 0; row < this.isCopied.length; row++) {
      if (this.isCopied[row] !== 0) occupy(this.slots, this.hashes, row);
    }
  }
}

/** Slots for so many series, and as many again. */
function slotsFor(count: number): number {
  let slots = 1024;
  while (slots < count * 4) slots *= 2;
  return slots;
}

/** Enters a row, by its hash, in slots of which some are free. */
export function occupy(slots: Int32Array, hashes: Uint32Array, row: number): void {
  const mask = slots.length - 1;
  let slot = hashes[row] & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = row + 1;
}
