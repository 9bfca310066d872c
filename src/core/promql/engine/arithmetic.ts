/** What the binary operators do to two floats. */
import type { ArithmeticOp, BinaryOp, ComparisonOp } from '../parser/ast.ts';

const ARITHMETIC: Record<ArithmeticOp, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  // Like Go's math.Mod: the sign of the dividend.
  '%': (a, b) => a % b,
  '^': power,
  atan2: Math.atan2,
};

const COMPARISONS: Record<ComparisonOp, (a: number, b: number) => boolean> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

export function isComparison(op: BinaryOp): op is ComparisonOp {
  return op in COMPARISONS;
}

export function isArithmetic(op: BinaryOp): op is ArithmeticOp {
  return op in ARITHMETIC;
}

export function arithmetic(op: ArithmeticOp): (a: number, b: number) => number {
  return ARITHMETIC[op];
}

export function comparison(op: ComparisonOp): (a: number, b: number) => boolean {
  return COMPARISONS[op];
}

/** Between two scalars a comparison always yields 0 or 1 (the parser demands `bool`). */
export function scalarOperation(op: BinaryOp): (a: number, b: number) => number {
  if (isComparison(op)) {
    const holds = COMPARISONS[op];
    return (a, b) => (holds(a, b) ? 1 : 0);
  }
  if (isArithmetic(op)) return ARITHMETIC[op];
  throw new Error(`operator ${op} between scalars`);
}

/** IEEE 754 `pow`, which says 1 for `1^NaN` and `(-1)^±Inf` where JavaScript says NaN. */
function power(a: number, b: number): number {
  if (a === 1 || (a === -1 && (b === Number.POSITIVE_INFINITY || b === Number.NEGATIVE_INFINITY))) return 1;
  return a ** b;
}
