/** What the builders of single calls need of the builder of the whole query, which knows them in turn. */
import type { CallSite } from '../functions/function.ts';
import type { Call, Expr, VectorSelector } from '../parser/ast.ts';
import type { QueryContext } from './context.ts';
import type { StepGrid } from './grid.ts';
import type { InstantSelector } from './instant-selector.ts';
import type { RangeOperator, ScalarOperator, VectorOperator } from './operator.ts';

export interface Builder {
  readonly context: QueryContext;
  /** Each compiles an expression of its type for a grid of steps. */
  vector(expr: Expr, grid: StepGrid): VectorOperator;
  scalar(expr: Expr, grid: StepGrid): ScalarOperator;
  range(expr: Expr, grid: StepGrid): RangeOperator;
  /** A selector itself, for the functions that ask more of it than its values (`timestamp`). */
  selector(expr: VectorSelector, grid: StepGrid): InstantSelector;
  callSite(call: Call, grid: StepGrid): CallSite;
}
