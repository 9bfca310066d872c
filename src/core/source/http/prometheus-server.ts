/** Hands whole queries to a Prometheus-compatible server, which then does the work. */
import { formatApiTimestamp } from '../../model/timestamp.ts';
import type { ApiAnswer, ApiClient, ApiParams } from './api-client.ts';
import { type QueryData, readQueryData, type ServerValue } from './query-value.ts';

export interface ServerQueryOptions {
  /** Left to the server where undefined; both in ms. */
  timeoutMs?: number | undefined;
  lookbackMs?: number | undefined;
}

export interface ServerAnswer {
  /** The whole answer as it came. */
  body: Uint8Array;
  value: ServerValue;
  warnings: readonly string[];
  infos: readonly string[];
}

export class PrometheusServer {
  readonly api: ApiClient;

  constructor(api: ApiClient) {
    this.api = api;
  }

  /** At time `t` (ms). Rejects with ApiError where the server refuses. */
  async instantQuery(query: string, t: number, options: ServerQueryOptions): Promise<ServerAnswer> {
    const params: ApiParams = [['query', query], ['time', formatApiTimestamp(t)], ...optionParams(options)];
    return answered(await this.api.post('query', params));
  }

  /** From `start` to `end` (ms, inclusive). */
  async rangeQuery(
    query: string,
    start: number,
    end: number,
    stepMs: number,
    options: ServerQueryOptions,
  ): Promise<ServerAnswer> {
    const params: ApiParams = [
      ['query', query],
      ['start', formatApiTimestamp(start)],
      ['end', formatApiTimestamp(end)],
      ['step', String(stepMs / 1000)],
      ...optionParams(options),
    ];
    return answered(await this.api.post('query_range', params));
  }
}

function answered({ body, data, warnings, infos }: ApiAnswer<QueryData>): ServerAnswer {
  return { body, value: readQueryData(data), warnings, infos };
}

function optionParams({ timeoutMs, lookbackMs }: ServerQueryOptions): ApiParams {
  const params: [string, string][] = [];
  if (timeoutMs !== undefined) params.push(['timeout', String(timeoutMs / 1000)]);
  if (lookbackMs !== undefined) params.push(['lookback_delta', String(lookbackMs / 1000)]);
  return params;
}
