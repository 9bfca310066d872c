/**
 * Durations: behind `offset`, and between brackets. A plain one is a number of seconds or a literal such as `1h30m`;
 * the experimental expressions add arithmetic, `step()`, `range()`, `min_of` and `max_of`.
 * https://prometheus.io/docs/prometheus/latest/querying/basics/#float-literals-and-time-durations
 */
import { InputError } from '../../errors.ts';
import { parseDuration } from '../../model/duration.ts';
import type { DurationBinary, DurationCall, DurationExpr, DurationOperand, NumberLiteral } from './ast.ts';
import type { Cursor, Item } from './cursor.ts';
import { parseNumber } from './literals.ts';
import { Token, type TokenKind } from './token.ts';

/** Where a duration stands, for messages. */
export interface DurationContext {
  readonly name: string;
  readonly expected: string;
}

export const IN_RANGE: DurationContext = {
  name: 'subquery or range selector',
  expected: 'number, duration, step(), or range()',
};
export const IN_STEP: DurationContext = {
  name: 'subquery selector',
  expected: 'number, duration, step(), range(), or "]"',
};
export const IN_OFFSET: DurationContext = {
  name: 'offset',
  expected: 'number, duration, step(), or range()',
};

/** What Go's nanoseconds can hold, in seconds. */
const MAX_SECONDS = 2 ** 63 / 1e9;

const ADDITIVE = 1;
const MULTIPLICATIVE = 2;
const POWER = 3;

/** The next token must be a number or a duration. */
export function parseNumberOrDuration(cursor: Cursor): NumberLiteral {
  const item = cursor.take();
  const isDuration = item.kind === Token.duration;
  return { kind: 'numberLiteral', range: cursor.rangeOf(item), value: numberOf(cursor, item), isDuration };
}

/** Of a number as written, or of a duration in seconds. */
export function numberOf(cursor: Cursor, item: Item): number {
  const text = cursor.textOf(item);
  if (item.kind === Token.duration) {
    try {
      return parseDuration(text) / 1000;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      cursor.fail(cursor.rangeOf(item), error.reason);
    }
  }
  const value = parseNumber(text);
  if (typeof value === 'string') cursor.fail(cursor.rangeOf(item), `error parsing number: ${value}`);
  return value;
}

/** A duration that must be longer than nothing, as far as that can be told now. */
export function parsePositiveDuration(cursor: Cursor, context: DurationContext): DurationOperand {
  const duration = parseExpression(cursor, context, ADDITIVE);
  if (duration.kind === 'numberLiteral' && duration.value <= 0) {
    cursor.fail(duration.range, 'duration must be greater than 0');
  }
  return duration;
}

/**
 * What belongs to `offset`: without parentheses only its first term, so that `foo offset 5m + bar` and
 * `foo offset step() ^ 2` are arithmetic with the offset selector.
 */
export function parseOffsetDuration(cursor: Cursor): DurationOperand {
  const kind = cursor.peek();
  if (kind !== Token.add && kind !== Token.sub) {
    return kind === Token.leftParen
      ? parseExpression(cursor, IN_OFFSET, ADDITIVE)
      : parseTerm(cursor, IN_OFFSET);
  }
  const sign = cursor.take();
  const next = cursor.peek();
  // Two signs in a row are arithmetic, which goes on as far as it can.
  if (next === Token.add || next === Token.sub) {
    const operand = withSign(cursor, sign, parseExpression(cursor, IN_OFFSET, POWER));
    return parseOperators(cursor, IN_OFFSET, ADDITIVE, operand);
  }
  // Whether a signed number is in range is said of both together.
  const isNumber = next === Token.number || next === Token.duration;
  const operand = isNumber ? parseNumberOrDuration(cursor) : parseTerm(cursor, IN_OFFSET);
  if (sign.kind === Token.add && operand.kind === 'durationCall') {
    return {
      kind: 'durationUnary',
      range: spanning(cursor, sign, operand),
      op: '+',
      operand,
      wrapped: false,
    };
  }
  return withSign(cursor, sign, operand);
}

function parseExpression(cursor: Cursor, context: DurationContext, precedence: number): DurationOperand {
  cursor.enter();
  const kind = cursor.peek();
  let lhs: DurationOperand;
  if (kind === Token.add || kind === Token.sub) {
    // A sign binds like a multiplication: -2^2 is -(2^2).
    const sign = cursor.take();
    lhs = withSign(cursor, sign, parseExpression(cursor, context, POWER));
  } else {
    lhs = parseTerm(cursor, context);
  }
  const expr = parseOperators(cursor, context, precedence, lhs);
  cursor.leave();
  return expr;
}

