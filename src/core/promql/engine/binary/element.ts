/**
 * What a binary operator does to one pair of values, either of which may be a float or a native histogram. Pairs that
 * the operator has no meaning for yield nothing and an info, as in Prometheus.
 */
import type { Histogram } from '../../../model/histogram.ts';
import type { Annotations } from '../../functions/annotations.ts';
import { ABSENT, FLOAT, type StepColumn } from '../../functions/column.ts';
import type { Binary } from '../../parser/ast.ts';
import { arithmetic, comparison, isArithmetic, isComparison } from '../arithmetic.ts';
import {
  floatHistogramOperation,
  type HistogramResult,
  histogramPairOperation,
} from './histogram-element.ts';

export interface ElementOptions {
  /** Of a comparison: keep the right value instead of the left one (a scalar on the left of a vector). */
  keepRight: boolean;
}

export class ElementOperation {
  private readonly expr: Binary;
  private readonly annotations: Annotations;
  private readonly keepRight: boolean;
  private readonly compute: ((a: number, b: number) => number) | null;
  private readonly holds: ((a: number, b: number) => boolean) | null;

  constructor(expr: Binary, annotations: Annotations, options: ElementOptions = { keepRight: false }) {
    this.expr = expr;
    this.annotations = annotations;
    this.keepRight = options.keepRight;
    this.compute = isArithmetic(expr.op) ? arithmetic(expr.op) : null;
    this.holds = isComparison(expr.op) ? comparison(expr.op) : null;
  }

  /** Sets `out` at `step` to `a op b`, or leaves it alone where that yields nothing. */
  floats(a: number, b: number, out: StepColumn, step: number): void {
    if (this.compute !== null) {
      out.kind[step] = FLOAT;
      out.v[step] = this.compute(a, b);
    } else if (this.holds !== null) {
      const kept = this.holds(a, b);
      if (this.expr.bool) out.setFloat(step, kept ? 1 : 0);
      else if (kept) out.setFloat(step, this.keepRight ? b : a);
    } else {
      // The trim operators, which say something about histograms only.
      this.incompatible('float', 'float');
    }
  }

  /** The same where at least one side is a histogram; the other may be a float. */
  mixed(a: number | Histogram, b: number | Histogram, out: StepColumn, step: number): void {
    const { op, bool, range } = this.expr;
    let result: HistogramResult | null;
    if (typeof a !== 'number' && typeof b !== 'number') {
      result = histogramPairOperation(op, a, b, this.annotations, range);
    } else {
      result = floatHistogramOperation(op, a, b);
    }
    if (result === null) {
      this.incompatible(typeName(a), typeName(b));
    } else if (typeof result === 'boolean') {
      if (bool) out.setFloat(step, result ? 1 : 0);
      else if (result) out.setHistogram(step, a as Histogram);
    } else if (result !== 'nothing') {
      out.setHistogram(step, result);
    }
  }

  private incompatible(left: string, right: string): void {
    const { op, range } = this.expr;
    this.annotations.info(
      `incompatible sample types encountered for binary operator "${op}": ${left} ${op} ${right}`,
      range,
    );
  }
}

/** Applies the operation to two columns, into `out`; steps at which either is absent stay absent. */
export function applyToColumns(
  operation: ElementOperation,
  a: StepColumn,
  b: StepColumn,
  out: StepColumn,
): void {
  for (let step = 0; step < out.length; step++) {
    const left = a.kind[step];
    const right = b.kind[step];
    if (left === ABSENT || right === ABSENT) continue;
    if (left === FLOAT && right === FLOAT) operation.floats(a.v[step], b.v[step], out, step);
    else operation.mixed(valueAt(a, step), valueAt(b, step), out, step);
  }
}

/** The value of a step that is not absent. */
export function valueAt(column: StepColumn, step: number): number | Histogram {
  return column.kind[step] === FLOAT ? column.v[step] : column.histogramAt(step);
}

function typeName(value: number | Histogram): string {
  return typeof value === 'number' ? 'float' : 'histogram';
}
