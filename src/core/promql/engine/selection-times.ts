/** When a selector looks at its series: the evaluation times of its grid, moved by `@` and `offset`. */
import type { AtModifier } from '../parser/ast.ts';
import type { StepGrid } from './grid.ts';

/** The time that each step of `grid` looks at, ms. `queryGrid` gives `@ start()` and `@ end()` their meaning. */
export function selectionTimes(
  grid: StepGrid,
  queryGrid: StepGrid,
  at: AtModifier | null,
  offsetMs: number,
): Float64Array {
  const times = new Float64Array(grid.count);
  if (at === null) {
    for (let i = 0; i < times.length; i++) times[i] = grid.time(i) - offsetMs;
    return times;
  }
  const pinned = at === 'start' ? queryGrid.start : at === 'end' ? queryGrid.end : at;
  return times.fill(pinned - offsetMs);
}
