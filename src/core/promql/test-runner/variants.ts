/**
 * Other ways to ask what an instant query asks, which must get the same answer: in a range query, and with every
 * selector pinned by `@` to the evaluation time while the query itself runs at some other time.
 */
import type { DurationOperand, Expr } from '../parser/index.ts';
import { printExpr, typeOf, walk } from '../parser/index.ts';
import { isStepInvariant } from '../plan/step-invariant.ts';

export interface PinnedQuery {
  expr: string;
  /** When to evaluate it, ms. */
  atMs: number;
}

/** Empty where the expression depends on the evaluation time by other ways than its selectors. */
export function pinnedQueries(expr: Expr, atMs: number): PinnedQuery[] {
  const pinned = pin(expr, atMs);
  if (pinned === expr || !isStepInvariant(pinned)) return [];
  const times = atMs === 0 ? [-1000, 1000] : [-10 * atMs, 0, Math.trunc(atMs / 5), atMs, 10 * atMs];
  return times.map((time) => ({ expr: printExpr(pinned), atMs: time }));
}

/** With `@` in every selector and subquery that has none, but not below a subquery. */
function pin(expr: Expr, at: number): Expr {
  switch (expr.kind) {
    case 'numberLiteral':
    case 'stringLiteral':
      return expr;
    case 'vectorSelector':
    case 'subquery':
      return expr.at === null ? { ...expr, at } : expr;
    case 'matrixSelector':
      return expr.selector.at === null ? { ...expr, selector: { ...expr.selector, at } } : expr;
    case 'unary':
    case 'paren':
      return { ...expr, expr: pin(expr.expr, at) };
    case 'aggregate':
      return { ...expr, expr: pin(expr.expr, at), param: expr.param && pin(expr.param, at) };
    case 'binary':
      return { ...expr, lhs: pin(expr.lhs, at), rhs: pin(expr.rhs, at) };
    case 'call':
      // The second argument of `info` only names labels.
      return {
        ...expr,
        args: expr.args.map((arg, i) => (expr.func.name === 'info' && i === 1 ? arg : pin(arg, at))),
      };
  }
}

const QUERY_TIME_FUNCTIONS = new Set(['start', 'end', 'range', 'step']);

/** Whether a range query around the evaluation time is bound to say the same. */
export function isRangeNeutral(expr: Expr): boolean {
  const type = typeOf(expr);
  if (type === 'matrix' || type === 'string') return false;
  let neutral = true;
  walk(expr, (node) => {
    if (asksForQueryTimes(node)) neutral = false;
  });
  return neutral;
}

function asksForQueryTimes(node: Expr): boolean {
  switch (node.kind) {
    case 'call':
      return QUERY_TIME_FUNCTIONS.has(node.func.name);
    case 'vectorSelector':
      return typeof node.at === 'string' || durationAsks(node.offset);
    case 'matrixSelector':
      return durationAsks(node.window);
    case 'subquery':
      return (
        typeof node.at === 'string' ||
        durationAsks(node.offset) ||
        durationAsks(node.window) ||
        durationAsks(node.step)
      );
    default:
      return false;
  }
}

function durationAsks(duration: number | DurationOperand | null): boolean {
  if (duration === null || typeof duration === 'number') return false;
  switch (duration.kind) {
    case 'numberLiteral':
      return false;
    case 'durationUnary':
      return durationAsks(duration.operand);
    case 'durationBinary':
      return durationAsks(duration.lhs) || durationAsks(duration.rhs);
    case 'durationCall':
      return duration.name === 'step' || duration.name === 'range' || duration.args.some(durationAsks);
  }
}
