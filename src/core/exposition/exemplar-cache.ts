/**
 * Exemplars by the bytes they are written with. Most stay as they are from one scrape to the next, and those that do
 * cost no labels and no strings; those that go (every trace has a new id) must not stay in memory. So what was not
 * seen for a whole turn is forgotten.
 */
import type { Exemplar } from '../model/exemplar.ts';
import { ByteTable } from './byte-table.ts';

export class ExemplarCache {
  private keys = new ByteTable();
  private exemplars: Exemplar[] = [];
  private oldKeys = new ByteTable();
  private oldExemplars: Exemplar[] = [];

  /** How many this turn has seen. */
  get size(): number {
    return this.exemplars.length;
  }

  /** The exemplar of bytes [start, end), or undefined. */
  find(view: DataView, start: number, end: number): Exemplar | undefined {
    const known = this.keys.find(view, start, end);
    if (known >= 0) return this.exemplars[known];
    const old = this.oldKeys.find(view, start, end);
    if (old < 0) return undefined;
    const exemplar = this.oldExemplars[old];
    this.add(view, start, end, exemplar);
    return exemplar;
  }

  /** Enters an exemplar that `find` has just not found. */
  add(view: DataView, start: number, end: number, exemplar: Exemplar): void {
    this.keys.add(view, start, end);
    this.exemplars.push(exemplar);
  }

  /** Forgets what this turn and the one before it did not see. */
  endTurn(): void {
    if (this.exemplars.length === 0 && this.oldExemplars.length === 0) return;
    this.oldKeys = this.keys;
    this.oldExemplars = this.exemplars;
    this.keys = new ByteTable();
    this.exemplars = [];
  }
}
