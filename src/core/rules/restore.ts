/**
 * Alerts after a restart: what `ALERTS_FOR_STATE` tells of when they became active, so that a `for` of hours does not
 * begin anew. As Prometheus does it, once, after the group's second evaluation:
 * - an alert whose `for` is shorter than the grace period is not restored;
 * - one that was firing keeps its old time and fires at the next evaluation;
 * - one that had less than the grace period to go fires when the grace period is over;
 * - for any other the time that nobody was looking does not count.
 */
import { SampleColumns } from '../model/columns.ts';
import type { Labels } from '../model/labels.ts';
import { METRIC_NAME } from '../model/labels.ts';
import { LabelsBuilder } from '../model/labels-builder.ts';
import { Matcher } from '../model/matcher.ts';
import { isStale } from '../model/value.ts';
import type { Source } from '../source/source.ts';
import type { AlertingRule } from './rule.ts';

export interface RestoreOptions {
  /** How old a state may be, ms. */
  outageToleranceMs: number;
  /** How long an alert must at least be pending after a restart, ms. */
  graceMs: number;
}

/** Prometheus' defaults. */
export const DEFAULT_RESTORE: RestoreOptions = { outageToleranceMs: 3_600_000, graceMs: 600_000 };

/** At `now` (ms). Rejects with what the source does; the rule then is as it was. */
export async function restoreAlerts(
  rule: AlertingRule,
  source: Source,
  now: number,
  { outageToleranceMs, graceMs }: RestoreOptions,
): Promise<void> {
  const { forMs, name } = rule.config;
  if (forMs >= graceMs && rule.active.size > 0) {
    const states = await lastStates(source, name, now - outageToleranceMs, now);
    for (const alert of rule.alerts()) {
      const state = states.get(alert.labels.toString());
      if (state === undefined || alert.state === 'inactive') continue;
      const { activeAt, seenAt } = state;
      const remainingMs = forMs - (seenAt - activeAt);
      if (remainingMs <= 0) alert.activeAt = activeAt;
      else if (remainingMs < graceMs) alert.activeAt = now + graceMs - forMs;
      else alert.activeAt = activeAt + (now - seenAt);
    }
  }
  rule.restored = true;
}

/** By the text of the alert's labels, when it became active and when that was written last, ms. */
async function lastStates(
  source: Source,
  name: string,
  mint: number,
  maxt: number,
): Promise<Map<string, { activeAt: number; seenAt: number }>> {
  const matchers = [new Matcher('=', METRIC_NAME, 'ALERTS_FOR_STATE'), new Matcher('=', 'alertname', name)];
  const set = await source.select(matchers, { mint, maxt });
  const states = new Map<string, { activeAt: number; seenAt: number }>();
  const columns = new SampleColumns();
  for (let i = 0; i < set.length; i++) {
    columns.clear();
    set.read(i, columns);
    const last = columns.length - 1;
    if (last < 0 || columns.t[last] < mint || isStale(columns.v, last)) continue;
    states.set(alertKey(set.labels(i)), { activeAt: columns.v[last] * 1000, seenAt: columns.t[last] });
  }
  return states;
}

function alertKey(series: Labels): string {
  return new LabelsBuilder(series).delete(METRIC_NAME).labels().toString();
}
