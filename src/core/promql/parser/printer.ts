/**
 * Expressions as text on one line, exactly as Prometheus prints them (in error messages, in the API, and wherever a
 * query is shown). Reading the text gives the same tree, but for positions.
 */
import { formatDuration } from '../../model/duration.ts';
import { compareStrings, isLegacyLabelName, isLegacyMetricName, METRIC_NAME } from '../../model/labels.ts';
import type { Matcher } from '../../model/matcher.ts';
import { formatF, formatG } from '../../model/number.ts';
import type {
  Aggregate,
  AtModifier,
  Binary,
  Duration,
  DurationOperand,
  Expr,
  MatrixSelector,
  NumberLiteral,
  Subquery,
  VectorSelector,
} from './ast.ts';
import { quoteString } from './literals.ts';

export function printExpr(expr: Expr): string {
  return printParts(expr, printExpr);
}

/** As `printExpr`, but `print` says how the expressions in it are printed. */
export function printParts(expr: Expr, print: (part: Expr) => string): string {
  switch (expr.kind) {
    case 'numberLiteral':
      return printNumber(expr);
    case 'stringLiteral':
      return quoteString(expr.value);
    case 'vectorSelector':
      return printSelector(expr);
    case 'matrixSelector':
      return printMatrixSelector(expr);
    case 'subquery':
      return print(expr.expr) + printSubquerySuffix(expr);
    case 'call':
      return `${expr.func.name}(${expr.args.map(print).join(', ')})`;
    case 'aggregate': {
      const param = expr.param === null ? '' : `${print(expr.param)}, `;
      return `${printAggregateHead(expr)}(${param}${print(expr.expr)})`;
    }
    case 'binary':
      return `${print(expr.lhs)} ${printOperator(expr)} ${print(expr.rhs)}`;
    case 'unary':
      return expr.op + print(expr.expr);
    case 'paren':
      return `(${print(expr.expr)})`;
  }
}

/** `sum by (a) `, what stands before an aggregation's parenthesis. */
export function printAggregateHead(expr: Aggregate): string {
  if (expr.without) return `${expr.op} without (${printLabels(expr.grouping)}) `;
  if (expr.grouping.length > 0) return `${expr.op} by (${printLabels(expr.grouping)}) `;
  return expr.op;
}

/** An operator with all its modifiers. */
export function printOperator({ op, bool, matching }: Binary): string {
  let out: string = op;
  if (bool) out += ' bool';
  if (matching === null) return out;
  if (matching.labels.length > 0 || matching.on) {
    out += ` ${matching.on ? 'on' : 'ignoring'} (${printLabels(matching.labels)})`;
  }
  if (matching.card === 'many-to-one' || matching.card === 'one-to-many') {
    // Grouping needs a list of labels before it, be it empty.
    if (matching.labels.length === 0 && !matching.on) out += ' ignoring ()';
    out += ` group_${matching.card === 'many-to-one' ? 'left' : 'right'} (${printLabels(matching.include)})`;
  }
  const { fillLeft, fillRight } = matching;
  if (fillLeft !== null && fillLeft === fillRight) return `${out} fill (${formatG(fillLeft)})`;
  if (fillLeft !== null) out += ` fill_left (${formatG(fillLeft)})`;
  if (fillRight !== null) out += ` fill_right (${formatG(fillRight)})`;
  return out;
}

/** `[5m:1m] @ end() offset 1h` */
export function printSubquerySuffix(expr: Subquery): string {
  const step = expr.step === null ? '' : printDuration(expr.step);
  return `[${printDuration(expr.window)}:${step}]${printModifiers(expr, '')}`;
}

export function printMatcher(matcher: Matcher): string {
  const name = isLegacyLabelName(matcher.name) ? matcher.name : quoteString(matcher.name);
  return name + matcher.type + quoteString(matcher.value);
}

function printSelector(expr: VectorSelector): string {
  return printSeries(expr) + printModifiers(expr, printExtension(expr));
}

function printMatrixSelector({ selector, window }: MatrixSelector): string {
  const range = `[${printDuration(window)}]`;
  return printSeries(selector) + range + printExtension(selector) + printModifiers(selector, '');
}

/** `@` and offset, with `between` in between. */
function printModifiers({ at, offset }: VectorSelector | Subquery, between: string): string {
  // Arithmetic behind `offset (…)` would be read as part of the duration. Prometheus prints the @ first even so.
  if (at !== null && typeof offset !== 'number' && offset.wrapped) {
    return printOffset(offset) + printAt(at) + between;
  }
  return printAt(at) + between + printOffset(offset);
}

/** The part of a selector that says which series: `name{matchers}`. */
function printSeries({ name, matchers }: VectorSelector): string {
  const printed: string[] = [];
  for (const matcher of matchers) {
    const isName = matcher.name === METRIC_NAME && matcher.type === '=' && matcher.value === name;
    if (!isName || name === '') printed.push(printMatcher(matcher));
  }
  return printed.length === 0 ? name || '{}' : `${name}{${printed.sort(compareStrings).join(',')}}`;
}

function printExtension(selector: VectorSelector): string {
  if (selector.anchored) return ' anchored';
  return selector.smoothed ? ' smoothed' : '';
}

function printAt(at: AtModifier | null): string {
  if (at === null) return '';
  return typeof at === 'number' ? ` @ ${(at / 1000).toFixed(3)}` : ` @ ${at}()`;
}

function printOffset(offset: Duration): string {
  return offset === 0 ? '' : ` offset ${printDuration(offset)}`;
}

function printLabels(labels: readonly string[]): string {
  return labels.map((label) => (isLegacyMetricName(label) ? label : quoteString(label))).join(', ');
}

function printNumber({ value, isDuration }: NumberLiteral): string {
  if (!isDuration) return formatF(value);
  // Sums of seconds are not exact; durations are whole milliseconds.
  return formatDuration(Math.round(value * 1000));
}

function printDuration(duration: Duration): string {
  return typeof duration === 'number' ? formatDuration(duration) : printOperand(duration);
}

function printOperand(expr: DurationOperand): string {
  if (expr.kind === 'numberLiteral') return printNumber(expr);
  const bare = printBareOperand(expr);
  return expr.wrapped ? `(${bare})` : bare;
}

function printBareOperand(expr: Exclude<DurationOperand, NumberLiteral>): string {
  switch (expr.kind) {
    case 'durationBinary':
      return `${printOperand(expr.lhs)} ${expr.op} ${printOperand(expr.rhs)}`;
    case 'durationUnary':
      return expr.op === '-' ? `-${printOperand(expr.operand)}` : printOperand(expr.operand);
    case 'durationCall':
      return `${expr.name}(${expr.args.map(printOperand).join(', ')})`;
  }
}
