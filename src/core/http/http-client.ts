/**
 * The FetchClient over node:http and node:https, which load in a few milliseconds. Redirects are followed ten times and
 * only to http and https; credentials, own headers and the client certificate go to the origin that was asked for and
 * to no other.
 */
import * as http from 'node:http';
import type * as https from 'node:https';
import { isIP } from 'node:net';
import type { BodyBuffer } from './body.ts';
import { describeFault } from './connection-error.ts';
import { ACCEPT_ENCODING } from './decompress.ts';
import { type Exchange, printable, receive, StaleConnection, send } from './exchange.ts';
import {
  bareHost,
  type Credentials,
  type FetchAnswer,
  type FetchClient,
  type FetchClientOptions,
  type FetchRequest,
  FetchTrace,
  shownUrl,
  type TlsSettings,
  urlAuthorization,
} from './fetch.ts';
import { namesProxy, proxyFor } from './proxy.ts';
import { Secured, type SecureRequestOptions } from './secured.ts';

const NO_TLS: TlsSettings = {};
const MAX_REDIRECTS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** After these a POST stays one. */
const SAME_METHOD = new Set([307, 308]);

/** The reason of an abort that is our own deadline rather than the caller's. */
const EXPIRED = Symbol('expired');

export class HttpClient implements FetchClient {
  private readonly options: FetchClientOptions;
  private readonly proxyEnv: FetchClientOptions['proxyEnv'];
  private readonly plain: http.Agent;
  private secured: Secured | undefined;

  constructor(options: FetchClientOptions) {
    this.options = options;
    this.proxyEnv = options.proxyEnv && namesProxy(options.proxyEnv) ? options.proxyEnv : undefined;
    this.plain = new http.Agent({ keepAlive: options.keepAlive });
  }

  async fetch(request: FetchRequest, body: BodyBuffer, signal?: AbortSignal): Promise<FetchAnswer> {
    const trace = new FetchTrace(nameOf(request));
    const abort = new AbortController();
    const onAbort = () => abort.abort(signal!.reason);
    if (signal?.aborted) throw signal.reason;
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(() => abort.abort(EXPIRED), request.timeoutMs);
    try {
      const asked = this.options.credentials?.(abort.signal) ?? this.options;
      const credentials = asked instanceof Promise ? await asked : asked;
      const exchange = await this.follow(request, credentials, trace, abort.signal);
      return await receive(exchange, request, body, trace);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (abort.signal.reason === EXPIRED) throw trace.timeout(request.timeoutMs);
      throw describeFault(error, trace);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  close(): void {
    this.plain.destroy();
    this.secured?.agent.destroy();
  }

  /** Asks, and asks again where the answer says so, until one is not a redirect. */
  private async follow(
    request: FetchRequest,
    credentials: Credentials,
    trace: FetchTrace,
    signal: AbortSignal,
  ): Promise<Exchange> {
    let url = request.url;
    let { content } = request;
    for (let redirects = 0; ; redirects++) {
      const exchange = await this.open(url, { ...request, content }, credentials, trace, signal);
      const { response } = exchange;
      if (!REDIRECTS.has(response.statusCode!) || this.options.followRedirects === false) return exchange;
      response.destroy();
      const location = response.headers.location;
      if (location === undefined)
        throw trace.fail('http_redirect', `redirect (${response.statusCode}) without a Location`);
      if (redirects === MAX_REDIRECTS)
        throw trace.fail('http_redirect', `stopped after ${MAX_REDIRECTS} redirects`);
      url = redirectedTo(location, url, trace);
      if (!SAME_METHOD.has(response.statusCode!)) content = undefined;
    }
  }

  private async open(
    url: URL,
    request: FetchRequest,
    credentials: Credentials,
    trace: FetchTrace,
    signal: AbortSignal,
  ): Promise<Exchange> {
    const own = url.origin === request.url.origin;
    const options: https.RequestOptions = {
      method: request.method ?? (request.content === undefined ? 'GET' : 'POST'),
      protocol: url.protocol,
      hostname: bareHost(url),
      port: url.port || undefined,
      path: url.pathname + url.search,
      headers: this.headers(url, request, own ? credentials : undefined),
      signal,
      agent: this.plain,
    };
    if (url.protocol === 'https:')
      Object.assign(options, this.tlsOptions(url, credentials.tls ?? NO_TLS, own));
    if (request.socketPath !== undefined && own) options.socketPath = request.socketPath;
    else await this.routeThroughProxy(url, options, trace, signal);
    try {
      return await send(options, request.content, trace);
    } catch (error) {
      // A kept connection that the target closed just now says nothing about the target: ask on a new one.
      if (!(error instanceof StaleConnection)) throw error;
      return send({ ...options, agent: false }, request.content, trace);
    }
  }

  private headers(
    url: URL,
    request: FetchRequest,
    credentials: Credentials | undefined,
  ): http.OutgoingHttpHeaders {
    const headers: http.OutgoingHttpHeaders = { ...request.headers, 'User-Agent': this.options.userAgent };
    headers['Accept-Encoding'] = this.options.compression === false ? 'identity' : ACCEPT_ENCODING;
    const given =
      credentials === undefined ? undefined : (credentials.authorization ?? urlAuthorization(request.url));
    const authorization = given ?? urlAuthorization(url);
    if (authorization !== undefined) headers['Authorization'] = authorization;
    if (credentials?.headers !== undefined) Object.assign(headers, credentials.headers);
    return headers;
  }

  /** A foreign origin gets neither the client's certificate nor its idea of the server's name. */
  private tlsOptions(url: URL, tls: TlsSettings, own: boolean): SecureRequestOptions {
    const host = bareHost(url);
    const serverName = own ? tls.serverName : undefined;
    const secured = this.securedFor(tls);
    return {
      agent: secured.agent,
      secureContext: own ? secured.own : secured.foreign,
      servername: serverName ?? (isIP(host) === 0 ? host : ''),
      rejectUnauthorized: !tls.insecure,
    };
  }

  /** Connections of settings that have changed since are not used again. */
  private securedFor(tls: TlsSettings): Secured {
    if (this.secured?.tls === tls) return this.secured;
    this.secured?.agent.destroy();
    this.secured = new Secured(tls, this.options.keepAlive);
    return this.secured;
  }

  private async routeThroughProxy(
    url: URL,
    options: https.RequestOptions,
    trace: FetchTrace,
    signal: AbortSignal,
  ): Promise<void> {
    let { proxy } = this.options;
    if (this.proxyEnv !== undefined) {
      try {
        proxy = proxyFor(url, this.proxyEnv);
      } catch {
        throw trace.fail('http_proxy', 'the proxy that the environment names is not a URL');
      }
    }
    if (proxy === undefined) return;
    trace.phase = 'proxy';
    const { throughProxy } = await import('./proxy-tunnel.ts');
    await throughProxy(proxy, url, options, this.options.proxyHeaders, trace, signal);
  }
}

function nameOf({ url, socketPath }: FetchRequest): string {
  return socketPath === undefined ? shownUrl(url) : `unix:${socketPath}:${url.pathname}`;
}

function redirectedTo(location: string, from: URL, trace: FetchTrace): URL {
  let url: URL;
  try {
    url = new URL(location, from);
  } catch {
    throw trace.fail('http_redirect', `redirect to "${printable(location)}", which is not a URL`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw trace.fail(
      'http_redirect',
      `redirect to ${printable(url.href)} refused: only http and https are followed`,
    );
  return url;
}
