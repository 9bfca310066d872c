/** Operators that do what another one does, and note what that cost. */

import type { RangeOperator, ScalarOperator, SeriesMeta, VectorOperator } from '../engine/operator.ts';
import type { StepColumn } from '../functions/column.ts';
import type { RangeSamples } from '../functions/range-samples.ts';
import type { PlanNode } from './plan-node.ts';

/**
 * Which node is at work: what is read and held meanwhile, and the time that goes by, is its. The engine does one thing
 * at a time, also while it waits.
 */
export class Attention {
  private readonly stack: PlanNode[] = [];
  /** When the node at work began, or went on. */
  private since = 0;

  get current(): PlanNode | undefined {
    return this.stack[this.stack.length - 1];
  }

  enter(node: PlanNode): void {
    this.account();
    this.stack.push(node);
  }

  leave(): void {
    this.account();
    this.stack.pop();
  }

  private account(): void {
    const now = performance.now();
    if (this.stack.length > 0) this.stack[this.stack.length - 1].selfMs += now - this.since;
    this.since = now;
  }
}

abstract class Observed {
  protected readonly node: PlanNode;
  protected readonly attention: Attention;

  constructor(node: PlanNode, attention: Attention) {
    this.node = node;
    this.attention = attention;
  }

  protected async prepareInner(inner: {
    prepare(): Promise<void>;
    readonly series?: readonly SeriesMeta[];
  }): Promise<void> {
    this.attention.enter(this.node);
    try {
      await inner.prepare();
    } finally {
      this.attention.leave();
    }
    this.node.series = inner.series?.length;
  }
}

export class ObservedVector extends Observed implements VectorOperator {
  readonly kind = 'vector';
  private readonly inner: VectorOperator;
  private readonly prepareOnly: boolean;

  /** With `prepareOnly` nothing is evaluated: every step of every series is absent. */
  constructor(node: PlanNode, attention: Attention, inner: VectorOperator, prepareOnly: boolean) {
    super(node, attention);
    this.inner = inner;
    this.prepareOnly = prepareOnly;
  }

  get series(): readonly SeriesMeta[] {
    return this.inner.series;
  }

  prepare(): Promise<void> {
    return this.prepareInner(this.inner);
  }

  evaluate(i: number, out: StepColumn): void {
    if (this.prepareOnly) {
      out.clear();
      return;
    }
    this.attention.enter(this.node);
    try {
      this.inner.evaluate(i, out);
    } finally {
      this.attention.leave();
    }
    this.node.points += out.count();
  }
}

export class ObservedScalar extends Observed implements ScalarOperator {
  readonly kind = 'scalar';
  private readonly inner: ScalarOperator;
  private readonly prepareOnly: boolean;
  private counted = false;

  constructor(node: PlanNode, attention: Attention, inner: ScalarOperator, prepareOnly: boolean) {
    super(node, attention);
    this.inner = inner;
    this.prepareOnly = prepareOnly;
  }

  prepare(): Promise<void> {
    return this.prepareInner(this.inner);
  }

  values(): Float64Array {
    if (this.prepareOnly) return new Float64Array(this.node.steps);
    this.attention.enter(this.node);
    try {
      const values = this.inner.values();
      if (!this.counted) this.node.points += values.length;
      this.counted = true;
      return values;
    } finally {
      this.attention.leave();
    }
  }
}

export class ObservedRange extends Observed implements RangeOperator {
  readonly kind = 'range';
  private readonly inner: RangeOperator;

  constructor(node: PlanNode, attention: Attention, inner: RangeOperator) {
    super(node, attention);
    this.inner = inner;
  }

  get series(): readonly SeriesMeta[] {
    return this.inner.series;
  }

  get windowMs(): number {
    return this.inner.windowMs;
  }

  get steps(): number {
    return this.inner.steps;
  }

  prepare(): Promise<void> {
    return this.prepareInner(this.inner);
  }

  read(i: number): RangeSamples {
    this.attention.enter(this.node);
    try {
      const samples = this.inner.read(i);
      this.node.points += samples.count + samples.histograms.length;
      return samples;
    } finally {
      this.attention.leave();
    }
  }
}
