/**
 * An answer on its way: status, headers, and a body that is compressed where the client takes that, and made no faster
 * than the client reads it.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { constants, createDeflate, createGzip, deflateSync, gzipSync } from 'node:zlib';

export type AnyOutgoing = ServerResponse | Http2ServerResponse;

export type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Bodies up to here are compressed in one go, which costs less than a stream and less than a millisecond. */
const WHOLE_BYTES = 64 * 1024;
/** What a piece costs to make is time of everybody else: after so many bytes others have a turn. */
const TURN_BYTES = 512 * 1024;
/** A client that takes nothing of its answer for so long is not waited for. */
const STALL_MS = 5 * 60_000;

const LEVEL = { level: constants.Z_BEST_SPEED } as const;

export class Reply {
  readonly out: AnyOutgoing;
  private readonly signal: AbortSignal;
  /** `gzip`, `deflate`, or '' for no compression. */
  private readonly encoding: string;
  /** Bytes of the body as they were sent. */
  sentBytes = 0;

  /** `acceptEncoding` is the request's; '' where answers are not to be compressed. */
  constructor(out: AnyOutgoing, acceptEncoding: string, signal: AbortSignal) {
    this.out = out;
    this.signal = signal;
    this.encoding = chosenEncoding(acceptEncoding);
  }

  get status(): number {
    return this.out.statusCode;
  }

  get started(): boolean {
    return this.out.headersSent;
  }

  header(name: string, value: string): void {
    this.out.setHeader(name, value);
  }

  /** No body. */
  empty(status: number): void {
    this.out.statusCode = status;
    if (status !== 204 && status !== 304) this.out.setHeader('Content-Length', '0');
    this.out.end();
  }

  text(status: number, text: string): void {
    this.whole(status, 'text/plain; charset=utf-8', Buffer.from(text));
  }

  /** A fault outside of the API, as Go's http.Error tells it. */
  fault(status: number, text: string): void {
    this.header('X-Content-Type-Options', 'nosniff');
    this.text(status, `${text}\n`);
  }

  json(status: number, value: unknown): void {
    this.whole(status, 'application/json', Buffer.from(JSON.stringify(value)));
  }

  /** A body that is there already. */
  whole(status: number, type: string, body: Uint8Array): void {
    const { out } = this;
    out.statusCode = status;
    out.setHeader('Content-Type', type);
    const sent = this.compressed(body);
    out.setHeader('Content-Length', String(sent.length));
    this.sentBytes += sent.length;
    out.end(sent);
  }

  /** A body in pieces. Resolves when all are handed to the kernel; rejects where the client goes away. */
  async stream(status: number, type: string, pieces: Pieces): Promise<void> {
    const iterator = iteratorOf(pieces);
    try {
      const first = await iterator.next();
      const second = first.done ? first : await iterator.next();
      if (first.done || (second.done && first.value.length <= WHOLE_BYTES)) {
        this.whole(status, type, first.done ? new Uint8Array(0) : first.value);
        return;
      }
      this.out.statusCode = status;
      this.out.setHeader('Content-Type', type);
      await this.pump(first.value, second, iterator);
    } finally {
      await iterator.return?.();
    }
  }

  private async pump(
    first: Uint8Array,
    second: IteratorResult<Uint8Array, unknown>,
    iterator: PieceIterator,
  ): Promise<void> {
    const { out, encoding } = this;
    const squeeze = encoding === 'gzip' ? createGzip(LEVEL) : encoding === '' ? null : createDeflate(LEVEL);
    if (squeeze !== null) {
      out.setHeader('Content-Encoding', encoding);
      squeeze.on('data', (bytes: Buffer) => {
        this.sentBytes += bytes.length;
        if (!(out as NodeJS.WritableStream).write(bytes)) {
          squeeze.pause();
          out.once('drain', () => squeeze.resume());
        }
      });
    }
    const sink = squeeze ?? out;
    let sinceTurn = 0;
    let next: IteratorResult<Uint8Array, unknown> = { done: false, value: first };
    let following: IteratorResult<Uint8Array, unknown> | undefined = second;
    try {
      while (!next.done) {
        if (squeeze === null) this.sentBytes += next.value.length;
        if (!(sink as NodeJS.WritableStream).write(next.value)) {
          const patience = AbortSignal.timeout(STALL_MS);
          const signal = AbortSignal.any([this.signal, patience]);
          await once(sink as NodeJS.EventEmitter, 'drain', { signal });
        }
        sinceTurn += next.value.length;
        if (sinceTurn >= TURN_BYTES) {
          sinceTurn = 0;
          await nextTurn();
        }
        this.signal.throwIfAborted();
        next = following ?? (await iterator.next());
        following = undefined;
      }
      if (squeeze !== null) {
        squeeze.end();
        await once(squeeze, 'end', { signal: this.signal });
      }
    } catch (error) {
      squeeze?.destroy();
      throw error;
    }
    out.end();
  }

  private compressed(body: Uint8Array): Uint8Array {
    if (this.encoding === '' || body.length === 0) return body;
    this.out.setHeader('Content-Encoding', this.encoding);
    return this.encoding === 'gzip' ? gzipSync(body, LEVEL) : deflateSync(body, LEVEL);
  }
}

interface PieceIterator {
  next(): Promise<IteratorResult<Uint8Array, unknown>> | IteratorResult<Uint8Array, unknown>;
  return?(): unknown;
}

function iteratorOf(pieces: Pieces): PieceIterator {
  return Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
}

/** As upstream: the first of gzip and deflate that is named, whatever its weight, unless that is 0. */
function chosenEncoding(accept: string): string {
  for (const part of accept.split(',')) {
    const [name, ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    if (parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) continue;
    if (name === 'gzip' || name === 'deflate') return name;
  }
  return '';
}
