/** Operations whose sides both have series, of which none meets one of the other side; and expressions that fail. */
import { InputError } from '../../errors.ts';
import { type Labels, METRIC_NAME } from '../../model/labels.ts';
import { type Binary, type Expr, typeOf, type VectorMatching } from '../../promql/parser/index.ts';
import { matchKey } from '../match-key.ts';
import type { LintData } from './lint-data.ts';
import { type LintedRule, nodesOf } from './linted-rule.ts';
import { isComparison } from './value-range.ts';

const TIMES = 6;

export async function checkMatching(linted: LintedRule, data: LintData): Promise<void> {
  const { parsed } = linted.rule;
  for (const t of data.times(TIMES)) {
    const result = await data.evaluate(parsed, t);
    if (!(result instanceof InputError)) continue;
    linted.atExpr('query-fails', parsed.range, result.reason);
    return;
  }
  for (const node of nodesOf(parsed, 'binary')) {
    if (node.matching === null || node.op === 'or' || node.op === 'unless') continue;
    await checkSides(linted, data, node, node.matching);
  }
}

async function checkSides(
  linted: LintedRule,
  data: LintData,
  node: Binary,
  matching: VectorMatching,
): Promise<void> {
  if (matching.fillLeft !== null || matching.fillRight !== null) return;
  const lhs = unfiltered(node.lhs);
  const rhs = unfiltered(node.rhs);
  let example: [Labels, Labels] | undefined;
  for (const t of data.times(TIMES)) {
    const left = await data.vector(lhs, t);
    const right = await data.vector(rhs, t);
    if (left.length === 0 || right.length === 0) continue;
    const keys = new Set(left.map(({ labels }) => matchKey(labels, matching)));
    if (right.some(({ labels }) => keys.has(matchKey(labels, matching)))) return;
    example = [left[0].labels, right[0].labels];
  }
  if (example === undefined) return;
  linted.atExpr(
    'no-match',
    node.range,
    `the sides of ${node.op} have series, and none of them meet: ${difference(...example, matching)}`,
  );
}

/** The expression without its comparisons to numbers: whether a limit is passed just now does not matter. */
function unfiltered(expr: Expr): Expr {
  switch (expr.kind) {
    case 'paren':
      return { ...expr, expr: unfiltered(expr.expr) };
    case 'aggregate':
    case 'unary':
      return { ...expr, expr: unfiltered(expr.expr) };
    case 'binary':
      if (isComparison(expr.op) && !expr.bool && expr.matching === null && typeOf(expr) === 'vector') {
        return unfiltered(typeOf(expr.lhs) === 'scalar' ? expr.rhs : expr.lhs);
      }
      return { ...expr, lhs: unfiltered(expr.lhs), rhs: unfiltered(expr.rhs) };
    default:
      return expr;
  }
}

/** In which of the labels compared two series differ. */
function difference(left: Labels, right: Labels, { on, labels: names }: VectorMatching): string {
  const compared = on
    ? names
    : [...new Set([...left, ...right].map(([name]) => name))].filter(
        (name) => name !== METRIC_NAME && !names.includes(name),
      );
  const parts = compared
    .filter((name) => left.get(name) !== right.get(name))
    .map((name) => {
      if (!left.has(name)) return `only the right side has ${name}`;
      if (!right.has(name)) return `only the left side has ${name}`;
      return `${name} is "${left.get(name)}" to the left and "${right.get(name)}" to the right`;
    });
  return `${parts.slice(0, 4).join(', ')}${parts.length > 4 ? ', …' : ''}. Say with on(…) or ignoring(…) what to compare`;
}
