/**
 * One request and its answer over node:http: the head first, then the body into a buffer, decompressed and up to a
 * limit.
 */
import * as http from 'node:http';
import { type RequestOptions, request as requestSecure } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import type { BodyBuffer } from './body.ts';
import { decompressor } from './decompress.ts';
import type { FetchAnswer, FetchRequest, FetchTrace } from './fetch.ts';

/** A request whose answer has begun. */
export interface Exchange {
  request: http.ClientRequest;
  response: http.IncomingMessage;
  /** What went wrong since. */
  fault: Error | undefined;
}

export class StaleConnection extends Error {}

/** Resolves with the head of the answer; its body has not been read. */
export function send(
  options: RequestOptions,
  content: Uint8Array | undefined,
  trace: FetchTrace,
): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const secure = options.protocol === 'https:';
    const request = secure ? requestSecure(options) : http.request(options);
    const proxied = trace.phase === 'proxy';
    const tunnelled = options.createConnection !== undefined;
    if (!proxied && !tunnelled) trace.phase = needsLookup(options) ? 'lookup' : 'connect';
    request.once('socket', (socket) => {
      if (request.reusedSocket) trace.phase = 'response';
      else watch(socket, trace, secure, proxied);
    });
    let exchange: Exchange | undefined;
    request.once('response', (response) => {
      trace.phase = 'response';
      exchange = { request, response, fault: undefined };
      resolve(exchange);
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (exchange !== undefined) exchange.fault = error;
      const stale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(stale ? new StaleConnection() : error);
    });
    request.end(content);
  });
}

/** Follows a new connection up to its first request, and keeps nothing of that request alive afterwards. */
function watch(socket: Socket, trace: FetchTrace, secure: boolean, proxied: boolean): void {
  // One that is stopped in the moment its answer ends goes back to the agent while its error is on the way, and
  // nobody else listens: the process would end.
  socket.on('error', ignore);
  const onLookup = () => {
    trace.phase = 'connect';
  };
  const onConnect = () => {
    if (secure) trace.phase = 'tls';
    else onReady();
  };
  const onReady = () => {
    trace.phase = 'response';
    socket.off('lookup', onLookup).off('connect', onConnect).off('secureConnect', onReady);
  };
  if (!proxied) socket.on('lookup', onLookup);
  socket.on('connect', onConnect);
  if (secure) socket.on('secureConnect', onReady);
}

function ignore(): void {}

function needsLookup(options: RequestOptions): boolean {
  return options.socketPath == null && isIP(options.hostname ?? '') === 0;
}

export function receive(
  exchange: Exchange,
  request: FetchRequest,
  body: BodyBuffer,
  trace: FetchTrace,
): Promise<FetchAnswer> {
  const { response } = exchange;
  body.clear();
  const limit = request.bodySizeLimitBytes;
  const refuse = (code: 'http_status' | 'http_encoding' | 'http_body_size', reason: string) => {
    response.destroy();
    return Promise.reject(trace.fail(code, reason));
  };
  const accepted = request.accepts ?? ((status) => status === 200);
  if (!accepted(response.statusCode!))
    return refuse('http_status', `server returned HTTP status ${statusOf(response)}`);
  const encoding = response.headers['content-encoding'];
  const own = encoding !== undefined && encoding === request.ownEncoding;
  const decoder = own ? null : decompressor(encoding, limit);
  if (decoder === undefined)
    return refuse('http_encoding', `unsupported Content-Encoding "${printable(encoding!)}"`);
  const announced = Number(response.headers['content-length'] ?? Number.NaN);
  if (decoder === null && limit > 0 && announced >= limit) return refuse('http_body_size', tooLarge(limit));
  if (decoder === null) body.expect(announced);

  trace.phase = 'body';
  return new Promise((resolve, reject) => {
    let stream: Readable = response;
    // A lost connection ends a body without a length as if it were whole; only the request tells of the loss, and
    // does so first.
    if (exchange.fault !== undefined) reject(exchange.fault);
    exchange.request.on('error', reject);
    response.on('data', (piece: Buffer) => {
      trace.receivedBytes += piece.length;
    });
    if (decoder !== null) {
      stream = decoder;
      // The callback is for the failures of either; success is the end of the decoder's output.
      pipeline(response, decoder, (error) => error && reject(error));
    }
    stream.on('data', (piece: Buffer) => {
      if (body.push(piece, limit)) return;
      reject(trace.fail('http_body_size', tooLarge(limit)));
      response.destroy();
      decoder?.destroy();
    });
    stream.on('error', reject);
    stream.once('end', () => {
      resolve({
        status: response.statusCode!,
        contentType: response.headers['content-type'],
        headers: response.headers,
        receivedBytes: trace.receivedBytes,
      });
    });
  });
}

function tooLarge(limit: number): string {
  return `body size limit exceeded (${limit} bytes)`;
}

function statusOf(response: http.IncomingMessage): string {
  return `${response.statusCode} ${printable(response.statusMessage ?? '')}`.trimEnd();
}

/** What a stranger sent, fit for a terminal and one line. */
export function printable(text: string): string {
  const plain = text.replace(/[^\x20-\x7e]/g, '?');
  return plain.length > 200 ? `${plain.slice(0, 200)}…` : plain;
}
