/** What is written behind an expression: `[range]`, `[range:step]`, `offset`, `@`, `anchored` and `smoothed`. */
import type {
  AtModifier,
  Duration,
  DurationOperand,
  Expr,
  MatrixSelector,
  SourceRange,
  Subquery,
  VectorSelector,
} from './ast.ts';
import type { Cursor } from './cursor.ts';
import {
  IN_RANGE,
  IN_STEP,
  numberOf,
  parseOffsetDuration,
  parsePositiveDuration,
} from './duration-parser.ts';
import { Token } from './token.ts';

/** What has been written behind one selector so far. Kept apart from the tree, which cannot tell `offset 0` from none. */
interface Written {
  offset: boolean;
  at: boolean;
}

export function parsePostfix(cursor: Cursor, primary: Expr): Expr {
  let expr = primary;
  const written: Written = { offset: false, at: false };
  for (;;) {
    switch (cursor.peek()) {
      case Token.leftBracket:
        expr = parseBrackets(cursor, expr, written);
        if (expr.kind === 'subquery') {
          written.offset = false;
          written.at = false;
        }
        break;
      case Token.offset:
        cursor.take();
        expr = parseOffset(cursor, expr, written);
        break;
      case Token.at:
        cursor.take();
        expr = parseAt(cursor, expr, written);
        break;
      case Token.anchored:
      case Token.smoothed:
        expr = withExtension(cursor, expr, cursor.take().kind === Token.anchored ? 'anchored' : 'smoothed');
        break;
      default:
        return expr;
    }
  }
}

function parseBrackets(cursor: Cursor, expr: Expr, written: Written): MatrixSelector | Subquery {
  const open = cursor.take();
  const window = parsePositiveDuration(cursor, IN_RANGE);
  if (cursor.accept(Token.colon)) {
    let step: DurationOperand | null = null;
    if (cursor.peek() !== Token.rightBracket) {
      step = parsePositiveDuration(cursor, IN_STEP);
      if (cursor.peek() !== Token.rightBracket) cursor.unexpected('subquery selector', '"]"');
    }
    cursor.take();
    return {
      kind: 'subquery',
      range: { start: expr.range.start, end: cursor.range(0, cursor.lastEnd).end },
      expr,
      window: durationOf(window),
      step: step && durationOf(step),
      offset: 0,
      at: null,
    };
  }
  if (!cursor.accept(Token.rightBracket)) {
    cursor.unexpected('subquery or range', '":" or "]"');
  }
  const brackets = cursor.range(open.start, cursor.lastEnd);
  if (expr.kind !== 'vectorSelector') {
    cursor.fail(
      brackets,
      'ranges only allowed for vector selectors',
      'a subquery takes the range of any expression: put a colon behind the range, such as [5m:]',
    );
  }
  if (written.offset) {
    cursor.fail(
      brackets,
      'no offset modifiers allowed before range',
      'write the offset behind the range: foo[5m] offset 1h',
    );
  }
  if (written.at) {
    cursor.fail(
      brackets,
      'no @ modifiers allowed before range',
      'write the @ modifier behind the range: foo[5m] @ end()',
    );
  }
  const range = { start: expr.range.start, end: brackets.end };
  return { kind: 'matrixSelector', range, selector: expr, window: durationOf(window) };
}

/** Whole milliseconds, cut off as Prometheus does it, or the expression. */
function durationOf(operand: DurationOperand): Duration {
  return operand.kind === 'numberLiteral' ? Math.trunc(nanosecondsOf(operand.value) / 1e6) : operand;
}

function nanosecondsOf(seconds: number): number {
  // Half away from zero.
  return Math.sign(seconds) * Math.round(Math.abs(seconds) * 1e9);
}

const OFFSET_TARGET =
  'offset modifier must be preceded by an instant vector selector or range vector selector or a subquery';
const AT_TARGET =
  '@ modifier must be preceded by an instant vector selector or range vector selector or a subquery';

