/** Has a query answered: by our engine from the sources, or by the one server that is the source. */
import {
  type EngineOptions,
  instantQuery,
  type QueryValue,
  rangeQuery,
  worded,
} from '../core/promql/index.ts';
import type { ApiClient } from '../core/source/http/api-client.ts';
import type { EngineFlags } from './engine-options.ts';
import type { QueryTimes } from './query-times.ts';
import type { OpenedSources } from './sources.ts';

export interface QueryAnswer {
  value: QueryValue;
  /** As the HTTP API words them. */
  warnings: readonly string[];
  infos: readonly string[];
  /** The whole answer of a server, as it came. */
  body?: Uint8Array;
}

export async function runQuery(
  { source, server }: OpenedSources,
  query: string,
  times: QueryTimes,
  options: EngineOptions,
  given: Pick<EngineFlags, 'timeout' | 'lookback-delta'>,
): Promise<QueryAnswer> {
  if (server !== undefined) return askServer(server, query, times, options, given);
  const result =
    times.kind === 'instant'
      ? await instantQuery(source, query, times.t, options)
      : await rangeQuery(source, query, times.start, times.end, times.stepMs, options);
  return {
    value: result.value,
    warnings: worded(result, query, 'warning'),
    infos: worded(result, query, 'info'),
  };
}

/** A server has defaults of its own, which count unless a flag was given. */
async function askServer(
  server: ApiClient,
  query: string,
  times: QueryTimes,
  { timeoutMs, lookbackMs }: EngineOptions,
  given: Pick<EngineFlags, 'timeout' | 'lookback-delta'>,
): Promise<QueryAnswer> {
  const { PrometheusServer } = await import('../core/source/http/prometheus-server.ts');
  const options = {
    timeoutMs: given.timeout === undefined ? undefined : timeoutMs,
    lookbackMs: given['lookback-delta'] === undefined ? undefined : lookbackMs,
  };
  const prometheus = new PrometheusServer(server);
  return times.kind === 'instant'
    ? prometheus.instantQuery(query, times.t, options)
    : prometheus.rangeQuery(query, times.start, times.end, times.stepMs, options);
}
