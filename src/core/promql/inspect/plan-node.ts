/** A query's plan as it was built: a node for each part of the query that has an operator, and what was seen of it. */
import type { Matcher } from '../../model/matcher.ts';
import type { TimeRange } from '../../source/source.ts';
import type { Expr } from '../parser/ast.ts';

export interface Selection extends TimeRange {
  matchers: readonly Matcher[];
  /** How many series the source had. */
  series: number;
  /** The query makes the same selection elsewhere, and the source was asked once. */
  again: boolean;
}

export class PlanNode {
  readonly expr: Expr;
  /** Times at which it is evaluated: `steps` of them, `stepMs` apart, from `start` (ms). */
  readonly start: number;
  readonly stepMs: number;
  readonly steps: number;
  readonly children: PlanNode[] = [];
  readonly selections: Selection[] = [];
  /** Pinned by `@`: evaluated once, whatever the steps of the query. */
  readonly once: boolean;
  /** The same text at the same times elsewhere in the query, which is evaluated in its stead. */
  sharedWith: PlanNode | null = null;
  /** Series that it announced; undefined for what has none. */
  series: number | undefined = undefined;
  /** What it took itself, without its children. */
  selfMs = 0;
  /** Values that it handed on. */
  points = 0;
  /** What it read from the source, itself. */
  samples = 0;
  chunks = 0;
  bytes = 0;
  /** Points that it kept in memory, now and at most. */
  held = 0;
  heldPeak = 0;

  constructor(expr: Expr, grid: { start: number; stepMs: number; count: number }, once: boolean) {
    this.expr = expr;
    this.start = grid.start;
    this.stepMs = grid.stepMs;
    this.steps = grid.count;
    this.once = once;
  }

  /** With all below it. What it shares with another part is counted there. */
  get totalMs(): number {
    return this.children.reduce((sum, child) => sum + child.totalMs, this.selfMs);
  }
}

/** The node and all below it, parents first, each with its depth. */
export function* walkPlan(node: PlanNode, depth = 0): Generator<[node: PlanNode, depth: number]> {
  yield [node, depth];
  for (const child of node.children) yield* walkPlan(child, depth + 1);
}
