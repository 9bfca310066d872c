/** A request as handlers see it: HTTP/1.1 and HTTP/2 alike. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { Socket } from 'node:net';
import { FormValues, multipartValues, TooMuch } from './form-values.ts';

export type AnyIncoming = IncomingMessage | Http2ServerRequest;

/** Go reads 10 MB of a form's body; no text of a query that is taken is longer than this, all of it escaped. */
const MAX_FORM_BYTES = 4 * 1024 * 1024;
/** What parts are in is read in one go, at some 10 MB/s. */
const MAX_MULTIPART_BYTES = 1024 * 1024;

export class BodyTooLarge extends TooMuch {
  constructor(limitBytes: number) {
    super(`the body is larger than ${limitBytes} bytes`);
    this.name = 'BodyTooLarge';
  }
}

export class HttpRequest {
  readonly method: string;
  /** Below the route prefix, not decoded, without the query string. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** What the path's parameters stand for, percent-decoded. */
  readonly params: Readonly<Record<string, Buffer>>;
  /** Of the URL alone. */
  readonly query: FormValues;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  readonly remoteAddress: string;
  private readonly incoming: AnyIncoming;

  constructor(
    incoming: AnyIncoming,
    path: string,
    queryString: string,
    params: Readonly<Record<string, Buffer>>,
    signal: AbortSignal,
  ) {
    this.incoming = incoming;
    this.method = incoming.method ?? 'GET';
    this.path = path;
    this.headers = incoming.headers;
    this.params = params;
    this.query = new FormValues().parse(queryString);
    this.signal = signal;
    this.remoteAddress = (incoming.socket as Socket | null)?.remoteAddress ?? '';
  }

  header(name: string): string {
    const value = this.headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(', ') : (value ?? '');
  }

  /**
   * The values of a form's body and of the URL, in Go's order: those of an urlencoded body come first, those of a multipart
   * one last. Rejects with TooMuch.
   */
  async form(): Promise<FormValues> {
    if (this.method !== 'POST' && this.method !== 'PUT' && this.method !== 'PATCH') return this.query;
    const type = this.header('content-type');
    switch (type.split(';')[0].trim().toLowerCase()) {
      case 'application/x-www-form-urlencoded': {
        const body = await this.body(MAX_FORM_BYTES);
        return new FormValues().parse(body.toString('utf8')).with(this.query);
      }
      case 'multipart/form-data':
        return this.query.with(await multipartValues(type, await this.body(MAX_MULTIPART_BYTES)));
      default:
        return this.query;
    }
  }

  /** The whole body as it was sent. Rejects with TooMuch, and where the client goes away. */
  body(limitBytes: number): Promise<Buffer> {
    const declared = Number(this.headers['content-length'] ?? 0);
    if (declared > limitBytes) return Promise.reject(new BodyTooLarge(limitBytes));
    const { incoming } = this;
    return new Promise((resolve, reject) => {
      const parts: Buffer[] = [];
      let length = 0;
      // Not by iteration: leaving that early would close the connection before it is told why.
      incoming.on('data', (part: Buffer) => {
        length += part.length;
        if (length > limitBytes) {
          incoming.removeAllListeners('data');
          reject(new BodyTooLarge(limitBytes));
          return;
        }
        parts.push(part);
      });
      incoming.once('end', () => resolve(parts.length === 1 ? parts[0] : Buffer.concat(parts, length)));
      incoming.once('error', reject);
      incoming.once('close', () => {
        // It closes in the end, however it went.
        if (!incoming.readableEnded) reject(new Error('the client went away'));
      });
    });
  }
}
