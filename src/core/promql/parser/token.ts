/**
 * The words and signs that PromQL is written with. Names are Prometheus'; keywords are recognised in any case, and
 * most of them are ordinary names wherever the grammar has no use for the keyword.
 */

export const Token = {
  eof: 0,
  comment: 1,
  // Names and literals.
  identifier: 2,
  /** A name with a colon in it, which can only be a metric's. */
  metricIdentifier: 3,
  number: 4,
  duration: 5,
  string: 6,
  // Punctuation.
  leftParen: 7,
  rightParen: 8,
  leftBrace: 9,
  rightBrace: 10,
  leftBracket: 11,
  rightBracket: 12,
  comma: 13,
  colon: 14,
  /** `=`, between label and value. */
  equals: 15,
  // Operators.
  add: 16,
  sub: 17,
  mul: 18,
  div: 19,
  mod: 20,
  pow: 21,
  eqlc: 22,
  neq: 23,
  lte: 24,
  lss: 25,
  gte: 26,
  gtr: 27,
  trimUpper: 28,
  trimLower: 29,
  eqlRegex: 30,
  neqRegex: 31,
  at: 32,
  and: 33,
  or: 34,
  unless: 35,
  atan2: 36,
  // Aggregators.
  sum: 37,
  avg: 38,
  count: 39,
  min: 40,
  max: 41,
  group: 42,
  stddev: 43,
  stdvar: 44,
  topk: 45,
  bottomk: 46,
  countValues: 47,
  quantile: 48,
  limitk: 49,
  limitRatio: 50,
  // Keywords.
  offset: 51,
  anchored: 52,
  smoothed: 53,
  by: 54,
  without: 55,
  on: 56,
  ignoring: 57,
  groupLeft: 58,
  groupRight: 59,
  bool: 60,
  fill: 61,
  fillLeft: 62,
  fillRight: 63,
  // Names with a meaning behind `@`, in durations, or as functions.
  start: 64,
  end: 65,
  step: 66,
  range: 67,
  minOf: 68,
  maxOf: 69,
} as const;

export type TokenKind = (typeof Token)[keyof typeof Token];

/** Keywords by their lower-case spelling. */
export const KEYWORDS: ReadonlyMap<string, TokenKind> = new Map<string, TokenKind>([
  ['and', Token.and],
  ['or', Token.or],
  ['unless', Token.unless],
  ['atan2', Token.atan2],
  ['sum', Token.sum],
  ['avg', Token.avg],
  ['count', Token.count],
  ['min', Token.min],
  ['max', Token.max],
  ['group', Token.group],
  ['stddev', Token.stddev],
  ['stdvar', Token.stdvar],
  ['topk', Token.topk],
  ['bottomk', Token.bottomk],
  ['count_values', Token.countValues],
  ['quantile', Token.quantile],
  ['limitk', Token.limitk],
  ['limit_ratio', Token.limitRatio],
  ['offset', Token.offset],
  ['anchored', Token.anchored],
  ['smoothed', Token.smoothed],
  ['by', Token.by],
  ['without', Token.without],
  ['on', Token.on],
  ['ignoring', Token.ignoring],
  ['group_left', Token.groupLeft],
  ['group_right', Token.groupRight],
  ['bool', Token.bool],
  ['fill', Token.fill],
  ['fill_left', Token.fillLeft],
  ['fill_right', Token.fillRight],
  ['start', Token.start],
  ['end', Token.end],
  ['step', Token.step],
  ['range', Token.range],
  ['min_of', Token.minOf],
  ['max_of', Token.maxOf],
  ['inf', Token.number],
  ['nan', Token.number],
]);

export function isOperator(kind: TokenKind): boolean {
  return kind >= Token.add && kind <= Token.atan2;
}

export function isAggregator(kind: TokenKind): boolean {
  return kind >= Token.sum && kind <= Token.limitRatio;
}

export function isKeyword(kind: TokenKind): boolean {
  return kind >= Token.offset && kind <= Token.fillRight;
}

/** What may stand where a metric's name is expected. */
export function isMetricName(kind: TokenKind): boolean {
  if (kind === Token.identifier || kind === Token.metricIdentifier) return true;
  if (kind >= Token.sum) {
    return (
      kind !== Token.on &&
      kind !== Token.ignoring &&
      kind !== Token.groupLeft &&
      kind !== Token.groupRight &&
      kind !== Token.bool
    );
  }
  return kind === Token.and || kind === Token.or || kind === Token.unless;
}

/** What may stand, unquoted, where the label of a grouping is expected. */
export function isGroupingLabel(kind: TokenKind): boolean {
  if (kind === Token.identifier || kind === Token.metricIdentifier) return true;
  return kind >= Token.and && kind !== Token.without;
}

export function isMatchOperator(kind: TokenKind): boolean {
  return kind === Token.equals || kind === Token.neq || kind === Token.eqlRegex || kind === Token.neqRegex;
}
