/**
 * Which series have a label pair: a growing list of rows for each pair. A list of one row is that row; longer ones lie
 * in cells that double, the longest in arrays of their own.
 *
 * Rows are added in any order (those of series that are gone are given out again), so a list is ascending up to some
 * place, and put in order when it is read.
 */
import { copied, grownLength } from '../../encoding/grown.ts';
import { Slab } from './slab.ts';

const CELL_BYTES = [16, 32, 64, 128, 256, 512, 1024];
const MAX_CELL_ROWS = 256;

export class PairPostings {
  private readonly slab = new Slab(CELL_BYTES);
  /** Rows of each pair, and where they are: the row itself, a cell, or the number of a long list. */
  private lengths = new Uint32Array(1024);
  private places = new Uint32Array(1024);
  private readonly long: (Uint32Array | undefined)[] = [];
  /** How much of a list is ascending, where that is not all of it. */
  private readonly ascending = new Map<number, number>();
  private readonly one = new Uint32Array(1);

  get reservedBytes(): number {
    return this.slab.reservedBytes + this.long.reduce((sum, list) => sum + (list?.byteLength ?? 0), 0);
  }

  /** Rows of a pair. */
  count(pair: number): number {
    return pair < this.lengths.length ? this.lengths[pair] : 0;
  }

  add(pair: number, row: number): void {
    if (pair >= this.lengths.length) {
      const length = grownLength(this.lengths.length, pair + 1);
      this.lengths = copied(this.lengths, new Uint32Array(length));
      this.places = copied(this.places, new Uint32Array(length));
    }
    const n = this.lengths[pair];
    this.lengths[pair] = n + 1;
    if (n === 0) {
      this.places[pair] = row;
      return;
    }
    const list = this.withRoom(pair, n);
    const at = this.start(pair, n + 1);
    if (list[at + n - 1] > row && !this.ascending.has(pair)) this.ascending.set(pair, n);
    list[at + n] = row;
  }

  /** The rows of a pair, ascending: a view, valid until the next change. */
  rows(pair: number): Uint32Array {
    const n = this.count(pair);
    if (n === 0) return this.one.subarray(0, 0);
    if (n === 1) return Uint32Array.of(this.places[pair]);
    const at = this.start(pair, n);
    const rows = this.list(pair, n).subarray(at, at + n);
    const ascending = this.ascending.get(pair);
    if (ascending !== undefined) {
      joinRuns(rows, ascending);
      this.ascending.delete(pair);
    }
    return rows;
  }

  /** Takes the rows for which `isGone`, which need not reach to the last one, is 1 out of a pair's list. */
  remove(pair: number, isGone: Uint8Array): void {
    const n = this.count(pair);
    if (n === 0) return;
    if (n === 1) {
      if (isGone[this.places[pair]] === 1) this.lengths[pair] = 0;
      return;
    }
    // In order, since what is ascending is counted in rows.
    const rows = this.rows(pair);
    let kept = 0;
    for (let i = 0; i < n; i++) if (isGone[rows[i]] !== 1) rows[kept++] = rows[i];
    if (kept === n) return;
    const list = this.list(pair, n);
    const at = this.start(pair, n);
    const place = this.places[pair];
    this.lengths[pair] = kept;
    if (kept > 1 && roomFor(kept) === roomFor(n)) return;
    if (kept > 1) this.place(pair, kept, list, at);
    else if (kept === 1) this.places[pair] = list[at];
    this.release(place, n);
  }

  /** The list of a pair that has `n` rows, with room for one more. */
  private withRoom(pair: number, n: number): Uint32Array {
    const place = this.places[pair];
    if (n === 1) {
      this.one[0] = place;
      return this.place(pair, 2, this.one, 0, 1);
    }
    if (n < roomFor(n)) return this.list(pair, n);
    const grown = this.place(pair, n + 1, this.list(pair, n), this.start(pair, n), n);
    this.release(place, n);
    return grown;
  }

  /** Finds a place for `size` rows and copies `count` of them there. */
  private place(pair: number, size: number, from: Uint32Array, at: number, count = size): Uint32Array {
    const room = roomFor(size);
    let to: Uint32Array;
    let start = 0;
    if (room > MAX_CELL_ROWS) {
      to = new Uint32Array(room);
      let index = this.long.indexOf(undefined);
      if (index < 0) index = this.long.length;
      this.long[index] = to;
      this.places[pair] = index;
    } else {
      const cell = this.slab.take(room * 4);
      to = this.slab.wordsOf(cell);
      start = this.slab.wordOffset(cell);
      this.places[pair] = cell;
    }
    for (let i = 0; i < count; i++) to[start + i] = from[at + i];
    return to;
  }

  private release(place: number, n: number): void {
    if (roomFor(n) > MAX_CELL_ROWS) this.long[place] = undefined;
    else this.slab.free(place);
  }

  private list(pair: number, n: number): Uint32Array {
    const place = this.places[pair];
    return roomFor(n) > MAX_CELL_ROWS ? this.long[place]! : this.slab.wordsOf(place);
  }

  private start(pair: number, n: number): number {
    return roomFor(n) > MAX_CELL_ROWS ? 0 : this.slab.wordOffset(this.places[pair]);
  }
}

/** A list of so many rows (2 or more) has this much room: a power of two, 4 at least. */
function roomFor(rows: number): number {
  return rows <= 4 ? 4 : 1 << (32 - Math.clz32(rows - 1));
}

/** Puts a list in order that ascends up to `middle`; what follows is in no order. */
function joinRuns(rows: Uint32Array, middle: number): void {
  const tail = rows.slice(middle).sort();
  let i = middle - 1;
  let j = tail.length - 1;
  for (let to = rows.length - 1; j >= 0; to--) {
    rows[to] = i >= 0 && rows[i] > tail[j] ? rows[i--] : tail[j--];
  }
}
