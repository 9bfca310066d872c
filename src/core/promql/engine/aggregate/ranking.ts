/** `topk` and `bottomk`: at each step the k largest or smallest series of each group, with their own labels. */
import { FLOAT, HISTOGRAM, StepColumn } from '../../functions/column.ts';
import type { SeriesMeta } from '../operator.ts';
import { groupSeries } from './grouping.ts';
import { Heaps } from './heaps.ts';
import { ignoredHistogram } from './numeric.ts';
import { countParameters } from './parameter.ts';
import { ParameterizedAggregation } from './parameterized.ts';

/** The steps at which a series is among the best, and its values there. */
interface Ranked {
  meta: SeriesMeta;
  steps: number[];
  values: number[];
}

export class Ranking extends ParameterizedAggregation {
  private ranked: readonly Ranked[] = [];

  protected announce(): readonly SeriesMeta[] {
    const { groupOf, groups } = groupSeries(this.input.series, this.expr);
    const limits = countParameters(this.param.values(), this.expr);
    const heaps = this.rank(groupOf, groups.length, limits);
    const byNumber = new Map<number, Ranked>();
    let step = 0;
    const add = (number: number, v: number) => {
      let ranked = byNumber.get(number);
      if (ranked === undefined) {
        ranked = { meta: this.input.series[number], steps: [], values: [] };
        byNumber.set(number, ranked);
      }
      ranked.steps.push(step);
      ranked.values.push(v);
    };
    for (let group = 0; group < groups.length; group++) {
      // An instant query shows each group from the best value to the worst.
      for (step = 0; step < this.steps; step++) heaps.eachRanked(group * this.steps + step, add);
    }
    this.ranked = [...byNumber.values()];
    return this.ranked.map(({ meta }) => meta);
  }

  evaluate(i: number, out: StepColumn): void {
    out.clear();
    const { steps, values } = this.ranked[i];
    for (let at = 0; at < steps.length; at++) out.setFloat(steps[at], values[at]);
  }

  private rank(groupOf: Int32Array, groups: number, limits: Float64Array): Heaps {
    const { steps } = this;
    const heaps = new Heaps(capacities(groupOf, groups, limits), this.expr.op === 'topk' ? 1 : -1);
    const column = new StepColumn(steps);
    for (let number = 0; number < groupOf.length; number++) {
      this.context.checkpoint();
      this.input.evaluate(number, column);
      const { kind, v } = column;
      const base = groupOf[number] * steps;
      let kept = 0;
      for (let step = 0; step < steps; step++) {
        if (limits[step] < 1) continue;
        if (kind[step] === FLOAT) {
          if (heaps.offer(base + step, number, v[step])) kept++;
        } else if (kind[step] === HISTOGRAM) {
          ignoredHistogram(this.context, this.expr);
        }
      }
      this.context.hold(kept);
    }
    return heaps;
  }
}

/** How many values each cell may keep: no more than are asked for, nor than the group has series. */
function capacities(groupOf: Int32Array, groups: number, limits: Float64Array): Float64Array {
  const members = new Float64Array(groups);
  for (let i = 0; i < groupOf.length; i++) members[groupOf[i]]++;
  const cells = new Float64Array(groups * limits.length);
  for (let group = 0; group < groups; group++) {
    for (let step = 0; step < limits.length; step++) {
      cells[group * limits.length + step] = Math.min(limits[step], members[group]);
    }
  }
  return cells;
}
