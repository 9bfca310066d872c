/** The rules are about the text format: what is exposed in another one is turned into it first. */
import { Batch } from '../batch.ts';
import { createParser, createWriter } from '../format.ts';
import type { OpenMetricsOptions } from '../openmetrics-parser.ts';
import type { ExpositionFormat } from '../parser.ts';
import { SeriesTable } from '../series-table.ts';
import { writeBatch } from '../writer.ts';

/** Throws InputError where `bytes` is not what it is taken for; text is returned as it is, unread. */
export function toText(
  bytes: Uint8Array,
  format: ExpositionFormat,
  options: OpenMetricsOptions = {},
): Uint8Array {
  if (format === 'text') return bytes;
  const table = new SeriesTable();
  const batch = new Batch();
  const parser = createParser(format, table, options);
  parser.write(bytes, batch);
  parser.end(batch);
  const writer = createWriter('text');
  writeBatch(writer, batch, table);
  writer.end();
  return writer.take();
}
