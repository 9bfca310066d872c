/**
 * The time that `info(v)` looks at info series for: that of the samples of `v`. It is known where all parts of `v` that
 * yield its series look at one and the same time; otherwise it is the evaluation time.
 */
import { type AtModifier, type Expr, type Subquery, typeOf, type VectorSelector } from '../parser/ast.ts';

export interface TimeReference {
  at: AtModifier | null;
  /** Before that time, ms. */
  offset: number;
}

/** Null where there is no one such time. Durations must have been resolved. */
export function infoReference(expr: Expr): TimeReference | null {
  const found = new Map<string, TimeReference>();
  const complete = collect(expr, [], found);
  const [reference] = found.values();
  return complete && found.size === 1 ? reference : null;
}

/** False where a part of the expression yields series that no selector has found. */
function collect(expr: Expr, around: readonly Subquery[], found: Map<string, TimeReference>): boolean {
  switch (expr.kind) {
    case 'vectorSelector': {
      const reference = referenceOf(expr, around);
      found.set(`${reference.at} ${reference.offset}`, reference);
      return true;
    }
    case 'matrixSelector':
      return collect(expr.selector, around, found);
    case 'subquery':
      return collect(expr.expr, [expr, ...around], found);
    case 'unary':
    case 'paren':
    case 'aggregate':
      return collect(expr.expr, around, found);
    case 'binary':
      return [expr.lhs, expr.rhs].filter(yieldsSeries).every((side) => collect(side, around, found));
    case 'call': {
      const args = expr.func.name === 'info' ? expr.args.slice(0, 1) : expr.args.filter(yieldsSeries);
      return args.length > 0 && args.every((arg) => collect(arg, around, found));
    }
    default:
      return false;
  }
}

function yieldsSeries(expr: Expr): boolean {
  const type = typeOf(expr);
  return type === 'vector' || type === 'matrix';
}

/** From the selector outwards, until an `@` says what the time is. */
function referenceOf(selector: VectorSelector, around: readonly Subquery[]): TimeReference {
  let offset = 0;
  for (const node of [selector, ...around]) {
    offset += node.offset as number;
    if (typeof node.at === 'number') return { at: node.at - offset, offset: 0 };
    if (node.at !== null) return { at: node.at, offset };
  }
  return { at: null, offset };
}
