/**
 * Columns of one side of a binary operation, where an output may need a column that another output needs again. The
 * number of uses is known beforehand, so a column is dropped at its last one.
 */
import { StepColumn } from '../../functions/column.ts';
import type { QueryContext } from '../context.ts';
import { QueryError } from '../errors.ts';
import type { VectorOperator } from '../operator.ts';

export class ColumnCache {
  private readonly context: QueryContext;
  private readonly input: VectorOperator;
  private readonly steps: number;
  private readonly usesLeft: Uint32Array;
  /** 1 for series that have been evaluated. */
  private readonly evaluated: Uint8Array;
  private readonly kept = new Map<number, StepColumn>();
  /** A dropped column, to be used for the next series. */
  private spare: StepColumn | null = null;

  constructor(context: QueryContext, input: VectorOperator, steps: number) {
    this.context = context;
    this.input = input;
    this.steps = steps;
    this.usesLeft = new Uint32Array(input.series.length);
    this.evaluated = new Uint8Array(input.series.length);
  }

  /** Announces that series `i` will be taken once more. */
  expectUse(i: number): void {
    this.usesLeft[i]++;
  }

  /** The column of series `i`, valid until the matching `done(i)`. */
  take(i: number): StepColumn {
    let column = this.kept.get(i);
    if (column === undefined) {
      column = this.spare ?? new StepColumn(this.steps);
      this.spare = null;
      this.input.evaluate(i, column);
      this.evaluated[i] = 1;
      this.context.hold(this.steps);
      this.kept.set(i, column);
    }
    return column;
  }

  done(i: number): void {
    this.usesLeft[i]--;
    if (this.usesLeft[i] > 0) return;
    this.spare = this.kept.get(i) ?? null;
    this.kept.delete(i);
    this.context.release(this.steps);
  }

  /** Evaluates the series that nobody has asked for, for what their evaluation has to say: annotations and faults. */
  drain(): void {
    const column = new StepColumn(this.steps);
    for (let i = 0; i < this.evaluated.length; i++) {
      if (this.evaluated[i] !== 0) continue;
      this.context.checkpoint();
      this.input.evaluate(i, column);
    }
  }
}

/**
 * Prepares the right side, when the left one is prepared. Prometheus has evaluated the left one wholly before that, so
 * of two faults it is the left one's that is told.
 */
export async function prepareRight(right: VectorOperator, left: ColumnCache): Promise<void> {
  try {
    await right.prepare();
  } catch (fault) {
    if (fault instanceof QueryError) left.drain();
    throw fault;
  }
}
