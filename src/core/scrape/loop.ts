/**
 * Scrapes one target on its schedule and stores what that brings, until it is stopped. Settings may change under way
 * and hold from the next scrape on; one that runs is never cut short by that, and the series' cache stays.
 */
import type { Clock } from '../clock.ts';
import type { InputError } from '../errors.ts';
import type { Family, SeriesTable } from '../exposition/series-table.ts';
import type { FetchClient } from '../http/fetch.ts';
import type { ScrapeBuffers } from './buffers.ts';
import type { FailureLog } from './failure-log.ts';
import { inputFor, labelKey, scraperOptions } from './loop-settings.ts';
import type { ScrapeMetrics } from './metrics.ts';
import type { PoolTarget } from './pool-target.ts';
import type { RowSink } from './result-writer.ts';
import { Schedule } from './schedule.ts';
import type { ScrapeConfig } from './scrape-config.ts';
import { type ScrapeResult, Scraper, type ScraperOptions } from './scraper.ts';
import { scrapeOffsetMs, targetHash } from './target-hash.ts';

export type Health = 'unknown' | 'up' | 'down';

/** What all loops of a pool share. */
export interface LoopHost {
  clock: Clock;
  /** Where a target's rows go; the series are under their final labels. */
  sinkFor: (series: SeriesTable) => RowSink;
  buffers: ScrapeBuffers;
  metrics: ScrapeMetrics;
  /** Spreads the targets of one server differently from those of another. */
  offsetSeed: bigint;
  /** See ScrapeManagerOptions. */
  createdAsStart: boolean;
  onTrouble: (message: string) => void;
}

/** What a reload may change. */
export interface LoopSettings {
  config: ScrapeConfig;
  client: FetchClient;
  failureLog: FailureLog | undefined;
  /** Scrapes are not made, and fail with this. */
  forcedError: InputError | undefined;
}

/** How a loop ends. */
type Ending =
  /** Its target is gone: its series end, too, when it is certain that nobody else goes on with them. */
  | 'marked'
  /** At once, and whoever starts next goes on where it stopped. */
  | 'silent';

export class ScrapeLoop {
  target: PoolTarget;
  health: Health = 'unknown';
  /** '' while all is well. */
  lastError = '';
  /** Milliseconds since the epoch; 0 before the first. */
  lastScrape = 0;
  lastDurationSeconds = 0;
  private readonly host: LoopHost;
  private settings: LoopSettings;
  /** Made for the first scrape: ten thousand targets that are found at once must not wait for each other's. */
  private scraper: Scraper | undefined;
  private sink: RowSink | undefined;
  private schedule: Schedule | undefined;
  /** Of its moments from whole multiples of the interval. */
  private offsetMs: number;
  /** Settings that the scraper does not have yet: whether its series' labels must be worked out again. */
  private pendingUpdate: { anew: boolean } | undefined;
  private ending: Ending | undefined;
  /** Aborted to end everything, a scrape under way included. */
  private readonly abort = new AbortController();
  /** Aborted to look up from waiting. */
  private nap = new AbortController();
  private running: Promise<void> | undefined;
  private lastStart = Number.NaN;
  /** What was told last and has not changed since. */
  private complaint = '';

  constructor(target: PoolTarget, settings: LoopSettings, host: LoopHost) {
    this.target = target;
    this.settings = settings;
    this.host = host;
    this.offsetMs = this.offset();
  }

  /** What the target has exposed, by family. */
  get families(): readonly Family[] {
    return this.scraper?.families ?? [];
  }

  /** Starts, or goes on if it is about to end. */
  start(): void {
    this.ending = undefined;
    this.schedule ??= this.makeSchedule();
    if (this.running !== undefined) this.wake();
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
  }

  /** Other settings, or the same target found anew: from the next scrape on. */
  update(target: PoolTarget, settings: LoopSettings): void {
    const isPaced = target.intervalMs !== this.target.intervalMs;
    const { config } = this.settings;
    const anew = settings.config !== config && labelKey(settings.config) !== labelKey(config);
    this.pendingUpdate = { anew: anew || this.pendingUpdate?.anew === true };
    this.target = target;
    this.settings = settings;
    if (!isPaced) return;
    this.offsetMs = this.offset();
    this.schedule = undefined;
    this.wake();
  }

  /**
   * The target is gone: a scrape under way is still finished, and its series end some two intervals later. Resolves
   * then, or when `start` or `stop` was called in between.
   */
  async retire(): Promise<void> {
    this.ending = 'marked';
    this.wake();
    await this.running;
  }

