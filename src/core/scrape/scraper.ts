/**
 * Scrapes one target, again and again: reads it, parses, and leaves the rows to be stored together with the series
 * that the scrape adds about itself. A target that fails gives `up 0` and stale markers, never an exception.
 */
import type { Clock } from '../clock.ts';
import { InputError } from '../errors.ts';
import { Batch } from '../exposition/batch.ts';
import { createParser } from '../exposition/format.ts';
import type { ExpositionFormat, ExpositionParser, ParserOptions } from '../exposition/parser.ts';
import { SeriesTable } from '../exposition/series-table.ts';
import type { BatchSeries } from '../exposition/writer.ts';
import { BodyBuffer } from '../http/body.ts';
import type { MetricFamily } from '../model/family.ts';
import { addFamilies, stretches } from './feed.ts';
import type { Exposed, ScrapeInput } from './input.ts';
import { Intake, type IntakeCounts, type IntakeOptions } from './intake.ts';
import type { Target } from './target.ts';

/** A scrape that has kept others waiting for this long lets them run. */
const BREATH_MS = 10;

/** What one scrape brought. The rows are valid until the scraper's next scrape. */
export interface ScrapeResult {
  target: Target;
  /** The time of rows without one of their own, and of the report; ms. */
  t: number;
  /** Rows to store, each with its time; `series` names their series. */
  batch: Batch;
  series: BatchSeries;
  /** Why the target is down, or undefined. */
  error: InputError | undefined;
  counts: IntakeCounts;
  durationSeconds: number;
  /** Of the body, after decompression and as it came. */
  bodyBytes: number;
  receivedBytes: number;
  /** Something odd that did not fail the scrape. */
  warning: string | undefined;
}

export interface ScraperOptions extends IntakeOptions {
  clock: Clock;
  parser?: ParserOptions | undefined;
}

interface CachedParser {
  format: ExpositionFormat;
  parser: ExpositionParser;
}

export class Scraper {
  readonly target: Target;
  private readonly input: ScrapeInput;
  private readonly clock: Clock;
  private readonly intake: Intake;
  private readonly parserOptions: ParserOptions;
  private readonly body = new BodyBuffer();
  private readonly batch = new Batch();
  private parser: CachedParser | undefined;
  /** The last body was not parsed to its end, so its parser is somewhere in the middle. */
  private broken = false;

  constructor(target: Target, input: ScrapeInput, options: ScraperOptions) {
    this.target = target;
    this.input = input;
    this.clock = options.clock;
    this.intake = new Intake(options);
    this.parserOptions = options.parser ?? {};
  }

  /**
   * One scrape at time `t` (ms). Rejects only where the signal aborts, with its reason, or for a fault of our own.
   */
  async scrape(t: number, signal?: AbortSignal): Promise<ScrapeResult> {
    const { clock, intake, batch } = this;
    const started = clock.monotonic();
    batch.clear();
    intake.begin(t, clock.now());
    let error: InputError | undefined;
    let exposed: Exposed | undefined;
    try {
      exposed = await this.input.read(this.body, signal);
      if (this.broken) this.parser = undefined;
      this.broken = true;
      if ('families' in exposed) this.takeFamilies(exposed.families);
      else await this.takeBody(exposed.format, signal);
      intake.finish(batch);
      this.broken = false;
    } catch (fault) {
      if (!(fault instanceof InputError)) throw fault;
      error = fault.place.file === undefined ? fault.in({ file: this.target.name }) : fault;
      intake.fail(batch);
    }
    const { scraped, relabelled, added } = intake.counts;
    // No more digits than the nanoseconds that clocks have.
    const durationSeconds = Math.round((clock.monotonic() - started) * 1e6) / 1e9;
    intake.addReport(batch, { up: error === undefined, durationSeconds, scraped, relabelled, added });
    return this.result(t, error, exposed, durationSeconds);
  }

  /** The target is gone: stale markers at time `t` for all that it had. */
  end(t: number): ScrapeResult {
    this.batch.clear();
    this.intake.begin(t, this.clock.now());
    this.intake.end(this.batch);
    return this.result(t, undefined, undefined, 0);
  }

  private takeFamilies(families: readonly MetricFamily[]): void {
    addFamilies(families, this.intake.cache.exposed, this.batch);
    this.intake.take(this.batch, 0);
  }

  private async takeBody(format: ExpositionFormat, signal: AbortSignal | undefined): Promise<void> {
    const { clock, intake, batch } = this;
    const parser = this.parserFor(format);
    let breath = clock.monotonic();
    for (const stretch of stretches(this.body.bytes, format)) {
      if (intake.exceeded) this.count(stretch, format);
      else this.take((rows) => parser.write(stretch, rows));
      if (clock.monotonic() - breath < BREATH_MS) continue;
      await new Promise((resume) => setImmediate(resume));
      signal?.throwIfAborted();
      breath = clock.monotonic();
    }
    if (!intake.exceeded) this.take(() => parser.end(batch));
  }

  /** Takes in the rows that `parse` adds to the batch; those before a fault are counted, as Prometheus does. */
  private take(parse: (batch: Batch) => void): void {
    const from = this.batch.length;
    try {
      parse(this.batch);
    } finally {
      this.intake.take(this.batch, from);
    }
  }

  /** Counts the samples of a stretch, remembering nothing of it. */
  private count(stretch: Uint8Array, format: ExpositionFormat): void {
    const table = new SeriesTable();
    const batch = new Batch();
    try {
      createParser(format, table, this.parserOptions).write(stretch, batch);
    } catch (fault) {
      // The scrape has failed already; this one is counted up to its fault.
      if (!(fault instanceof InputError)) throw fault;
    }
    this.intake.countOnly(batch, table);
  }

  private parserFor(format: ExpositionFormat): ExpositionParser {
    if (this.parser?.format !== format) {
      const parser = createParser(format, this.intake.cache.exposed, this.parserOptions);
      this.parser = { format, parser };
    }
    return this.parser.parser;
  }

  private result(
    t: number,
    error: InputError | undefined,
    exposed: Exposed | undefined,
    durationSeconds: number,
  ): ScrapeResult {
    const answer = exposed !== undefined && !('families' in exposed) ? exposed : undefined;
    return {
      target: this.target,
      t,
      batch: this.batch,
      series: this.intake.cache.final,
      error,
      counts: this.intake.counts,
      durationSeconds,
      bodyBytes: answer === undefined ? 0 : this.body.length,
      receivedBytes: answer?.receivedBytes ?? 0,
      warning: answer?.warning,
    };
  }
}
