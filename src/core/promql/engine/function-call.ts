/** A function of one series and some scalars, applied to each series of its input; a kind of input is a subclass. */
import { EMPTY_LABELS } from '../../model/labels.ts';
import type { StepColumn } from '../functions/column.ts';
import type { CallSite } from '../functions/function.ts';
import type { QueryContext } from './context.ts';
import { withoutName } from './names.ts';
import type { RangeOperator, ScalarOperator, SeriesMeta, VectorOperator } from './operator.ts';

export abstract class FunctionCall<Input extends VectorOperator | RangeOperator> implements VectorOperator {
  readonly kind = 'vector';
  series: readonly SeriesMeta[] = [];
  protected readonly input: Input;
  private readonly context: QueryContext;
  private readonly keepsName: boolean;
  private readonly scalars: readonly ScalarOperator[];
  private readonly site: CallSite;
  private scalarColumns: readonly Float64Array[] | null = null;

  constructor(
    context: QueryContext,
    keepsName: boolean,
    input: Input,
    scalars: readonly ScalarOperator[],
    site: CallSite,
  ) {
    this.context = context;
    this.keepsName = keepsName;
    this.input = input;
    this.scalars = scalars;
    this.site = site;
  }

  async prepare(): Promise<void> {
    await this.input.prepare();
    for (const scalar of this.scalars) await scalar.prepare();
    this.series = this.keepsName
      ? this.input.series
      : this.input.series.map((meta) => withoutName(meta, this.context));
  }

  evaluate(i: number, out: StepColumn): void {
    if (this.scalarColumns === null) this.scalarColumns = this.scalars.map((scalar) => scalar.values());
    this.site.labels = this.input.series[i]?.labels ?? EMPTY_LABELS;
    this.apply(i, this.scalarColumns, out, this.site);
  }

  /** Overwrites `out` with the function of series `i` of the input. */
  protected abstract apply(
    i: number,
    scalars: readonly Float64Array[],
    out: StepColumn,
    site: CallSite,
  ): void;
}
