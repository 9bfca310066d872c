/**
 * An alert as Alertmanager's API v2 takes it: https://github.com/prometheus/alertmanager, api/v2/openapi.yaml,
 * `postableAlert`.
 */
import type { SentAlert } from '../rules/sent-alert.ts';

/** The body of `POST /api/v2/alerts`. */
export function alertsBody(alerts: readonly SentAlert[]): Uint8Array {
  return Buffer.from(JSON.stringify(alerts.map(postable)), 'utf8');
}

function postable(alert: SentAlert) {
  return {
    // Left out where there are none, as Prometheus does.
    ...(alert.annotations.length > 0 && { annotations: Object.fromEntries(alert.annotations) }),
    endsAt: new Date(alert.endsAt).toISOString(),
    startsAt: new Date(alert.startsAt).toISOString(),
    generatorURL: alert.generatorUrl,
    labels: Object.fromEntries(alert.labels),
  };
}
