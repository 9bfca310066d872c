/** What can be said of an expression without data. */
import {
  type Aggregate,
  type Binary,
  type Call,
  type Expr,
  typeOf,
  type VectorSelector,
  walk,
  withoutParens,
} from '../../promql/parser/index.ts';
import { type LintedRule, nodesOf } from './linted-rule.ts';
import { lacks, outputLabels } from './output-labels.ts';
import { compareRanges, isComparison, valueRange } from './value-range.ts';

const COUNTER_FUNCTIONS = ['rate', 'irate', 'increase'];
const GAUGE_FUNCTIONS = ['delta', 'idelta', 'deriv', 'predict_linear'];
const CHOOSERS = ['topk', 'bottomk', 'limitk', 'limit_ratio'];
const COUNTER_NAME = /_total$/;
/** What no counter is called. */
const GAUGE_NAME = /_(?:ratio|celsius|percent|timestamp_seconds|info)$/;

export function checkExpression(linted: LintedRule): void {
  const { parsed } = linted.rule;
  for (const node of nodesOf(parsed, 'binary')) {
    checkComparison(linted, node);
    checkMatching(linted, node);
  }
  for (const call of nodesOf(parsed, 'call')) {
    checkQuantile(linted, call);
    checkNamedType(linted, call);
    checkRateOfSum(linted, call);
  }
  for (const aggregate of nodesOf(parsed, 'aggregate')) checkGrouping(linted, aggregate);
}

function checkComparison(linted: LintedRule, node: Binary): void {
  if (!isComparison(node.op)) return;
  const verdict = compareRanges(node.op, valueRange(node.lhs), valueRange(node.rhs));
  const text = linted.source(node.range);
  if (verdict === 'never') {
    linted.atExpr('never-true', node.range, `${text} never holds: ${whyNever(node)}`);
  } else if (verdict === 'always' && linted.rule.kind === 'alert' && isOnlyCondition(node)) {
    linted.atExpr('always-true', node.range, `${text} holds for every sample there can be`);
  }
}

/** `count(x) > 0` and `absent(x) == 1` say in words what is meant anyway, and so does a filter of what was filtered. */
function isOnlyCondition({ lhs, rhs }: Binary): boolean {
  if (typeOf(lhs) === 'scalar' && typeOf(rhs) === 'scalar') return false;
  const { lo } = valueRange(typeOf(lhs) === 'scalar' ? rhs : lhs);
  return lo <= 0 && !hasCondition(lhs) && !hasCondition(rhs);
}

function whyNever({ lhs, rhs }: Binary): string {
  const side = typeOf(lhs) === 'scalar' ? rhs : lhs;
  const inner = withoutParens(side);
  if (inner.kind === 'aggregate' && inner.op === 'count') {
    return 'a count of nothing is no sample rather than 0; use absent(), or "or vector(0)"';
  }
  if (inner.kind === 'call' && inner.func.name.startsWith('absent'))
    return `${inner.func.name}() is 1 or nothing`;
  const { lo, hi } = valueRange(side);
  if (lo === hi) return `the value is ${lo} always`;
  if (lo === Number.NEGATIVE_INFINITY) return `the value is never more than ${hi}`;
  return hi === Number.POSITIVE_INFINITY
    ? `the value is never less than ${lo}`
    : `the value is from ${lo} to ${hi}`;
}

/** Labels to compare or to group by that cannot be there. */
function checkMatching(linted: LintedRule, { lhs, rhs, matching }: Binary): void {
  if (matching?.on !== true) return;
  for (const label of matching.labels) {
    for (const side of [lhs, rhs]) {
      const other = side === lhs ? rhs : lhs;
      if (!lacks(outputLabels(side), label) || lacks(outputLabels(other), label)) continue;
      linted.atExpr(
        'lost-match',
        side.range,
        `on(${label}): ${linted.source(side.range)} has no label ${label}`,
      );
    }
  }
}

function checkGrouping(linted: LintedRule, { expr, grouping, without, range }: Aggregate): void {
  if (without) return;
  const bound = outputLabels(expr);
  if (bound.kind !== 'only') return;
  for (const label of grouping) {
    if (!lacks(bound, label)) continue;
    linted.atExpr('lost-match', range, `by (${label}): ${linted.source(expr.range)} has no label ${label}`);
  }
}

