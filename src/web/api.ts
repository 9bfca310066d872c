/** The HTTP API, as this page uses it: https://prometheus.io/docs/prometheus/latest/querying/api/. */

/** What the API refused, in its words. */
export class ApiError extends Error {}

export interface Answer<T> {
  data: T;
  warnings: string[];
  infos: string[];
}

interface Envelope<T> {
  status: 'success' | 'error';
  data: T;
  error?: string;
  errorType?: string;
  warnings?: string[];
  infos?: string[];
}

/** Rejects with ApiError, or as `fetch` does where the server cannot be reached. */
export async function ask<T>(
  path: string,
  params: Record<string, string> = {},
  signal: AbortSignal | null = null,
): Promise<Answer<T>> {
  const query = new URLSearchParams(params).toString();
  const response = await fetch(`api/v1/${path}${query === '' ? '' : `?${query}`}`, { signal });
  const text = await response.text();
  let body: Envelope<T>;
  try {
    body = JSON.parse(text);
  } catch {
    throw new ApiError(text.trim() || `${response.status} ${response.statusText}`);
  }
  if (body.status !== 'success') throw new ApiError(`${body.errorType}: ${body.error}`);
  return { data: body.data, warnings: body.warnings ?? [], infos: body.infos ?? [] };
}

export type LabelSet = Record<string, string>;

export interface NativeHistogram {
  count: string;
  sum: string;
  /** Which bounds belong to it (0 to 3), lower, upper, count. */
  buckets?: [number, string, string, string][];
}

export interface InstantSeries {
  metric: LabelSet;
  value?: [number, string];
  histogram?: [number, NativeHistogram];
}

export interface RangeSeries {
  metric: LabelSet;
  values?: [number, string][];
  histograms?: [number, NativeHistogram][];
}

export type QueryData =
  | { resultType: 'vector'; result: InstantSeries[] }
  | { resultType: 'matrix'; result: RangeSeries[] }
  | { resultType: 'scalar' | 'string'; result: [number, string] };

/** `up{job="node"}`. */
export function seriesName({ __name__: name = '', ...labels }: LabelSet): string {
  const pairs = Object.entries(labels).map(
    ([label, value]) => `${quotedName(label)}=${JSON.stringify(value)}`,
  );
  if (name !== '' && !/^[a-zA-Z_:][\w:]*$/.test(name))
    return `{${[JSON.stringify(name), ...pairs].join(', ')}}`;
  return pairs.length === 0 ? name || '{}' : `${name}{${pairs.join(', ')}}`;
}

function quotedName(label: string): string {
  return /^[a-zA-Z_]\w*$/.test(label) ? label : JSON.stringify(label);
}
