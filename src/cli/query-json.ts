/** A query's whole answer as Prometheus' HTTP API gives it: status, data, warnings and infos. */
import { InputError } from '../core/errors.ts';
import { answerPieces, apiErrorType } from '../core/promql/index.ts';
import { ApiError } from '../core/source/http/api-client.ts';
import type { Output } from './output.ts';
import type { QueryAnswer } from './query-run.ts';

/** A server's answer is handed on as it is. */
export function printAnswer(answer: QueryAnswer, out: Output): void {
  const { body } = answer;
  if (body !== undefined) {
    out.bytes(body);
    if (body[body.length - 1] !== 0x0a) out.line('');
    return;
  }
  for (const piece of answerPieces(answer)) out.bytes(piece);
  out.line('');
}

/** `{"status":"success","data":…}` for answers that are small enough to be one value. */
export function printData(data: unknown, out: Output): void {
  out.line(JSON.stringify({ status: 'success', data }));
}

/** The answer of a query that failed; false where the fault is not the query's, and nothing was printed. */
export function printErrorAnswer(error: unknown, out: Output): boolean {
  if (error instanceof ApiError) {
    out.bytes(error.body);
    return true;
  }
  if (!(error instanceof InputError)) return false;
  const errorType = apiErrorType(error.code);
  if (errorType === undefined) return false;
  // The API names the parameter that a syntax error is in.
  const text = errorType === 'bad_data' ? `invalid parameter "query": ${error.message}` : error.message;
  out.line(JSON.stringify({ status: 'error', errorType, error: text }));
  return true;
}