function parseOffset(cursor: Cursor, expr: Expr, written: Written): Expr {
  const operand = parseOffsetDuration(cursor);
  const end = cursor.range(0, cursor.lastEnd).end;
  if (!takesModifiers(expr)) {
    cursor.fail(expr.range, OFFSET_TARGET, 'write it directly behind the selector, inside of any function');
  }
  if (written.offset) cursor.fail(expr.range, 'offset may not be set multiple times');
  written.offset = operand.kind !== 'numberLiteral' || nanosecondsOf(operand.value) !== 0;
  return withModifier(expr, end, { offset: durationOf(operand) });
}

function parseAt(cursor: Cursor, expr: Expr, written: Written): Expr {
  const kind = cursor.peek();
  let at: AtModifier;
  let seconds = 0;
  if (kind === Token.start || kind === Token.end) {
    cursor.take();
    for (const paren of [Token.leftParen, Token.rightParen]) {
      if (!cursor.accept(paren)) cursor.unexpected('@', 'timestamp');
    }
    at = kind === Token.start ? 'start' : 'end';
  } else {
    if (kind === Token.add || kind === Token.sub) cursor.take();
    if (cursor.peek() !== Token.number && cursor.peek() !== Token.duration) {
      cursor.unexpected('@', 'timestamp', 'a timestamp is a number of seconds, start() or end()');
    }
    const value = numberOf(cursor, cursor.take());
    seconds = kind === Token.sub ? -value : value;
    at = millisecondsOf(seconds);
  }
  const end = cursor.range(0, cursor.lastEnd).end;
  if (!(Math.abs(seconds) < MAX_INT64)) {
    const shown = Number.isFinite(seconds) ? `${BigInt(seconds)}.000000` : goName(seconds);
    cursor.fail(expr.range, `timestamp out of bounds for @ modifier: ${shown}`);
  }
  if (!takesModifiers(expr)) {
    cursor.fail(expr.range, AT_TARGET, 'write it directly behind the selector, inside of any function');
  }
  if (written.at) cursor.fail(expr.range, '@ <timestamp> may not be set multiple times');
  written.at = true;
  return withModifier(expr, end, { at });
}

const MAX_INT64 = 2 ** 63;

/** Milliseconds of a timestamp; what 64 bits cannot hold becomes their least value, as in Prometheus. */
function millisecondsOf(seconds: number): number {
  const ms = Math.sign(seconds) * Math.round(Math.abs(seconds) * 1000);
  return Math.abs(ms) < MAX_INT64 ? ms : -MAX_INT64;
}

function goName(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function takesModifiers(expr: Expr): expr is VectorSelector | MatrixSelector | Subquery {
  return expr.kind === 'vectorSelector' || expr.kind === 'matrixSelector' || expr.kind === 'subquery';
}

function withModifier(
  expr: VectorSelector | MatrixSelector | Subquery,
  end: number,
  change: { offset: Duration } | { at: AtModifier },
): Expr {
  const range: SourceRange = { start: expr.range.start, end };
  if (expr.kind === 'matrixSelector') return { ...expr, range, selector: { ...expr.selector, ...change } };
  return { ...expr, range, ...change };
}

function withExtension(cursor: Cursor, expr: Expr, name: 'anchored' | 'smoothed'): Expr {
  if (!cursor.options.extendedRangeSelectors) {
    cursor.fail(
      expr.range,
      `${name} modifier is experimental and not enabled`,
      'enable it with --enable-feature=promql-extended-range-selectors',
    );
  }
  if (expr.kind === 'subquery') cursor.fail(expr.range, `${name} modifier is not supported for subqueries`);
  if (expr.kind !== 'vectorSelector' && expr.kind !== 'matrixSelector') {
    // Upstream's words: the modifiers mean something for selectors only.
    cursor.fail(expr.range, `${name} modifier not implemented`);
  }
  const selector = expr.kind === 'vectorSelector' ? expr : expr.selector;
  if (name === 'anchored' ? selector.smoothed : selector.anchored) {
    cursor.fail(expr.range, 'anchored and smoothed modifiers cannot be used together');
  }
  const extended = { ...selector, [name]: true };
  return expr.kind === 'vectorSelector' ? extended : { ...expr, selector: extended };
}
