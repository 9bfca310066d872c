/** What promtool makes of an exposition in the text format: a remote write request. */
import { Batch, createParser, SeriesTable } from '../core/exposition/index.ts';
import { LabelsBuilder } from '../core/model/labels-builder.ts';
import { WriteRequestV1 } from '../core/remote/write-request.ts';

/** The body of a request with all samples and the metadata of their families; `now` (ms) is for those without a time. */
export function writeRequestOf(
  text: Uint8Array,
  labels: readonly (readonly [name: string, value: string])[],
  now: number,
): Uint8Array {
  const table = new SeriesTable();
  const batch = new Batch();
  const parser = createParser('text', table);
  parser.write(text, batch);
  parser.end(batch);
  const request = new WriteRequestV1();
  for (let row = 0; row < batch.length; row++) {
    const builder = new LabelsBuilder(table.labels[batch.series[row]]);
    for (const [name, value] of labels) builder.set(name, value);
    request.addSample(builder.labels(), Number.isNaN(batch.t[row]) ? now : batch.t[row], batch.v, row);
  }
  for (const family of table.families) request.addMetadata(family.name, family);
  return request.body();
}
