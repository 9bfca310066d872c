/**
 * The type checker: what the grammar lets through and PromQL does not. Messages are Prometheus'. It also completes
 * the tree where types decide: vector matching exists only between two instant vectors.
 */

import { METRIC_NAME } from '../../model/labels.ts';
import { goQuote } from '../../model/quote.ts';
import type {
  Aggregate,
  Binary,
  BinaryOp,
  Call,
  Expr,
  SourceRange,
  ValueType,
  VectorMatching,
  VectorSelector,
} from './ast.ts';
import { type Cursor, tooDeep } from './cursor.ts';
import type { FunctionSignature } from './functions.ts';
import { quoteString } from './literals.ts';
import { suggestArgument } from './suggestions.ts';

/** Throws PromQLSyntaxError for the first fault, in the order in which Prometheus looks for them. */
export function checkTypes(cursor: Cursor, expr: Expr): ValueType {
  return new Checker(cursor).check(expr, 1);
}

/** How messages name the types. */
const DOCUMENTED: Readonly<Record<ValueType, string>> = {
  vector: 'instant vector',
  matrix: 'range vector',
  scalar: 'scalar',
  string: 'string',
};

class Checker {
  private readonly cursor: Cursor;

  constructor(cursor: Cursor) {
    this.cursor = cursor;
  }

  check(expr: Expr, depth: number): ValueType {
    if (depth > this.cursor.options.maxDepth) throw tooDeep(this.cursor, expr.range);
    switch (expr.kind) {
      case 'numberLiteral':
        return 'scalar';
      case 'stringLiteral':
        return 'string';
      case 'vectorSelector':
        return this.checkSelector(expr, false);
      case 'matrixSelector':
        this.checkSelector(expr.selector, false);
        return 'matrix';
      case 'subquery': {
        const type = this.check(expr.expr, depth + 1);
        if (type !== 'vector') {
          this.fail(expr.range, `subquery is only allowed on instant vector, got ${type} instead`);
        }
        return 'matrix';
      }
      case 'paren':
        return this.check(expr.expr, depth + 1);
      case 'unary': {
        const type = this.check(expr.expr, depth + 1);
        if (type !== 'scalar' && type !== 'vector') {
          const got = goQuote(DOCUMENTED[type]);
          this.fail(
            expr.range,
            `unary expression only allowed on expressions of type scalar or instant vector, got ${got}`,
          );
        }
        return type;
      }
      case 'aggregate':
        return this.checkAggregate(expr, depth);
      case 'call':
        return this.checkCall(expr, depth);
      case 'binary':
        return this.checkBinary(expr, depth);
    }
  }

  private checkSelector(selector: VectorSelector, mayMatchAll: boolean): ValueType {
    const { name, matchers } = selector;
    if (name !== '') {
      // The last matcher is the name's own.
      for (let i = 0; i < matchers.length - 1; i++) {
        if (matchers[i].name !== METRIC_NAME) continue;
        const other = quoteString(matchers[i].value);
        this.fail(selector.range, `metric name must not be set twice: ${goQuote(name)} or ${other}`);
      }
    } else if (!mayMatchAll && matchers.every((matcher) => matcher.matchesEmpty)) {
      this.fail(
        selector.range,
        'vector selector must contain at least one non-empty matcher',
        'it would select every series; name a metric, or require a label with {label=~".+"}',
      );
    }
    return 'vector';
  }

  private checkAggregate(expr: Aggregate, depth: number): ValueType {
    this.expect(expr.expr, 'vector', 'aggregation expression', depth);
    if (expr.param !== null) {
      const wanted = expr.op === 'count_values' ? 'string' : 'scalar';
      this.expect(expr.param, wanted, 'aggregation parameter', depth);
    }
    return 'vector';
  }

  private checkCall(expr: Call, depth: number): ValueType {
    const { func, args } = expr;
    this.checkArgumentCount(expr, func);
    const context = `call to function ${goQuote(func.name)}`;
    for (let i = 0; i < args.length; i++) {
      const wanted = func.argTypes[Math.min(i, func.argTypes.length - 1)];
      if (func.name === 'info' && i === 1) this.checkLabelSelectors(args[i], context, expr.range);
      else this.expect(args[i], wanted, context, depth, func);
    }
    return func.returnType;
  }

  private checkArgumentCount(expr: Call, func: FunctionSignature): void {
    const got = expr.args.length;
    const listed = func.argTypes.length;
    const call = `argument(s) in call to ${goQuote(func.name)}, got ${got}`;
    if (func.variadic === 0) {
      if (got !== listed) this.fail(expr.range, `expected ${listed} ${call}`);
      return;
    }
    const least = listed - 1;
    if (got < least) this.fail(expr.range, `expected at least ${least} ${call}`);
    if (func.variadic > 0 && got > least + func.variadic) {
      this.fail(expr.range, `expected at most ${least + func.variadic} ${call}`);
    }
  }

