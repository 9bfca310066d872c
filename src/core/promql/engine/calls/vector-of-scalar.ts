/** A scalar as an instant vector: one series without labels. */
import { EMPTY_LABELS } from '../../../model/labels.ts';
import { FLOAT, type StepColumn } from '../../functions/column.ts';
import type { ScalarOperator, SeriesMeta, VectorOperator } from '../operator.ts';

export class VectorOfScalar implements VectorOperator {
  readonly kind = 'vector';
  readonly series: readonly SeriesMeta[] = [{ labels: EMPTY_LABELS, dropName: false }];
  private readonly input: ScalarOperator;

  constructor(input: ScalarOperator) {
    this.input = input;
  }

  prepare(): Promise<void> {
    return this.input.prepare();
  }

  evaluate(_i: number, out: StepColumn): void {
    out.clear();
    out.kind.fill(FLOAT);
    out.v.set(this.input.values());
  }
}
