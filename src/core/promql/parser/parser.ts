/**
 * From text to tree: operator precedence parsing (Pratt) over the grammar of Prometheus 3.14, from the loosest
 *
 *     or
 *     and unless
 *     == != <= < >= > </ >/
 *     + -
 *     * / % atan2, and signs
 *     ^ (from the right)
 *     [range] [range:step] offset @ anchored smoothed
 *
 * The first fault ends the parse. It is the one that Prometheus reports, at the same place and in the same words,
 * which is why the order in which tokens are read and things are checked matters here.
 */
import type { Matcher } from '../../model/matcher.ts';
import { goQuote } from '../../model/quote.ts';
import type {
  Aggregate,
  AggregateOp,
  Binary,
  BinaryOp,
  Call,
  Cardinality,
  Expr,
  NumberLiteral,
  Paren,
  SourceRange,
  Unary,
  VectorSelector,
} from './ast.ts';
import { checkTypes } from './checker.ts';
import { Cursor, type Item, tooDeep } from './cursor.ts';
import { numberOf, parseNumberOrDuration } from './duration-parser.ts';
import { FUNCTIONS } from './functions.ts';
import { unquoteString } from './literals.ts';
import { parsePostfix } from './modifiers.ts';
import { DEFAULT_PARSER_OPTIONS, type ParserOptions } from './options.ts';
import { nameMatcher, parseGrouping, parseMatchers } from './selector-parser.ts';
import { suggestBehind, suggestFunction } from './suggestions.ts';
import { isAggregator, isMetricName, Token, type TokenKind } from './token.ts';

/** Parses and type-checks an expression. Throws PromQLSyntaxError. */
export function parseQuery(query: string, options: Partial<ParserOptions> = {}): Expr {
  const cursor = new Cursor(query, { ...DEFAULT_PARSER_OPTIONS, ...options });
  if (cursor.peek() === Token.eof) {
    cursor.fail({ start: 0, end: 0 }, 'no expression found in input');
  }
  const expr = parseBinary(cursor, LOOSEST);
  if (cursor.peek() !== Token.eof) cursor.unexpected('', '', suggestBehind(cursor.nextText, expr));
  checkTypes(cursor, expr);
  return expr;
}

/** Parses a selector such as `up{job="node"}` into its matchers, the name's included. Throws PromQLSyntaxError. */
export function parseSelector(query: string): Matcher[] {
  const cursor = new Cursor(query, DEFAULT_PARSER_OPTIONS);
  const kind = cursor.peek();
  if (kind !== Token.leftBrace && !isMetricName(kind)) cursor.unexpected('', '');
  const selector =
    kind === Token.leftBrace ? parseBareSelector(cursor) : parseNamedSelector(cursor, cursor.take());
  if (cursor.peek() !== Token.eof) cursor.unexpected('', '');
  return [...selector.matchers];
}

const LOOSEST = 1;
const COMPARISON = 3;
const TIGHTEST = 6;

/** Binding power of a binary operator; 0 for any other token. */
function precedenceOf(kind: TokenKind): number {
  switch (kind) {
    case Token.or:
      return LOOSEST;
    case Token.and:
    case Token.unless:
      return 2;
    case Token.eqlc:
    case Token.neq:
    case Token.lte:
    case Token.lss:
    case Token.gte:
    case Token.gtr:
    case Token.trimUpper:
    case Token.trimLower:
      return COMPARISON;
    case Token.add:
    case Token.sub:
      return 4;
    case Token.mul:
    case Token.div:
    case Token.mod:
    case Token.atan2:
      return 5;
    case Token.pow:
      return TIGHTEST;
    default:
      return 0;
  }
}

/** An expression of operators that bind at least as tightly as `precedence`. */
function parseBinary(cursor: Cursor, precedence: number): Expr {
  cursor.enter();
  const expr = parseOperators(cursor, parseSigned(cursor), precedence);
  cursor.leave();
  return expr;
}

/** What follows the first operand of such an expression. */
function parseOperators(cursor: Cursor, first: Expr, precedence: number): Expr {
  let lhs = first;
  for (let levels = 1; ; levels++) {
    const own = precedenceOf(cursor.peek());
    if (own === 0 || own < precedence) return lhs;
    // The checker counts levels exactly; this stops a chain that is too long before all of it is in memory.
    if (levels > cursor.options.maxDepth) throw tooDeep(cursor, lhs.range);
    lhs = parseOperation(cursor, lhs, own);
  }
}

