/** Whether evaluating an expression can yield anything but values: an annotation, or a fault found in the data. */
import type { Expr } from '../parser/ast.ts';

export function mayAnnotate(expr: Expr): boolean {
  if (expr.kind === 'paren') return mayAnnotate(expr.expr);
  return expr.kind !== 'vectorSelector' && expr.kind !== 'numberLiteral' && expr.kind !== 'stringLiteral';
}
