/** Hands the rows of one target's scrapes to an appender, and counts what becomes of them. */
import type { Clock } from '../clock.ts';
import { Batch } from '../exposition/batch.ts';
import type { SeriesTable } from '../exposition/series-table.ts';
import { Outcome } from '../model/outcome.ts';
import { BatchAppender } from '../source/batch-appender.ts';
import type { Appender } from '../source/source.ts';
import type { ScrapeMetrics } from './metrics.ts';
import type { ScrapeResult } from './scraper.ts';

/**
 * A scrape with more series than this that are new or end here, or with more rows than that, is committed in pieces, so
 * that others are not kept waiting.
 */
const MANY_CHANGES = 10_000;
const MANY_ROWS = 100_000;
const PIECE_ROWS = 1000;

/** Where the rows of one target's scrapes go. */
export interface RowSink {
  /** Takes all rows; the result is not valid afterwards. */
  write(result: ScrapeResult): void | Promise<void>;
  /** A final number is about to be given to another series. */
  forget(final: number): void;
}

export class ResultWriter implements RowSink {
  private readonly appender: Appender;
  private readonly rows: BatchAppender;
  private readonly metrics: ScrapeMetrics;
  private readonly before: number[];

  /** With `startZeros` a series that says when it began gets a zero at that time. */
  constructor(
    appender: Appender,
    series: SeriesTable,
    clock: Clock,
    metrics: ScrapeMetrics,
    startZeros = false,
  ) {
    this.appender = appender;
    this.rows = new BatchAppender(appender, series, clock, { startZeros });
    this.metrics = metrics;
    this.before = [...this.rows.counts.samples];
  }

  /** Takes all rows; the result's batch is empty then. Throws what the appender's commit throws. */
  async write({ batch, counts }: ScrapeResult): Promise<void> {
    if (counts.added + counts.ended <= MANY_CHANGES && batch.length <= MANY_ROWS) {
      this.commit(batch);
    } else {
      const piece = new Batch();
      for (let from = 0; from < batch.length; from += PIECE_ROWS) {
        piece.append(batch, from, Math.min(batch.length, from + PIECE_ROWS));
        this.commit(piece);
        await new Promise((resume) => setImmediate(resume));
      }
    }
    this.count();
  }

  /** A final number is about to be given to another series. */
  forget(final: number): void {
    this.rows.forget(final);
  }

  private commit(batch: Batch): void {
    try {
      this.rows.append(batch);
    } catch (error) {
      this.appender.rollback();
      throw error;
    }
    this.appender.commit();
  }

  private count(): void {
    const { metrics, before } = this;
    const { samples, exemplars } = this.rows.counts;
    const since = (outcome: Outcome) => samples[outcome] - before[outcome];
    metrics.duplicates.inc(since(Outcome.conflict));
    metrics.outOfOrder.inc(since(Outcome.outOfOrder));
    metrics.outOfBounds.inc(since(Outcome.tooOld) + since(Outcome.tooFarAhead));
    for (let i = 0; i < samples.length; i++) before[i] = samples[i];
    if (exemplars[Outcome.outOfOrder] > 0) {
      metrics.exemplarsOutOfOrder.inc(exemplars[Outcome.outOfOrder]);
      exemplars[Outcome.outOfOrder] = 0;
    }
  }
}
