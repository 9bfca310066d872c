/** The scalar parameter of an aggregation that counts series. */
import { formatG } from '../../../model/number.ts';
import type { Aggregate } from '../../parser/ast.ts';
import { QueryError } from '../errors.ts';

/** A whole number of series; 0 where the parameter is below 1. Throws QueryError as Prometheus words it. */
export function countParameter(v: number, expr: Aggregate): number {
  if (Number.isNaN(v)) throw new QueryError('Parameter value is NaN', expr.range);
  if (v <= -(2 ** 63)) throw new QueryError(`Scalar value ${formatG(v)} underflows int64`, expr.range);
  if (v >= 2 ** 63) throw new QueryError(`Scalar value ${formatG(v)} overflows int64`, expr.range);
  return Math.max(0, Math.trunc(v));
}
