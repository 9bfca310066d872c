/**
 * The server's HTTP from a request on: who may ask, what is refused, and which handler answers the rest. Handlers know
 * nothing of all that.
 */
import type { AddressInfo, Socket } from 'node:net';
import type { Registry } from '../../instrument/index.ts';
import type { Regex } from '../../regex/index.ts';
import type { Logger } from '../logger.ts';
import type { WebSecurity } from '../web/web-security.ts';
import { Connections } from './connections.ts';
import { allowOrigin, isHeaderValue } from './cors.ts';
import { TooMuch } from './form-values.ts';
import { HttpMetrics } from './metrics.ts';
import { cleanTarget, htmlEscaped } from './path.ts';
import { type AnyOutgoing, Reply } from './reply.ts';
import { type AnyIncoming, HttpRequest } from './request.ts';
import { malformationOf } from './request-form.ts';
import type { FoundRoute, Router } from './router.ts';
import { Transport } from './transport.ts';

const API_PREFIX = '/api/v1/';
/** Of a path, in a log. */
const SHOWN_PATH = 200;

export interface HttpServerOptions {
  router: Router;
  security: WebSecurity;
  registry: Registry;
  logger: Logger;
  /** `--web.max-connections`; 0 for no limit. */
  maxConnections: number;
  /** `--web.read-timeout`: for a whole request, and for how long an idle connection stays, ms. */
  readTimeoutMs: number;
  /** What is before all paths: '' or '/prometheus'. */
  routePrefix: string;
  /** `--web.cors.origin`. */
  corsOrigin: Regex;
  /** Whether other routes than those for `always` are served. */
  state: () => 'starting' | 'ready' | 'stopping';
}

export class HttpServer {
  private readonly options: HttpServerOptions;
  private readonly metrics: HttpMetrics;
  private readonly connections: Connections;
  private readonly transport: Transport;
  private active = 0;
  private onIdle: (() => void) | undefined;

  constructor(options: HttpServerOptions) {
    const { registry, security, readTimeoutMs } = options;
    this.options = options;
    this.connections = new Connections(options.maxConnections, () => {
      this.metrics.refused.with('connections').inc();
      options.logger.warn('refused a connection: there are too many', { limit: options.maxConnections });
    });
    this.metrics = new HttpMetrics(registry, this.connections, options.router.names());
    this.transport = new Transport({
      security,
      connections: this.connections,
      readTimeoutMs,
      onRequest: (incoming, out) => void this.answer(incoming, out),
      onRefused: (reason, detail, address) => this.refuse(reason, detail, address),
    });
  }

  /** Resolves with where it listens; for more than one address, call it once for each. */
  listen(port: number, host?: string): Promise<AddressInfo> {
    return this.transport.listen(port, host);
  }

  /** Takes no more connections, and resolves when all that was asked is answered, at the latest after `deadlineMs`. */
  async close(deadlineMs: number): Promise<void> {
    const closed = this.transport.close();
    if (this.active > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadlineMs);
        this.onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.connections.destroyAll();
    await closed;
  }

  private async answer(incoming: AnyIncoming, out: AnyOutgoing): Promise<void> {
    const started = performance.now();
    const gone = new AbortController();
    // What the client does to its connection is no error of ours.
    out.on('error', () => gone.abort());
    out.on('close', () => {
      if (!out.writableFinished) gone.abort();
    });
    this.active++;
    let handler = 'unknown';
    let reply: Reply | undefined;
    try {
      const found = this.find(incoming);
      handler = found?.route?.route.pattern ?? 'unknown';
      reply = new Reply(
        out,
        found?.route?.route.compress === false ? '' : headerOf(incoming, 'accept-encoding'),
        gone.signal,
      );
      for (const [name, value] of Object.entries(this.options.security.config.headers))
        reply.header(name, value);
      if (await this.admitted(incoming, reply)) await this.serve(incoming, reply, found, gone.signal);
    } catch (error) {
      this.failed(error, incoming, out, reply, gone.signal);
    } finally {
      this.metrics.answered(
        handler,
        out.statusCode,
        (performance.now() - started) / 1000,
        reply?.sentBytes ?? 0,
      );
      this.active--;
      if (this.active === 0) this.onIdle?.();
    }
  }

  /** What the request names: a route, a redirect, a refusal; undefined where there is nothing. */
  private find(incoming: AnyIncoming): Found | undefined {
    const { router, routePrefix } = this.options;
    const malformation = malformationOf(incoming);
    if (malformation !== undefined) {
      const { status, reason } = malformation;
      this.refuse('malformed', reason, remoteOf(incoming), incoming.url);
      return { refusal: reason, status };
    }
    const target = cleanTarget(incoming.url ?? '/');
    if (target.kind === 'bad') {
      this.refuse('bad_path', target.reason, remoteOf(incoming), incoming.url);
      return { refusal: target.reason };
    }
    if (target.kind === 'redirect') {
      this.refuse('path_traversal', 'the path is not plain', remoteOf(incoming), incoming.url);
      return { redirect: target.location, status: 301 };
    }
    const { path, query } = target;
    if (routePrefix !== '' && !path.startsWith(`${routePrefix}/`)) {
      const isRoot = path === '/' || path === routePrefix;
      return isRoot ? { redirect: `${routePrefix}/`, status: 302 } : undefined;
    }
    const below = path.slice(routePrefix.length);
    const route = router.find(below);
    if (route !== undefined) return { route, path: below, query };
    if (below.length > 1 && below.endsWith('/') && router.find(below.slice(0, -1)) !== undefined) {
      const location = routePrefix + below.slice(0, -1) + (query === '' ? '' : `?${query}`);
      // Of 301, clients make a GET without a body.
      return { redirect: location, status: incoming.method === 'GET' ? 301 : 307 };
    }
    return undefined;
  }

