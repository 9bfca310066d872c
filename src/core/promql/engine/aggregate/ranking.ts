/**
 * `topk` and `bottomk`: at each step the k largest or smallest series of each group, with their own labels.
 *
 * Among equal values it depends on the heap which one stays, so this is the same binary heap with the same moves as
 * in Go's container/heap.
 */
import { FLOAT, HISTOGRAM, StepColumn } from '../../functions/column.ts';
import type { Aggregate } from '../../parser/ast.ts';
import type { QueryContext } from '../context.ts';
import type { ScalarOperator, SeriesMeta, VectorOperator } from '../operator.ts';
import { groupSeries } from './grouping.ts';
import { ignoredHistogram } from './numeric.ts';
import { countParameters } from './parameter.ts';

/** The heap of one group at one step: series numbers and values, the one to be replaced next at 0. */
class Heap {
  readonly numbers: number[] = [];
  readonly values: number[] = [];
  private readonly sign: 1 | -1;

  constructor(sign: 1 | -1) {
    this.sign = sign;
  }

  /** Offers a value to a heap that keeps the best `k`. */
  offer(k: number, number: number, v: number): void {
    if (this.values.length < k) {
      this.numbers.push(number);
      this.values.push(v);
      this.up(this.values.length - 1);
    } else if (this.worse(this.values[0], v) || (Number.isNaN(this.values[0]) && !Number.isNaN(v))) {
      this.numbers[0] = number;
      this.values[0] = v;
      this.down();
    }
  }

  /** Positions in the heap from the best value to the worst. */
  ranking(): number[] {
    return this.values.map((_, i) => i).sort((a, b) => (this.less(b, a) ? -1 : this.less(a, b) ? 1 : 0));
  }

  private worse(a: number, b: number): boolean {
    return this.sign * a < this.sign * b;
  }

  /** Whether the value at `i` is to be replaced before the one at `j`; NaN is before everything. */
  private less(i: number, j: number): boolean {
    return Number.isNaN(this.values[i]) || this.worse(this.values[i], this.values[j]);
  }

  private swap(i: number, j: number): void {
    [this.numbers[i], this.numbers[j]] = [this.numbers[j], this.numbers[i]];
    [this.values[i], this.values[j]] = [this.values[j], this.values[i]];
  }

  private up(start: number): void {
    let j = start;
    for (;;) {
      const i = (j - 1) >> 1;
      if (i < 0 || i === j || !this.less(j, i)) return;
      this.swap(i, j);
      j = i;
    }
  }

  private down(): void {
    const n = this.values.length;
    let i = 0;
    for (;;) {
      const left = 2 * i + 1;
      if (left >= n) return;
      let j = left;
      if (left + 1 < n && this.less(left + 1, left)) j = left + 1;
      if (!this.less(j, i)) return;
      this.swap(i, j);
      i = j;
    }
  }
}

interface Entry {
  step: number;
  v: number;
}

export class Ranking implements VectorOperator {
  readonly kind = 'vector';
  series: readonly SeriesMeta[] = [];
  private readonly context: QueryContext;
  private readonly expr: Aggregate;
  private readonly input: VectorOperator;
  private readonly param: ScalarOperator;
  private readonly steps: number;
  private entries: Entry[][] = [];

  constructor(
    context: QueryContext,
    expr: Aggregate,
    input: VectorOperator,
    param: ScalarOperator,
    steps: number,
  ) {
    this.context = context;
    this.expr = expr;
    this.input = input;
    this.param = param;
    this.steps = steps;
  }

  async prepare(): Promise<void> {
    await this.input.prepare();
    await this.param.prepare();
    const heaps = this.rank();
    const byNumber = new Map<number, Entry[]>();
    for (let cell = 0; cell < heaps.length; cell++) {
      const heap = heaps[cell];
      if (heap === null) continue;
      // An instant query shows each group from the best value to the worst.
      for (const at of heap.ranking()) {
        const entry = { step: cell % this.steps, v: heap.values[at] };
        const entries = byNumber.get(heap.numbers[at]);
        if (entries === undefined) byNumber.set(heap.numbers[at], [entry]);
        else entries.push(entry);
      }
    }
    this.series = [...byNumber.keys()].map((number) => this.input.series[number]);
    this.entries = [...byNumber.values()];
  }

  evaluate(i: number, out: StepColumn): void {
    out.clear();
    for (const { step, v } of this.entries[i]) out.setFloat(step, v);
  }

  private rank(): (Heap | null)[] {
    const { steps } = this;
    const { groupOf, groups } = groupSeries(this.input.series, this.expr);
    const limits = countParameters(this.param.values(), this.expr);
    const heaps = new Array<Heap | null>(groups.length * steps).fill(null);
    const sign = this.expr.op === 'topk' ? 1 : -1;
    const column = new StepColumn(steps);
    for (let number = 0; number < groupOf.length; number++) {
      this.context.checkpoint();
      this.input.evaluate(number, column);
      for (let step = 0; step < steps; step++) {
        if (limits[step] < 1) continue;
        if (column.kind[step] === HISTOGRAM) ignoredHistogram(this.context, this.expr);
        if (column.kind[step] !== FLOAT) continue;
        const cell = groupOf[number] * steps + step;
        const heap = (heaps[cell] ??= new Heap(sign));
        if (heap.values.length < limits[step]) this.context.hold(1);
        heap.offer(limits[step], number, column.v[step]);
      }
    }
    return heaps;
  }
}
