/** The scalar parameters of aggregations, of all steps together. */
import { formatG } from '../../../model/number.ts';
import type { Aggregate } from '../../parser/ast.ts';
import { QueryError } from '../errors.ts';

/** Whole numbers of series, a step each; 0 where the parameter is below 1. Throws QueryError as Prometheus words it. */
export function countParameters(values: Float64Array, expr: Aggregate): Float64Array {
  return values.map((v) => countParameter(v, expr));
}

function countParameter(v: number, expr: Aggregate): number {
  if (Number.isNaN(v)) throw new QueryError('Parameter value is NaN', expr.range);
  if (v <= -(2 ** 63)) throw new QueryError(`Scalar value ${formatG(v)} underflows int64`, expr.range);
  if (v >= 2 ** 63) throw new QueryError(`Scalar value ${formatG(v)} overflows int64`, expr.range);
  return Math.max(0, Math.trunc(v));
}

/** Of values that should lie in [min, max]: NaN, the greatest above and the least below, as far as there are such. */
export function outOfBounds(values: Float64Array, min: number, max: number): number[] {
  const faults: number[] = [];
  if (values.some(Number.isNaN)) faults.push(Number.NaN);
  const numbers = values.filter((v) => !Number.isNaN(v));
  const [greatest, least] = [
    numbers.reduce((a, b) => Math.max(a, b), max),
    numbers.reduce((a, b) => Math.min(a, b), min),
  ];
  if (greatest > max) faults.push(greatest);
  if (least < min) faults.push(least);
  return faults;
}
