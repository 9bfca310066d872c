/** The scalar parameters of aggregations, of all steps together. */
import { formatG } from '../../../model/number.ts';
import type { Aggregate } from '../../parser/ast.ts';
import { QueryError } from '../errors.ts';

/** Whole numbers of series, a step each; 0 where the parameter is below 1. Throws QueryError as Prometheus words it. */
export function countParameters(values: Float64Array, expr: Aggregate): Float64Array {
  // Where nothing is asked for, upstream does not look any closer.
  if (values.every((v) => v < 1)) return new Float64Array(values.length);
  return values.map((v) => countParameter(v, expr));
}

function countParameter(v: number, expr: Aggregate): number {
  if (Number.isNaN(v)) throw new QueryError('Parameter value is NaN', expr.range);
  if (v <= -(2 ** 63)) throw new QueryError(`Scalar value ${formatG(v)} underflows int64`, expr.range);
  if (v >= 2 ** 63) throw new QueryError(`Scalar value ${formatG(v)} overflows int64`, expr.range);
  return Math.max(0, Math.trunc(v));
}

/** Of values that should lie in [min, max]: the greatest above and the least below; just NaN where any is NaN. */
export function outOfBounds(values: Float64Array, min: number, max: number): number[] {
  if (values.some(Number.isNaN)) return [Number.NaN];
  const greatest = values.reduce((a, b) => Math.max(a, b), max);
  const least = values.reduce((a, b) => Math.min(a, b), min);
  return [greatest, least].filter((v) => v > max || v < min);
}
