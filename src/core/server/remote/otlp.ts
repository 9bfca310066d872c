/**
 * `/api/v1/otlp/v1/metrics`: metrics that OpenTelemetry's exporters and collectors send, in protobuf or JSON. All of a
 * request is stored or nothing; what has no counterpart here is left out, and logged.
 * Specified in https://opentelemetry.io/docs/specs/otlp/#otlphttp; what becomes of the metrics: docs/format/otlp.md
 */
import { gunzip } from 'node:zlib';
import { InputError } from '../../errors.ts';
import { ExportStore, type TranslatorSettings } from '../../otlp/index.ts';
import type { Appender } from '../../source/source.ts';
import type { Reply } from '../http/reply.ts';
import { BodyTooLarge, type HttpRequest } from '../http/request.ts';
import type { Router } from '../http/router.ts';
import type { Logger } from '../logger.ts';

/** As sent; JSON, which is read in one go, unpacked too. */
const MAX_BODY_BYTES = 32 << 20;
/** Unpacked. */
const MAX_MESSAGE_BYTES = 128 << 20;

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';

/** What the receiver stands on; `settings` are those of the configuration in effect. */
export interface OtlpReceiver {
  appender: () => Appender;
  settings: () => TranslatorSettings;
}

export interface OtlpOptions {
  /** Undefined where nothing is taken (`--web.enable-otlp-receiver`). */
  receiver: OtlpReceiver | undefined;
  logger: Logger;
}

export function addOtlpRoute(router: Router, { receiver, logger }: OtlpOptions): void {
  let store: ExportStore | undefined;
  const handler = async (request: HttpRequest, reply: Reply) => {
    if (receiver === undefined) {
      reply.fault(404, 'otlp write receiver needs to be enabled with --web.enable-otlp-receiver');
      return;
    }
    // Most servers get none of these requests. What takes them is a bundle of its own, loaded here (scripts/build.mjs).
    store ??= new ExportStore(receiver.appender());
    const remote = request.remoteAddress;
    try {
      const form = formOf(request.header('content-type'));
      const body = await bodyOf(request, form === 'json' ? MAX_BODY_BYTES : MAX_MESSAGE_BYTES);
      const { fault, troubles } = await store.store(body, form, receiver.settings);
      if (troubles.length > 0) {
        logger.warn('left out a part of an OTLP request', { remote, detail: troubles.join('; ') });
      }
      if (fault === undefined) {
        reply.empty(200);
        return;
      }
      logger.warn('refused the samples of an OTLP request', { remote, detail: fault.text });
      reply.fault(fault.isSenders ? 400 : 500, fault.text);
    } catch (error) {
      if (!(error instanceof InputError) || error instanceof BodyTooLarge) throw error;
      logger.warn('refused an OTLP request', { remote, detail: error.message });
      reply.fault(400, error.message);
    }
  };
  router.add('POST', '/api/v1/otlp/v1/metrics', handler, { compress: false });
}

function formOf(contentType: string): 'protobuf' | 'json' {
  if (contentType === PROTOBUF) return 'protobuf';
  if (contentType === JSON_TYPE) return 'json';
  const reason = `unsupported content type: ${contentType}, supported: [${JSON_TYPE}, ${PROTOBUF}]`;
  throw new InputError('bad_content_type', reason);
}

async function bodyOf(request: HttpRequest, limitBytes: number): Promise<Uint8Array> {
  const encoding = request.header('content-encoding');
  if (encoding !== '' && encoding !== 'gzip') {
    const reason = `unsupported compression: ${encoding}. Only "gzip" or no compression supported`;
    throw new InputError('bad_encoding', reason);
  }
  const body = await request.body(MAX_BODY_BYTES);
  return encoding === '' ? body : unpacked(body, limitBytes);
}

/** In a thread of Node's, and not beyond the limit. */
function unpacked(body: Uint8Array, limitBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    gunzip(body, { maxOutputLength: limitBytes }, (error, bytes) => {
      if (error === null) resolve(bytes);
      else reject(gzipFault(error, body.length, limitBytes));
    });
  });
}

/** In Go's words, where it has one for it. */
function gzipFault({ code, message }: NodeJS.ErrnoException, length: number, limitBytes: number): InputError {
  if (code === 'ERR_BUFFER_TOO_LARGE') return new BodyTooLarge(limitBytes);
  if (length === 0) return new InputError('bad_gzip', 'EOF');
  if (code === 'Z_BUF_ERROR') return new InputError('bad_gzip', 'unexpected EOF');
  if (/incorrect header check|unknown compression method|header crc/.test(message)) {
    return new InputError('bad_gzip', 'gzip: invalid header');
  }
  if (/incorrect (data|length) check/.test(message))
    return new InputError('bad_gzip', 'gzip: invalid checksum');
  return new InputError('bad_gzip', `gzip: ${message}`);
}
