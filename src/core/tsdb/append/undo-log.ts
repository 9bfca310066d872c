/** What is known of the series that a transaction touches, as it was before, in case the transaction fails. */
import { type SeriesStates, StateColumns } from './series-states.ts';

export class UndoLog {
  private readonly states: SeriesStates;
  private readonly saved = new StateColumns();
  private rows = new Uint32Array(0);
  private count = 0;
  /** The transaction in which each series was last saved. */
  private savedIn = new Uint32Array(0);
  private transaction = 1;

  constructor(states: SeriesStates) {
    this.states = states;
  }

  /** Saves what is known of the series in `row`; false where this transaction has done so before. */
  save(row: number): boolean {
    if (row >= this.savedIn.length) this.savedIn = widened(this.savedIn, this.states.capacity);
    if (this.savedIn[row] === this.transaction) return false;
    this.savedIn[row] = this.transaction;
    const n = this.count++;
    if (n === this.saved.capacity) {
      this.saved.resize(Math.max(256, n * 2));
      this.rows = widened(this.rows, this.saved.capacity);
    }
    this.rows[n] = row;
    this.saved.copyRow(this.states, row, n);
    return true;
  }

  /** Rows of the series that were saved in this transaction. */
  series(): Uint32Array {
    return this.rows.subarray(0, this.count);
  }

  /** Puts everything back as it was, and begins a transaction. */
  restore(): void {
    for (let n = 0; n < this.count; n++) this.states.copyRow(this.saved, n, this.rows[n]);
    this.clear();
  }

  /** Begins a transaction. */
  clear(): void {
    this.count = 0;
    this.transaction++;
  }
}

function widened(column: Uint32Array<ArrayBuffer>, size: number): Uint32Array<ArrayBuffer> {
  const out = new Uint32Array(size);
  out.set(column);
  return out;
}
