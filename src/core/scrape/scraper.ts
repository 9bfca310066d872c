/**
 * Scrapes one target, again and again: reads it, parses, and leaves the rows to be stored together with the series
 * that the scrape adds about itself. A target that fails gives `up 0` and stale markers, never an exception.
 */
import type { Clock } from '../clock.ts';
import { InputError } from '../errors.ts';
import { Batch } from '../exposition/batch.ts';
import { createParser } from '../exposition/format.ts';
import type { OpenMetricsOptions } from '../exposition/openmetrics-parser.ts';
import type { ExpositionFormat, ExpositionParser } from '../exposition/parser.ts';
import { type Family, SeriesTable } from '../exposition/series-table.ts';
import type { BatchSeries } from '../exposition/writer.ts';
import type { BodyBuffer } from '../http/body.ts';
import type { MetricFamily } from '../model/family.ts';
import { ScrapeBuffers } from './buffers.ts';
import { ClassicConversion } from './classic-conversion.ts';
import { addFamilies, stretches } from './feed.ts';
import type { Exposed, ScrapeInput } from './input.ts';
import { Intake, type IntakeCounts, type IntakeOptions, type RememberedSeries } from './intake.ts';
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
  /** Nothing was scraped: the target is gone, and these are the ends of its series. */
  isEnd: boolean;
}

export interface ScraperOptions extends IntakeOptions {
  clock: Clock;
  parser?: OpenMetricsOptions | undefined;
  /** Classic histograms become native ones with the same buckets. */
  convertClassic?: { keepClassic: boolean } | undefined;
  /** Where the scraper borrows memory for a scrape; without it, it has its own. */
  buffers?: ScrapeBuffers | undefined;
}

interface CachedParser {
  format: ExpositionFormat;
  parser: ExpositionParser;
}

export class Scraper {
  target: Target;
  private input: ScrapeInput;
  private readonly clock: Clock;
  private readonly intake: Intake;
  private parserOptions: OpenMetricsOptions;
  private readonly buffers: ScrapeBuffers;
  /** Borrowed when they are needed, until `release` or the next scrape. */
  private lentBody: BodyBuffer | undefined;
  private lentBatch: Batch | undefined;
  private parser: CachedParser | undefined;
  private conversion: ClassicConversion | undefined;
  /** The last body was not parsed to its end, so its parser is somewhere in the middle. */
  private broken = false;

  constructor(target: Target, input: ScrapeInput, options: ScraperOptions) {
    this.target = target;
    this.input = input;
    this.clock = options.clock;
    this.intake = new Intake(options);
    this.parserOptions = options.parser ?? {};
    this.conversion = this.conversionFor(options);
    this.buffers = options.buffers ?? new ScrapeBuffers();
  }

  /** The series under their final labels. */
  get series(): SeriesTable {
    return this.intake.cache.final;
  }

  /**
   * What the target has exposed, by family, as far as it is remembered.
   */
  get families(): readonly Family[] {
    return this.intake.cache.exposed.families;
  }

  /** Whether its scrapes add the extra series, too. */
  get reportsExtra(): boolean {
    return this.intake.reportsExtra;
  }

  /** What the next scrape must know of the one before, for one that another process makes. */
  remembered(): RememberedSeries[] {
    return this.intake.remembered();
  }

  /** Goes on where another scraper of the target was; before the first scrape. */
  remember(series: readonly RememberedSeries[]): void {
    this.intake.remember(series);
  }

  /** See Intake.reconfigure. Not while a scrape runs. */
  reconfigure(target: Target, input: ScrapeInput, options: ScraperOptions, anew: boolean): void {
    this.target = target;
    this.input = input;
    this.intake.reconfigure(options, anew);
    if (JSON.stringify(options.parser ?? {}) !== JSON.stringify(this.parserOptions)) this.parser = undefined;
    this.parserOptions = options.parser ?? {};
    this.conversion = this.conversionFor(options);
  }

  /** The last result is no longer needed; gives its memory back. */
  release(): void {
    this.buffers.giveBack(this.lentBody, this.lentBatch);
    this.lentBody = undefined;
    this.lentBatch = undefined;
  }

