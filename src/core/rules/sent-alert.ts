/** Alerts as they are handed over to whoever sends them to an Alertmanager, and when it is time to. */
import type { Labels } from '../model/labels.ts';
import { printExpr } from '../promql/parser/index.ts';
import { queryEscape } from '../template/escape.ts';
import type { Alert, Annotations } from './alert.ts';
import type { AlertingRule } from './rule.ts';

/** Times are milliseconds since the epoch. */
export interface SentAlert {
  labels: Labels;
  annotations: Annotations;
  startsAt: number;
  /** When it was resolved, or until when it may be believed without hearing of it again. */
  endsAt: number;
  /** Where the expression can be looked at. */
  generatorUrl: string;
}

/** How many times the delay between two sendings an alert holds for: two of them may fail. */
const VALID_DELAYS = 4;

/** The alerts of a rule that are to be sent at `t` (ms), marked as sent. */
export function alertsToSend(
  rule: AlertingRule,
  t: number,
  resendDelayMs: number,
  intervalMs: number,
  externalUrl: string,
): SentAlert[] {
  const validMs = VALID_DELAYS * Math.max(resendDelayMs, intervalMs);
  const sent: SentAlert[] = [];
  let generatorUrl: string | undefined;
  for (const alert of rule.alerts()) {
    if (!isDue(alert, t, resendDelayMs)) continue;
    alert.lastSentAt = t;
    alert.validUntil = t + validMs;
    generatorUrl ??= `${externalUrl}/graph?g0.expr=${queryEscape(printExpr(rule.config.parsed))}&g0.tab=1`;
    sent.push({
      labels: alert.labels,
      annotations: alert.annotations,
      startsAt: alert.firedAt ?? alert.activeAt,
      endsAt: alert.resolvedAt ?? alert.validUntil,
      generatorUrl,
    });
  }
  return sent;
}

function isDue({ state, resolvedAt, lastSentAt }: Alert, t: number, resendDelayMs: number): boolean {
  if (state === 'pending') return false;
  if (resolvedAt !== undefined && (lastSentAt === undefined || resolvedAt > lastSentAt)) return true;
  // Strictly later.
  return lastSentAt === undefined || lastSentAt + resendDelayMs < t;
}
