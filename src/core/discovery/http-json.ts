/**
 * Asking an HTTP API for JSON, for the mechanisms that do: every request has a timeout and a limit to what it may cost
 * in memory, and an answer that is none becomes an error that says who gave it.
 */
import { InputError } from '../errors.ts';
import { BodyBuffer } from '../http/body.ts';
import { type FetchAnswer, type FetchClient, type FetchRequest, shownUrl } from '../http/fetch.ts';

export const REQUEST_TIMEOUT_MS = 30_000;
/** After decompression. Some fifty times what a large cluster says of its pods. */
const MOST_BYTES = 512 * 1024 * 1024;
/** So much of an error's body is told. */
const MOST_SHOWN = 300;

export type ApiRequest = Pick<FetchRequest, 'url'> &
  Partial<Pick<FetchRequest, 'headers' | 'socketPath' | 'timeoutMs' | 'content' | 'method'>>;

export interface ApiAnswer extends FetchAnswer {
  text: string;
}

/** Rejects with InputError (`discovery_answer`) where the status is not 200, or with what fetching rejects with. */
export async function fetchText(
  client: FetchClient,
  request: ApiRequest,
  signal: AbortSignal,
): Promise<ApiAnswer> {
  const answer = await fetchAnyText(client, request, signal);
  if (answer.status === 200) return answer;
  const detail = answer.text.trim().replace(/\s+/g, ' ').slice(0, MOST_SHOWN);
  throw badAnswer(request.url, `HTTP status ${answer.status}${detail === '' ? '' : `: ${detail}`}`);
}

/** As `fetchText`, whatever the status. */
export async function fetchAnyText(
  client: FetchClient,
  request: ApiRequest,
  signal: AbortSignal,
): Promise<ApiAnswer> {
  const body = new BodyBuffer();
  const answer = await client.fetch(
    {
      headers: { Accept: 'application/json' },
      timeoutMs: REQUEST_TIMEOUT_MS,
      bodySizeLimitBytes: MOST_BYTES,
      accepts: () => true,
      ...request,
    },
    body,
    signal,
  );
  return { ...answer, text: Buffer.from(body.bytes).toString('utf8') };
}

/** As `fetchText`; what the body says is for the caller to believe or not. */
export async function fetchJson<T>(
  client: FetchClient,
  request: ApiRequest,
  signal: AbortSignal,
): Promise<{ document: T; answer: ApiAnswer }> {
  const answer = await fetchText(client, request, signal);
  return { document: parseAnswer(answer.text, request.url) as T, answer };
}

export function parseAnswer(text: string, url: URL): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badAnswer(url, `the answer is not JSON: ${(error as Error).message}`);
  }
}

export function badAnswer(url: URL, reason: string): InputError {
  return new InputError('discovery_answer', reason, { file: shownUrl(url) });
}
