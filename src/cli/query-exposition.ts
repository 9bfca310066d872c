/** A result in one of the formats that samples travel in, for what reads them: `tsdb append`, a spreadsheet. */
import { CsvWriter } from '../core/exposition/csv-writer.ts';
import { createWriter } from '../core/exposition/format.ts';
import { type ExpositionWriter, WRITE_PIECE } from '../core/exposition/writer.ts';
import { EMPTY_LABELS } from '../core/model/labels.ts';
import type { QueryValue, ResultSeries } from '../core/promql/index.ts';
import { omissions } from './omissions.ts';
import type { PrintContext } from './print-context.ts';

export type ExpositionOutput = 'prom' | 'openmetrics' | 'jsonl' | 'csv';

export function printExposition(output: ExpositionOutput, value: QueryValue, context: PrintContext): void {
  const writer = writerFor(output);
  for (const series of seriesOf(value)) {
    for (let i = 0; i < series.t.length; i++) {
      const h = series.histograms?.[i] ?? null;
      if (h === null) writer.sample(series.labels, series.t[i], series.v, i);
      else writer.histogram(series.labels, series.t[i], h);
      if (writer.buffered >= WRITE_PIECE) context.out.bytes(writer.take());
    }
  }
  writer.end();
  context.out.bytes(writer.take());
  const lost = omissions(writer.omitted);
  if (value.type === 'string') lost.push('a string');
  if (lost.length > 0) context.complain(`left out, because ${output} cannot carry them: ${lost.join(', ')}`);
}

function writerFor(output: ExpositionOutput): ExpositionWriter {
  if (output === 'csv') return new CsvWriter();
  return createWriter(output === 'prom' ? 'text' : output);
}

function seriesOf(value: QueryValue): readonly ResultSeries[] {
  switch (value.type) {
    case 'string':
      return [];
    case 'scalar':
      return [
        { labels: EMPTY_LABELS, t: Float64Array.of(value.t), v: Float64Array.of(value.v), histograms: null },
      ];
    default:
      return value.series;
  }
}
