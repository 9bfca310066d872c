/** Between which values every sample of an expression lies, as far as the expression alone tells. */
import {
  type Aggregate,
  type Binary,
  type Call,
  type ComparisonOp,
  type Expr,
  typeOf,
} from '../../promql/parser/index.ts';

export interface ValueRange {
  lo: number;
  hi: number;
  /** A sample may also be NaN, which no comparison but != lets pass. */
  mayBeNaN: boolean;
}

const ANY: ValueRange = { lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY, mayBeNaN: true };
const COMPARISONS: readonly string[] = ['==', '!=', '<', '<=', '>', '>='];

const range = (lo: number, hi = Number.POSITIVE_INFINITY): ValueRange => ({ lo, hi, mayBeNaN: false });

const OF_FUNCTIONS: Readonly<Record<string, ValueRange>> = {
  absent: range(1, 1),
  absent_over_time: range(1, 1),
  present_over_time: range(1, 1),
  count_over_time: range(1),
  changes: range(0),
  resets: range(0),
  rate: range(0),
  increase: range(0),
  irate: range(0),
  abs: { ...range(0), mayBeNaN: true },
  sqrt: { ...range(0), mayBeNaN: true },
  stddev_over_time: { ...range(0), mayBeNaN: true },
  stdvar_over_time: { ...range(0), mayBeNaN: true },
  histogram_count: range(0),
  minute: range(0, 59),
  hour: range(0, 23),
  day_of_week: range(0, 6),
  day_of_month: range(1, 31),
  day_of_year: range(1, 366),
  days_in_month: range(28, 31),
  month: range(1, 12),
};
/** Their result is one of the values, or lies among them. */
const AMONG = [
  'avg_over_time',
  'min_over_time',
  'max_over_time',
  'last_over_time',
  'first_over_time',
  'vector',
  'sort',
  'sort_desc',
];

export function isComparison(op: string): op is ComparisonOp {
  return COMPARISONS.includes(op);
}

export function valueRange(expr: Expr): ValueRange {
  switch (expr.kind) {
    case 'numberLiteral':
      return Number.isNaN(expr.value) ? ANY : range(expr.value, expr.value);
    case 'vectorSelector':
      return expr.name === 'up' ? range(0, 1) : ANY;
    case 'matrixSelector':
      return valueRange(expr.selector);
    case 'subquery':
    case 'paren':
      return valueRange(expr.expr);
    case 'unary': {
      const { lo, hi, mayBeNaN } = valueRange(expr.expr);
      return expr.op === '-' ? { lo: -hi, hi: -lo, mayBeNaN } : { lo, hi, mayBeNaN };
    }
    case 'aggregate':
      return ofAggregate(expr);
    case 'call':
      return ofCall(expr);
    case 'binary':
      return ofBinary(expr);
    case 'stringLiteral':
      return ANY;
  }
}

/** What a comparison says of every value that it may see. */
export type Verdict = 'never' | 'always' | 'depends';

export function compareRanges(op: ComparisonOp, a: ValueRange, b: ValueRange): Verdict {
  const fixed = !a.mayBeNaN && !b.mayBeNaN;
  const verdict = (never: boolean, always: boolean): Verdict =>
    never ? 'never' : always && fixed ? 'always' : 'depends';
  const apart = a.hi < b.lo || a.lo > b.hi;
  const same = a.lo === a.hi && b.lo === b.hi && a.lo === b.lo;
  switch (op) {
    case '==':
      return verdict(apart, same);
    case '!=':
      return verdict(same && fixed, apart);
    case '<':
      return verdict(a.lo >= b.hi, a.hi < b.lo);
    case '<=':
      return verdict(a.lo > b.hi, a.hi <= b.lo);
    case '>':
      return verdict(a.hi <= b.lo, a.lo > b.hi);
    case '>=':
      return verdict(a.hi < b.lo, a.lo >= b.hi);
  }
}

function ofAggregate({ op, expr }: Aggregate): ValueRange {
  const inner = valueRange(expr);
  switch (op) {
    case 'count':
    case 'count_values':
      return range(1);
    case 'group':
      return range(1, 1);
    case 'stddev':
    case 'stdvar':
      return { ...range(0), mayBeNaN: true };
    case 'sum':
      return {
        lo: inner.lo >= 0 ? inner.lo : Number.NEGATIVE_INFINITY,
        hi: inner.hi <= 0 ? inner.hi : Number.POSITIVE_INFINITY,
        mayBeNaN: inner.mayBeNaN,
      };
    // A quantile outside of [0, 1] is infinite.
    case 'quantile':
      return ANY;
    default:
      return inner;
  }
}

function ofCall({ func, args }: Call): ValueRange {
  if (Object.hasOwn(OF_FUNCTIONS, func.name)) return OF_FUNCTIONS[func.name];
  if (AMONG.includes(func.name) && args.length === 1) return valueRange(args[0]);
  return ANY;
}

function ofBinary({ op, lhs, rhs, bool, matching }: Binary): ValueRange {
  const a = valueRange(lhs);
  const b = valueRange(rhs);
  const mayBeNaN = a.mayBeNaN || b.mayBeNaN;
  if (matching !== null && (matching.fillLeft !== null || matching.fillRight !== null)) return ANY;
  if (isComparison(op)) {
    if (bool || (typeOf(lhs) === 'scalar' && typeOf(rhs) === 'scalar')) return range(0, 1);
    return typeOf(lhs) === 'scalar' ? b : filtered(op, a, b);
  }
  switch (op) {
    case 'and':
    case 'unless':
      return a;
    case 'or':
      return { lo: Math.min(a.lo, b.lo), hi: Math.max(a.hi, b.hi), mayBeNaN };
    case '+':
      return hull([a.lo + b.lo, a.hi + b.hi], mayBeNaN);
    case '-':
      return hull([a.lo - b.hi, a.hi - b.lo], mayBeNaN);
    case '*':
      return hull([a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi], true);
    case '/':
      if (b.lo === b.hi && b.lo !== 0) return hull([a.lo / b.lo, a.hi / b.lo], mayBeNaN);
      return a.lo >= 0 && b.lo >= 0 ? { ...range(0), mayBeNaN: true } : ANY;
    default:
      return ANY;
  }
}

/** What is left of `a` once the comparison has let it pass. */
function filtered(op: ComparisonOp, a: ValueRange, b: ValueRange): ValueRange {
  const lo = op === '>' || op === '>=' || op === '==' ? Math.max(a.lo, b.lo) : a.lo;
  const hi = op === '<' || op === '<=' || op === '==' ? Math.min(a.hi, b.hi) : a.hi;
  return lo > hi ? a : { lo, hi, mayBeNaN: op === '!=' && a.mayBeNaN };
}

/** Infinities that cancel each other say nothing. */
function hull(bounds: readonly number[], mayBeNaN: boolean): ValueRange {
  if (bounds.some((bound) => Number.isNaN(bound))) return ANY;
  return { lo: Math.min(...bounds), hi: Math.max(...bounds), mayBeNaN };
}
