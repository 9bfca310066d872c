/**
 * Which expressions have one value for all steps of a query: those in which `@` pins every selector. They are
 * evaluated once.
 */
import { childrenOf, type Expr } from '../parser/ast.ts';
import { infoReference } from './info-reference.ts';

/** Functions that look at the evaluation time even if their argument does not. */
const DEPEND_ON_TIME = new Set([
  'days_in_month',
  'day_of_month',
  'day_of_week',
  'day_of_year',
  'end',
  'hour',
  'minute',
  'month',
  'year',
  'predict_linear',
  'range',
  'start',
  'step',
  'time',
  'timestamp',
]);

export function isStepInvariant(expr: Expr): boolean {
  switch (expr.kind) {
    case 'vectorSelector':
      return expr.at !== null;
    case 'subquery':
      return expr.at !== null;
    case 'aggregate':
      // Upstream does not look at the parameter: pinned series are aggregated with that of the first step.
      return isStepInvariant(expr.expr);
    case 'call':
      // Its second argument is no more than a list of matchers.
      if (expr.func.name === 'info') return isStepInvariant(expr.args[0]) && infoReference(expr) !== null;
      return !DEPEND_ON_TIME.has(expr.func.name) && expr.args.every(isStepInvariant);
    default:
      return childrenOf(expr).every(isStepInvariant);
  }
}