  /** Ends at once. */
  async stop(): Promise<void> {
    this.ending = 'silent';
    this.abort.abort(new Error('scraping was stopped'));
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.ending !== 'silent') {
      try {
        if (this.ending === 'marked') {
          if (await this.endSeries()) return;
          continue;
        }
        this.schedule ??= this.makeSchedule();
        const { schedule } = this;
        const tick = await schedule.tick(this.nap.signal);
        if (this.ending !== undefined) continue;
        if (tick.skipped > 0) this.host.metrics.skipped.inc(tick.skipped);
        this.host.metrics.lateness.observe((this.host.clock.now() - tick.due) / 1000);
        await this.scrape(schedule.timeOf(tick));
      } catch (error) {
        if (this.abort.signal.aborted) return;
        if (!this.nap.signal.aborted) this.complain(`cannot store samples: ${(error as Error).message}`);
      }
      if (this.nap.signal.aborted) this.nap = new AbortController();
    }
  }

  private async scrape(t: number): Promise<void> {
    const { clock, metrics } = this.host;
    const { scraper, sink } = this.open();
    const now = clock.now();
    if (!Number.isNaN(this.lastStart))
      metrics.intervals.observe(this.target.intervalMs, now - this.lastStart);
    this.lastStart = now;
    const { forcedError } = this.settings;
    try {
      const result =
        forcedError === undefined
          ? await scraper.scrape(t, this.abort.signal)
          : scraper.refuse(t, forcedError);
      this.note(result, now);
      await sink.write(result);
    } finally {
      scraper.release();
    }
  }

  /**
   * As Prometheus does it, so that a target that has moved to somebody else is not declared gone: stale markers have
   * the time of the next tick, but are written one interval and a tenth later, and what has come since wins.
   * Returns whether it came to that.
   */
  private async endSeries(): Promise<boolean> {
    const { clock } = this.host;
    const { scraper, sink, schedule } = this;
    if (scraper === undefined || sink === undefined || schedule === undefined) return true;
    const { due } = await schedule.tick(this.nap.signal);
    await clock.sleep(this.target.intervalMs * 1.1, this.nap.signal);
    if (this.ending !== 'marked') return false;
    const result = scraper.end(due);
    try {
      await sink.write(result);
    } finally {
      scraper.release();
    }
    return true;
  }

  private note(result: ScrapeResult, now: number): void {
    const { error, counts, warning, durationSeconds } = result;
    const { metrics, clock } = this.host;
    this.health = error === undefined ? 'up' : 'down';
    this.lastError = error?.reason ?? '';
    this.lastScrape = now;
    this.lastDurationSeconds = durationSeconds;
    if (error !== undefined) {
      this.settings.failureLog?.write(
        clock.now(),
        this.settings.config.jobName,
        this.target.url,
        error.reason,
      );
      if (error.code === 'scrape_sample_limit') metrics.sampleLimit.inc();
      if (error.code === 'http_body_size') metrics.bodySizeLimit.inc();
      if (error.code === 'scrape_label_limit') metrics.labelLimits.inc();
      if (error.code === 'scrape_bucket_limit') metrics.bucketLimit.inc();
    }
    if (counts.duplicates > 0) metrics.duplicates.inc(counts.duplicates);
    if (counts.tooFarAhead > 0) metrics.outOfBounds.inc(counts.tooFarAhead);
    if (counts.duplicates > 0)
      this.complain(`exposes series twice, the first of them ${counts.firstDuplicate}`);
    else if (counts.tooFarAhead > 0) this.complain('exposes samples more than 10 minutes in the future');
    else if (warning !== undefined) this.complain(warning);
    else this.complaint = '';
  }

  private complain(what: string): void {
    if (this.complaint === what) return;
    this.complaint = what;
    this.host.onTrouble(`${this.settings.config.jobName}: ${this.target.url} ${what}`);
  }

  /** What the next scrape is made with. */
  private open(): { scraper: Scraper; sink: RowSink } {
    const { target, pendingUpdate } = this;
    const { config, client } = this.settings;
    this.pendingUpdate = undefined;
    if (this.scraper === undefined || this.sink === undefined) {
      this.scraper = new Scraper(target, inputFor(target, config, client), this.scraperOptions());
      this.sink = this.host.sinkFor(this.scraper.series);
    } else if (pendingUpdate !== undefined) {
      const input = inputFor(target, config, client);
      this.scraper.reconfigure(target, input, this.scraperOptions(), pendingUpdate.anew);
    }
    return { scraper: this.scraper, sink: this.sink };
  }

  private scraperOptions(): ScraperOptions {
    const { config, client } = this.settings;
    return {
      ...scraperOptions(this.target, config, { ...this.host, client }),
      onForget: (final) => this.sink?.forget(final),
    };
  }

  private makeSchedule(): Schedule {
    return new Schedule(this.host.clock, this.target.intervalMs, true, this.offsetMs);
  }

  private offset(): number {
    const { allLabels, url, intervalMs } = this.target;
    return scrapeOffsetMs(targetHash(allLabels, url), this.host.offsetSeed, intervalMs);
  }

  private wake(): void {
    this.nap.abort(new Error('something changed'));
  }
}
