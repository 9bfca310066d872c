/** How an alert's condition behaved over the data: whether it held all the time, or never long enough to fire. */
import { InputError } from '../../errors.ts';
import { formatDuration } from '../../model/duration.ts';
import { rangeQuery } from '../../promql/index.ts';
import { withoutParens } from '../../promql/parser/index.ts';
import type { AlertingRuleConfig } from '../rule-file.ts';
import type { LintData } from './lint-data.ts';
import type { LintedRule } from './linted-rule.ts';

const MOST_STEPS = 500;
const DEFAULT_INTERVAL_MS = 60_000;
/** Of less data nothing is said. */
const FEWEST_STEPS = 10;

export async function checkFiring(
  linted: LintedRule,
  data: LintData,
  rule: AlertingRuleConfig,
): Promise<void> {
  const inner = withoutParens(rule.parsed);
  if (inner.kind === 'call' && inner.func.name === 'vector') return;
  const { mint, maxt } = data.range;
  const interval = linted.group.intervalMs ?? DEFAULT_INTERVAL_MS;
  const step = Math.max(interval, Math.ceil((maxt - mint) / MOST_STEPS / interval) * interval);
  const steps = Math.floor((maxt - mint) / step) + 1;
  if (steps < FEWEST_STEPS) return;
  const streaks = await longestStreaks(data, rule.expr, maxt - (steps - 1) * step, step);
  if (streaks === undefined || streaks.longest === 0) return;
  const lasted = (streaks.longest - 1) * step;
  if (streaks.longest === steps) {
    linted.atRule(
      'fires-throughout',
      `the condition held at every one of ${steps} evaluations over ${formatDuration(lasted)}`,
    );
  } else if (rule.forMs > 0 && lasted < rule.forMs && step <= rule.forMs) {
    linted.atRule(
      'for-never-reached',
      `the condition held ${streaks.count} times, at most ${formatDuration(lasted)} on end, and "for" is ${formatDuration(rule.forMs)}: it never fired`,
    );
  }
}

/** Runs of evaluations at which one series of the result was there: the longest, in evaluations, and how many. */
async function longestStreaks(
  data: LintData,
  expr: string,
  start: number,
  stepMs: number,
): Promise<{ longest: number; count: number } | undefined> {
  try {
    const { value } = await rangeQuery(data.source, expr, start, data.range.maxt, stepMs, data.engine);
    if (value.type !== 'matrix') return undefined;
    let longest = 0;
    let count = 0;
    for (const { t } of value.series) {
      let length = 0;
      for (let i = 0; i < t.length; i++) {
        const goesOn = i > 0 && t[i] - t[i - 1] === stepMs;
        length = goesOn ? length + 1 : 1;
        if (!goesOn) count++;
        longest = Math.max(longest, length);
      }
    }
    return { longest, count };
  } catch (error) {
    // It was told where the expression was evaluated at single times.
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
