/**
 * A query's whole answer as Prometheus' HTTP API gives it: status, data, warnings and infos. The server and
 * `--output json` both have it from here.
 * See https://prometheus.io/docs/prometheus/latest/querying/api/#format-overview
 */
import type { QueryResult, QueryValue } from './engine/result.ts';
import { resultJsonPieces } from './engine/result-json.ts';
import { type Annotation, formatAnnotation } from './functions/annotations.ts';

export interface Answer {
  value: QueryValue;
  /** As `worded` makes them. */
  warnings: readonly string[];
  infos: readonly string[];
  /** What the query cost, where that was asked for; becomes part of the data. */
  stats?: unknown;
}

/** The answer as UTF-8, without a line feed at its end. Pieces are made as they are asked for. */
export function* answerPieces({ value, warnings, infos, stats }: Answer): Generator<Uint8Array, void> {
  let tail = '';
  if (warnings.length > 0) tail += `,"warnings":${JSON.stringify(warnings)}`;
  if (infos.length > 0) tail += `,"infos":${JSON.stringify(infos)}`;
  tail += '}';
  yield* resultJsonPieces(value, {
    before: '{"status":"success","data":',
    members: stats === undefined ? '' : `,"stats":${JSON.stringify(stats)}`,
    after: tail,
  });
}

/** The annotations of one level, as the API words them, of the query `query`. */
export function worded(result: QueryResult, query: string, level: Annotation['level']): string[] {
  return result.annotations
    .filter((annotation) => annotation.level === level)
    .map((annotation) => formatAnnotation(annotation, query));
}

/** Upstream's error types, by the code of ours. */
const ERROR_TYPES: Readonly<Record<string, string>> = {
  bad_query: 'bad_data',
  query_execution: 'execution',
  query_too_many_samples: 'execution',
  query_timeout: 'timeout',
  query_canceled: 'canceled',
};

/** The API's `errorType` for the code of an InputError that ended a query; undefined for other faults. */
export function apiErrorType(code: string): string | undefined {
  return ERROR_TYPES[code];
}
