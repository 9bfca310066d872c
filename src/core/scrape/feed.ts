/**
 * Feeds what a target exposes to a parser in stretches of whole lines. Between two stretches a scrape that has taken
 * long lets others run, and one that is too large is noticed before all of it is in memory as series.
 */

import { InputError } from '../errors.ts';
import { type Batch, NO_TIMESTAMP } from '../exposition/batch.ts';
import type { ExpositionFormat } from '../exposition/parser.ts';
import type { SeriesTable } from '../exposition/series-table.ts';
import type { MetricFamily } from '../model/family.ts';

/** Some ten milliseconds of lines that are all new. */
const STRETCH_BYTES = 1 << 15;
/** Prometheus cannot hold a longer label either, and while such a line is read nobody else gets a turn. */
const MOST_LINE_BYTES = 1 << 24;
const NEWLINE = 0x0a;

/**
 * The stretches of `bytes`, each ending with a line; of a format without lines all of it, because a parser keeps what
 * is incomplete, and again and again would copy a long message. Throws InputError where a line is too long.
 */
export function* stretches(bytes: Uint8Array, format: ExpositionFormat): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; ) {
    let end = bytes.length;
    if (format !== 'protobuf' && start + STRETCH_BYTES < bytes.length) {
      const newline = bytes.indexOf(NEWLINE, start + STRETCH_BYTES);
      if (newline >= 0) end = newline + 1;
      if (end - start > STRETCH_BYTES + MOST_LINE_BYTES)
        throw new InputError('scrape_line', `a line is longer than ${MOST_LINE_BYTES} bytes`);
    }
    yield bytes.subarray(start, end);
    start = end;
  }
}

/** Adds the samples of families to a batch as a parser would, their series entered into `table`. */
export function addFamilies(families: readonly MetricFamily[], table: SeriesTable, batch: Batch): void {
  for (const { name, type, help, unit, samples } of families) {
    const family = table.declare(name, { type, help, unit });
    for (const sample of samples) {
      const row = batch.push(table.intern(sample.labels, family), sample.t ?? NO_TIMESTAMP, sample.v);
      if (sample.histogram !== undefined) batch.histograms.set(row, sample.histogram);
      if (sample.exemplar !== undefined) batch.exemplars.push({ row, exemplar: sample.exemplar });
    }
  }
}
