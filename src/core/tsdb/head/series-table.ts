/**
 * The series of a head as columns: a series is a row, and no object. Rows of series that are gone are given out again.
 * Times in milliseconds.
 */
import { copied, grownLength } from '../../encoding/grown.ts';
import { XorStates } from '../chunk/index.ts';
import { LabelCopy, occupy } from './label-copy.ts';
import { LabelSets } from './label-sets.ts';
import { PairPostings } from './pair-postings.ts';

/** What a series' open chunk holds. */
export const OpenChunk = { none: 0, floats: 1, histograms: 2 } as const;
export type OpenChunk = (typeof OpenChunk)[keyof typeof OpenChunk];

/** What a series' newest sample is. */
export const Newest = { unknown: 0, float: 1, histogram: 2, floatHistogram: 3 } as const;
export type Newest = (typeof Newest)[keyof typeof Newest];

/** `xor.t` of a series without samples. */
export const NO_TIME = Number.NEGATIVE_INFINITY;

/** The table of label sets is made anew when at least so many series are gone, and more than there are. */
const REBUILD_ROWS = 10_000;
/** Rows copied, and rows of lists looked at, between two chances for others to work. */
const STEP_ROWS = 1000;
const STEP_LISTED = 200_000;

const FLAG_LOGGED = 1;
const FLAG_STALE = 2;
const FLAG_VALUE_KNOWN = 4;

export class SeriesTable {
  /** Rows that were ever given out. */
  rows = 0;
  /** Series that there are. */
  count = 0;
  /** Series that there were and that are gone. */
  goneCount = 0;
  /** Series whose newest sample is a stale marker. */
  staleCount = 0;
  /** The series' number in the log; 0 where the row is free. No other series ever has the same. */
  ref = new Float64Array(0);
  /** The state of the open chunk of floats; its `t`, `high` and `low` are the newest sample's also without one. */
  readonly xor = new XorStates(0);
  /** The cell that an open chunk of floats lies in. */
  cell = new Uint32Array(0);
  /** The first time of the open chunk, and when it is to end. */
  chunkStart = new Float64Array(0);
  chunkEnd = new Float64Array(0);
  open = new Uint8Array(0);
  /** What the newest sample is; `isValueKnown` tells whether it can be compared. */
  newest = new Uint8Array(0);
  /** The newest finished chunk (+ 1) of those that came in order, and out of order. */
  newestChunk = new Uint32Array(0);
  newestLateChunk = new Uint32Array(0);
  /** The transaction that last had a sample of the series, and the number of that sample in it. */
  transaction = new Uint32Array(0);
  pending = new Uint32Array(0);
  /** Of rows whose series the log has under several refs, those that came after `ref`. */
  readonly aliases = new Map<number, number[]>();
  sets = new LabelSets();
  postings = new PairPostings();
  /** Where `sets` has the series' labels. */
  private labelsAt: Uint32Array = new Uint32Array(0);
  private hashes: Uint32Array = new Uint32Array(0);
  private flags = new Uint8Array(0);
  /** Open addressing over the hashes: row + 1, or 0. */
  private slots: Int32Array = new Int32Array(1024);
  /** Free rows, ascending, of which those before `freeFrom` were given out again. */
  private free: Uint32Array = new Uint32Array(0);
  private freeFrom = 0;
  /** Series removed since the table of label sets was made. */
  private removed = 0;
  /** Series that were removed and that lists of pairs still have, whose rows are not free yet. */
  private leaving: Leaving | undefined = undefined;
  /** Rows of series that came while it is made anew. */
  private addedMeanwhile: number[] | undefined = undefined;

  get capacity(): number {
    return this.ref.length;
  }

  /** The row of the series with these labels, encoded as in the log; -1 where there is none. */
  find(labels: Uint8Array, start: number, end: number): number {
    const { sets } = this;
    if (!sets.find(labels, start, end)) return -1;
    return this.slots[this.slotOfCurrent(sets.hashOfCurrent())] - 1;
  }

