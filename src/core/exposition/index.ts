/** What the rest of core and the commands need of the exposition formats; linting is in lint/. */
export { Batch, NO_TIMESTAMP, type RowExemplar } from './batch.ts';
export { detectFormat } from './detection.ts';
export { createParser, createWriter } from './format.ts';
export {
  type Answer,
  acceptHeader,
  type BodyFormat,
  bodyFormat,
  contentTypeOf,
  DEFAULT_SCRAPE_PROTOCOLS,
  formatOfProtocol,
  isScrapeProtocol,
  NATIVE_HISTOGRAM_SCRAPE_PROTOCOLS,
  negotiate,
  type ScrapeProtocol,
} from './negotiation.ts';
export {
  BAD_EXPOSITION,
  type ExpositionFormat,
  type ExpositionParser,
  type ParserOptions,
} from './parser.ts';
export { type Family, SeriesTable } from './series-table.ts';
export {
  type BatchSeries,
  type ExpositionWriter,
  type Omitted,
  type RowExtras,
  WRITE_PIECE,
  type WriterOptions,
  writeBatch,
  writeFamilies,
} from './writer.ts';