  /**
   * One scrape at time `t` (ms). Rejects only where the signal aborts, with its reason, or for a fault of our own.
   */
  async scrape(t: number, signal?: AbortSignal): Promise<ScrapeResult> {
    const { clock, intake } = this;
    this.release();
    await this.breathe(intake.forgetting());
    const { body } = this;
    const started = clock.monotonic();
    intake.begin(t, clock.now());
    this.conversion?.begin();
    let error: InputError | undefined;
    let exposed: Exposed | undefined;
    try {
      exposed = await this.input.read(body, signal);
      if (this.broken) this.parser = undefined;
      this.broken = true;
      if ('families' in exposed) this.takeFamilies(exposed.families, this.batch);
      else await this.takeBody(body.bytes, exposed.format, signal);
      intake.finish(this.batch);
      this.broken = false;
    } catch (fault) {
      if (!(fault instanceof InputError)) throw fault;
      error = fault.place.file === undefined ? fault.in({ file: this.target.name }) : fault;
      intake.fail(this.batch);
      // It may hold on to the body, which belongs to others soon.
      if (this.broken) this.parser = undefined;
    }
    const { scraped, relabelled, added } = intake.counts;
    // No more digits than the nanoseconds that clocks have.
    const durationSeconds = Math.round((clock.monotonic() - started) * 1e6) / 1e9;
    // Of a body that has not come whole nothing counts.
    const read = exposed === undefined ? 0 : body.length;
    const bodyBytes = error?.code === 'http_body_size' ? -1 : read;
    intake.addReport(this.batch, {
      up: error === undefined,
      durationSeconds,
      scraped,
      relabelled,
      added,
      bodyBytes,
    });
    return this.result(t, error, exposed, durationSeconds);
  }

  /** A scrape at time `t` that is not made, and fails with `error`. */
  refuse(t: number, error: InputError): ScrapeResult {
    this.release();
    const { batch } = this;
    this.intake.begin(t, this.clock.now());
    this.intake.fail(batch);
    const nothing = { durationSeconds: 0, scraped: 0, relabelled: 0, added: 0, bodyBytes: 0 };
    this.intake.addReport(batch, { up: false, ...nothing });
    return this.result(t, error, undefined, 0);
  }

  /** The target is gone: stale markers at time `t` for all that it had. */
  end(t: number): ScrapeResult {
    this.release();
    const { batch } = this;
    this.intake.begin(t, this.clock.now());
    this.intake.end(batch);
    return { ...this.result(t, undefined, undefined, 0), isEnd: true };
  }

  private conversionFor({ convertClassic }: ScraperOptions): ClassicConversion | undefined {
    if (convertClassic === undefined) return undefined;
    return new ClassicConversion(this.intake.cache.exposed, convertClassic.keepClassic);
  }

  private get body(): BodyBuffer {
    this.lentBody ??= this.buffers.takeBody();
    return this.lentBody;
  }

  /** Not before an answer is there: many targets are asked at a time, and few are read. */
  private get batch(): Batch {
    this.lentBatch ??= this.buffers.takeBatch();
    return this.lentBatch;
  }

  private takeFamilies(families: readonly MetricFamily[], batch: Batch): void {
    addFamilies(families, this.intake.cache.exposed, batch);
    this.intake.take(batch, 0);
  }

  private async takeBody(
    body: Uint8Array,
    format: ExpositionFormat,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { batch, intake } = this;
    const parser = this.parserFor(format);
    const parsing = function* (this: Scraper) {
      for (const stretch of stretches(body, format)) {
        if (intake.exceeded) this.count(stretch, format);
        else this.take(batch, () => parser.write(stretch, batch));
        yield;
      }
    };
    await this.breathe(parsing.call(this), signal);
    if (intake.exceeded) return;
    this.take(batch, () => parser.end(batch));
    const from = batch.length;
    this.conversion?.finish(batch);
    intake.take(batch, from);
  }

  /** Takes all steps, and lets others run between them. */
  private async breathe(steps: Iterable<unknown>, signal?: AbortSignal): Promise<void> {
    const { clock } = this;
    let breath = clock.monotonic();
    for (const _ of steps) {
      if (clock.monotonic() - breath < BREATH_MS) continue;
      await new Promise((resume) => setImmediate(resume));
      signal?.throwIfAborted();
      breath = clock.monotonic();
    }
  }

  /** Takes in the rows that `parse` adds to the batch; those before a fault are counted, as Prometheus does. */
  private take(batch: Batch, parse: () => void): void {
    const from = batch.length;
    try {
      parse();
    } finally {
      this.conversion?.collect(batch, from);
      this.intake.take(batch, from);
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
      isEnd: false,
    };
  }
}