  /** As `find`; makes the series where it is new, with the ref that `newRef` gives. */
  findOrAdd(labels: Uint8Array, start: number, end: number, newRef: number): number {
    const { sets } = this;
    sets.intern(labels, start, end);
    const hash = sets.hashOfCurrent();
    const slot = this.slotOfCurrent(hash);
    if (this.slots[slot] > 0) return this.slots[slot] - 1;
    const row = this.freeFrom < this.free.length ? this.free[this.freeFrom++] : this.newRow();
    this.slots[slot] = row + 1;
    this.hashes[row] = hash;
    this.labelsAt[row] = sets.store();
    this.addedMeanwhile?.push(row);
    this.ref[row] = newRef;
    this.xor.clear(row);
    this.xor.t[row] = NO_TIME;
    this.open[row] = OpenChunk.none;
    this.newest[row] = Newest.unknown;
    this.newestChunk[row] = 0;
    this.newestLateChunk[row] = 0;
    this.transaction[row] = 0;
    this.flags[row] = 0;
    const { pairs, length } = sets.current;
    for (let i = 0; i < length; i++) this.postings.add(pairs[i], row);
    if (++this.count * 2 > this.slots.length) this.rehash();
    return row;
  }

  /** Place of the labels in `sets`. */
  labelsOf(row: number): number {
    return this.labelsAt[row];
  }

  /** The log has the series under another ref, too. */
  addAlias(row: number, ref: number): void {
    const refs = this.aliases.get(row);
    if (refs === undefined) this.aliases.set(row, [ref]);
    else refs.push(ref);
  }

  /** The ref under which the log had the series last. */
  lastRefOf(row: number): number {
    return this.aliases.get(row)?.at(-1) ?? this.ref[row];
  }

  /** Whether the log has the series' record. */
  isLogged(row: number): boolean {
    return (this.flags[row] & FLAG_LOGGED) !== 0;
  }

  setLogged(row: number, logged: boolean): void {
    if (logged) this.flags[row] |= FLAG_LOGGED;
    else this.flags[row] &= ~FLAG_LOGGED;
  }

  /** Whether the newest sample's value is at hand, in `xor` or in the open chunk of histograms. */
  isValueKnown(row: number): boolean {
    return (this.flags[row] & FLAG_VALUE_KNOWN) !== 0;
  }

  /** Notes what the newest sample is, with its value at hand. */
  setNewest(row: number, newest: Newest): void {
    this.newest[row] = newest;
    this.flags[row] |= FLAG_VALUE_KNOWN;
  }

  forgetValue(row: number): void {
    this.flags[row] &= ~FLAG_VALUE_KNOWN;
  }

  isStale(row: number): boolean {
    return (this.flags[row] & FLAG_STALE) !== 0;
  }

  setStale(row: number, stale: boolean): void {
    if (this.isStale(row) === stale) return;
    this.flags[row] ^= FLAG_STALE;
    this.staleCount += stale ? 1 : -1;
  }

  /** Rows of all series, ascending. */
  all(): Uint32Array {
    const out = new Uint32Array(this.count);
    for (let row = 0, n = 0; row < this.rows; row++) if (this.ref[row] !== 0) out[n++] = row;
    return out;
  }

  /** Rows of the series that have a pair, ascending: a view, valid until the next change. */
  rowsWith(pair: number): Uint32Array {
    const rows = this.postings.rows(pair);
    if (this.leaving === undefined || this.leaving.pairs[pair] !== 1) return rows;
    return rows.filter((row) => this.ref[row] !== 0);
  }

  /** Whether any series has a pair. */
  isInUse(pair: number): boolean {
    return this.postings.count(pair) > 0 && (this.leaving === undefined || this.rowsWith(pair).length > 0);
  }

  /** Removes series, of which nothing may be left elsewhere. Once all are removed, `sweep` is due, and then `tidy`. */
  remove(rows: readonly number[]): void {
    if (rows.length === 0) return;
    this.leaving ??= { rows: new Uint8Array(this.rows), pairs: new Uint8Array(this.sets.pairCount) };
    this.leaving = {
      rows: withRoom(this.leaving.rows, this.rows),
      pairs: withRoom(this.leaving.pairs, this.sets.pairCount),
    };
    for (const row of rows) {
      this.setStale(row, false);
      this.unhash(row);
      this.leaving.rows[row] = 1;
      this.aliases.delete(row);
      const place = this.labelsAt[row];
      const piece = this.sets.piece(place);
      const at = this.sets.offset(place);
      for (let i = 1; i <= piece[at]; i++) this.leaving.pairs[piece[at + i]] = 1;
      this.ref[row] = 0;
    }
    this.count -= rows.length;
    this.goneCount += rows.length;
    this.removed += rows.length;
  }

  /**
   * Takes the series that were removed out of the lists of their pairs, and frees their rows. In steps, between which
   * series may be added. Ended early, the next one goes on.
   */
  *sweep(): Generator<void, void> {
    if (this.leaving === undefined) return;
    const { rows, pairs } = this.leaving;
    for (let pair = 0, listed = 0; pair < pairs.length; pair++) {
      if (pairs[pair] === 0) continue;
      // What a pair costs by itself is that of some ten rows.
      listed += this.postings.count(pair) + 10;
      this.postings.remove(pair, rows);
      pairs[pair] = 0;
      if (listed < STEP_LISTED) continue;
      listed = 0;
      yield;
    }
    this.leaving = undefined;
    this.free = merged(this.free.subarray(this.freeFrom), rows);
    this.freeFrom = 0;
  }

