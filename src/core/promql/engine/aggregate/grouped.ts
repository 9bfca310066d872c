/** The frame of the folding aggregations: every input column goes into its group once, then groups are read out. */
import { StepColumn } from '../../functions/column.ts';
import type { Aggregate } from '../../parser/ast.ts';
import type { QueryContext } from '../context.ts';
import type { SeriesMeta, VectorOperator } from '../operator.ts';
import { groupSeries } from './grouping.ts';

export abstract class GroupedOperator implements VectorOperator {
  readonly kind = 'vector';
  series: readonly SeriesMeta[] = [];
  protected readonly context: QueryContext;
  protected readonly expr: Aggregate;
  protected readonly steps: number;
  private readonly input: VectorOperator;
  private groupOf: Int32Array = new Int32Array(0);
  private folded = false;

  constructor(context: QueryContext, expr: Aggregate, input: VectorOperator, steps: number) {
    this.context = context;
    this.expr = expr;
    this.input = input;
    this.steps = steps;
  }

  async prepare(): Promise<void> {
    await this.input.prepare();
    const { groupOf, groups } = groupSeries(this.input.series, this.expr);
    this.groupOf = groupOf;
    this.series = groups;
  }

  evaluate(i: number, out: StepColumn): void {
    if (!this.folded) this.foldAll();
    out.clear();
    this.finish(i * this.steps, out);
  }

  /** Makes room for the state of `cells` cells (groups times steps). */
  protected abstract start(cells: number): void;
  /** Takes the column of a series into the cells from `base` on. */
  protected abstract add(column: StepColumn, base: number, series: SeriesMeta): void;
  /** Reads one group's cells out into a cleared column. */
  protected abstract finish(base: number, out: StepColumn): void;

  private foldAll(): void {
    this.folded = true;
    this.start(this.series.length * this.steps);
    const column = new StepColumn(this.steps);
    for (let i = 0; i < this.groupOf.length; i++) {
      this.context.checkpoint();
      this.input.evaluate(i, column);
      this.add(column, this.groupOf[i] * this.steps, this.input.series[i]);
    }
  }
}
