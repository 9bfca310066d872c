/** `count_values("label", …)`: how many series of a group have each value; the value becomes a label. */
import { formatHistogram } from '../../../model/histogram-format.ts';
import { LabelsBuilder } from '../../../model/labels-builder.ts';
import { formatF } from '../../../model/number.ts';
import { ABSENT, FLOAT, StepColumn } from '../../functions/column.ts';
import type { Aggregate } from '../../parser/ast.ts';
import type { QueryContext } from '../context.ts';
import { groupByLabels } from '../distinct.ts';
import type { SeriesMeta, VectorOperator } from '../operator.ts';
import { groupSeries } from './grouping.ts';

export class CountValues implements VectorOperator {
  readonly kind = 'vector';
  series: readonly SeriesMeta[] = [];
  private readonly context: QueryContext;
  private readonly expr: Aggregate;
  private readonly input: VectorOperator;
  private readonly label: string;
  private readonly steps: number;
  private counts: Float64Array[] = [];

  /** `label` must be a valid label name. */
  constructor(context: QueryContext, expr: Aggregate, input: VectorOperator, label: string, steps: number) {
    this.context = context;
    this.expr = expr;
    this.input = input;
    this.label = label;
    this.steps = steps;
  }

  async prepare(): Promise<void> {
    await this.input.prepare();
    const { steps } = this;
    const { groupOf, groups } = groupSeries(this.input.series, this.expr);
    const byValue: Map<string, Float64Array>[] = groups.map(() => new Map());
    const column = new StepColumn(steps);
    for (let i = 0; i < groupOf.length; i++) {
      this.context.checkpoint();
      this.input.evaluate(i, column);
      const values = byValue[groupOf[i]];
      for (let step = 0; step < steps; step++) {
        if (column.kind[step] === ABSENT) continue;
        const text =
          column.kind[step] === FLOAT ? formatF(column.v[step]) : formatHistogram(column.histogramAt(step));
        let counts = values.get(text);
        if (counts === undefined) {
          this.context.hold(steps);
          values.set(text, (counts = new Float64Array(steps)));
        }
        counts[step]++;
      }
    }
    this.gather(groups, byValue);
  }

  evaluate(i: number, out: StepColumn): void {
    out.clear();
    const counts = this.counts[i];
    for (let step = 0; step < out.length; step++) if (counts[step] !== 0) out.setFloat(step, counts[step]);
  }

  private gather(groups: readonly SeriesMeta[], byValue: readonly Map<string, Float64Array>[]): void {
    const metas: SeriesMeta[] = [];
    const counts: Float64Array[] = [];
    const builder = new LabelsBuilder();
    // `without` takes the new label too, where it names it.
    const keepsLabel = !(this.expr.without && this.expr.grouping.includes(this.label));
    for (let group = 0; group < groups.length; group++) {
      for (const [text, column] of byValue[group]) {
        builder.reset(groups[group].labels);
        if (keepsLabel) builder.set(this.label, text);
        metas.push({ labels: builder.labels(), dropName: false });
        counts.push(column);
      }
    }
    // Where the label was one of those grouped by, groups that differed in it alone are one series now.
    const shared = groupByLabels(metas);
    if (shared === null) {
      this.series = metas;
      this.counts = counts;
      return;
    }
    this.series = shared.map((numbers) => metas[numbers[0]]);
    this.counts = shared.map((numbers) => numbers.map((n) => counts[n]).reduce(addInto));
  }
}

function addInto(sum: Float64Array, column: Float64Array): Float64Array {
  for (let step = 0; step < sum.length; step++) sum[step] += column[step];
  return sum;
}
