/** Metric families and what is known about them: type, help and unit. */

/** A type's number in the write-ahead log and in remote write is its place in this list. */
export const METRIC_TYPES = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
] as const;

/** The types of the client data model; `gaugehistogram`, `info` and `stateset` come from OpenMetrics only. */
export type MetricType = (typeof METRIC_TYPES)[number];

export interface Metadata {
  type: MetricType;
  help: string;
  unit: string;
}

export function sameMetadata(a: Metadata, b: Metadata): boolean {
  return a.type === b.type && a.help === b.help && a.unit === b.unit;
}
