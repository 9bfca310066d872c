/**
 * The newest exemplars of all series, at most so many: each new one takes the place of the oldest. Those of a series
 * are a list from the newest back.
 */

import { copied } from '../../encoding/grown.ts';
import type { Exemplar } from '../../model/exemplar.ts';
import { Outcome } from '../../model/outcome.ts';

const INITIAL = 256;

export class ExemplarRing {
  readonly capacity: number;
  /** Exemplars that were ever added. */
  added = 0;
  private readonly exemplars: (Exemplar | undefined)[] = [];
  /** By place: the row of the series, and the next older and newer exemplar (+ 1) of the same. */
  private rows = new Int32Array(INITIAL);
  private older = new Int32Array(INITIAL);
  private newer = new Int32Array(INITIAL);
  /** The newest exemplar (+ 1) of each row that has any. */
  private readonly newest = new Map<number, number>();
  private next = 0;
  /** Places whose exemplar went with its series. */
  private gaps = 0;

  /** None are kept where `capacity` is 0. */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** The same with room for `capacity`: of too many, the newest are kept. */
  resized(capacity: number): ExemplarRing {
    const other = new ExemplarRing(capacity);
    for (const at of this.places()) {
      const exemplar = this.exemplars[at];
      if (exemplar !== undefined) other.add(this.rows[at], exemplar);
    }
    other.added = this.added;
    return other;
  }

  /** The newest exemplar of a series. */
  last(row: number): Exemplar | undefined {
    const at = this.newest.get(row);
    return at === undefined ? undefined : this.exemplars[at - 1];
  }

  add(row: number, exemplar: Exemplar): void {
    if (this.capacity === 0) return;
    this.added++;
    const at = this.next;
    this.next = at + 1 === this.capacity ? 0 : at + 1;
    if (at < this.exemplars.length) this.forget(at);
    else if (at === this.rows.length) this.grow();
    this.exemplars[at] = exemplar;
    this.rows[at] = row;
    const before = this.newest.get(row) ?? 0;
    this.older[at] = before;
    this.newer[at] = 0;
    if (before !== 0) this.newer[before - 1] = at + 1;
    this.newest.set(row, at + 1);
  }

  /** The exemplars of a series with mint <= t <= maxt (ms), oldest first. */
  of(row: number, mint: number, maxt: number): Exemplar[] {
    const found: Exemplar[] = [];
    for (let at = this.newest.get(row) ?? 0; at !== 0; at = this.older[at - 1]) {
      const exemplar = this.exemplars[at - 1]!;
      if (exemplar.t! >= mint && exemplar.t! <= maxt) found.push(exemplar);
    }
    return found.reverse();
  }

  /** The time of the oldest exemplar, ms; undefined where there is none. */
  get oldestTime(): number | undefined {
    for (const at of this.places()) {
      const exemplar = this.exemplars[at];
      if (exemplar !== undefined) return exemplar.t ?? undefined;
    }
    return undefined;
  }

  /** Exemplars that there are. */
  get count(): number {
    return this.exemplars.length - this.gaps;
  }

  /** Series that have any. */
  get seriesCount(): number {
    return this.newest.size;
  }

  /** Rows of series that have exemplars. */
  series(): Iterable<number> {
    return this.newest.keys();
  }

  /** Forgets those of a series. */
  drop(row: number): void {
    for (let at = this.newest.get(row) ?? 0; at !== 0; at = this.older[at - 1]) {
      this.exemplars[at - 1] = undefined;
      this.gaps++;
    }
    this.newest.delete(row);
  }

  /** From the oldest on; some of them have none any more. */
  private *places(): Generator<number, void> {
    const { length } = this.exemplars;
    const first = length < this.capacity ? 0 : this.next;
    for (let i = 0; i < length; i++) yield (first + i) % length;
  }

  /** Takes the oldest exemplar of all, which is at `at`, out of its series' list. */
  private forget(at: number): void {
    if (this.exemplars[at] === undefined) {
      this.gaps--;
      return;
    }
    const newer = this.newer[at];
    if (newer === 0) this.newest.delete(this.rows[at]);
    else this.older[newer - 1] = 0;
  }

  private grow(): void {
    const length = Math.min(this.rows.length * 2, this.capacity);
    this.rows = copied(this.rows, new Int32Array(length));
    this.older = copied(this.older, new Int32Array(length));
    this.newer = copied(this.newer, new Int32Array(length));
  }
}

/**
 * Whether `exemplar` may follow `last` in its series. They come in the order of their times, and of their values for
 * one time.
 */
export function exemplarOutcome(last: Exemplar | undefined, exemplar: Exemplar): Outcome {
  if (last === undefined || exemplar.t! > last.t!) return Outcome.ok;
  if (exemplar.t! < last.t!) return Outcome.outOfOrder;
  if (Object.is(exemplar.v, last.v) && exemplar.labels.equals(last.labels)) return Outcome.duplicate;
  return exemplar.v > last.v ? Outcome.ok : Outcome.outOfOrder;
}
