/** What all exposition parsers have in common: bytes in, rows of a `Batch` out. */
import type { Batch } from './batch.ts';

/**
 * `text` is Prometheus' text format (0.0.4 and 1.0.0), `protobuf` the length-delimited client model, `jsonl`
 * tsmon's lossless JSON Lines (docs/format/jsonl.md).
 */
export type ExpositionFormat = 'text' | 'openmetrics' | 'protobuf' | 'jsonl';

/**
 * A parser of one stream. It fills the SeriesTable it was made with, and may be used for one scrape after another
 * (`end` makes it ready for the next), which is what makes unchanged series cheap.
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
