/** A function that maps an instant vector series by series (`abs`, `clamp`, `histogram_count`, …). */
import { EMPTY_LABELS } from '../../model/labels.ts';
import { StepColumn } from '../functions/column.ts';
import type { CallSite, VectorImplementation } from '../functions/function.ts';
import type { QueryContext } from './context.ts';
import { withoutName } from './names.ts';
import type { ScalarOperator, SeriesMeta, VectorOperator } from './operator.ts';

export class VectorCall implements VectorOperator {
  readonly kind = 'vector';
  series: readonly SeriesMeta[] = [];
  private readonly context: QueryContext;
  private readonly implementation: VectorImplementation;
  private readonly input: VectorOperator;
  private readonly scalars: readonly ScalarOperator[];
  private readonly site: CallSite;
  private readonly scratch: StepColumn;
  private scalarColumns: readonly Float64Array[] | null = null;

  constructor(
    context: QueryContext,
    implementation: VectorImplementation,
    input: VectorOperator,
    scalars: readonly ScalarOperator[],
    site: CallSite,
    steps: number,
  ) {
    this.context = context;
    this.implementation = implementation;
    this.input = input;
    this.scalars = scalars;
    this.site = site;
    this.scratch = new StepColumn(steps);
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
    this.input.evaluate(i, this.scratch);
    out.clear();
    this.site.labels = this.input.series[i]?.labels ?? EMPTY_LABELS;
    this.implementation.run(this.scratch, this.scalarColumns, out, this.site);
  }
}
