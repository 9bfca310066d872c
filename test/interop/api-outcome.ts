/** What a server makes of a request to its API, as far as two servers can be compared. */
import type { ApiRequest } from './api-requests.ts';

export interface Outcome {
  status: number;
  type: string;
  allow: string | null;
  /** Whether pages of other sites are thought of. */
  crosses: boolean;
  body: unknown;
}

export interface Readings {
  /** Of a body that is JSON. */
  json: (value: unknown) => unknown;
  text: (text: string) => unknown;
}

export async function ask(
  url: string,
  { method = 'GET', path, headers = {}, body }: ApiRequest,
  { json, text }: Readings,
): Promise<Outcome> {
  const response = await fetch(url + path, {
    method,
    headers,
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
  });
  const type = response.headers.get('content-type') ?? '';
  const answer = await response.text();
  return {
    status: response.status,
    type,
    allow: response.headers.get('allow'),
    crosses: response.headers.get('vary') === 'Origin' || response.headers.has('access-control-allow-origin'),
    body: type.startsWith('application/json') ? json(JSON.parse(answer)) : text(answer.trim()),
  };
}

/** With the keys of all objects in order; `masked` is what is shown of an entry. */
export function sorted(
  value: unknown,
  masked: (key: string, entry: unknown) => unknown = (_, entry) => entry,
): unknown {
  if (Array.isArray(value)) return value.map((entry) => sorted(entry, masked));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, sorted(masked(key, entry), masked)]),
  );
}