  private async serve(
    incoming: AnyIncoming,
    reply: Reply,
    found: Found | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const method = incoming.method ?? 'GET';
    const origin = headerOf(incoming, 'origin');
    if (found === undefined) {
      if (method === 'OPTIONS' && this.isApi(incoming)) {
        allowOrigin(reply, origin, this.options.corsOrigin);
        reply.empty(204);
      } else {
        reply.fault(404, '404 page not found');
      }
      return;
    }
    if (found.refusal !== undefined) {
      reply.fault(found.status ?? 400, found.refusal);
      return;
    }
    if (found.redirect !== undefined) {
      redirect(reply, found.status ?? 302, found.redirect, method);
      return;
    }
    const { route, params } = found.route!;
    const handler = route.handlers.get(method);
    const crosses = route.cors || (method === 'OPTIONS' && route.pattern.startsWith(API_PREFIX));
    if (crosses && (handler !== undefined || method === 'OPTIONS')) {
      allowOrigin(reply, origin, this.options.corsOrigin);
    }
    if (handler === undefined) {
      if (method === 'OPTIONS' && crosses) {
        reply.empty(204);
        return;
      }
      reply.header('Allow', [...route.handlers.keys(), 'OPTIONS'].sort().join(', '));
      if (method === 'OPTIONS') reply.empty(200);
      else reply.fault(405, 'Method Not Allowed');
      return;
    }
    const state = this.options.state();
    if (state !== 'ready' && !route.always) {
      reply.header('X-Prometheus-Stopping', String(state === 'stopping'));
      reply.fault(503, 'Service Unavailable');
      return;
    }
    await handler(new HttpRequest(incoming, found.path!, found.query!, params, signal), reply);
  }

  /** Browsers ask before they ask, also for what there is not. */
  private isApi({ url = '' }: AnyIncoming): boolean {
    return url.startsWith(this.options.routePrefix + API_PREFIX);
  }

  /** Whether the client may ask at all; it is told where not. */
  private async admitted(incoming: AnyIncoming, reply: Reply): Promise<boolean> {
    if (!this.options.security.takeTurn(performance.now())) {
      this.refuse('rate', 'too many requests', remoteOf(incoming));
      reply.fault(429, 'Too Many Requests');
      return false;
    }
    const client = remoteOf(incoming) ?? '';
    const outcome = await this.options.security.signIn(headerOf(incoming, 'authorization'), client);
    if (outcome === 'allowed') return true;
    this.refuse('auth', outcome, remoteOf(incoming));
    if (outcome === 'busy') {
      reply.header('Retry-After', '1');
      reply.fault(429, 'Too many sign-ins');
      return false;
    }
    reply.header('WWW-Authenticate', 'Basic');
    reply.fault(401, 'Unauthorized');
    return false;
  }

  private failed(
    error: unknown,
    incoming: AnyIncoming,
    out: AnyOutgoing,
    reply: Reply | undefined,
    signal: AbortSignal,
  ): void {
    if (signal.aborted) return;
    if (error instanceof TooMuch && reply !== undefined && !reply.started) {
      this.refuse('body_size', error.message, remoteOf(incoming), incoming.url);
      if (incoming.httpVersionMajor === 1) reply.header('Connection', 'close');
      reply.fault(413, error.message);
      return;
    }
    this.options.logger.error('a request failed', {
      path: shownPath(incoming.url),
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    if (reply !== undefined && !reply.started) reply.fault(500, 'Internal Server Error');
    // The client must not take half an answer for a whole one.
    else out.destroy();
  }

  private refuse(reason: string, detail: string, address: string | undefined, url?: string): void {
    this.metrics.refused.with(reason).inc();
    this.options.logger.warn('refused a request', {
      reason,
      detail,
      remote: address,
      path: url === undefined ? undefined : shownPath(url),
    });
  }
}

interface Found {
  route?: FoundRoute;
  path?: string;
  query?: string;
  redirect?: string;
  status?: number;
  refusal?: string;
}

function headerOf(incoming: AnyIncoming, name: string): string {
  const value = incoming.headers[name];
  return Array.isArray(value) ? value.join(', ') : (value ?? '');
}

/** With a link, for who does not follow by itself. */
function redirect(reply: Reply, status: number, target: string, method: string): void {
  const location = target.replaceAll(
    /["'<>\\^`{|}]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  if (!isHeaderValue(location)) {
    reply.fault(400, 'malformed request target');
    return;
  }
  reply.header('Location', location);
  const text = status === 301 ? 'Moved Permanently' : 'Found';
  if (method !== 'GET' && method !== 'HEAD') reply.empty(status);
  else {
    const link = `<a href="${htmlEscaped(location)}">${text}</a>.\n\n`;
    reply.whole(status, 'text/html; charset=utf-8', Buffer.from(link));
  }
}

function shownPath(url: string | undefined): string {
  const text = (url ?? '').slice(0, SHOWN_PATH);
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}

/** A connection that is gone has no address any more. */
function remoteOf(incoming: AnyIncoming): string | undefined {
  return (incoming.socket as Socket | null)?.remoteAddress;
}
