/**
 * The syntax tree of a PromQL expression, as the parser leaves it: type-checked, with every matcher compiled, and
 * nothing evaluated except constants inside durations. Trees are immutable once the parser has returned them; a pass
 * that changes something builds new nodes around what it keeps.
 *
 * The node kinds are Prometheus' own (https://prometheus.io/docs/prometheus/latest/querying/basics/), one `kind` for
 * each, so that `switch (expr.kind)` is complete when the compiler says so. A PromQL value has one of four types:
 * scalar, string, instant vector (`vector`) and range vector (`matrix`); `typeOf` tells which an expression yields.
 */
import type { Matcher } from '../../model/matcher.ts';
import type { FunctionSignature, ValueType } from './functions.ts';

export type { ValueType } from './functions.ts';

/** The part of the query that a node was read from: UTF-8 byte offsets, `end` exclusive. */
export interface SourceRange {
  readonly start: number;
  readonly end: number;
}

export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | Call
  | Aggregate
  | Binary
  | Unary
  | Paren;

/** A number, its sign already applied. */
export interface NumberLiteral {
  readonly kind: 'numberLiteral';
  readonly range: SourceRange;
  /** In seconds where `isDuration`. */
  readonly value: number;
  /** Written as a duration (`5m`), which only the printer cares about. */
  readonly isDuration: boolean;
}

export interface StringLiteral {
  readonly kind: 'stringLiteral';
  readonly range: SourceRange;
  /** Unquoted, escapes replaced. */
  readonly value: string;
}

/** What `@` pins the evaluation time to: milliseconds since the epoch, or the start or end of the query. */
export type AtModifier = number | 'start' | 'end';

/** `name{matchers}`, an instant vector. */
export interface VectorSelector {
  readonly kind: 'vectorSelector';
  readonly range: SourceRange;
  /** The metric name written before the braces, '' where there is none (it may still be among the matchers). */
  readonly name: string;
  /** All of them, in the order written; where `name` is set, `__name__="name"` is the last one. */
  readonly matchers: readonly Matcher[];
  /** How far back from the evaluation time to look; negative looks ahead. 0 without an `offset` modifier. */
  readonly offset: Duration;
  readonly at: AtModifier | null;
  /** `anchored` and `smoothed` (experimental) exclude each other. */
  readonly anchored: boolean;
  readonly smoothed: boolean;
}

/** `selector[window]`, a range vector. The `offset` and `@` written after the brackets are the selector's. */
export interface MatrixSelector {
  readonly kind: 'matrixSelector';
  readonly range: SourceRange;
  readonly selector: VectorSelector;
  readonly window: Duration;
}

/** `expr[window:step]`, a range vector made by evaluating an instant vector at each step. */
export interface Subquery {
  readonly kind: 'subquery';
  readonly range: SourceRange;
  readonly expr: Expr;
  readonly window: Duration;
  /** Null where the query leaves it to the engine's default resolution. */
  readonly step: Duration | null;
  readonly offset: Duration;
  readonly at: AtModifier | null;
}

export interface Call {
  readonly kind: 'call';
  readonly range: SourceRange;
  readonly func: FunctionSignature;
  /** As many as written; optional ones are not filled in. */
  readonly args: readonly Expr[];
}

export type AggregateOp =
  | 'avg'
  | 'bottomk'
  | 'count'
  | 'count_values'
  | 'group'
  | 'limit_ratio'
  | 'limitk'
  | 'max'
  | 'min'
  | 'quantile'
  | 'stddev'
  | 'stdvar'
  | 'sum'
  | 'topk';

export interface Aggregate {
  readonly kind: 'aggregate';
  readonly range: SourceRange;
  readonly op: AggregateOp;
  readonly expr: Expr;
  /** First argument of those that take two: a scalar, or a string for `count_values`; else null. */
  readonly param: Expr | null;
  /** The labels of `by (…)` or `without (…)`; empty where neither was written (everything in one group). */
  readonly grouping: readonly string[];
  readonly without: boolean;
}

export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2';
export type ComparisonOp = '==' | '!=' | '<' | '<=' | '>' | '>=';
/** Cut a native histogram's buckets above (`</`) or below (`>/`) a value. */
export type TrimOp = '</' | '>/';
export type SetOp = 'and' | 'or' | 'unless';
export type BinaryOp = ArithmeticOp | ComparisonOp | TrimOp | SetOp;

