/**
 * Subqueries with very many steps, `x[10y:1s]`: where their expression can only have values near its selectors'
 * samples, the steps before the first and after the last sample are left out. Found before operators are built, since
 * those make columns with room for every step. Prometheus walks over all of them, and finds nothing.
 */
import type { TimeRange } from '../../source/source.ts';
import { type Call, childrenOf, type Expr, type Subquery, type VectorSelector, walk } from '../parser/ast.ts';
import type { QueryContext } from './context.ts';
import type { StepGrid } from './grid.ts';
import { allSteps, subqueryGrid } from './subquery.ts';

/** Fewer steps cost less than it costs to look at the samples beforehand. */
const MANY_STEPS = 1 << 16;

/** Nowhere. */
const EMPTY: TimeRange = { mint: Number.POSITIVE_INFINITY, maxt: Number.NEGATIVE_INFINITY };
/** Perhaps everywhere. */
const UNBOUNDED: TimeRange = { mint: Number.NEGATIVE_INFINITY, maxt: Number.POSITIVE_INFINITY };

/** Has `context.reaches` say between which steps the large subqueries in `expr` are worth being evaluated. */
export async function findReaches(context: QueryContext, expr: Expr, grid: StepGrid): Promise<void> {
  for (const subquery of outermostSubqueries(expr)) {
    const all = allSteps(context, subquery, grid);
    if (all.count > MANY_STEPS) {
      const reach = await reachOf(context, subquery.expr, { mint: all.start, maxt: all.end });
      context.reaches.set(subquery, reach);
    }
    await findReaches(context, subquery.expr, subqueryGrid(context, subquery, grid));
  }
}

function outermostSubqueries(expr: Expr, found: Subquery[] = []): Subquery[] {
  if (expr.kind === 'subquery') found.push(expr);
  else for (const child of childrenOf(expr)) outermostSubqueries(child, found);
  return found;
}

/** The evaluation times within `times` at which `expr` may have a value, or something to say. */
async function reachOf(context: QueryContext, expr: Expr, times: TimeRange): Promise<TimeRange> {
  const { lookbackMs } = context.settings;
  switch (expr.kind) {
    case 'vectorSelector':
      return reachOfSelector(context, expr, times, lookbackMs);
    case 'matrixSelector': {
      const { selector } = expr;
      const before = selector.anchored || selector.smoothed ? lookbackMs : 0;
      return reachOfSelector(context, selector, times, (expr.window as number) + before);
    }
    case 'subquery':
      return reachOfSubquery(context, expr, times);
    case 'call':
      if (hasValuesOfItsOwn(expr)) return UNBOUNDED;
      // The second argument of info() is no more than a list of matchers.
      return expr.func.name === 'info'
        ? reachOf(context, expr.args[0], times)
        : reachOfAll(context, expr.args, times);
    case 'aggregate':
      return expr.param !== null && dependsOnStep(expr.param)
        ? UNBOUNDED
        : reachOfAll(context, childrenOf(expr), times);
    default:
      return reachOfAll(context, childrenOf(expr), times);
  }
}

async function reachOfAll(
  context: QueryContext,
  exprs: readonly Expr[],
  times: TimeRange,
): Promise<TimeRange> {
  let reach = EMPTY;
  for (const expr of exprs) reach = hull(reach, await reachOf(context, expr, times));
  return reach;
}

/** `backMs`: how old a sample may be that is seen. */
async function reachOfSelector(
  context: QueryContext,
  selector: VectorSelector,
  times: TimeRange,
  backMs: number,
): Promise<TimeRange> {
  if (selector.at !== null) return UNBOUNDED;
  const offset = selector.offset as number;
  const ahead = selector.smoothed ? context.settings.lookbackMs : 0;
  const range = { mint: times.mint - offset - backMs + 1, maxt: times.maxt - offset + ahead };
  const set = await context.source.select(selector.matchers, range);
  const columns = context.sampleColumns();
  let { mint, maxt } = EMPTY;
  for (let i = 0; i < set.length; i++) {
    context.checkpoint();
    columns.clear();
    set.read(i, columns);
    if (columns.length === 0) continue;
    mint = Math.min(mint, columns.t[0]);
    maxt = Math.max(maxt, columns.t[columns.length - 1]);
  }
  return { mint: mint + offset - ahead, maxt: maxt + offset + backMs };
}

async function reachOfSubquery(
  context: QueryContext,
  { expr, at, offset, window }: Subquery,
  times: TimeRange,
): Promise<TimeRange> {
  if (at !== null) return UNBOUNDED;
  const [offsetMs, windowMs] = [offset as number, window as number];
  const inner = { mint: times.mint - offsetMs - windowMs, maxt: times.maxt - offsetMs };
  const { mint, maxt } = await reachOf(context, expr, inner);
  return { mint: mint + offsetMs, maxt: maxt + offsetMs + windowMs };
}

/** Whether a call may have values, or warn of its parameters, where its vectors have none. */
function hasValuesOfItsOwn({ func, args }: Call): boolean {
  if (func.name.startsWith('absent') || func.name === 'vector') return true;
  // Those of dates are about the evaluation time where they are not told of what.
  if (
    func.returnType === 'vector' &&
    !func.argTypes.some((type, i) => type !== 'scalar' && i < args.length)
  ) {
    return true;
  }
  return args.some(
    (arg, i) => func.argTypes[Math.min(i, func.argTypes.length - 1)] === 'scalar' && dependsOnStep(arg),
  );
}

/** Whether a scalar may be another one at another step. */
function dependsOnStep(scalar: Expr): boolean {
  let depends = false;
  walk(scalar, (node) => {
    if (node.kind === 'call' && node.func.name !== 'pi') depends = true;
  });
  return depends;
}

function hull(a: TimeRange, b: TimeRange): TimeRange {
  return { mint: Math.min(a.mint, b.mint), maxt: Math.max(a.maxt, b.maxt) };
}
