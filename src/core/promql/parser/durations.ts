/**
 * The values of duration expressions. They may depend on the query's step and range, and so are known only when it
 * is run; constants among them could be folded earlier, but Prometheus reports their faults then, too.
 */
import type { Duration, DurationExpr, DurationOperand, Expr, VectorSelector } from './ast.ts';
import { DurationError } from './syntax-error.ts';

/** What `step()` and `range()` stand for, in milliseconds; both are 0 in an instant query. */
export interface QueryTimes {
  readonly stepMs: number;
  /** From the start of the query to its end. */
  readonly rangeMs: number;
}

/**
 * `expr` with every duration a number of milliseconds; `expr` itself where they all are already. Throws
 * DurationError for a window or step that is not positive, and for division by zero.
 */
export function resolveDurations(expr: Expr, times: QueryTimes): Expr {
  switch (expr.kind) {
    case 'numberLiteral':
    case 'stringLiteral':
      return expr;
    case 'vectorSelector':
      return resolveSelector(expr, times);
    case 'matrixSelector': {
      const window = resolve(expr.window, times, false);
      const selector = resolveSelector(expr.selector, times);
      return window === expr.window && selector === expr.selector ? expr : { ...expr, window, selector };
    }
    case 'subquery': {
      const offset = resolve(expr.offset, times, true);
      const step = expr.step === null ? null : resolve(expr.step, times, false);
      const window = resolve(expr.window, times, false);
      const inner = resolveDurations(expr.expr, times);
      const same =
        offset === expr.offset && step === expr.step && window === expr.window && inner === expr.expr;
      return same ? expr : { ...expr, offset, step, window, expr: inner };
    }
    case 'call': {
      const args = expr.args.map((arg) => resolveDurations(arg, times));
      return args.every((arg, i) => arg === expr.args[i]) ? expr : { ...expr, args };
    }
    case 'aggregate': {
      const inner = resolveDurations(expr.expr, times);
      const param = expr.param && resolveDurations(expr.param, times);
      return inner === expr.expr && param === expr.param ? expr : { ...expr, expr: inner, param };
    }
    case 'binary': {
      const lhs = resolveDurations(expr.lhs, times);
      const rhs = resolveDurations(expr.rhs, times);
      return lhs === expr.lhs && rhs === expr.rhs ? expr : { ...expr, lhs, rhs };
    }
    case 'unary':
    case 'paren': {
      const inner = resolveDurations(expr.expr, times);
      return inner === expr.expr ? expr : { ...expr, expr: inner };
    }
  }
}

function resolveSelector(selector: VectorSelector, times: QueryTimes): VectorSelector {
  const offset = resolve(selector.offset, times, true);
  return offset === selector.offset ? selector : { ...selector, offset };
}

function resolve(duration: Duration, times: QueryTimes, mayBeNegative: boolean): number {
  if (typeof duration === 'number') return duration;
  const seconds = evaluate(duration, times);
  if (seconds <= 0 && !mayBeNegative) throw fault(duration, 'duration must be greater than 0');
  const ms = Math.trunc(seconds * 1000);
  // Go counts nanoseconds in 63 bits.
  if (!(Math.abs(ms) * 1e6 < 2 ** 63)) throw fault(duration, 'duration is out of range');
  return ms;
}

/** In seconds. */
function evaluate(expr: DurationOperand, times: QueryTimes): number {
  switch (expr.kind) {
    case 'numberLiteral':
      return expr.value;
    case 'durationUnary': {
      const value = evaluate(expr.operand, times);
      return expr.op === '-' ? -value : value;
    }
    case 'durationCall':
      switch (expr.name) {
        case 'step':
          return times.stepMs / 1000;
        case 'range':
          return times.rangeMs / 1000;
        case 'min_of':
          return Math.min(evaluate(expr.args[0], times), evaluate(expr.args[1], times));
        case 'max_of':
          return Math.max(evaluate(expr.args[0], times), evaluate(expr.args[1], times));
      }
      break;
    case 'durationBinary': {
      const lhs = evaluate(expr.lhs, times);
      const rhs = evaluate(expr.rhs, times);
      switch (expr.op) {
        case '+':
          return lhs + rhs;
        case '-':
          return lhs - rhs;
        case '*':
          return lhs * rhs;
        case '/':
          if (rhs === 0) throw fault(expr, 'division by zero');
          return lhs / rhs;
        case '%':
          if (rhs === 0) throw fault(expr, 'modulo by zero');
          return lhs % rhs;
        case '^':
          return lhs ** rhs;
      }
    }
  }
}

function fault({ range }: DurationExpr, reason: string): DurationError {
  return new DurationError(reason, range);
}
