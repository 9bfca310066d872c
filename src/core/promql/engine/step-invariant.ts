/**
 * An expression whose value does not depend on the step (everything below it is pinned by `@`): evaluated once, on a
 * grid of one step, and repeated over all of them.
 */
import { ABSENT, HISTOGRAM, StepColumn } from '../functions/column.ts';
import type { ScalarOperator, SeriesMeta, VectorOperator } from './operator.ts';

export class StepInvariantVector implements VectorOperator {
  readonly kind = 'vector';
  private readonly inner: VectorOperator;
  private readonly column = new StepColumn(1);

  /** `inner` must have been built for a grid of the first step alone. */
  constructor(inner: VectorOperator) {
    this.inner = inner;
  }

  get series(): readonly SeriesMeta[] {
    return this.inner.series;
  }

  prepare(): Promise<void> {
    return this.inner.prepare();
  }

  evaluate(i: number, out: StepColumn): void {
    const { column } = this;
    this.inner.evaluate(i, column);
    out.clear();
    if (column.kind[0] === ABSENT) return;
    if (column.kind[0] === HISTOGRAM) {
      for (let step = 0; step < out.length; step++) out.setHistogram(step, column.histogramAt(0));
      return;
    }
    out.kind.fill(column.kind[0]);
    out.v.fill(column.v[0]);
  }
}

export class StepInvariantScalar implements ScalarOperator {
  readonly kind = 'scalar';
  private readonly inner: ScalarOperator;
  private readonly steps: number;
  private column: Float64Array | null = null;

  constructor(inner: ScalarOperator, steps: number) {
    this.inner = inner;
    this.steps = steps;
  }

  prepare(): Promise<void> {
    return this.inner.prepare();
  }

  values(): Float64Array {
    if (this.column === null) this.column = new Float64Array(this.steps).fill(this.inner.values()[0]);
    return this.column;
  }
}
