/** A function over windows (`rate`, `max_over_time`, …): one series in, one series out. */
import { EMPTY_LABELS } from '../../model/labels.ts';
import type { StepColumn } from '../functions/column.ts';
import type { CallSite, RangeImplementation } from '../functions/function.ts';
import type { QueryContext } from './context.ts';
import { withoutName } from './names.ts';
import type { RangeOperator, ScalarOperator, SeriesMeta, VectorOperator } from './operator.ts';

export class RangeCall implements VectorOperator {
  readonly kind = 'vector';
  series: readonly SeriesMeta[] = [];
  private readonly context: QueryContext;
  private readonly implementation: RangeImplementation;
  private readonly input: RangeOperator;
  private readonly scalars: readonly ScalarOperator[];
  private readonly site: CallSite;
  private scalarColumns: readonly Float64Array[] | null = null;

  constructor(
    context: QueryContext,
    implementation: RangeImplementation,
    input: RangeOperator,
    scalars: readonly ScalarOperator[],
    site: CallSite,
  ) {
    this.context = context;
    this.implementation = implementation;
    this.input = input;
    this.scalars = scalars;
    this.site = site;
  }

  async prepare(): Promise<void> {
    await this.input.prepare();
    for (const scalar of this.scalars) await scalar.prepare();
    this.series = this.implementation.keepsName
      ? this.input.series
      : this.input.series.map((meta) => withoutName(meta, this.context));
  }

  evaluate(i: number, out: StepColumn): void {
    if (this.scalarColumns === null) this.scalarColumns = this.scalars.map((scalar) => scalar.values());
    out.clear();
    this.site.labels = this.input.series[i]?.labels ?? EMPTY_LABELS;
    this.implementation.run(this.input.read(i), this.scalarColumns, out, this.site);
  }
}
