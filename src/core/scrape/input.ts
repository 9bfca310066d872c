/** How a scraper gets at what a target exposes, wherever that is. */
import { createReadStream } from 'node:fs';
import { InputError } from '../errors.ts';
import { detectFormat } from '../exposition/detection.ts';
import { acceptHeader, bodyFormat, type ScrapeProtocol } from '../exposition/negotiation.ts';
import type { ExpositionFormat } from '../exposition/parser.ts';
import type { BodyBuffer } from '../http/body.ts';
import type { FetchClient, FetchRequest } from '../http/fetch.ts';
import type { EscapingScheme } from '../model/escaping.ts';
import type { MetricFamily } from '../model/family.ts';

const TELLING_BYTES = 1 << 16;
const NEWLINE = 0x0a;
const PIECE_BYTES = 1 << 18;

/** Bytes in the buffer, in some format; or families that exist as objects already. */
export type Exposed =
  | {
      format: ExpositionFormat;
      /** As they came, before decompression. */
      receivedBytes: number;
      /** What is odd about the answer, but good enough. */
      warning: string | undefined;
    }
  | { families: readonly MetricFamily[] };

export interface ScrapeInput {
  /** Rejects with InputError where the target cannot be read, or with the signal's reason. */
  read(body: BodyBuffer, signal: AbortSignal | undefined): Promise<Exposed>;
}

export interface HttpInputOptions {
  timeoutMs: number;
  bodySizeLimitBytes: number;
  protocols: readonly ScrapeProtocol[];
  /** Taken where the target does not say what it sends. */
  fallbackProtocol: ScrapeProtocol | undefined;
  /** How names shall be written that the older formats cannot carry. */
  escaping?: EscapingScheme | undefined;
}

/** A scrape over HTTP, as Prometheus asks. */
export class HttpInput implements ScrapeInput {
  private readonly client: FetchClient;
  private readonly request: FetchRequest;
  private readonly fallback: ScrapeProtocol | undefined;

  constructor(client: FetchClient, origin: { url: URL; socketPath?: string }, options: HttpInputOptions) {
    this.client = client;
    this.fallback = options.fallbackProtocol;
    this.request = {
      ...origin,
      timeoutMs: options.timeoutMs,
      bodySizeLimitBytes: options.bodySizeLimitBytes,
      headers: {
        Accept: acceptHeader(options.protocols, options.escaping),
        'X-Prometheus-Scrape-Timeout-Seconds': String(options.timeoutMs / 1000),
      },
    };
  }

  async read(body: BodyBuffer, signal: AbortSignal | undefined): Promise<Exposed> {
    const { contentType, receivedBytes } = await this.client.fetch(this.request, body, signal);
    // Like Prometheus, ask nothing of the type of an empty body.
    if (body.length === 0) return { format: 'text', receivedBytes, warning: undefined };
    return { ...bodyFormat(contentType, this.fallback), receivedBytes };
  }
}

/** A file, or another stream of bytes, in any format. */
export class StreamInput implements ScrapeInput {
  private readonly open: (signal: AbortSignal | undefined) => AsyncIterable<Uint8Array>;
  private readonly limitBytes: number;

  constructor(
    open: (signal: AbortSignal | undefined) => AsyncIterable<Uint8Array>,
    bodySizeLimitBytes: number,
  ) {
    this.open = open;
    this.limitBytes = bodySizeLimitBytes;
  }

  async read(body: BodyBuffer, signal: AbortSignal | undefined): Promise<Exposed> {
    body.clear();
    try {
      for await (const piece of this.open(signal)) {
        signal?.throwIfAborted();
        if (!body.push(piece, this.limitBytes))
          throw new InputError('http_body_size', `body size limit exceeded (${this.limitBytes} bytes)`);
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw fileFault(error);
    }
    return {
      format: detectFormat(tellingPart(body.bytes)),
      receivedBytes: body.length,
      warning: undefined,
    };
  }
}

export function fileInput(path: string, bodySizeLimitBytes: number): ScrapeInput {
  const open = (signal: AbortSignal | undefined) =>
    createReadStream(path, { signal, highWaterMark: PIECE_BYTES });
  return new StreamInput(open, bodySizeLimitBytes);
}

/** The beginning and the end of an exposition, whole lines of them: what its format is told from. */
function tellingPart(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= 2 * TELLING_BYTES) return bytes;
  const head = bytes.subarray(0, bytes.lastIndexOf(NEWLINE, TELLING_BYTES) + 1 || TELLING_BYTES);
  const tail = bytes.indexOf(NEWLINE, bytes.length - TELLING_BYTES);
  return tail < 0 ? head : Buffer.concat([head, bytes.subarray(tail + 1)]);
}

/** Node says "ENOENT: no such file or directory, open 'x'"; the path is in the place already. */
function fileFault(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined || error instanceof InputError) return error;
  return new InputError('scrape_file', message.replace(/^\w+: /, '').replace(/, \w+.*$/, ''));
}

/** What a collector or instrument of this process gathers when it is asked. */
export class FamilyInput implements ScrapeInput {
  private readonly gather: () => readonly MetricFamily[];

  constructor(gather: () => readonly MetricFamily[]) {
    this.gather = gather;
  }

  async read(body: BodyBuffer): Promise<Exposed> {
    body.clear();
    return { families: this.gather() };
  }
}