  /**
   * Where most of the table of label sets is of series that are gone, makes it anew without them; whoever reads the old
   * one can go on doing so. In steps, between which series may be added.
   */
  *tidy(): Generator<void, void> {
    if (this.removed <= REBUILD_ROWS || this.removed <= this.count) return;
    const { rows } = this;
    const copy = new LabelCopy(this.sets, this.capacity, this.count);
    const added: number[] = [];
    this.addedMeanwhile = added;
    try {
      for (let row = 0; row < rows; row++) {
        if (this.ref[row] !== 0) copy.add(row, this.labelsAt[row]);
        if (row % STEP_ROWS === STEP_ROWS - 1) yield;
      }
      // This list grows while it is gone through.
      for (let i = 0; i < added.length; i++) {
        copy.add(added[i], this.labelsAt[added[i]]);
        if (i % STEP_ROWS === STEP_ROWS - 1) yield;
      }
    } finally {
      this.addedMeanwhile = undefined;
    }
    copy.grow(this.capacity);
    this.sets = copy.sets;
    this.postings = copy.postings;
    this.labelsAt = copy.places;
    this.hashes = copy.hashes;
    this.slots = copy.slots;
    this.removed = 0;
  }

  private newRow(): number {
    const row = this.rows++;
    if (row === this.capacity) this.grow(grownLength(row, row + 1));
    return row;
  }

  private grow(rows: number): void {
    this.ref = copied(this.ref, new Float64Array(rows));
    this.xor.grow(rows);
    this.cell = copied(this.cell, new Uint32Array(rows));
    this.chunkStart = copied(this.chunkStart, new Float64Array(rows));
    this.chunkEnd = copied(this.chunkEnd, new Float64Array(rows));
    this.open = copied(this.open, new Uint8Array(rows));
    this.newest = copied(this.newest, new Uint8Array(rows));
    this.newestChunk = copied(this.newestChunk, new Uint32Array(rows));
    this.newestLateChunk = copied(this.newestLateChunk, new Uint32Array(rows));
    this.transaction = copied(this.transaction, new Uint32Array(rows));
    this.pending = copied(this.pending, new Uint32Array(rows));
    this.labelsAt = copied(this.labelsAt, new Uint32Array(rows));
    this.hashes = copied(this.hashes, new Uint32Array(rows));
    this.flags = copied(this.flags, new Uint8Array(rows));
  }

  private slotOfCurrent(hash: number): number {
    const { slots, hashes, labelsAt, sets } = this;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const row = slots[slot] - 1;
      if (hashes[row] === hash && sets.isCurrent(labelsAt[row])) break;
    }
    return slot;
  }

  private rehash(): void {
    this.slots = new Int32Array(this.slots.length * 2);
    for (let row = 0; row < this.rows; row++) if (this.ref[row] !== 0) occupy(this.slots, this.hashes, row);
  }

  /** Empties the row's slot; those behind it that would not be found any more move up. */
  private unhash(row: number): void {
    const { slots, hashes } = this;
    const mask = slots.length - 1;
    let hole = hashes[row] & mask;
    while (slots[hole] !== row + 1) hole = (hole + 1) & mask;
    for (let slot = (hole + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = hashes[slots[slot] - 1] & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole] = slots[slot];
      hole = slot;
    }
    slots[hole] = 0;
  }
}

/** Series on their way out, by row and by pair: 1 where there is one. */
interface Leaving {
  rows: Uint8Array;
  pairs: Uint8Array;
}

function withRoom(marks: Uint8Array, length: number): Uint8Array {
  return marks.length >= length ? marks : copied(marks, new Uint8Array(length));
}

/** The rows of an ascending list, and those that are marked. */
function merged(list: Uint32Array, marks: Uint8Array): Uint32Array {
  let count = list.length;
  for (let row = 0; row < marks.length; row++) count += marks[row];
  const out = new Uint32Array(count);
  let n = 0;
  let i = 0;
  for (let row = 0; row < marks.length; row++) {
    if (marks[row] === 0) continue;
    while (i < list.length && list[i] < row) out[n++] = list[i++];
    out[n++] = row;
  }
  while (i < list.length) out[n++] = list[i++];
  return out;
}
