/** A query's plan as a tree of text, and as JSON. */
import { formatDuration } from '../core/model/duration.ts';
import { formatTimestamp } from '../core/model/timestamp.ts';
import { type PlanNode, type Selection, walkPlan } from '../core/promql/inspect/index.ts';
import { type Expr, printExpr, typeOf } from '../core/promql/parser/index.ts';

export interface PlanRow {
  node: PlanNode;
  /** From 1 in the order of the rows; what others refer to. */
  number: number;
  /** The tree's lines, and what the node does. */
  text: string;
}

/** Parents first; children hang below them. */
export function planRows(plan: PlanNode): PlanRow[] {
  const rows: PlanRow[] = [];
  const add = (node: PlanNode, lead: string, childLead: string) => {
    rows.push({ node, number: rows.length + 1, text: `${lead}${describe(node)}` });
    for (const [i, child] of node.children.entries()) {
      const last = i === node.children.length - 1;
      add(child, `${childLead}${last ? '└─ ' : '├─ '}`, `${childLead}${last ? '   ' : '│  '}`);
    }
  };
  add(plan, '', '');
  return rows;
}

/** What a node does, without what its children do. */
function describe({ expr, children, steps, stepMs }: PlanNode): string {
  switch (expr.kind) {
    case 'vectorSelector':
    case 'matrixSelector':
      return printExpr(expr);
    case 'subquery': {
      // What is inside is a line of its own.
      const suffix = printExpr(expr).slice(printExpr(expr.expr).length);
      const inner = children[0];
      return `subquery ${suffix}, ${inner?.steps ?? steps} times every ${formatDuration(inner?.stepMs ?? stepMs)}`;
    }
    case 'call':
      return `${expr.func.name}(${expr.args.map(argument).join(', ')})`;
    case 'aggregate': {
      const by = expr.without ? 'without' : 'by';
      const grouping = expr.grouping.length > 0 || expr.without ? ` ${by} (${expr.grouping.join(', ')})` : '';
      const param = expr.param === null ? '' : ` (${argument(expr.param)}, …)`;
      return `${expr.op}${grouping}${param}`;
    }
    case 'binary': {
      const { lhs, rhs, op, bool } = expr;
      const sign = `${op}${bool ? ' bool' : ''}`;
      if (isLiteral(lhs)) return `${printExpr(lhs)} ${sign} …`;
      if (isLiteral(rhs)) return `… ${sign} ${printExpr(rhs)}`;
      return `${sign}${matching(expr)}`;
    }
    case 'unary':
      return `${expr.op}…`;
    default:
      return printExpr(expr);
  }
}

function matching({ matching: how, lhs, rhs }: Extract<Expr, { kind: 'binary' }>): string {
  if (how === null || typeOf(lhs) !== 'vector' || typeOf(rhs) !== 'vector') return '';
  let text = '';
  if (how.on || how.labels.length > 0) text += ` ${how.on ? 'on' : 'ignoring'} (${how.labels.join(', ')})`;
  const include = how.include.length > 0 ? ` (${how.include.join(', ')})` : '';
  if (how.card === 'many-to-one') text += ` group_left${include}`;
  if (how.card === 'one-to-many') text += ` group_right${include}`;
  return text;
}

function argument(expr: Expr): string {
  return isLiteral(expr) ? printExpr(expr) : '…';
}

function isLiteral(expr: Expr): boolean {
  return expr.kind === 'numberLiteral' || expr.kind === 'stringLiteral';
}

/** What is remarkable about how a node comes to its values; '' where nothing is. */
export function remark(node: PlanNode, numberOf: ReadonlyMap<PlanNode, number>): string {
  if (node.sharedWith !== null) return `as ${numberOf.get(node.sharedWith)}, evaluated once`;
  const parts = node.selections.map((selection) => selectionText(selection));
  if (node.once) parts.unshift('once for all steps');
  return parts.join('; ');
}

function selectionText({ mint, maxt, series, again }: Selection): string {
  const span = `${formatTimestamp(mint)} to ${formatTimestamp(maxt)}`;
  return again ? `selected before: ${span}` : `selects ${series} series, ${span}`;
}

export function planJson(plan: PlanNode, withCosts: boolean): unknown {
  const rows = planRows(plan);
  const numberOf = new Map(rows.map(({ node, number }) => [node, number]));
  const toJson = (node: PlanNode): unknown => ({
    id: numberOf.get(node),
    expr: printExpr(node.expr),
    type: node.expr.kind,
    start: node.start / 1000,
    step: node.stepMs / 1000,
    steps: node.steps,
    ...(node.once && { once: true }),
    ...(node.sharedWith !== null && { sharedWith: numberOf.get(node.sharedWith) }),
    ...(node.series !== undefined && { series: node.series }),
    ...(node.selections.length > 0 && { selections: node.selections.map(selectionJson) }),
    ...(withCosts && costs(node)),
    ...(node.children.length > 0 && { children: node.children.map(toJson) }),
  });
  return toJson(plan);
}

function selectionJson({ matchers, mint, maxt, series, again }: Selection): unknown {
  return {
    matchers: matchers.map(({ name, type, value }) => ({ name, type, value })),
    start: mint / 1000,
    end: maxt / 1000,
    ...(again ? { again } : { series }),
  };
}

function costs(node: PlanNode): object {
  const { totalMs, selfMs, points, samples, chunks, bytes, heldPeak } = node;
  return { totalMs, selfMs, points, samples, chunks, bytes, heldPoints: heldPeak };
}

/** Sums over all nodes of a plan. */
export function planTotals(plan: PlanNode): { samples: number; chunks: number; bytes: number } {
  const totals = { samples: 0, chunks: 0, bytes: 0 };
  for (const [node] of walkPlan(plan)) {
    totals.samples += node.samples;
    totals.chunks += node.chunks;
    totals.bytes += node.bytes;
  }
  return totals;
}