  /** The second argument of `info`, whose matchers may well select everything. */
  private checkLabelSelectors(arg: Expr, context: string, call: SourceRange): void {
    if (arg.kind === 'vectorSelector') {
      if (arg.name !== '') {
        this.fail(arg.range, 'expected label selectors only, got vector selector instead');
      }
      this.checkSelector(arg, true);
      return;
    }
    const type = this.check(arg, 1);
    if (type !== 'vector') {
      this.fail(call, `expected type instant vector in ${context}, got ${DOCUMENTED[type]}`);
    }
    this.fail(arg.range, 'expected label selectors only');
  }

  private checkBinary(expr: Binary, depth: number): ValueType {
    const { op, lhs, rhs } = expr;
    const left = this.check(lhs, depth + 1);
    const right = this.check(rhs, depth + 1);
    const matching = expr.matching!;
    if (expr.bool && !isComparison(op)) {
      this.fail(this.operatorRange(expr), 'bool modifier can only be used on comparison operators');
    }
    if (isComparison(op) && !expr.bool && left === 'scalar' && right === 'scalar') {
      this.fail(
        this.operatorRange(expr),
        'comparisons between scalars must use BOOL modifier',
        `write ${op} bool for a result of 0 or 1`,
      );
    }
    if (matching.on) {
      for (const label of matching.labels) {
        if (!matching.include.includes(label)) continue;
        this.fail(
          this.operatorRange(expr),
          `label ${quoteString(label)} must not occur in ON and GROUP clause at once`,
        );
      }
    }
    for (const [side, type] of [
      [lhs, left],
      [rhs, right],
    ] as const) {
      if (type === 'scalar' || type === 'vector') continue;
      this.fail(
        side.range,
        'binary expression must contain only scalar and instant vector types',
        type === 'matrix' ? 'apply a function such as rate() to the range vector first' : undefined,
      );
    }
    const betweenVectors = left === 'vector' && right === 'vector';
    this.checkMatching(expr, matching, betweenVectors);
    const mutable = expr as { matching: VectorMatching | null };
    if (!betweenVectors) mutable.matching = null;
    else if (isSetOperator(op)) mutable.matching = { ...matching, card: 'many-to-many' };
    return left === 'scalar' && right === 'scalar' ? 'scalar' : 'vector';
  }

  private checkMatching(expr: Binary, matching: VectorMatching, betweenVectors: boolean): void {
    const { op, range } = expr;
    const fills = matching.fillLeft !== null || matching.fillRight !== null;
    if (!betweenVectors) {
      if (matching.labels.length > 0) {
        this.fail(range, 'vector matching only allowed between instant vectors');
      }
      if (fills) this.fail(range, 'filling in missing series only allowed between instant vectors');
      if (isSetOperator(op)) {
        this.fail(range, `set operator ${goQuote(op)} not allowed in binary scalar expression`);
      }
    } else if (isSetOperator(op)) {
      if (matching.card !== 'one-to-one') {
        this.fail(range, `no grouping allowed for ${goQuote(op)} operation`);
      }
      if (fills) this.fail(range, 'filling in missing series not allowed for set operators');
    }
  }

  private expect(
    expr: Expr,
    wanted: ValueType,
    context: string,
    depth: number,
    func?: FunctionSignature,
  ): void {
    const got = this.check(expr, depth + 1);
    if (got === wanted) return;
    this.fail(
      expr.range,
      `expected type ${DOCUMENTED[wanted]} in ${context}, got ${DOCUMENTED[got]}`,
      suggestArgument(this.cursor.query, expr, wanted, got, func),
    );
  }

  /** Where operator and modifiers stand: between the operands, without the space around. */
  private operatorRange(expr: Binary): SourceRange {
    const query = Buffer.from(this.cursor.query);
    let { end: start } = expr.lhs.range;
    let { start: end } = expr.rhs.range;
    while (isSpace(query[start])) start++;
    while (isSpace(query[end - 1])) end--;
    return { start, end };
  }

  private fail(range: SourceRange, reason: string, suggestion?: string): never {
    this.cursor.fail(range, reason, suggestion);
  }
}

function isComparison(op: BinaryOp): boolean {
  return op === '==' || op === '!=' || op === '<' || op === '<=' || op === '>' || op === '>=';
}

function isSetOperator(op: BinaryOp): boolean {
  return op === 'and' || op === 'or' || op === 'unless';
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
