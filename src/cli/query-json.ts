/** A query's whole answer as Prometheus' HTTP API gives it: status, data, warnings and infos. */
import { InputError } from '../core/errors.ts';
import { writeResultJson } from '../core/promql/index.ts';
import { ApiError } from '../core/source/http/api-client.ts';
import type { Output } from './output.ts';
import type { QueryAnswer } from './query-run.ts';

/** A server's answer is handed on as it is. */
export function printAnswer({ value, warnings, infos, body }: QueryAnswer, out: Output): void {
  if (body !== undefined) {
    out.bytes(body);
    if (body[body.length - 1] !== 0x0a) out.line('');
    return;
  }
  out.text('{"status":"success","data":');
  writeResultJson(value, (piece) => out.bytes(piece));
  if (warnings.length > 0) out.text(`,"warnings":${JSON.stringify(warnings)}`);
  if (infos.length > 0) out.text(`,"infos":${JSON.stringify(infos)}`);
  out.line('}');
}

/** `{"status":"success","data":…}` for answers that are small enough to be one value. */
export function printData(data: unknown, out: Output): void {
  out.line(JSON.stringify({ status: 'success', data }));
}

/** Upstream's error types, by the code of ours. */
const ERROR_TYPES: Record<string, string> = {
  bad_query: 'bad_data',
  query_execution: 'execution',
  query_too_many_samples: 'execution',
  query_timeout: 'timeout',
  query_canceled: 'canceled',
};

/** The answer of a query that failed; false where the fault is not the query's, and nothing was printed. */
export function printErrorAnswer(error: unknown, out: Output): boolean {
  if (error instanceof ApiError) {
    out.bytes(error.body);
    return true;
  }
  if (!(error instanceof InputError)) return false;
  const errorType = ERROR_TYPES[error.code];
  if (errorType === undefined) return false;
  // The API names the parameter that a syntax error is in.
  const text = errorType === 'bad_data' ? `invalid parameter "query": ${error.message}` : error.message;
  out.line(JSON.stringify({ status: 'error', errorType, error: text }));
  return true;
}
