/**
 * Builds a query's operators as the engine does, and remembers them as a plan. Every part of the query gets a node,
 * except parentheses, literals, and the labels-only insides of functions that select for themselves.
 */
import { OperatorBuilder } from '../engine/build.ts';
import type { QueryContext } from '../engine/context.ts';
import type { StepGrid } from '../engine/grid.ts';
import type { InstantSelector } from '../engine/instant-selector.ts';
import type { Operator, RangeOperator, ScalarOperator, VectorOperator } from '../engine/operator.ts';
import type { Expr, VectorSelector } from '../parser/ast.ts';
import { isStepInvariant } from '../plan/step-invariant.ts';
import { Attention, ObservedRange, ObservedScalar, ObservedVector } from './observed-operators.ts';
import { PlanNode } from './plan-node.ts';

export class ObservingBuilder extends OperatorBuilder {
  /** Parts that stand in no other: one, unless the query is a literal. */
  readonly roots: PlanNode[] = [];
  readonly attention = new Attention();
  private readonly prepareOnly: boolean;
  /** The nodes that the one being built stands in. */
  private readonly path: PlanNode[] = [];
  private readonly nodeOf = new Map<Operator, PlanNode>();
  private once = false;

  /** With `prepareOnly` the query selects its series, and evaluates nothing. */
  constructor(context: QueryContext, query: string, expr: Expr, prepareOnly: boolean) {
    super(context, query, expr);
    this.prepareOnly = prepareOnly;
    context.onHold = (points) => {
      const node = this.attention.current;
      if (node === undefined) return;
      node.held += points;
      node.heldPeak = Math.max(node.heldPeak, node.held);
    };
    context.onSelect = (matchers, { mint, maxt }, again) => {
      this.attention.current?.selections.push({ matchers, mint, maxt, again, series: 0 });
    };
  }

  override vector(expr: Expr, grid: StepGrid): VectorOperator {
    if (expr.kind === 'paren' || this.isPinned(expr, grid)) return super.vector(expr, grid);
    const [node, operator] = this.within(expr, grid, () => super.vector(expr, grid));
    const known = this.nodeOf.get(operator);
    if (known === undefined) this.nodeOf.set(operator, node);
    else node.sharedWith = known;
    return new ObservedVector(node, this.attention, operator, this.prepareOnly);
  }

  override scalar(expr: Expr, grid: StepGrid): ScalarOperator {
    if (expr.kind === 'paren' || expr.kind === 'numberLiteral' || this.isPinned(expr, grid))
      return super.scalar(expr, grid);
    const [node, operator] = this.within(expr, grid, () => super.scalar(expr, grid));
    return new ObservedScalar(node, this.attention, operator, this.prepareOnly);
  }

  override range(expr: Expr, grid: StepGrid): RangeOperator {
    if (expr.kind === 'paren') return super.range(expr, grid);
    const [node, operator] = this.within(expr, grid, () => super.range(expr, grid));
    return new ObservedRange(node, this.attention, operator);
  }

  override selector(expr: VectorSelector, grid: StepGrid): InstantSelector {
    // The builder takes this way also for the selector whose node has just been made.
    if (this.path[this.path.length - 1]?.expr === expr) return super.selector(expr, grid);
    return this.within(expr, grid, () => super.selector(expr, grid))[1];
  }

  /** Whether the builder will come back with the same expression and a grid of one step. */
  private isPinned(expr: Expr, grid: StepGrid): boolean {
    const pinned = grid.count > 1 && isStepInvariant(expr);
    if (pinned) this.once = true;
    return pinned;
  }

  private within<T>(expr: Expr, grid: StepGrid, build: () => T): [PlanNode, T] {
    const node = new PlanNode(expr, grid, this.once);
    this.once = false;
    (this.path[this.path.length - 1]?.children ?? this.roots).push(node);
    this.path.push(node);
    try {
      return [node, build()];
    } finally {
      this.path.pop();
    }
  }
}
