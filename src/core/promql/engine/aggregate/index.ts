/** Aggregations: `sum by (job) (…)` and the like. */
import { isValidLabelName } from '../../../model/names.ts';
import { goQuote } from '../../../model/quote.ts';
import type { Aggregate } from '../../parser/ast.ts';
import type { QueryContext } from '../context.ts';
import { QueryError } from '../errors.ts';
import type { StepGrid } from '../grid.ts';
import type { Operator, ScalarOperator, VectorOperator } from '../operator.ts';
import { CountAggregation } from './count-fold.ts';
import { CountValues } from './count-values.ts';
import { LimitK, LimitRatio } from './limit.ts';
import { NumericAggregation } from './numeric.ts';
import { QuantileAggregation } from './quantile.ts';
import { Ranking } from './ranking.ts';
import { SumAggregation } from './sum.ts';

/** `param` is what the aggregation takes beside its vector, built for the same grid, or null. */
export function buildAggregate(
  context: QueryContext,
  expr: Aggregate,
  input: VectorOperator,
  param: Operator | null,
  grid: StepGrid,
): VectorOperator {
  const steps = grid.count;
  switch (expr.op) {
    case 'sum':
    case 'avg':
      return new SumAggregation(context, expr, input, steps);
    case 'min':
    case 'max':
    case 'stddev':
    case 'stdvar':
      return new NumericAggregation(context, expr, input, steps);
    case 'count':
    case 'group':
      return new CountAggregation(context, expr, input, steps);
    case 'quantile':
      return new QuantileAggregation(context, expr, input, param as ScalarOperator, steps);
    case 'topk':
    case 'bottomk':
      return new Ranking(context, expr, input, param as ScalarOperator, steps);
    case 'limitk':
      return new LimitK(context, expr, input, param as ScalarOperator, steps);
    case 'limit_ratio':
      return new LimitRatio(context, expr, input, param as ScalarOperator, steps);
    case 'count_values': {
      const label = param?.kind === 'string' ? param.value : '';
      if (!isValidLabelName(label)) throw new QueryError(`invalid label name ${goQuote(label)}`, expr.range);
      return new CountValues(context, expr, input, label, steps);
    }
  }
}
