/**
 * A part of the query and its operator. One that occurs several times is evaluated once: a column is kept until every
 * consumer has had it. Consumers take the same series in about the same order, so few are kept at a time. What is said
 * meanwhile is said by this part.
 */
import type { QueryPart } from '../functions/annotations.ts';
import { StepColumn } from '../functions/column.ts';
import type { SourceRange } from '../parser/ast.ts';
import type { QueryContext } from './context.ts';
import type { FewPoints, SeriesMeta, VectorOperator } from './operator.ts';

interface Kept {
  column: StepColumn;
  consumersLeft: number;
}

export class SharedVector implements VectorOperator, QueryPart {
  readonly kind = 'vector';
  readonly range: SourceRange;
  private readonly context: QueryContext;
  private readonly inner: VectorOperator;
  private consumers = 0;
  private readonly kept = new Map<number, Kept>();
  private prepared: Promise<void> | null = null;

  constructor(context: QueryContext, inner: VectorOperator, range: SourceRange) {
    this.range = range;
    this.context = context;
    this.inner = inner;
  }

  /** Called once for each consumer, before `prepare`. */
  addConsumer(): void {
    this.consumers++;
  }

  get series(): readonly SeriesMeta[] {
    return this.inner.series;
  }

  prepare(): Promise<void> {
    if (this.prepared === null) this.prepared = this.prepareInner();
    return this.prepared;
  }

  evaluate(i: number, out: StepColumn): void {
    if (this.consumers === 1) {
      this.evaluateInner(i, out);
      return;
    }
    const kept = this.kept.get(i);
    if (kept === undefined) {
      this.evaluateInner(i, out);
      const column = new StepColumn(out.length);
      column.copyFrom(out);
      this.context.hold(out.length);
      this.kept.set(i, { column, consumersLeft: this.consumers - 1 });
      return;
    }
    out.copyFrom(kept.column);
    kept.consumersLeft--;
    if (kept.consumersLeft === 0) {
      this.kept.delete(i);
      this.context.release(out.length);
    }
  }

  fewPoints(i: number): FewPoints | null {
    return this.consumers === 1 ? (this.inner.fewPoints?.(i) ?? null) : null;
  }

  private evaluateInner(i: number, out: StepColumn): void {
    const { annotations } = this.context;
    annotations.enter(this);
    this.inner.evaluate(i, out);
    annotations.leave();
  }

  private async prepareInner(): Promise<void> {
    const { annotations } = this.context;
    annotations.enter(this);
    await this.inner.prepare();
    annotations.leave();
  }
}
