/**
 * The refs that one appender gave out. The head forgets series, and gives their rows to others, while whoever appends
 * still holds a ref: so a ref remembers its series' number in the log, which tells whether the row is still that
 * series. Just before a series goes, its labels are put aside for the refs that it has, to make it again.
 */

import { copied, grownLength } from '../../encoding/grown.ts';
import type { Labels } from '../../model/labels.ts';
import type { SeriesTable } from './series-table.ts';

const FREE = -1;
const INITIAL_SLOTS = 16;
/** To find the ref of a row takes as long as to look at so many refs one after another. */
const LOOKUP_COST = 8;

export class Handles {
  /** By ref: the row, and the number of the series that it was given out for. */
  rows = new Uint32Array(0);
  refs = new Float64Array(0);
  /** Labels of series that are gone, by ref. */
  private readonly orphans = new Map<number, Labels>();
  private count = 0;
  private readonly free: number[] = [];
  private used = 0;
  /** Open addressing by row: ref + 1, 0 where never used, or FREE. */
  private slots = new Int32Array(INITIAL_SLOTS);
  private occupied = 0;

  /** The ref that was given out for this series in this row; -1 where there is none. */
  find(row: number, ref: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    for (let slot = slotOf(row, mask); slots[slot] !== 0; slot = (slot + 1) & mask) {
      const handle = slots[slot] - 1;
      if (handle >= 0 && this.rows[handle] === row && this.refs[handle] === ref) return handle;
    }
    return -1;
  }

  add(row: number, ref: number): number {
    const handle = this.free.pop() ?? this.count++;
    if (handle === this.rows.length) {
      const length = grownLength(handle, handle + 1);
      this.rows = copied(this.rows, new Uint32Array(length));
      this.refs = copied(this.refs, new Float64Array(length));
    }
    this.rows[handle] = row;
    this.refs[handle] = ref;
    this.used++;
    this.occupy(handle);
    return handle;
  }

  /** The series of the rows `gone`, which are marked in `isGone`, are about to go. */
  keepLabels(series: SeriesTable, gone: readonly number[], isGone: Uint8Array): void {
    const { rows, refs, count } = this;
    if (gone.length * LOOKUP_COST < count) {
      for (const row of gone) this.keepLabelsOf(this.find(row, series.ref[row]), series);
      return;
    }
    for (let handle = 0; handle < count; handle++) {
      const row = rows[handle];
      if (isGone[row] === 1 && series.ref[row] === refs[handle]) this.keepLabelsOf(handle, series);
    }
  }

  /** Of a series that is gone. */
  labelsOf(handle: number): Labels {
    return this.orphans.get(handle)!;
  }

  /** The series of a ref has another row now. */
  move(handle: number, row: number, ref: number): void {
    this.release(handle);
    this.orphans.delete(handle);
    this.rows[handle] = row;
    this.refs[handle] = ref;
    this.occupy(handle);
  }

  remove(handle: number): void {
    this.release(handle);
    this.orphans.delete(handle);
    this.refs[handle] = 0;
    this.free.push(handle);
    this.used--;
  }

  private keepLabelsOf(handle: number, series: SeriesTable): void {
    if (handle >= 0) this.orphans.set(handle, series.sets.labels(series.labelsOf(this.rows[handle])));
  }

  private release(handle: number): void {
    const { slots } = this;
    const mask = slots.length - 1;
    let slot = slotOf(this.rows[handle], mask);
    while (slots[slot] !== handle + 1) slot = (slot + 1) & mask;
    slots[slot] = FREE;
  }

  private occupy(handle: number): void {
    if (this.occupied * 2 >= this.slots.length) this.rehash();
    const { slots } = this;
    const mask = slots.length - 1;
    let slot = slotOf(this.rows[handle], mask);
    while (slots[slot] > 0) slot = (slot + 1) & mask;
    if (slots[slot] === 0) this.occupied++;
    slots[slot] = handle + 1;
  }

  private rehash(): void {
    const old = this.slots;
    let size = INITIAL_SLOTS;
    while (size < this.used * 4) size *= 2;
    this.slots = new Int32Array(size);
    this.occupied = 0;
    for (let i = 0; i < old.length; i++) if (old[i] > 0) this.occupy(old[i] - 1);
  }
}

/**
 * Rows are mostly given out one after another. Were their slots, too, then who looks for a row that has none would have
 * to go past all of them, where many were freed again.
 */
function slotOf(row: number, mask: number): number {
  return Math.imul(row, 0x9e3779b1) >>> Math.clz32(mask);
}
