/**
 * Expressions laid out over several lines, character for character as Prometheus' `format_query` does it: whatever
 * fits into 100 characters stays on one line; what does not is broken at its outermost level, two spaces deeper.
 */
import type { Expr } from './ast.ts';
import { printAggregateHead, printOperator, printParts, printSubquerySuffix } from './printer.ts';

/** In bytes. */
const LONGEST_LINE = 100;

export function prettyPrint(expr: Expr): string {
  return new Prettier().pretty(expr, 0);
}

class Prettier {
  /** Every expression on one line. What has been printed once is only put together again. */
  private readonly lines = new Map<Expr, string>();
  private readonly print = (expr: Expr): string => {
    let line = this.lines.get(expr);
    if (line === undefined) this.lines.set(expr, (line = printParts(expr, this.print)));
    return line;
  };

  pretty(expr: Expr, level: number): string {
    const pad = '  '.repeat(level);
    if (expr.kind === 'unary') return pad + expr.op + this.pretty(expr.expr, level).trim();
    const line = this.print(expr);
    if (fits(line) || isLeaf(expr)) {
      // Prometheus forgets to indent a subquery that fits.
      return expr.kind === 'subquery' ? line : pad + line;
    }
    switch (expr.kind) {
      case 'aggregate': {
        const param = expr.param === null ? '' : `${this.pretty(expr.param, level + 1)},\n`;
        return `${pad + printAggregateHead(expr)}(\n${param}${this.pretty(expr.expr, level + 1)}\n${pad})`;
      }
      case 'binary': {
        const lhs = this.pretty(expr.lhs, level + 1);
        return `${lhs}\n${pad}${printOperator(expr)}\n${this.pretty(expr.rhs, level + 1)}`;
      }
      case 'call': {
        const args = expr.args.map((arg) => this.pretty(arg, level + 1)).join(',\n');
        return `${pad + expr.func.name}(\n${args}\n${pad})`;
      }
      case 'paren':
        return `${pad}(\n${this.pretty(expr.expr, level + 1)}\n${pad})`;
      case 'subquery':
        return this.pretty(expr.expr, level) + printSubquerySuffix(expr);
      default:
        return pad + line;
    }
  }
}

function fits(line: string): boolean {
  // A long line need not be encoded to see that it is.
  return line.length <= LONGEST_LINE && Buffer.byteLength(line) <= LONGEST_LINE;
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
