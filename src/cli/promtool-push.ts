/** What promtool makes of an exposition in the text format: a remote write request. */
import { Batch, createParser, SeriesTable } from '../core/exposition/index.ts';
import type { Labels } from '../core/model/labels.ts';
import { LabelsBuilder } from '../core/model/labels-builder.ts';
import type { MetricType } from '../core/model/metadata.ts';
import { formatG, parseGoFloat } from '../core/model/number.ts';
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
    const series = batch.series[row];
    const builder = asPrinted(table.labels[series], table.families[table.familyOf[series]]?.type);
    for (const [name, value] of labels) builder.set(name, value);
    request.addSample(builder.labels(), Number.isNaN(batch.t[row]) ? now : batch.t[row], batch.v, row);
  }
  for (const family of table.families) request.addMetadata(family.name, family);
  return request.body();
}

/** promtool prints the bounds of buckets and the quantiles that it has read as numbers: `1` where a scrape has `1.0`. */
function asPrinted(labels: Labels, type: MetricType | undefined): LabelsBuilder {
  const builder = new LabelsBuilder(labels);
  const name = type === 'histogram' ? 'le' : type === 'summary' ? 'quantile' : undefined;
  const value = name === undefined ? undefined : parseGoFloat(labels.get(name));
  return value === undefined ? builder : builder.set(name!, formatG(value));
}