/** An operator, its modifiers and its right side. */
function parseOperation(cursor: Cursor, lhs: Expr, precedence: number): Binary {
  const op = cursor.textOf(cursor.take()).toLowerCase() as BinaryOp;
  const bool = cursor.accept(Token.bool);
  let card: Cardinality = 'one-to-one';
  let labels: string[] = [];
  let on = false;
  let include: string[] = [];
  if (cursor.peek() === Token.on || cursor.peek() === Token.ignoring) {
    on = cursor.take().kind === Token.on;
    labels = parseGrouping(cursor);
    if (cursor.peek() === Token.groupLeft || cursor.peek() === Token.groupRight) {
      card = cursor.take().kind === Token.groupLeft ? 'many-to-one' : 'one-to-many';
      if (cursor.peek() === Token.leftParen || !startsExpression(cursor.peek())) {
        include = parseGrouping(cursor);
      }
    }
  }
  let fillLeft: number | null = null;
  let fillRight: number | null = null;
  let rhs: Expr | undefined;
  // Powers group from the right, everything else from the left.
  const tighter = precedence === TIGHTEST ? TIGHTEST : precedence + 1;
  while (isFill(cursor.peek())) {
    const fill = cursor.take();
    if (cursor.peek() !== Token.leftParen) {
      // Without a value it is a metric of that name.
      rhs = parseOperators(cursor, parsePostfix(cursor, parseNamedSelector(cursor, fill)), tighter);
      break;
    }
    const value = parseFillValue(cursor);
    if (fill.kind !== Token.fillRight) fillLeft = value;
    if (fill.kind !== Token.fillLeft) fillRight = value;
    if (fillLeft !== null && fillRight !== null) break;
    if (cursor.peek() !== (fillLeft === null ? Token.fillLeft : Token.fillRight)) break;
  }
  rhs ??= parseBinary(cursor, tighter);
  const range = { start: lhs.range.start, end: rhs.range.end };
  if ((fillLeft !== null || fillRight !== null) && !cursor.options.fillModifiers) {
    cursor.fail(
      range,
      'binop fill modifiers are experimental and not enabled',
      'enable them with --enable-feature=promql-binop-fill-modifiers',
    );
  }
  const matching = { card, labels, on, include, fillLeft, fillRight };
  return { kind: 'binary', range, op, lhs, rhs, bool, matching };
}

function isFill(kind: TokenKind): boolean {
  return kind === Token.fill || kind === Token.fillLeft || kind === Token.fillRight;
}

/** `(0)`, `(-Inf)`, `(5m)`. */
function parseFillValue(cursor: Cursor): number {
  cursor.take();
  const kind = cursor.peek();
  const negative = kind === Token.sub;
  if (negative || kind === Token.add) cursor.take();
  if (cursor.peek() !== Token.number && cursor.peek() !== Token.duration) unexpected(cursor);
  const value = numberOf(cursor, cursor.take());
  if (!cursor.accept(Token.rightParen)) unexpected(cursor);
  return negative ? -value : value;
}

function parseSigned(cursor: Cursor): Expr {
  const kind = cursor.peek();
  if (kind !== Token.add && kind !== Token.sub) return parsePostfix(cursor, parsePrimary(cursor));
  const sign = cursor.take();
  // A sign binds like a multiplication: -2^2 is -(2^2), and -2*3 is (-2)*3.
  const expr = parseBinary(cursor, TIGHTEST);
  const range = { start: cursor.rangeOf(sign).start, end: expr.range.end };
  if (expr.kind === 'numberLiteral') {
    const value = kind === Token.sub ? -expr.value : expr.value;
    return { ...expr, range, value } satisfies NumberLiteral;
  }
  return { kind: 'unary', range, op: kind === Token.sub ? '-' : '+', expr } satisfies Unary;
}

function parsePrimary(cursor: Cursor): Expr {
  const kind = cursor.peek();
  switch (kind) {
    case Token.number:
    case Token.duration:
      return parseNumberOrDuration(cursor);
    case Token.string: {
      const item = cursor.take();
      return {
        kind: 'stringLiteral',
        range: cursor.rangeOf(item),
        value: unquoteString(cursor.textOf(item)),
      };
    }
    case Token.leftParen:
      return parseParen(cursor);
    case Token.leftBrace:
      return parseBareSelector(cursor);
  }
  if (!isMetricName(kind)) unexpected(cursor);
  const name = cursor.take();
  const next = cursor.peek();
  if (next === Token.leftParen && isFunctionName(kind)) return parseCall(cursor, name);
  if (isAggregator(kind) && (next === Token.leftParen || next === Token.by || next === Token.without)) {
    return parseAggregate(cursor, name);
  }
  return parseNamedSelector(cursor, name);
}

function parseParen(cursor: Cursor): Paren {
  const open = cursor.take();
  const expr = parseBinary(cursor, LOOSEST);
  if (!cursor.accept(Token.rightParen)) unexpected(cursor);
  return { kind: 'paren', range: cursor.range(open.start, cursor.lastEnd), expr };
}

function isFunctionName(kind: TokenKind): boolean {
  return kind === Token.identifier || kind >= Token.start;
}

