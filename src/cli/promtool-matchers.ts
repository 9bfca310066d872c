/** Changes the matchers of every selector of a query, as promtool's label-matchers commands do. */
import { METRIC_NAME } from '../core/model/labels.ts';
import type { Matcher } from '../core/model/matcher.ts';
import type { Expr, VectorSelector } from '../core/promql/parser/index.ts';

/** In place of the matchers for the name there is `matcher`, or none where it is undefined. */
export function withMatcher(expr: Expr, name: string, matcher: Matcher | undefined): Expr {
  const change = (inner: Expr): Expr => withMatcher(inner, name, matcher);
  switch (expr.kind) {
    case 'numberLiteral':
    case 'stringLiteral':
      return expr;
    case 'vectorSelector':
      return changed(expr, name, matcher);
    case 'matrixSelector':
      return { ...expr, selector: changed(expr.selector, name, matcher) };
    case 'subquery':
    case 'unary':
    case 'paren':
      return { ...expr, expr: change(expr.expr) };
    case 'call':
      return { ...expr, args: expr.args.map(change) };
    case 'aggregate':
      return { ...expr, expr: change(expr.expr), param: expr.param && change(expr.param) };
    case 'binary':
      return { ...expr, lhs: change(expr.lhs), rhs: change(expr.rhs) };
  }
}

function changed(selector: VectorSelector, name: string, matcher: Matcher | undefined): VectorSelector {
  const { matchers } = selector;
  const at = matchers.findIndex((one) => one.name === name);
  const kept = matchers.filter((one) => one.name !== name);
  if (matcher === undefined) {
    return { ...selector, name: name === METRIC_NAME ? '' : selector.name, matchers: kept };
  }
  if (at >= 0) return { ...selector, matchers: matchers.map((one) => (one.name === name ? matcher : one)) };
  return { ...selector, matchers: [...matchers, matcher] };
}
