/**
 * What the server's HTTP comes by: sockets, TLS, HTTP/1.1 and HTTP/2, and the limits that hold before there is a request.
 */
import { createServer, type Server as PlainServer } from 'node:http';
import { constants, createSecureServer, type Http2SecureServer } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import {
  type AddressInfo,
  createServer as createNetServer,
  type Server as NetServer,
  type Socket,
} from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { WebSecurity } from '../web/web-security.ts';
import type { Connections } from './connections.ts';
import type { AnyOutgoing } from './reply.ts';
import type { AnyIncoming } from './request.ts';

const MAX_HEADER_BYTES = 64 * 1024;
/** For a TLS handshake, and for the headers of a request. */
const HEADERS_TIMEOUT_MS = 10_000;
const CHECK_MS = 2000;
/** Requests of one HTTP/2 connection at a time: connections are what is counted, so one must not be worth thousands. */
const MAX_STREAMS = 100;

export interface TransportOptions {
  security: WebSecurity;
  /** Watches what comes and goes. */
  connections: Connections;
  /** For a whole request, and for how long an idle connection stays, ms. */
  readTimeoutMs: number;
  onRequest: (incoming: AnyIncoming, out: AnyOutgoing) => void;
  /** Told of what never became a request. */
  onRefused: (reason: string, detail: string, address: string | undefined) => void;
}

export class Transport {
  private readonly options: TransportOptions;
  private readonly server: PlainServer;
  /** A Node server has one address: those for the others hand their sockets over to it. */
  private readonly doors: NetServer[] = [];

  constructor(options: TransportOptions) {
    const { security, connections, readTimeoutMs, onRequest } = options;
    this.options = options;
    const tls = security.tlsOptions();
    const headersTimeout = Math.min(HEADERS_TIMEOUT_MS, readTimeoutMs);
    const limits = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout,
      handshakeTimeout: headersTimeout,
      requestTimeout: readTimeoutMs,
      keepAliveTimeout: readTimeoutMs,
      connectionsCheckingInterval: CHECK_MS,
    };
    if (tls === undefined) this.server = createServer(limits, onRequest);
    else if (security.config.http2) {
      const settings = { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: MAX_HEADER_BYTES };
      const both = createSecureServer({ ...limits, ...tls, allowHTTP1: true, settings }, onRequest);
      watchStreams(both, readTimeoutMs);
      this.server = both as unknown as PlainServer;
    } else {
      this.server = createTlsServer({ ...limits, ...tls }, onRequest);
    }
    connections.watch(this.server, tls !== undefined);
    this.watch(tls !== undefined);
  }

  /** Resolves with where it listens; for more than one address, call it once for each. */
  async listen(port: number, host?: string): Promise<AddressInfo> {
    const door = this.server.listening ? this.addDoor() : this.server;
    await new Promise<void>((resolve, reject) => {
      door.once('error', reject);
      door.listen(port, host, () => {
        door.off('error', reject);
        resolve();
      });
    });
    if (door !== this.server) this.doors.push(door);
    return door.address() as AddressInfo;
  }

  /** Takes no more connections, and ends those that are idle; resolves when all have ended. */
  close(): Promise<unknown> {
    this.options.security.stop();
    const servers: NetServer[] = [this.server, ...this.doors];
    const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    this.server.closeIdleConnections?.();
    return Promise.all(closed);
  }

  private addDoor(): NetServer {
    return createNetServer({ noDelay: true }, (socket) => this.server.emit('connection', socket));
  }

  private watch(secure: boolean): void {
    const { server } = this;
    const { security, onRefused } = this.options;
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
      if (error.code === 'ECONNRESET' || !socket.writable) {
        socket.destroy();
        return;
      }
      onRefused('malformed', error.message, socket.remoteAddress);
      const status = CLIENT_ERRORS[error.code ?? ''] ?? '400 Bad Request';
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
        socket.destroy(),
      );
    });
    if (!secure) return;
    server.on('tlsClientError', (error: Error, socket: Socket) => {
      onRefused('tls', error.message, socket.remoteAddress);
    });
    server.prependListener('secureConnection', (socket: TLSSocket) => {
      const reason = security.refusal(socket);
      if (reason === undefined) return;
      onRefused('client_certificate', reason, socket.remoteAddress);
      socket.destroy();
    });
    security.watch((tls) =>
      (server as unknown as { setSecureContext(tls: object): void }).setSecureContext(tls),
    );
  }
}

/** What Node's limits do for HTTP/1.1 alone: idle connections end, and requests that do not come in whole. */
function watchStreams(server: Http2SecureServer, readTimeoutMs: number): void {
  const after = (end: () => void) => setTimeout(end, readTimeoutMs).unref();
  server.on('session', (session) => {
    let streams = 0;
    let idle = after(() => session.destroy());
    session.on('stream', (stream) => {
      streams++;
      clearTimeout(idle);
      stream.once('close', () => {
        streams--;
        if (streams === 0) idle = after(() => session.destroy());
      });
      if (stream.endAfterHeaders) return;
      const late = after(() => stream.close(constants.NGHTTP2_CANCEL));
      for (const event of ['end', 'close']) stream.once(event, () => clearTimeout(late));
    });
    session.once('close', () => clearTimeout(idle));
  });
}

const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};
