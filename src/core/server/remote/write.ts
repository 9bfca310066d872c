/**
 * `/api/v1/write`: samples that others send, by remote write 1.0 (all or nothing) and 2.0 (what can be stored is, and the
 * rest is told). An answer of 2xx means that all is in the log.
 * Specified in https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/
 */
import { snappyDecompress } from '../../encoding/snappy.ts';
import { zstdDecompress } from '../../encoding/zstd.ts';
import { InputError } from '../../errors.ts';
import { parseMediaType } from '../../exposition/media-type.ts';
import type { Registry } from '../../instrument/index.ts';
import { decodeWriteV1, decodeWriteV2, WRITE_V1, WRITE_V2 } from '../../remote/write-codec.ts';
import type { Appender } from '../../source/source.ts';
import type { Reply } from '../http/reply.ts';
import type { HttpRequest } from '../http/request.ts';
import type { Router } from '../http/router.ts';
import type { Logger } from '../logger.ts';
import { WriteIntake } from './write-intake.ts';
import { WriteMemory } from './write-memory.ts';

/** As sent, and decompressed. Senders send some thousand samples at a time, which is far less. */
const MAX_BODY_BYTES = 16 << 20;
const MAX_MESSAGE_BYTES = 32 << 20;

export interface RemoteWriteOptions {
  /** Undefined where nothing is taken (`--web.enable-remote-write-receiver`). */
  appender: (() => Appender) | undefined;
  /** Full names of the messages that are taken; undefined for all. */
  accepted?: readonly string[] | undefined;
  registry: Registry;
  logger: Logger;
}

export function addRemoteWriteRoute(
  router: Router,
  { appender, accepted = [WRITE_V1, WRITE_V2], registry, logger }: RemoteWriteOptions,
): void {
  const invalid = registry.counter(
    'prometheus_api_remote_write_invalid_labels_samples_total',
    'The total number of received remote write samples and histogram samples which were rejected due to invalid labels.',
  );
  const bare = registry.counter(
    'prometheus_api_remote_write_without_metadata_appended_samples_total',
    'The total number of received remote write samples (and histogram samples) which were ingested without corresponding metadata.',
  );
  let memory: WriteMemory | undefined;
  const handler = async (request: HttpRequest, reply: Reply) => {
    if (appender === undefined) {
      reply.fault(404, 'remote write receiver needs to be enabled with --web.enable-remote-write-receiver');
      return;
    }
    const form = messageForm(request.header('content-type'), accepted);
    if (form.refusal !== undefined) {
      logger.warn('refused a remote write', { detail: form.refusal, remote: request.remoteAddress });
      reply.fault(415, form.refusal);
      return;
    }
    const encoding = request.header('content-encoding').toLowerCase();
    if (encoding !== '' && encoding !== 'snappy' && encoding !== 'zstd') {
      const refusal = `${encoding} encoding (compression) is not accepted by this server; only snappy and zstd are acceptable`;
      logger.warn('refused a remote write', { detail: refusal, remote: request.remoteAddress });
      reply.fault(415, refusal);
      return;
    }
    const body = await request.body(MAX_BODY_BYTES);
    const isV2 = form.message === WRITE_V2;
    if (!isV2) memory ??= new WriteMemory(appender());
    const intake = isV2
      ? new WriteIntake(appender(), true)
      : new WriteIntake(memory!.appender, false, memory);
    try {
      const message =
        encoding === 'zstd'
          ? zstdDecompress(body, MAX_MESSAGE_BYTES)
          : snappyDecompress(body, MAX_MESSAGE_BYTES);
      if (isV2) decodeWriteV2(message, (series) => intake.add(series, message));
      else decodeWriteV1(message, (series) => intake.add(series, message), memory);
    } catch (error) {
      intake.rollback();
      if (!(error instanceof InputError)) throw error;
      reply.fault(400, error.message);
      return;
    }
    const { faults, invalidSamples } = intake;
    invalid.inc(invalidSamples);
    intake.finish();
    bare.inc(intake.withoutMetadata);
    if (isV2) {
      reply.header('X-Prometheus-Remote-Write-Samples-Written', String(intake.samples));
      reply.header('X-Prometheus-Remote-Write-Histograms-Written', String(intake.histograms));
      reply.header('X-Prometheus-Remote-Write-Exemplars-Written', String(intake.exemplars));
    }
    if (faults.length === 0) {
      reply.empty(204);
      return;
    }
    logger.warn('refused samples of a remote write', { remote: request.remoteAddress, detail: faults[0] });
    reply.fault(400, faults.join('\n'));
  };
  router.add('POST', '/api/v1/write', handler, { compress: false });
}

/** Which message a Content-Type names, or why that is none that we take. */
function messageForm(
  contentType: string,
  accepted: readonly string[],
): { message: string; refusal?: string } {
  const { type, parameters } = parseMediaType(contentType);
  // Senders of old say nothing.
  if (contentType !== '' && type !== 'application/x-protobuf') {
    const refusal = `expected application/x-protobuf as the first (media) part, got ${contentType} content-type`;
    return { message: '', refusal };
  }
  const message = parameters.get('proto') ?? WRITE_V1;
  if (accepted.includes(message)) return { message };
  const refusal = `got ${contentType} content type; unknown remote write protobuf message ${message}, supported: ${accepted.join(', ')}`;
  return { message: '', refusal };
}