function checkQuantile(linted: LintedRule, { func, args, range }: Call): void {
  if (func.name !== 'histogram_quantile' && func.name !== 'histogram_fraction') return;
  const buckets = args.at(-1)!;
  const isClassic = nodesOf(buckets, 'vectorSelector').some(({ name }) => name.endsWith('_bucket'));
  if (!isClassic || !lacks(outputLabels(buckets), 'le')) return;
  linted.atExpr(
    'lost-le',
    range,
    `${func.name}() needs the label le of its buckets, which is aggregated away: add it to by (…)`,
  );
}

/** Where no metadata is at hand, only names that leave no doubt count. */
function checkNamedType(linted: LintedRule, { func, args }: Call): void {
  const selector = rangeSelector(args);
  if (selector === undefined) return;
  const { name, range } = selector;
  if (GAUGE_FUNCTIONS.includes(func.name) && COUNTER_NAME.test(name)) {
    linted.atExpr('wrong-type', range, wrongType(name, func.name, 'counter'));
  } else if (COUNTER_FUNCTIONS.includes(func.name) && GAUGE_NAME.test(name)) {
    linted.atExpr('wrong-type', range, wrongType(name, func.name, 'gauge'));
  }
}

export function wrongType(metric: string, func: string, type: 'counter' | 'gauge'): string {
  return type === 'gauge'
    ? `${metric} is a gauge, and ${func}() takes every decrease for a counter's restart: delta() and deriv() are for gauges`
    : `${metric} is a counter, and ${func}() takes its restarts for decreases: rate() and increase() are for counters`;
}

/** The kind of function that a call is of, and the selector it is called with. */
export function typedCall(call: Call): { selector: VectorSelector; wants: 'counter' | 'gauge' } | undefined {
  const selector = rangeSelector(call.args);
  if (selector === undefined) return undefined;
  if (COUNTER_FUNCTIONS.includes(call.func.name)) return { selector, wants: 'counter' };
  return GAUGE_FUNCTIONS.includes(call.func.name) ? { selector, wants: 'gauge' } : undefined;
}

/** Names that checkNamedType has judged already. */
export function isNamedType(name: string): boolean {
  return COUNTER_NAME.test(name) || GAUGE_NAME.test(name);
}

function rangeSelector(args: readonly Expr[]): VectorSelector | undefined {
  const arg = args[0] === undefined ? undefined : withoutParens(args[0]);
  return arg?.kind === 'matrixSelector' ? arg.selector : undefined;
}

function checkRateOfSum(linted: LintedRule, { func, args, range }: Call): void {
  const arg = args[0] === undefined ? undefined : withoutParens(args[0]);
  if (!COUNTER_FUNCTIONS.includes(func.name) || arg?.kind !== 'subquery') return;
  const inner = withoutParens(arg.expr);
  if (inner.kind !== 'aggregate' || (inner.op !== 'sum' && inner.op !== 'avg')) return;
  // A sum of rates is no counter.
  if (withoutParens(inner.expr).kind !== 'vectorSelector') return;
  linted.atExpr(
    'rate-of-sum',
    range,
    `when one series of the ${inner.op} restarts, ${func.name}() sees a dip of the whole: take the ${inner.op} of the rates`,
  );
}

/** Whether the expression yields a sample whatever the data is. */
export function neverEmpty(expr: Expr): boolean {
  switch (expr.kind) {
    case 'numberLiteral':
      return true;
    case 'paren':
    case 'unary':
      return neverEmpty(expr.expr);
    case 'aggregate':
      return !CHOOSERS.includes(expr.op) && neverEmpty(expr.expr);
    case 'call':
      return expr.func.name === 'vector' || expr.func.returnType === 'scalar';
    case 'binary':
      if (expr.op === 'or') return neverEmpty(expr.lhs) || neverEmpty(expr.rhs);
      if (isComparison(expr.op) && !expr.bool && typeOf(expr) !== 'scalar') return false;
      return expr.matching === null && neverEmpty(expr.lhs) && neverEmpty(expr.rhs);
    default:
      return false;
  }
}

/** Whether anything in the expression lets some samples pass and others not. */
export function hasCondition(expr: Expr): boolean {
  let has = false;
  walk(expr, (node) => {
    if (node.kind === 'binary')
      has ||= (isComparison(node.op) && !node.bool) || node.op === 'and' || node.op === 'unless';
    if (node.kind === 'call') has ||= node.func.name.startsWith('absent');
    if (node.kind === 'aggregate') has ||= CHOOSERS.includes(node.op);
  });
  return has;
}
