/**
 * Watches unit tests of rules, and notes what of the rules they exercise. Only rules count that an expectation of the
 * test depends on: what is evaluated and never looked at is not tested.
 */
import { InputError } from '../../errors.ts';
import { parsedInstantQuery, type ResultSeries } from '../../promql/index.ts';
import { type Expr, printExpr } from '../../promql/parser/index.ts';
import { matchKey } from '../match-key.ts';
import type { RuleContext } from '../rule.ts';
import type { RuleConfig, RuleFile } from '../rule-file.ts';
import { type BranchProbe, RuleCoverage, type ValueProbe } from './points.ts';

export class CoverageRecorder {
  private readonly byRule = new Map<string, RuleCoverage>();

  /** Rules are known by file, line and column, so that files read for several suites are the same rules. */
  addFiles(files: readonly RuleFile[]): void {
    for (const { file, groups } of files) {
      for (const group of groups) {
        for (const rule of group.rules) {
          const key = keyOf(file, rule);
          if (!this.byRule.has(key)) this.byRule.set(key, new RuleCoverage(rule, file, group.name));
        }
      }
    }
  }

  rules(): RuleCoverage[] {
    return [...this.byRule.values()];
  }

  /** Looks at a rule that was evaluated at `t` (ms). */
  async observe(file: string, rule: RuleConfig, context: RuleContext, t: number): Promise<void> {
    const coverage = this.byRule.get(keyOf(file, rule));
    if (coverage === undefined) return;
    if (rule.kind === 'record' && !coverage.result.hit) {
      coverage.result.hit = (await evaluate(rule.parsed, context, t)).length > 0;
    }
    for (const branch of coverage.branches) await observeBranch(branch, context, t);
    for (const probe of coverage.values) await observeValues(probe, context, t);
  }

  /** A test has looked whether the alert fires. */
  sawAlert(file: string, rule: RuleConfig, fires: boolean): void {
    const coverage = this.byRule.get(keyOf(file, rule));
    if (coverage === undefined) return;
    if (fires) coverage.result.hit = true;
    else if (coverage.silence !== undefined) coverage.silence.hit = true;
  }
}

function keyOf(file: string, { place }: RuleConfig): string {
  return `${file}:${place.line}:${place.column}`;
}

async function observeBranch(
  { node, left, right }: BranchProbe,
  context: RuleContext,
  t: number,
): Promise<void> {
  if (left.hit && right.hit) return;
  const lhs = await evaluate(node.lhs, context, t);
  const rhs = await evaluate(node.rhs, context, t);
  const matching = node.matching!;
  const others = new Set((node.op === 'or' ? lhs : rhs).map((series) => matchKey(series.labels, matching)));
  if (node.op === 'or') {
    left.hit ||= lhs.length > 0;
    right.hit ||= rhs.some((series) => !others.has(matchKey(series.labels, matching)));
    return;
  }
  for (const series of lhs) {
    const passes = others.has(matchKey(series.labels, matching)) === (node.op === 'and');
    if (passes) left.hit = true;
    else right.hit = true;
  }
}

async function observeValues(
  { selector, label, points }: ValueProbe,
  context: RuleContext,
  t: number,
): Promise<void> {
  if ([...points.values()].every(({ hit }) => hit)) return;
  for (const { labels } of await evaluate(selector, context, t)) {
    const point = points.get(labels.get(label));
    if (point !== undefined) point.hit = true;
  }
}

/** The rows of a vector; none where there is an error or another type of value. */
async function evaluate(
  expr: Expr,
  { source, engine }: RuleContext,
  t: number,
): Promise<readonly ResultSeries[]> {
  try {
    const { value } = await parsedInstantQuery(source, printExpr(expr), expr, t, engine);
    return value.type === 'vector' ? value.series : [];
  } catch (error) {
    // The rule as a whole has told of it.
    if (error instanceof InputError) return [];
    throw error;
  }
}
