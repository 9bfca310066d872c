/** The parser and the writer of each exposition format. */
import { JsonlParser } from './jsonl-parser.ts';
import { JsonlWriter } from './jsonl-writer.ts';
import { type OpenMetricsOptions, OpenMetricsParser } from './openmetrics-parser.ts';
import { OpenMetricsWriter } from './openmetrics-writer.ts';
import type { ExpositionFormat, ExpositionParser } from './parser.ts';
import { ProtobufParser } from './protobuf-parser.ts';
import { ProtobufWriter } from './protobuf-writer.ts';
import type { SeriesTable } from './series-table.ts';
import { StartTimes } from './start-times.ts';
import { TextParser } from './text-parser.ts';
import { TextWriter } from './text-writer.ts';
import type { ExpositionWriter, WriterOptions } from './writer.ts';

/** A parser that numbers the series it meets in `table`. */
export function createParser(
  format: ExpositionFormat,
  table: SeriesTable,
  options: OpenMetricsOptions = {},
): ExpositionParser {
  switch (format) {
    case 'text':
      return new TextParser(table, options);
    case 'openmetrics': {
      const parser = new OpenMetricsParser(table, options);
      return options.createdAsStart ? new StartTimes(parser, table) : parser;
    }
    case 'protobuf':
      return new ProtobufParser(table, options);
    case 'jsonl':
      return new JsonlParser(table, options);
  }
}

export function createWriter(format: ExpositionFormat, options: WriterOptions = {}): ExpositionWriter {
  switch (format) {
    case 'text':
      return new TextWriter(options);
    case 'openmetrics':
      return new OpenMetricsWriter(options);
    case 'protobuf':
      return new ProtobufWriter(options);
    case 'jsonl':
      return new JsonlWriter(options);
  }
}
