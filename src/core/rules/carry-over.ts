/**
 * What rules had written before a first evaluation is what goes on with it: alerts are in the state that `ALERTS` and
 * `ALERTS_FOR_STATE` tell, and series that the evaluation does not write again are the ones that end. Only what was
 * written within the lookback counts; before that the rules did not run.
 */
import { SampleColumns } from '../model/columns.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import { LabelsBuilder } from '../model/labels-builder.ts';
import { Matcher } from '../model/matcher.ts';
import { isStale } from '../model/value.ts';
import type { Source } from '../source/source.ts';
import { newAlert } from './active-alerts.ts';
import { AlertingRule, type Rule } from './rule.ts';
import type { LabelPairs } from './rule-file.ts';
import type { RuleOutput } from './rule-output.ts';

interface Carried {
  rule: Rule & { labels: LabelPairs };
  output: RuleOutput;
  intervalMs: number;
  offsetMs: number;
}

/**
 * Brings a rule to the state it has just before its first evaluation, at `first` (ms). `warmUp` evaluates an alerting
 * rule at the times given, which tells since when an alert fires though its condition has ended.
 */
export async function carryOver(
  carried: Carried,
  first: number,
  source: Source,
  lookbackMs: number,
  warmUp: (from: number, to: number) => Promise<void>,
): Promise<void> {
  const { rule, output, intervalMs, offsetMs } = carried;
  const windowMs = Math.max(lookbackMs, 2 * intervalMs);
  if (!(rule instanceof AlertingRule)) {
    const named = new Matcher('=', METRIC_NAME, rule.config.name);
    for (const labels of (await lastSamples(source, [named], first - offsetMs, windowMs)).keys()) {
      if (hasLabels(labels, rule.labels)) output.series(labels).live = true;
    }
    return;
  }
  const { keepFiringForMs } = rule.config;
  const states = await alertStates(rule, source, first - offsetMs, windowMs);
  for (const labels of states.series) output.series(labels).live = true;
  if (keepFiringForMs > 0 && states.anyFiring) {
    const before = first - keepFiringForMs - intervalMs;
    const then = await alertStates(rule, source, before - offsetMs, windowMs);
    then.seed(rule, before, intervalMs);
    await warmUp(before, first - 1);
    return;
  }
  states.seed(rule, first, intervalMs);
}

interface AlertStates {
  /** The series as they are written. */
  series: Labels[];
  anyFiring: boolean;
  /** `t` (ms) is the first evaluation, others are `intervalMs` apart. */
  seed(rule: AlertingRule, t: number, intervalMs: number): void;
}

/** The alerts of a rule as they were written last before `t` (ms). */
async function alertStates(
  rule: AlertingRule,
  source: Source,
  t: number,
  windowMs: number,
): Promise<AlertStates> {
  const own = new Matcher('=', 'alertname', rule.config.name);
  const steady = rule.labels.filter(([, value]) => !value.includes('{{'));
  const read = async (metric: string) => {
    const found = await lastSamples(source, [new Matcher('=', METRIC_NAME, metric), own], t, windowMs);
    return [...found].filter(([labels]) => hasLabels(labels, steady));
  };
  const since = await read('ALERTS_FOR_STATE');
  const states = await read('ALERTS');
  const firing = new Set(
    states
      .filter(([labels]) => labels.get('alertstate') === 'firing')
      .map(([labels]) => alertLabels(labels).toString()),
  );
  return {
    series: [...since, ...states].map(([labels]) => labels),
    anyFiring: firing.size > 0,
    seed: (target, at, intervalMs) => {
      for (const [series, { value, t: last }] of since) {
        const labels = alertLabels(series);
        // Only the second was written; it was a time of evaluation within it.
        const second = value * 1000;
        const slot = at - Math.floor((at - second) / intervalMs) * intervalMs;
        const activeAt = slot < second + 1000 ? slot : second;
        const alert = newAlert(labels, Number.NaN, [], activeAt);
        alert.heldAt = Math.min(last, at - 1);
        if (firing.has(labels.toString())) {
          alert.state = 'firing';
          alert.firedAt = Math.min(alert.activeAt + target.config.forMs, last);
        }
        target.active.put(alert);
      }
    },
  };
}

function alertLabels(series: Labels): Labels {
  return new LabelsBuilder(series).delete(METRIC_NAME).delete('alertstate').labels();
}

function hasLabels(labels: Labels, pairs: LabelPairs): boolean {
  return pairs.every(([name, value]) => labels.get(name) === value);
}

/** The newest samples before `t` (ms), of series that have not ended. */
async function lastSamples(
  source: Source,
  matchers: readonly Matcher[],
  t: number,
  windowMs: number,
): Promise<Map<Labels, { value: number; t: number }>> {
  const set = await source.select(matchers, { mint: t - windowMs, maxt: t - 1 });
  const found = new Map<Labels, { value: number; t: number }>();
  const columns = new SampleColumns();
  for (let i = 0; i < set.length; i++) {
    columns.clear();
    set.read(i, columns);
    let last = columns.length - 1;
    while (last >= 0 && columns.t[last] >= t) last--;
    if (last < 0 || columns.t[last] < t - windowMs) continue;
    if (isStale(columns.v, last) || columns.histograms?.[last]?.stale === true) continue;
    found.set(set.labels(i), { value: columns.v[last], t: columns.t[last] });
  }
  return found;
}
