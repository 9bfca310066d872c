/**
 * Expressions laid out over several lines, character for character as Prometheus' `format_query` does it: whatever
 * fits into 100 characters stays on one line; what does not is broken at its outermost level, two spaces deeper.
 */
import type { Expr } from './ast.ts';
import { printAggregateHead, printExpr, printOperator, printSubquerySuffix } from './printer.ts';

/** In bytes. */
const LONGEST_LINE = 100;

export function prettyPrint(expr: Expr): string {
  return pretty(expr, 0);
}

function pretty(expr: Expr, level: number): string {
  const pad = '  '.repeat(level);
  if (expr.kind === 'unary') return pad + expr.op + pretty(expr.expr, level).trim();
  const line = printExpr(expr);
  // Prometheus forgets to indent a subquery that fits.
  if (expr.kind === 'subquery' && Buffer.byteLength(line) <= LONGEST_LINE) return line;
  if (isLeaf(expr) || Buffer.byteLength(line) <= LONGEST_LINE) return pad + line;
  switch (expr.kind) {
    case 'aggregate': {
      const param = expr.param === null ? '' : `${pretty(expr.param, level + 1)},\n`;
      return `${pad + printAggregateHead(expr)}(\n${param}${pretty(expr.expr, level + 1)}\n${pad})`;
    }
    case 'binary':
      return `${pretty(expr.lhs, level + 1)}\n${pad}${printOperator(expr)}\n${pretty(expr.rhs, level + 1)}`;
    case 'call': {
      const args = expr.args.map((arg) => pretty(arg, level + 1)).join(',\n');
      return `${pad + expr.func.name}(\n${args}\n${pad})`;
    }
    case 'paren':
      return `${pad}(\n${pretty(expr.expr, level + 1)}\n${pad})`;
    case 'subquery':
      return pretty(expr.expr, level) + printSubquerySuffix(expr);
    default:
      return pad + line;
  }
}

/** What is never broken. */
function isLeaf(expr: Expr): boolean {
  switch (expr.kind) {
    case 'numberLiteral':
    case 'stringLiteral':
    case 'vectorSelector':
    case 'matrixSelector':
      return true;
    default:
      return false;
  }
}
