/** `/api/v1/features`: what this server can do, by category, for clients that would otherwise go by its version. */
import { FUNCTIONS, type ParserOptions } from '../promql/parser/index.ts';
import type { Features } from './api/status.ts';

export interface FeatureSwitches {
  parser: ParserOptions;
  admin: boolean;
  remoteWriteReceiver: boolean;
  otlpReceiver: boolean;
  lifecycle: boolean;
}

export function featuresOf({
  parser,
  admin,
  remoteWriteReceiver,
  otlpReceiver,
  lifecycle,
}: FeatureSwitches): Features {
  const functions = [...FUNCTIONS.values()].map(
    ({ name, experimental }) => [name, !experimental || parser.experimentalFunctions] as const,
  );
  return {
    api: {
      admin,
      exclude_alerts: true,
      label_values_match: true,
      lifecycle,
      otlp_write_receiver: otlpReceiver,
      query_stats: true,
      query_warnings: true,
      remote_write_receiver: remoteWriteReceiver,
      time_range_labels: true,
      time_range_series: true,
    },
    promql: {
      anchored: parser.extendedRangeSelectors,
      at_modifier: true,
      bool: true,
      by: true,
      duration_expr: parser.durationExpressions,
      experimental_functions: parser.experimentalFunctions,
      fill: parser.fillModifiers,
      group_left: true,
      group_right: true,
      ignoring: true,
      negative_offset: true,
      offset: true,
      on: true,
      smoothed: parser.extendedRangeSelectors,
      subqueries: true,
      without: true,
    },
    promql_functions: Object.fromEntries(functions),
    tsdb: { exemplars: true, native_histograms: true },
  };
}
