/**
 * The seam of everything that prints samples: rows in, bytes of one exposition format out. `createWriter` (format.ts) makes one.
 *
 * Protocol: rows come in any order; `family` says what is known of the rows after it, until the next call. Rows of
 * one series that follow one another are cheap. After every row or so the caller looks at `buffered`, and hands on
 * what `take` returns when it is enough for a piece (WRITE_PIECE). `end` closes one exposition; the next may follow.
 */

import type { EscapingScheme } from '../model/escaping.ts';
import type { Exemplar } from '../model/exemplar.ts';
import type { MetricFamily } from '../model/family.ts';
import type { Histogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import type { Batch } from './batch.ts';
import { NO_TIMESTAMP } from './batch.ts';
import type { Family } from './series-table.ts';

/** What a row may have beyond its value. */
export interface RowExtras {
  /** Start timestamp in ms, 0 = unknown. */
  st: number;
  exemplars: readonly Exemplar[];
}

/** How many things a format could not carry, and so are not in the output. */
export interface Omitted {
  staleMarkers: number;
  histograms: number;
  exemplars: number;
  startTimestamps: number;
  /** Rows of series that have no metric name. */
  nameless: number;
}

export interface ExpositionWriter {
  /** What is known of the rows that follow; null where nothing is. Compared by reference first. */
  family(family: Family | null): void;
  /** One row: `t` in ms or NO_TIMESTAMP, the value is row `row` of `vs` (a column, so that NaN bits survive). */
  sample(labels: Labels, t: number, vs: Float64Array, row: number, extras?: RowExtras): void;
  histogram(labels: Labels, t: number, h: Histogram, extras?: RowExtras): void;
  /** Closes the exposition (`# EOF`, an unfinished line). */
  end(): void;
  /** Bytes that `take` would return now. */
  readonly buffered: number;
  /** What was written since the last call; valid until the next call of this writer. */
  take(): Uint8Array;
  /** Counts since the writer was made. */
  readonly omitted: Omitted;
}

export interface WriterOptions {
  /** For names that need quotes: text and OpenMetrics only. Default `allow-utf-8`. */
  escaping?: EscapingScheme;
  /** Rows are written without their timestamps: what an endpoint that is scraped should do. */
  withoutTimestamps?: boolean;
  /**
   * The same Labels objects will come again (one scrape after another): keep their bytes. Memory then grows with
   * the number of series.
   */
  keepSeries?: boolean;
}

/** A good size for one write: what a pipe takes at once. */
export const WRITE_PIECE = 1 << 16;

export function noneOmitted(): Omitted {
  return { staleMarkers: 0, histograms: 0, exemplars: 0, startTimestamps: 0, nameless: 0 };
}

/** The series of a batch as a writer needs them: a SeriesTable, or what relabelling made of one. */
export interface BatchSeries {
  /** By series index; null drops the series' rows. */
  readonly labels: readonly (Labels | null)[];
  readonly familyOf: readonly number[];
  readonly families: readonly Family[];
}

/** Writes the rows of a batch; `t` is the time of rows that have none. */
export function writeBatch(
  writer: ExpositionWriter,
  batch: Batch,
  series: BatchSeries,
  t: number = NO_TIMESTAMP,
): void {
  const extras = { st: 0, exemplars: [] as Exemplar[] };
  let next = 0;
  for (let row = 0; row < batch.length; row++) {
    const index = batch.series[row];
    extras.exemplars.length = 0;
    for (; next < batch.exemplars.length && batch.exemplars[next].row === row; next++) {
      extras.exemplars.push(batch.exemplars[next].exemplar);
    }
    const labels = series.labels[index];
    if (labels === null) continue;
    extras.st = batch.st === null ? 0 : batch.st[row];
    const has = extras.st !== 0 || extras.exemplars.length > 0 ? extras : undefined;
    const at = Number.isNaN(batch.t[row]) ? t : batch.t[row];
    const family = series.familyOf[index];
    writer.family(family < 0 ? null : series.families[family]);
    const h = batch.histograms.size === 0 ? undefined : batch.histograms.get(row);
    if (h === undefined) writer.sample(labels, at, batch.v, row, has);
    else writer.histogram(labels, at, h, has);
  }
}

/** Writes families as collectors and instruments make them; `t` is the time of samples that have none. */
export function writeFamilies(
  writer: ExpositionWriter,
  families: Iterable<MetricFamily>,
  t: number = NO_TIMESTAMP,
): void {
  const column = new Float64Array(1);
  for (const family of families) {
    writer.family(family);
    for (const sample of family.samples) {
      const at = sample.t ?? t;
      const extras = sample.exemplar && { st: 0, exemplars: [sample.exemplar] };
      column[0] = sample.v;
      if (sample.histogram) writer.histogram(sample.labels, at, sample.histogram, extras);
      else writer.sample(sample.labels, at, column, 0, extras);
    }
  }
}
