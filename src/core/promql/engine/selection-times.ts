/** When a selector looks at its series: the evaluation times of its grid, moved by `@` and `offset`. */
import type { AtModifier } from '../parser/ast.ts';
import type { QueryContext } from './context.ts';
import type { StepGrid } from './grid.ts';

/** Evenly spaced like the grid, or all the same. A formula and not a column: a subquery may have millions of steps. */
export class SelectionTimes {
  /** Time of the first step, ms. */
  readonly first: number;
  /** From one step to the next, ms; 0 where `@` pins them all. */
  readonly stepMs: number;
  readonly last: number;

  constructor(context: QueryContext, grid: StepGrid, at: AtModifier | null, offsetMs: number) {
    if (at === null) {
      this.first = grid.start - offsetMs;
      this.stepMs = grid.stepMs;
    } else {
      this.first = (at === 'start' ? context.start : at === 'end' ? context.end : at) - offsetMs;
      this.stepMs = 0;
    }
    this.last = this.first + (grid.count - 1) * this.stepMs;
  }

  at(step: number): number {
    return this.first + step * this.stepMs;
  }
}
