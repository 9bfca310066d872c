/** Metric families and what is known about them: type, help and unit. */

/** The types of the client data model; `gaugehistogram`, `info` and `stateset` come from OpenMetrics only. */
export type MetricType =
  | 'unknown'
  | 'counter'
  | 'gauge'
  | 'histogram'
  | 'gaugehistogram'
  | 'summary'
  | 'info'
  | 'stateset';

export interface Metadata {
  type: MetricType;
  help: string;
  unit: string;
}

export function sameMetadata(a: Metadata, b: Metadata): boolean {
  return a.type === b.type && a.help === b.help && a.unit === b.unit;
}
