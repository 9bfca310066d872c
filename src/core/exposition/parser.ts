/** What all exposition parsers have in common: bytes in, rows of a `Batch` out. */
import type { Batch } from './batch.ts';

/**
 * `text` is Prometheus' text format (0.0.4 and 1.0.0), `protobuf` the length-delimited client model, `jsonl`
 * tsmon's lossless JSON Lines (docs/format/jsonl.md).
 */
export type ExpositionFormat = 'text' | 'openmetrics' | 'protobuf' | 'jsonl';

/**
 * A parser of one stream. It fills the SeriesTable it was made with, and may be used for one scrape after another
 * (`end`, or a fault, makes it ready for the next), which is what makes unchanged series cheap.
 */
export interface ExpositionParser {
  /**
   * Parses what is complete in the bytes given so far; an incomplete rest is kept (copied) for the next call. Rows
   * are appended to `batch`. Throws InputError with line and column; the rows before the fault are then in `batch`.
   */
  write(bytes: Uint8Array, batch: Batch): void;
  /** The input is over: parses the rest, and throws InputError if the format demands more. */
  end(batch: Batch): void;
}

/** What a caller may ask of a parser; each format looks at what concerns it. */
export interface ParserOptions {
  /** The longest line or message, in bytes, before the input is refused. */
  maxRecordBytes?: number;
  /** Protobuf: false takes every histogram for a classic one. Default true. */
  nativeHistograms?: boolean;
  /** Protobuf: a histogram that is native gives its classic series too. */
  alwaysScrapeClassic?: boolean;
}

export const DEFAULT_MAX_RECORD_BYTES = 64 * 1024 * 1024;

/** The `code` of every InputError that a parser throws. */
export const BAD_EXPOSITION = 'bad_exposition';
