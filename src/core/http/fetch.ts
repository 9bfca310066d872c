/** What is asked of an HTTP client, whichever one answers; http-client.ts is the one there is. */
import { InputError } from '../errors.ts';
import type { BodyBuffer } from './body.ts';

/** How far an exchange had come. */
export type FetchPhase = 'lookup' | 'connect' | 'proxy' | 'tls' | 'response' | 'body';

const PHASE_TEXT: Record<FetchPhase, string> = {
  lookup: 'looking up the host name',
  connect: 'connecting',
  proxy: 'connecting through the proxy',
  tls: 'in the TLS handshake',
  response: 'waiting for the answer',
  body: 'reading the body',
};

export interface FetchRequest {
  url: URL;
  /** Connect here instead of to the URL's host. */
  socketPath?: string | undefined;
  /** What content is acceptable; follows redirects, unlike the client's own headers. */
  headers: Readonly<Record<string, string>>;
  /** For everything together: look-up, connection, answer, body. */
  timeoutMs: number;
  /** After decompression; 0 for none. */
  bodySizeLimitBytes: number;
  /** Sent with POST; without it the request is a GET. Its type is among the headers. */
  content?: Uint8Array | undefined;
  /** Where it is neither of these. A redirect keeps it. */
  method?: 'PUT' | undefined;
  /** A content encoding that the caller undoes. */
  ownEncoding?: string | undefined;
  /** Whether an answer with this status is wanted, body and all; by default 200 alone. */
  accepts?: ((status: number) => boolean) | undefined;
}

export interface FetchAnswer {
  status: number;
  contentType: string | undefined;
  /** By name in lower case. */
  headers?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined;
  /** Bytes of the body as they came over the wire. */
  receivedBytes: number;
}

export interface TlsSettings {
  /** PEM. Without it the authorities that Node trusts. */
  ca?: string | undefined;
  /** PEM: the client's certificate and its key. */
  cert?: string | undefined;
  key?: string | undefined;
  /** The name to ask for and to verify, where it is not the URL's host. */
  serverName?: string | undefined;
  /** Accept any certificate. */
  insecure?: boolean | undefined;
  /** `TLSv1.2` and the like; by default what Node allows. */
  minVersion?: SecureVersion | undefined;
  maxVersion?: SecureVersion | undefined;
}

export type SecureVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/** What a request proves itself with; goes to the first URL's own origin only. */
export interface Credentials {
  /** The value of the Authorization header. Without it, what the URL's user info says. */
  authorization?: string | undefined;
  headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** The same object as long as nothing in it changes: connections are kept for it. */
  tls?: TlsSettings | undefined;
}

/** What a client sends with each request. All but `userAgent` goes to the first URL's own origin only. */
export interface FetchClientOptions extends Credentials {
  userAgent: string;
  /** Asked before each request, instead of the credentials here: for those that change. */
  credentials?: ((signal: AbortSignal) => Credentials | Promise<Credentials>) | undefined;
  /** Ask for compressed answers. Default true. */
  compression?: boolean | undefined;
  /** Default true. */
  followRedirects?: boolean | undefined;
  /** Keep connections for the next request. */
  keepAlive: boolean;
  /** Where HTTP_PROXY and the like are looked up; without it nothing goes through a proxy. */
  proxyEnv?: Readonly<Record<string, string | undefined>> | undefined;
  /** Instead of `proxyEnv`: everything goes through this one. */
  proxy?: URL | undefined;
  /** Sent with CONNECT. */
  proxyHeaders?: Readonly<Record<string, readonly string[]>> | undefined;
}

export interface FetchClient {
  /**
   * Fills `body` (cleared first) with the decompressed body of an answer that is wanted. Rejects with FetchError, or with the
   * signal's reason when that aborts.
   */
  fetch(request: FetchRequest, body: BodyBuffer, signal?: AbortSignal): Promise<FetchAnswer>;
  /** Closes idle connections. */
  close(): void;
}

export type FetchErrorCode =
  | 'http_timeout'
  | 'http_lookup'
  | 'http_connect'
  | 'http_proxy'
  | 'http_tls'
  | 'http_protocol'
  | 'http_reset'
  | 'http_status'
  | 'http_redirect'
  | 'http_encoding'
  | 'http_body_size';

/** Why a target could not be fetched: the URL (without its password), the phase, and the cause. */
export class FetchError extends InputError {
  readonly phase: FetchPhase;

  constructor(code: FetchErrorCode, phase: FetchPhase, reason: string, url: string) {
    super(code, reason, { file: url });
    this.name = 'FetchError';
    this.phase = phase;
  }
}

/** How far an exchange has come, and with whom; what its failure is described from. */
export class FetchTrace {
  readonly url: string;
  phase: FetchPhase = 'connect';
  receivedBytes = 0;

  constructor(url: string) {
    this.url = url;
  }

  fail(code: FetchErrorCode, reason: string): FetchError {
    return new FetchError(code, this.phase, reason, this.url);
  }

  timeout(timeoutMs: number): FetchError {
    const got = this.phase === 'body' ? ` (${this.receivedBytes} bytes so far)` : '';
    return this.fail('http_timeout', `timed out after ${timeoutMs / 1000}s ${PHASE_TEXT[this.phase]}${got}`);
  }
}

/** Basic authentication as a header value. */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

/** What the user info of a URL (`http://user:password@host/`) authorizes, or undefined where it has none. */
export function urlAuthorization(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  return basicAuthorization(percentDecoded(url.username), percentDecoded(url.password));
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A bare % that is no escape: the user meant it so.
    return text;
  }
}

/** An address as sockets take it: IPv6 without the brackets that URLs need. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/** The URL as messages show it: a password is not for logs. */
export function shownUrl(url: URL): string {
  if (url.username === '' && url.password === '') return url.href;
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}