function parseCall(cursor: Cursor, item: Item): Call {
  const args = parseArguments(cursor);
  const range = cursor.range(item.start, cursor.lastEnd);
  const name = cursor.textOf(item);
  const func = FUNCTIONS.get(name);
  if (func === undefined) {
    cursor.fail(
      cursor.rangeOf(item),
      `unknown function with name ${goQuote(name)}`,
      suggestFunction(name, args),
    );
  }
  if (func.experimental && !cursor.options.experimentalFunctions) {
    cursor.fail(
      cursor.rangeOf(item),
      `function ${goQuote(name)} is not enabled`,
      'enable it with --enable-feature=promql-experimental-functions',
    );
  }
  return { kind: 'call', range, func, args };
}

/** `(a, b)`; the next token must be the left parenthesis. */
function parseArguments(cursor: Cursor): Expr[] {
  cursor.take();
  const args: Expr[] = [];
  if (cursor.accept(Token.rightParen)) return args;
  for (;;) {
    args.push(parseBinary(cursor, LOOSEST));
    if (cursor.peek() === Token.comma) {
      const comma = cursor.take();
      if (startsExpression(cursor.peek())) continue;
      cursor.fail(cursor.rangeOf(comma), 'trailing commas not allowed in function call args');
    }
    if (cursor.accept(Token.rightParen)) return args;
    unexpected(cursor);
  }
}

function startsExpression(kind: TokenKind): boolean {
  switch (kind) {
    case Token.number:
    case Token.duration:
    case Token.string:
    case Token.leftParen:
    case Token.leftBrace:
    case Token.add:
    case Token.sub:
      return true;
    default:
      return isMetricName(kind);
  }
}

/** `sum by (a) (expr)` or `sum(expr) by (a)`, behind the operator's name. */
function parseAggregate(cursor: Cursor, item: Item): Aggregate {
  cursor.aggregations++;
  let grouping: string[] = [];
  let without = false;
  const hasModifier = () => cursor.peek() === Token.by || cursor.peek() === Token.without;
  const parseModifier = () => {
    without = cursor.take().kind === Token.without;
    grouping = parseGrouping(cursor);
  };
  const modifierFirst = hasModifier();
  if (modifierFirst) parseModifier();
  if (cursor.peek() !== Token.leftParen) {
    unexpected(cursor, 'put what is aggregated in parentheses');
  }
  const args = parseArguments(cursor);
  let end = cursor.lastEnd;
  if (!modifierFirst && hasModifier()) {
    parseModifier();
    end = cursor.lastEnd;
  }
  cursor.aggregations--;
  const range = cursor.range(item.start, end);
  const name = cursor.textOf(item);
  const op = name.toLowerCase() as AggregateOp;
  if (args.length === 0) cursor.fail(range, 'no arguments for aggregate expression provided');
  const takesParam = TAKES_PARAM.has(op);
  if ((op === 'limitk' || op === 'limit_ratio') && !cursor.options.experimentalFunctions) {
    const flag = '--enable-feature=promql-experimental-functions';
    cursor.fail(range, `${name}() is experimental and must be enabled with ${flag}`);
  }
  const wanted = takesParam ? 2 : 1;
  if (args.length !== wanted) {
    cursor.fail(
      range,
      `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`,
      takesParam && args.length === 1
        ? `${op} takes a parameter first, such as ${op}(${EXAMPLE_PARAM[op] ?? '5'}, …)`
        : undefined,
    );
  }
  const param = takesParam ? args[0] : null;
  return { kind: 'aggregate', range, op, expr: args[wanted - 1], param, grouping, without };
}

const TAKES_PARAM: ReadonlySet<AggregateOp> = new Set<AggregateOp>([
  'topk',
  'bottomk',
  'count_values',
  'quantile',
  'limitk',
  'limit_ratio',
]);

const EXAMPLE_PARAM: Readonly<Partial<Record<AggregateOp, string>>> = {
  count_values: '"label"',
  quantile: '0.9',
  limit_ratio: '0.1',
};

function parseBareSelector(cursor: Cursor): VectorSelector {
  const start = cursor.nextStart;
  const matchers = parseMatchers(cursor);
  return newSelector(cursor.range(start, cursor.lastEnd), '', matchers);
}

/** The selector that begins with a metric name, which has been read. */
function parseNamedSelector(cursor: Cursor, item: Item): VectorSelector {
  const name = cursor.textOf(item);
  let matchers: Matcher[] = [];
  let end = item.end;
  if (cursor.peek() === Token.leftBrace) {
    matchers = parseMatchers(cursor);
    end = cursor.lastEnd;
  }
  matchers.push(nameMatcher(name));
  return newSelector(cursor.range(item.start, end), name, matchers);
}

function newSelector(range: SourceRange, name: string, matchers: readonly Matcher[]): VectorSelector {
  return {
    kind: 'vectorSelector',
    range,
    name,
    matchers,
    offset: 0,
    at: null,
    anchored: false,
    smoothed: false,
  };
}

/** The next token fits nowhere. */
function unexpected(cursor: Cursor, suggestion?: string): never {
  cursor.unexpected(cursor.aggregations > 0 ? 'aggregation' : '', '', suggestion);
}
