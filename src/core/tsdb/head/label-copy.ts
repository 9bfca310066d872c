/** The label sets and pairs of some series, copied to tables of their own: what is left of tables that have grown old. */
import { ByteWriter } from '../../encoding/byte-writer.ts';
import { copied, grownLength } from '../../encoding/grown.ts';
import { LabelSets } from './label-sets.ts';
import { PairPostings } from './pair-postings.ts';

export class LabelCopy {
  readonly sets = new LabelSets();
  readonly postings = new PairPostings();
  private readonly old: LabelSets;
  private readonly encoded = new ByteWriter();
  /** By row, of those that were copied: where the labels are, and their hash. */
  private isCopied: Uint8Array;
  private places: Uint32Array;
  private hashes: Uint32Array;

  constructor(old: LabelSets, rows: number) {
    this.old = old;
    this.isCopied = new Uint8Array(rows);
    this.places = new Uint32Array(rows);
    this.hashes = new Uint32Array(rows);
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
    const { pairs, length } = sets.current;
    for (let i = 0; i < length; i++) this.postings.add(pairs[i], row);
  }

  /** Sets places and hashes of the rows that were copied. */
  moveTo(places: Uint32Array, hashes: Uint32Array): void {
    for (let row = 0; row < this.isCopied.length; row++) {
      if (this.isCopied[row] === 0) continue;
      places[row] = this.places[row];
      hashes[row] = this.hashes[row];
    }
  }

  private grow(rows: number): void {
    this.isCopied = copied(this.isCopied, new Uint8Array(rows));
    this.places = copied(this.places, new Uint32Array(rows));
    this.hashes = copied(this.hashes, new Uint32Array(rows));
  }
}
