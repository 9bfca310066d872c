/**
 * An alert as Alertmanager's API v2 takes it: https://github.com/prometheus/alertmanager, api/v2/openapi.yaml,
 * `postableAlert`.
 */
import type { Labels } from '../model/labels.ts';

export interface NotifierAlert {
  labels: Labels;
  annotations: readonly (readonly [name: string, text: string])[];
  /** Milliseconds since the epoch. */
  startsAt: number;
  /** When it ended, or when it is to be taken for ended unless it is sent again. */
  endsAt: number;
  /** A page that shows where the alert comes from. */
  generatorUrl: string;
}

/** The body of `POST /api/v2/alerts`. */
export function alertsBody(alerts: readonly NotifierAlert[]): Uint8Array {
  return Buffer.from(JSON.stringify(alerts.map(postable)), 'utf8');
}

function postable(alert: NotifierAlert) {
  return {
    // Left out where there are none, as Prometheus does.
    ...(alert.annotations.length > 0 && { annotations: Object.fromEntries(alert.annotations) }),
    endsAt: new Date(alert.endsAt).toISOString(),
    startsAt: new Date(alert.startsAt).toISOString(),
    generatorURL: alert.generatorUrl,
    labels: Object.fromEntries(alert.labels),
  };
}