export interface Binary {
  readonly kind: 'binary';
  readonly range: SourceRange;
  readonly op: BinaryOp;
  readonly lhs: Expr;
  readonly rhs: Expr;
  /** The `bool` modifier of a comparison: yield 0 or 1 instead of filtering. */
  readonly bool: boolean;
  /** How series pair up; null unless both sides are instant vectors. */
  readonly matching: VectorMatching | null;
}

/** `many-to-one` is `group_left`, `one-to-many` is `group_right`, `many-to-many` belongs to the set operators. */
export type Cardinality = 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many';

export interface VectorMatching {
  readonly card: Cardinality;
  /** The labels of `on (…)` or `ignoring (…)`. */
  readonly labels: readonly string[];
  /** Whether `labels` are those compared (`on`) or those left out of the comparison (`ignoring`, and the default). */
  readonly on: boolean;
  /** The labels that `group_left (…)` or `group_right (…)` copies from the "one" side. */
  readonly include: readonly string[];
  /** Values that stand in for a missing match on either side (`fill`, experimental); null where there is none. */
  readonly fillLeft: number | null;
  readonly fillRight: number | null;
}

export interface Unary {
  readonly kind: 'unary';
  readonly range: SourceRange;
  readonly op: '+' | '-';
  readonly expr: Expr;
}

export interface Paren {
  readonly kind: 'paren';
  readonly range: SourceRange;
  readonly expr: Expr;
}

/**
 * A length of time: whole milliseconds, or an expression (experimental) whose value depends on the query it is part
 * of. `resolveDurations` replaces every expression by its milliseconds once start, end and step are known.
 */
export type Duration = number | DurationExpr;

export type DurationExpr = DurationBinary | DurationUnary | DurationCall;

/** A literal counts as seconds. */
export type DurationOperand = NumberLiteral | DurationExpr;

export interface DurationBinary {
  readonly kind: 'durationBinary';
  readonly range: SourceRange;
  readonly op: '+' | '-' | '*' | '/' | '%' | '^';
  readonly lhs: DurationOperand;
  readonly rhs: DurationOperand;
  /** Written in parentheses. */
  readonly wrapped: boolean;
}

export interface DurationUnary {
  readonly kind: 'durationUnary';
  readonly range: SourceRange;
  readonly op: '+' | '-';
  readonly operand: DurationOperand;
  readonly wrapped: boolean;
}

/** `step()` and `range()` of the query (no arguments), and `min_of(a, b)` and `max_of(a, b)`. */
export interface DurationCall {
  readonly kind: 'durationCall';
  readonly range: SourceRange;
  readonly name: 'step' | 'range' | 'min_of' | 'max_of';
  readonly args: readonly DurationOperand[];
  readonly wrapped: boolean;
}

/** The type of the value that `expr` yields. */
export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'numberLiteral':
      return 'scalar';
    case 'stringLiteral':
      return 'string';
    case 'vectorSelector':
    case 'aggregate':
      return 'vector';
    case 'matrixSelector':
    case 'subquery':
      return 'matrix';
    case 'call':
      return expr.func.returnType;
    case 'binary':
      return typeOf(expr.lhs) === 'scalar' && typeOf(expr.rhs) === 'scalar' ? 'scalar' : 'vector';
    case 'unary':
    case 'paren':
      return typeOf(expr.expr);
  }
}

/** The expressions that `expr` is directly made of, in the order of evaluation (an aggregation's parameter last). */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'numberLiteral':
    case 'stringLiteral':
    case 'vectorSelector':
      return [];
    case 'matrixSelector':
      return [expr.selector];
    case 'subquery':
    case 'unary':
    case 'paren':
      return [expr.expr];
    case 'call':
      return expr.args;
    case 'aggregate':
      return expr.param === null ? [expr.expr] : [expr.expr, expr.param];
    case 'binary':
      return [expr.lhs, expr.rhs];
  }
}

/** What stands inside of any number of parentheses. */
export function withoutParens(expr: Expr): Expr {
  return expr.kind === 'paren' ? withoutParens(expr.expr) : expr;
}

/** Calls `visit` for `expr` and everything in it, parents before children. */
export function walk(expr: Expr, visit: (expr: Expr) => void): void {
  visit(expr);
  for (const child of childrenOf(expr)) walk(child, visit);
}
