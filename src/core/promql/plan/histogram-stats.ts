/**
 * Which selectors are asked for no more of a histogram than its count and its sum. Prometheus does not decode the
 * buckets of those, and so has to say of every sample while it reads whether the counter was reset before it: their
 * counter reset hints are definite where those of other selectors may be unknown.
 */
import { childrenOf, type Expr, type VectorSelector } from '../parser/ast.ts';

const COUNT_OR_SUM = new Set(['histogram_avg', 'histogram_count', 'histogram_sum']);
const BUCKETS = new Set(['histogram_fraction', 'histogram_quantile', 'histogram_quantiles']);

export function selectorsOfStats(expr: Expr): ReadonlySet<VectorSelector> {
  const found = new Set<VectorSelector>();
  collect(expr, false, found);
  return found;
}

function collect(expr: Expr, wantsStats: boolean, found: Set<VectorSelector>): void {
  let wanted = wantsStats;
  switch (expr.kind) {
    case 'vectorSelector':
      if (wanted) found.add(expr);
      return;
    case 'call':
      if (COUNT_OR_SUM.has(expr.func.name)) wanted = true;
      else if (BUCKETS.has(expr.func.name)) wanted = false;
      break;
    case 'binary':
    case 'subquery':
      wanted = false;
      break;
    default:
  }
  for (const child of childrenOf(expr)) collect(child, wanted, found);
}
