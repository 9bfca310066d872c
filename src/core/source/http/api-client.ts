/**
 * Asks a Prometheus-compatible server by its HTTP API (https://prometheus.io/docs/prometheus/latest/querying/api/).
 * Answers are kept as the server wrote them beside what they mean, so that they can be handed on unchanged.
 */
import { InputError } from '../../errors.ts';
import { BodyBuffer } from '../../http/body.ts';
import { type FetchClient, type FetchRequest, shownUrl } from '../../http/fetch.ts';

export interface ApiOptions {
  client: FetchClient;
  /** For one request, from connecting to the last byte. */
  timeoutMs: number;
  /** Longest answer, decompressed. */
  bodySizeLimitBytes: number;
}

export interface ApiAnswer<T> {
  /** JSON as it came. */
  body: Uint8Array;
  data: T;
  warnings: readonly string[];
  infos: readonly string[];
}

/** Parameters may repeat (`match[]`). */
export type ApiParams = readonly (readonly [name: string, value: string])[];

/** The server understood and refused; `reason` is its own text, and `body` its whole answer. */
export class ApiError extends InputError {
  /** `bad_data`, `execution`, `timeout` and the like. */
  readonly errorType: string;
  readonly status: number;
  readonly body: Uint8Array;

  constructor(errorType: string, reason: string, status: number, body: Uint8Array) {
    super('server_refused', reason);
    this.name = 'ApiError';
    this.errorType = errorType;
    this.status = status;
    this.body = body;
  }
}

interface ApiEnvelope {
  status?: unknown;
  data?: unknown;
  errorType?: unknown;
  error?: unknown;
  warnings?: unknown;
  infos?: unknown;
}

/** What a server answers that does not take POST there. */
const METHOD_REFUSED = new Set([405, 501]);

export class ApiClient {
  /** Without `/api/v1`, and without a slash at the end. */
  private readonly base: string;
  private readonly options: ApiOptions;

  /** `url` is where the server's pages are, for example http://host:9090 or http://host/prometheus. */
  constructor(url: URL, options: ApiOptions) {
    this.base = url.href.replace(/[?#].*$/, '').replace(/(?:\/api\/v1)?\/*$/, '');
    this.options = options;
  }

  /** The server, as messages call it. */
  get name(): string {
    return shownUrl(new URL(this.base));
  }

  /** Asks with POST, so that a query may be long; with GET where the server does not take that. */
  async post<T>(path: string, params: ApiParams): Promise<ApiAnswer<T>> {
    const content = Buffer.from(formText(params));
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const { status, body } = await this.raw(path, '', headers, content);
    return METHOD_REFUSED.has(status) ? this.get(path, params) : this.understand(status, body);
  }

  async get<T>(path: string, params: ApiParams): Promise<ApiAnswer<T>> {
    const { status, body } = await this.raw(path, formText(params), {});
    return this.understand(status, body);
  }

  /** Any request below `/api/v1`, whatever the answer's status and form. */
  async raw(
    path: string,
    search: string,
    headers: Readonly<Record<string, string>>,
    content?: Uint8Array,
  ): Promise<{ status: number; contentType: string; body: Uint8Array }> {
    const { client, timeoutMs, bodySizeLimitBytes } = this.options;
    const buffer = new BodyBuffer();
    const url = new URL(`${this.base}/api/v1/${path}${search === '' ? '' : `?${search}`}`);
    const request: FetchRequest = {
      url,
      headers,
      timeoutMs,
      bodySizeLimitBytes,
      content,
      accepts: () => true,
      // Remote read is compressed so, and says so.
      ownEncoding: 'snappy',
    };
    const { status, contentType = '' } = await client.fetch(request, buffer);
    return { status, contentType, body: buffer.bytes };
  }

  close(): void {
    this.options.client.close();
  }

  private understand<T>(status: number, body: Uint8Array): ApiAnswer<T> {
    const envelope = parseEnvelope(body);
    if (envelope?.status === 'success') {
      const { data, warnings, infos } = envelope;
      return { body, data: data as T, warnings: strings(warnings), infos: strings(infos) };
    }
    if (envelope?.status === 'error')
      throw new ApiError(String(envelope.errorType), String(envelope.error), status, body);
    throw new InputError(
      'no_api',
      `HTTP status ${status}, and not an answer of Prometheus' API: is this the address of a Prometheus-compatible server?`,
      { file: this.name },
    );
  }
}

function parseEnvelope(body: Uint8Array): ApiEnvelope | undefined {
  try {
    const value: unknown = JSON.parse(
      Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'),
    );
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function formText(params: ApiParams): string {
  const form = new URLSearchParams();
  for (const [name, value] of params) form.append(name, value);
  return form.toString();
}
