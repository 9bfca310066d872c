/**
 * The times of result series. Nearly all series of a query have values at the same steps, be that all of them, or (of
 * `count_values` and `topk`) a single one; those share one column of times.
 */
import type { StepColumn } from '../functions/column.ts';
import type { StepGrid } from './grid.ts';
import type { FewPoints } from './operator.ts';

export class ResultTimes {
  private readonly grid: StepGrid;
  private readonly single: (Float64Array | undefined)[] = [];
  /** Kinds and times of the last series that had some of the steps. */
  private readonly lastKind: Uint8Array;
  private last: Float64Array = new Float64Array(0);

  constructor(grid: StepGrid) {
    this.grid = grid;
    this.lastKind = new Uint8Array(grid.count);
  }

  /** Times (ms) of the `count` steps from `first` on at which the column is not absent. Not to be changed. */
  of(column: StepColumn, count: number, first: number): Float64Array {
    if (count === this.grid.count) return this.grid.times;
    if (count === 1) return this.ofOne(first);
    if (this.last.length !== count || !sameKinds(this.lastKind, column.kind)) {
      this.last = this.timesOf(column, count);
      this.lastKind.set(column.kind);
    }
    return this.last;
  }

  /** The same, for points that never were a column. */
  ofFew({ length, steps }: FewPoints): Float64Array {
    if (length === 1) return this.ofOne(steps[0]);
    const times = new Float64Array(length);
    for (let i = 0; i < length; i++) times[i] = this.grid.time(steps[i]);
    return times;
  }

  private ofOne(step: number): Float64Array {
    return (this.single[step] ??= Float64Array.of(this.grid.time(step)));
  }

  private timesOf(column: StepColumn, count: number): Float64Array {
    const times = new Float64Array(count);
    for (let at = 0, step = column.next(0); at < count; step = column.next(step + 1)) {
      times[at++] = this.grid.time(step);
    }
    return times;
  }
}

/** Kinds are compared, which may differ where presence does not: that costs a column, and is right nevertheless. */
function sameKinds(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
