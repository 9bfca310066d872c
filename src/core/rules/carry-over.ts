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
import type { Alert } from './alert.ts';
import { AlertingRule, type Rule } from './rule.ts';
import type { LabelPairs } from './rule-file.ts';
import type { RuleOutput } from './rule-output.ts';

interface Carried {
  rule: Rule & { labels: LabelPairs };
  output: RuleOutput;
  intervalMs: number;
  offsetMs: number;
}

export class CarryOver {
  private readonly source: Source;
  private readonly lookbackMs: number;
  /** By what was asked for: rules of one group ask alike. */
  private readonly names = new Map<string, Promise<ReadonlySet<string>>>();
  private readonly alerts = new Map<string, Promise<Map<string, LastSample[]>>>();

  constructor(source: Source, lookbackMs: number) {
    this.source = source;
    this.lookbackMs = lookbackMs;
  }

  /**
   * Brings a rule to the state it has just before its first evaluation, at `first` (ms). `warmUp` evaluates an alerting
   * rule at the times given, which tells since when an alert fires though its condition has ended.
   */
  async bring(
    { rule, output, intervalMs, offsetMs }: Carried,
    first: number,
    warmUp: (from: number, to: number) => Promise<void>,
  ): Promise<void> {
    const windowMs = Math.max(this.lookbackMs, 2 * intervalMs);
    if (!(rule instanceof AlertingRule)) {
      const { name } = rule.config;
      if (!(await this.namesBefore(first - offsetMs, windowMs)).has(name)) return;
      const named = new Matcher('=', METRIC_NAME, name);
      for (const { labels } of await lastSamples(this.source, named, first - offsetMs, windowMs)) {
        if (hasLabels(labels, rule.labels)) output.series(labels).live = true;
      }
      return;
    }
    const { keepFiringForMs } = rule.config;
    const states = await this.alertStates(rule, first - offsetMs, windowMs);
    for (const labels of states.series) output.series(labels).live = true;
    if (keepFiringForMs > 0 && states.anyFiring) {
      const before = first - keepFiringForMs - intervalMs;
      const then = await this.alertStates(rule, before - offsetMs, windowMs);
      for (const alert of then.alerts(rule, before, intervalMs)) rule.active.put(alert);
      await warmUp(before, first - 1);
      // Of what fired at that time nobody knew since when: it may have gone on for too long.
      rule.active.correct(states.alerts(rule, first, intervalMs));
      return;
    }
    for (const alert of states.alerts(rule, first, intervalMs)) rule.active.put(alert);
  }

  /** The alerts of a rule as they were written last before `t` (ms). */
  private async alertStates(rule: AlertingRule, t: number, windowMs: number): Promise<AlertStates> {
    const steady = rule.labels.filter(([, value]) => !value.includes('{{'));
    const read = async (metric: string) => {
      const all = await this.alertsBefore(metric, t, windowMs);
      return (all.get(rule.config.name) ?? []).filter(({ labels }) => hasLabels(labels, steady));
    };
    return statesOf(await read('ALERTS_FOR_STATE'), await read('ALERTS'));
  }

  private namesBefore(t: number, windowMs: number): Promise<ReadonlySet<string>> {
    return cached(this.names, `${t} ${windowMs}`, async () => {
      const range = { mint: t - windowMs, maxt: t - 1 };
      return new Set(await this.source.labelValues(METRIC_NAME, [], range));
    });
  }

  /** By the name of the alert. */
  private alertsBefore(metric: string, t: number, windowMs: number): Promise<Map<string, LastSample[]>> {
    return cached(this.alerts, `${metric} ${t} ${windowMs}`, async () => {
      const byName = new Map<string, LastSample[]>();
      for (const sample of await lastSamples(
        this.source,
        new Matcher('=', METRIC_NAME, metric),
        t,
        windowMs,
      )) {
        const name = sample.labels.get('alertname');
        const known = byName.get(name);
        if (known === undefined) byName.set(name, [sample]);
        else known.push(sample);
      }
      return byName;
    });
  }
}

function cached<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  let value = known.get(key);
  if (value === undefined) known.set(key, (value = make()));
  return value;
}

interface AlertStates {
  /** The series as they are written. */
  series: Labels[];
  anyFiring: boolean;
  /** Those of a rule. `t` (ms) is the first evaluation, others are `intervalMs` apart. */
  alerts(rule: AlertingRule, t: number, intervalMs: number): Alert[];
}

/** What the last samples of both metrics say. */
function statesOf(since: readonly LastSample[], states: readonly LastSample[]): AlertStates {
  const firing = new Set(
    states
      .filter(({ labels }) => labels.get('alertstate') === 'firing')
      .map(({ labels }) => alertLabels(labels).toString()),
  );
  return {
    series: [...since, ...states].map(({ labels }) => labels),
    anyFiring: firing.size > 0,
    alerts: ({ config }, at, intervalMs) =>
      since.map(({ labels: series, value, t: last }) => {
        const labels = alertLabels(series);
        // Only the second was written; it was a time of evaluation within it.
        const second = value * 1000;
        const slot = at - Math.floor((at - second) / intervalMs) * intervalMs;
        const activeAt = slot < second + 1000 ? slot : second;
        const alert = newAlert(labels, Number.NaN, [], activeAt);
        alert.heldAt = Math.min(last, at - 1);
        if (firing.has(labels.toString())) {
          alert.state = 'firing';
          alert.firedAt = Math.min(alert.activeAt + config.forMs, last);
        }
        return alert;
      }),
  };
}

function alertLabels(series: Labels): Labels {
  return new LabelsBuilder(series).delete(METRIC_NAME).delete('alertstate').labels();
}

function hasLabels(labels: Labels, pairs: LabelPairs): boolean {
  return pairs.every(([name, value]) => labels.get(name) === value);
}

interface LastSample {
  labels: Labels;
  value: number;
  t: number;
}

/** The newest samples before `t` (ms), of series that have not ended. */
async function lastSamples(
  source: Source,
  named: Matcher,
  t: number,
  windowMs: number,
): Promise<LastSample[]> {
  const set = await source.select([named], { mint: t - windowMs, maxt: t - 1 });
  const found: LastSample[] = [];
  const columns = new SampleColumns();
  for (let i = 0; i < set.length; i++) {
    columns.clear();
    set.read(i, columns);
    let last = columns.length - 1;
    while (last >= 0 && columns.t[last] >= t) last--;
    if (last < 0 || columns.t[last] < t - windowMs) continue;
    if (isStale(columns.v, last) || columns.histograms?.[last]?.stale === true) continue;
    found.push({ labels: set.labels(i), value: columns.v[last], t: columns.t[last] });
  }
  return found;
}
