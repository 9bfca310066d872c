/** Metric families as an answer, in the format that the client prefers. */
import { createWriter, negotiate, writeFamilies } from '../exposition/index.ts';
import type { MetricFamily } from '../model/family.ts';
import type { Reply } from './http/reply.ts';
import type { HttpRequest } from './http/request.ts';

export async function replyFamilies(
  request: HttpRequest,
  reply: Reply,
  families: readonly MetricFamily[],
): Promise<void> {
  const { format, escaping, contentType } = negotiate(request.header('accept'));
  const writer = createWriter(format, { escaping });
  writeFamilies(writer, families);
  writer.end();
  await reply.stream(200, contentType, [writer.take()]);
}