function parseOperators(
  cursor: Cursor,
  context: DurationContext,
  precedence: number,
  first: DurationOperand,
): DurationOperand {
  let lhs = first;
  let levels = 0;
  for (;;) {
    const own = precedenceOf(cursor.peek());
    if (own < precedence) break;
    // The tree grows by a level to the left.
    cursor.enter();
    levels++;
    const operator = cursor.take();
    const op = cursor.textOf(operator) as DurationBinary['op'];
    // Powers group from the right.
    const rhs = parseExpression(cursor, context, own === POWER ? POWER : own + 1);
    requireFeature(cursor, lhs);
    if ((op === '/' || op === '%') && rhs.kind === 'numberLiteral' && rhs.value === 0) {
      cursor.fail(cursor.rangeOf(operator), op === '/' ? 'division by zero' : 'modulo by zero');
    }
    const range = { start: lhs.range.start, end: rhs.range.end };
    lhs = { kind: 'durationBinary', range, op, lhs, rhs, wrapped: false };
  }
  for (; levels > 0; levels--) cursor.leave();
  return lhs;
}

function precedenceOf(kind: TokenKind): number {
  switch (kind) {
    case Token.add:
    case Token.sub:
      return ADDITIVE;
    case Token.mul:
    case Token.div:
    case Token.mod:
      return MULTIPLICATIVE;
    case Token.pow:
      return POWER;
    default:
      return 0;
  }
}

function parseTerm(cursor: Cursor, context: DurationContext): DurationOperand {
  switch (cursor.peek()) {
    case Token.number:
    case Token.duration: {
      const literal = parseNumberOrDuration(cursor);
      if (!isInRange(literal.value)) cursor.fail(literal.range, 'duration out of range');
      return literal;
    }
    case Token.step:
    case Token.range:
    case Token.minOf:
    case Token.maxOf:
      return parseCall(cursor, context);
    case Token.leftParen: {
      cursor.take();
      const inner = parseExpression(cursor, context, ADDITIVE);
      expect(cursor, context, Token.rightParen);
      requireFeature(cursor, inner);
      if (inner.kind === 'numberLiteral') return inner;
      return { ...inner, wrapped: true };
    }
    default:
      cursor.unexpected(context.name, context.expected);
  }
}

function parseCall(cursor: Cursor, context: DurationContext): DurationCall {
  const name = cursor.take();
  const args: DurationOperand[] = [];
  expect(cursor, context, Token.leftParen);
  if (name.kind === Token.minOf || name.kind === Token.maxOf) {
    args.push(parseExpression(cursor, context, ADDITIVE));
    expect(cursor, context, Token.comma);
    args.push(parseExpression(cursor, context, ADDITIVE));
  }
  expect(cursor, context, Token.rightParen);
  const call: DurationCall = {
    kind: 'durationCall',
    range: cursor.range(name.start, cursor.lastEnd),
    name: cursor.textOf(name).toLowerCase() as DurationCall['name'],
    args,
    wrapped: false,
  };
  requireFeature(cursor, call);
  return call;
}

function expect(cursor: Cursor, context: DurationContext, kind: TokenKind): void {
  if (!cursor.accept(kind)) cursor.unexpected(context.name, context.expected);
}

function withSign(cursor: Cursor, sign: Item, operand: DurationOperand): DurationOperand {
  const range = spanning(cursor, sign, operand);
  if (operand.kind === 'numberLiteral') {
    const value = sign.kind === Token.sub ? -operand.value : operand.value;
    if (!isInRange(value)) cursor.fail(cursor.rangeOf(sign), 'duration out of range');
    return { ...operand, value, range };
  }
  if (sign.kind === Token.add) return operand;
  return { kind: 'durationUnary', range, op: '-', operand, wrapped: false };
}

function spanning(cursor: Cursor, sign: Item, operand: DurationOperand) {
  return { start: cursor.rangeOf(sign).start, end: operand.range.end };
}

function isInRange(seconds: number): boolean {
  return Math.abs(seconds) <= MAX_SECONDS;
}

function requireFeature(cursor: Cursor, expr: DurationExpr | NumberLiteral): void {
  if (cursor.options.durationExpressions) return;
  cursor.fail(
    expr.range,
    'experimental duration expression is not enabled',
    'enable it with --enable-feature=promql-duration-expr',
  );
}
