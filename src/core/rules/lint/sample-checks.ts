/** What samples and metadata say of a rule: types, windows, short-lived labels, cost. */
import { InputError } from '../../errors.ts';
import { formatDuration } from '../../model/duration.ts';
import { METRIC_NAME } from '../../model/labels.ts';
import type { AlertingRuleConfig } from '../rule-file.ts';
import { isNamedType, typedCall, wrongType } from './expression-checks.ts';
import type { LintData } from './lint-data.ts';
import { type LintedRule, nodesOf } from './linted-rule.ts';
import { lacks, outputLabels } from './output-labels.ts';

/** What one evaluation costs at the end of the range. */
export interface RuleCost {
  group: string;
  rule: string;
  /** Series that the selectors find. */
  series: number;
  samples: number;
  results: number;
}

/** Values of a label in all the range, to those at one time: a label that changes as fast names passing things. */
const CHURN_FACTOR = 3;
const CHURN_VALUES = 10;

export async function checkTypes(linted: LintedRule, data: LintData): Promise<void> {
  for (const call of nodesOf(linted.rule.parsed, 'call')) {
    const typed = typedCall(call);
    if (typed === undefined || typed.selector.name === '' || isNamedType(typed.selector.name)) continue;
    const { name, range } = typed.selector;
    const types = new Set((await data.metadata(name)).map(({ type }) => type));
    const wrong = typed.wants === 'counter' ? 'gauge' : 'counter';
    if (types.size === 1 && types.has(wrong))
      linted.atExpr('wrong-type', range, wrongType(name, call.func.name, wrong));
  }
}

export async function checkWindows(linted: LintedRule, data: LintData): Promise<void> {
  for (const { func, args } of nodesOf(linted.rule.parsed, 'call')) {
    if (!['rate', 'increase', 'irate', 'delta', 'idelta', 'deriv'].includes(func.name)) continue;
    const arg = args[0];
    if (arg?.kind !== 'matrixSelector' || typeof arg.window !== 'number') continue;
    const interval = await data.sampleInterval(arg.selector.matchers);
    if (interval === undefined || arg.window >= 2 * interval) continue;
    const text = `${func.name}() needs two samples, which are ${formatDuration(interval)} apart: a window of ${formatDuration(arg.window)} has too few`;
    linted.atExpr('short-window', arg.range, text);
  }
}

/** An alert named after what comes and goes ends with it, and never lasts long enough. */
export async function checkLabels(
  linted: LintedRule,
  data: LintData,
  rule: AlertingRuleConfig,
): Promise<void> {
  if (rule.forMs === 0) return;
  const bound = outputLabels(rule.parsed);
  if (bound.kind === 'only') return;
  const now = await data.vector(rule.parsed, data.range.maxt);
  for (const selector of nodesOf(rule.parsed, 'vectorSelector')) {
    const series = await data.series(selector.matchers);
    const current = await data.vector(selector, data.range.maxt);
    if (series.length < CHURN_VALUES || current.length === 0) continue;
    const names = new Set(current.flatMap(({ labels }) => [...labels].map(([name]) => name)));
    for (const name of names) {
      if (name === METRIC_NAME || lacks(bound, name)) continue;
      if (now.length > 0 && !now.some(({ labels }) => labels.has(name))) continue;
      const all = new Set(series.map((labels) => labels.get(name))).size;
      const alive = new Set(current.map(({ labels }) => labels.get(name))).size;
      if (all < CHURN_VALUES || all < CHURN_FACTOR * alive) continue;
      const text = `the label ${name} had ${all} values over time and has ${alive} now: with each new one "for" starts again. Aggregate it away`;
      linted.atExpr('changing-labels', selector.range, text);
      return;
    }
  }
}

/** Undefined where the expression has an error for a value. */
export async function costOf({ group, rule }: LintedRule, data: LintData): Promise<RuleCost | undefined> {
  let series = 0;
  for (const { matchers } of nodesOf(rule.parsed, 'vectorSelector'))
    series += (await data.series(matchers)).length;
  const result = await data.evaluate(rule.parsed, data.range.maxt);
  if (result instanceof InputError) return undefined;
  const { value, stats } = result;
  const results = value.type === 'vector' ? value.series.length : 1;
  return { group: group.name, rule: rule.name, series, samples: stats.samplesRead, results };
}
