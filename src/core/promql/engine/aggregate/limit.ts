/** `limitk` and `limit_ratio`: some series of each group, whatever their values, histograms too. */
import { labelsHash64 } from '../../../model/labels-hash.ts';
import { formatG } from '../../../model/number.ts';
import { ABSENT, StepColumn } from '../../functions/column.ts';
import { withoutParens } from '../../parser/ast.ts';
import { mayAnnotate } from '../../plan/may-annotate.ts';
import { QueryError } from '../errors.ts';
import type { SeriesMeta } from '../operator.ts';
import { groupSeries } from './grouping.ts';
import { countParameters, outOfBounds } from './parameter.ts';
import { ParameterizedAggregation } from './parameterized.ts';

/** The first k series of each group that have a value at the step. */
export class LimitK extends ParameterizedAggregation {
  private columns: StepColumn[] = [];

  protected announce(): readonly SeriesMeta[] {
    const { steps } = this;
    const { groupOf, groups } = groupSeries(this.input.series, this.expr);
    const limits = countParameters(this.param.values(), this.expr);
    const taken = new Float64Array(groups.length * steps);
    const kept: SeriesMeta[] = [];
    const column = new StepColumn(steps);
    for (let i = 0; i < groupOf.length; i++) {
      const base = groupOf[i] * steps;
      if (!hasRoom(taken, base, limits) && !mayAnnotate(this.expr.expr)) continue;
      this.context.checkpoint();
      this.input.evaluate(i, column);
      for (let step = 0; step < steps; step++) {
        if (column.kind[step] === ABSENT) continue;
        if (taken[base + step] >= limits[step]) column.kind[step] = ABSENT;
        else taken[base + step]++;
      }
      if (column.count() === 0) continue;
      this.context.hold(steps);
      const copy = new StepColumn(steps);
      copy.copyFrom(column);
      this.columns.push(copy);
      kept.push(this.input.series[i]);
    }
    return kept;
  }

  evaluate(i: number, out: StepColumn): void {
    out.copyFrom(this.columns[i]);
  }
}

function hasRoom(taken: Float64Array, base: number, limits: Float64Array): boolean {
  for (let step = 0; step < limits.length; step++) if (taken[base + step] < limits[step]) return true;
  return false;
}

/**
 * A share of all series, chosen by the hash of their labels, so that it is the same share at every step and in every
 * query, and `limit_ratio(-r)` gives the series that `limit_ratio(1-r)` leaves out.
 */
export class LimitRatio extends ParameterizedAggregation {
  protected announce(): readonly SeriesMeta[] {
    this.checkRatios();
    return this.input.series;
  }

  evaluate(i: number, out: StepColumn): void {
    this.input.evaluate(i, out);
    const offset = Number(labelsHash64(this.input.series[i].labels)) / 2 ** 64;
    const ratios = this.param.values();
    for (let step = 0; step < out.length; step++) {
      const ratio = Math.max(-1, Math.min(1, ratios[step]));
      const chosen = ratio >= 0 ? offset < ratio : offset >= 1 + ratio;
      if (!chosen) out.kind[step] = ABSENT;
    }
  }

  private checkRatios(): void {
    for (const ratio of outOfBounds(this.param.values(), -1, 1)) {
      if (Number.isNaN(ratio)) throw new QueryError('Ratio value is NaN', this.expr.range);
      this.context.annotations.warn(
        `ratio value should be between -1 and 1, got ${formatG(ratio)}, capping to ${ratio < 0 ? '-1' : '1'}`,
        withoutParens(this.expr.param!).range,
      );
    }
  }
}
