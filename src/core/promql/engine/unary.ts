/** Unary minus of an instant vector: floats and histograms change their sign, the metric name goes. */
import { multiplyHistogram } from '../../model/histogram-arithmetic.ts';
import { toFloatHistogram } from '../../model/histogram-copy.ts';
import { FLOAT, HISTOGRAM, type StepColumn } from '../functions/column.ts';
import type { QueryContext } from './context.ts';
import { withoutName } from './names.ts';
import type { SeriesMeta, VectorOperator } from './operator.ts';

export class Negation implements VectorOperator {
  readonly kind = 'vector';
  series: readonly SeriesMeta[] = [];
  private readonly context: QueryContext;
  private readonly input: VectorOperator;

  constructor(context: QueryContext, input: VectorOperator) {
    this.context = context;
    this.input = input;
  }

  async prepare(): Promise<void> {
    await this.input.prepare();
    this.series = this.input.series.map((meta) => withoutName(meta, this.context));
  }

  evaluate(i: number, out: StepColumn): void {
    this.input.evaluate(i, out);
    for (let step = 0; step < out.length; step++) {
      if (out.kind[step] === FLOAT) out.v[step] = -out.v[step];
      else if (out.kind[step] === HISTOGRAM) {
        const negated = toFloatHistogram(out.histogramAt(step));
        multiplyHistogram(negated, -1);
        out.setHistogram(step, negated);
      }
    }
  }
}
