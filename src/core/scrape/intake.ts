/**
 * Turns the rows that a parser found into the rows that are stored, with Prometheus' rules: the target's labels and
 * relabelling, timestamps honoured or replaced, duplicates and far-future samples left out, limits, and a stale
 * marker for every series that was there and no longer is.
 *
 * One scrape: `begin`, `take` after each stretch of rows, then `finish`, or `fail` where anything went wrong.
 */

import { InputError } from '../errors.ts';
import type { Batch } from '../exposition/batch.ts';
import type { SeriesTable } from '../exposition/series-table.ts';
import { EMPTY_LABELS, type Labels, METRIC_NAME } from '../model/labels.ts';
import { isValidLabelName, isValidMetricName, type ValidationScheme } from '../model/names.ts';
import { writeStale } from '../model/value.ts';
import { compact, LEFT_OUT } from './compact.ts';
import { type HistogramLimits, limitHistograms } from './histogram-limits.ts';
import { labelLimitFault, type ScrapeLimits } from './limits.ts';
import { NumberList } from './number-list.ts';
import { type ExtraReport, type ReportValues, reportFamilies, reportLabels, reportValues } from './report.ts';
import { DROPPED, type Relabeller, SeriesCache } from './series-cache.ts';

/** Samples further ahead of the clock than this are not taken. */
const MAX_AHEAD_MS = 10 * 60 * 1000;

export interface IntakeOptions {
  /** Labels of a series as exposed -> as stored, or null to drop it. */
  relabel: Relabeller;
  /** The target's labels, for the series that the scrape adds about itself; null where it adds none. */
  reportTo: Labels | null;
  /** With these, the scrape adds the extra series, too. */
  extraReport?: ExtraReport | undefined;
  /** Use the timestamps that the target gives. */
  honorTimestamps: boolean;
  /** Series with timestamps of their own get stale markers too. */
  trackTimestampsStaleness: boolean;
  limits: ScrapeLimits;
  histogramLimits?: HistogramLimits | undefined;
  /** The names that series may have; any UTF-8 by default. */
  nameScheme?: ValidationScheme | undefined;
  /** A final number is about to be given to another series. */
  onForget?: ((final: number) => void) | undefined;
}

/** What became of the rows of one scrape. */
export class IntakeCounts {
  /** Rows that the target exposed. */
  scraped = 0;
  /** Rows that relabelling left, duplicates included. */
  relabelled = 0;
  /** Series that the previous successful scrape did not have. */
  added = 0;
  /** Rows left out because the scrape had the series already. */
  duplicates = 0;
  /** The first such series. */
  firstDuplicate: Labels = EMPTY_LABELS;
  /** Rows left out because their timestamps are too far in the future. */
  tooFarAhead = 0;
  /** Series that end here. */
  ended = 0;
}

export interface RememberedSeries {
  labels: Labels;
  /** Its absence means its end. */
  ends: boolean;
}

export class Intake {
  counts = new IntakeCounts();
  readonly cache: SeriesCache;
  private options: IntakeOptions;
  private readonly report: readonly Labels[];
  /** Of this scrape, and of the last successful one: a series is known if that, or one since, had it. */
  private generation = 0;
  private lastSuccess = 0;
  private t = 0;
  private maxt = 0;
  private taken = 0;
  /** Rows of the last successful scrape. */
  private usualRows = 0;
  private overLimit = false;
  /** Final numbers of the series whose absence from the next scrape means their end. */
  private previous = new NumberList();
  private current = new NumberList();

  constructor(options: IntakeOptions) {
    this.options = options;
    const target = options.reportTo;
    this.report = target === null ? [] : reportLabels(target, options.extraReport !== undefined);
    this.cache = this.newCache();
  }

  /**
   * Other settings for the scrapes to come, of the same target: `reportTo`, `onForget` and whether there is an
   * `extraReport` must be as before. With `anew` the series' final labels are worked out again.
   */
  reconfigure(options: IntakeOptions, anew: boolean): void {
    this.options = options;
    if (anew) this.cache.resolveAnew();
  }

  get reportsExtra(): boolean {
    return this.options.extraReport !== undefined;
  }

  /** The series that the next scrape takes for known, and which of them end if it lacks them. */
  remembered(): RememberedSeries[] {
    const { cache, previous, lastSuccess } = this;
    const ending = new Set<number>();
    for (let i = 0; i < previous.length; i++) ending.add(previous.values[i]);
    const found: RememberedSeries[] = [];
    for (let final = this.report.length; final < cache.final.size; final++) {
      if (cache.seen[final] === 0 || cache.seen[final] < lastSuccess) continue;
      found.push({ labels: cache.final.labels[final], ends: ending.has(final) });
    }
    return found;
  }

  /** As if the scrape before had had these; before the first one. */
  remember(series: readonly RememberedSeries[]): void {
    const { cache, previous } = this;
    const generation = cache.nextGeneration(0);
    for (const { labels, ends } of series) {
      const final = cache.enter(labels);
      cache.seen[final] = generation;
      if (!ends) continue;
      cache.tracked[final] = generation;
      previous.push(final);
    }
    this.lastSuccess = generation;
    this.usualRows = series.length;
  }

  /** Forgets series that are long gone, where it is time, in steps; else `begin` does it at once. */
  forgetting(): Generator<undefined> {
    return this.cache.forgetting(this.usualRows);
  }

  /** `t` is the time of rows that have none, `now` the clock's. */
  begin(t: number, now: number): void {
    this.generation = this.cache.nextGeneration(this.usualRows);
    this.counts = new IntakeCounts();
    this.t = t;
    this.maxt = now + MAX_AHEAD_MS;
    this.taken = 0;
    this.overLimit = false;
    this.current.clear();
  }

  /** Takes the rows from `from` on. Throws InputError to fail the scrape. */
  take(batch: Batch, from: number): void {
    const { counts, cache, generation, maxt, options } = this;
    const limit = options.limits.samples;
    const rows = batch.length;
    cache.refreshFamilies();
    if (options.histogramLimits !== undefined) limitHistograms(batch, from, options.histogramLimits);
    for (let row = from; row < rows; row++) {
      const exposed = batch.series[row];
      if (exposed === LEFT_OUT) continue;
      const final = cache.finalNumber(exposed);
      counts.scraped++;
      if (final === DROPPED) {
        batch.series[row] = LEFT_OUT;
        continue;
      }
      counts.relabelled++;
      batch.series[row] = final;
      const t = batch.t[row];
      const timed = options.honorTimestamps && !Number.isNaN(t);
      if (!timed) batch.t[row] = this.t;
      if (cache.seen[final] === generation && !timed) {
        if (counts.duplicates++ === 0) counts.firstDuplicate = cache.final.labels[final];
        batch.series[row] = LEFT_OUT;
        continue;
      }
      // What lies beyond the limit is counted, for the report, but not remembered.
      if (limit > 0 && ++this.taken > limit) {
        this.overLimit = true;
        continue;
      }
      const known = cache.seen[final] >= this.lastSuccess && cache.seen[final] !== 0;
      cache.seen[final] = generation;
      if (timed && t > maxt) {
        counts.tooFarAhead++;
        batch.series[row] = LEFT_OUT;
        continue;
      }
      if (!known) counts.added++;
      if ((!timed || options.trackTimestampsStaleness) && cache.tracked[final] !== generation) {
        cache.tracked[final] = generation;
        this.current.push(final);
      }
    }
  }

  /** Whether the sample limit is exceeded already: the scrape will fail, and only the counts still matter. */
  get exceeded(): boolean {
    return this.overLimit;
  }

  /** Counts rows, in place of `take`, without remembering their series. */
  countOnly(batch: Batch, table: SeriesTable): void {
    for (let row = 0; row < batch.length; row++) {
      this.counts.scraped++;
      const series = batch.series[row];
      const kept = this.options.relabel(table.labels[series], table.emptyLabels.get(series) ?? []);
      if (kept !== null) this.counts.relabelled++;
    }
  }

  /** The scrape succeeded: leaves in `batch` what is to be stored. Throws InputError where a limit was exceeded. */
  finish(batch: Batch): void {
    if (this.overLimit) throw new InputError('scrape_sample_limit', 'sample limit exceeded');
    this.cache.refreshFamilies();
    compact(batch);
    this.markVanished(batch);
    // Like Prometheus, which looks no further at an empty body, remember the series of the scrape before it.
    if (this.counts.scraped === 0) return;
    this.lastSuccess = this.generation;
    this.usualRows = this.counts.scraped;
  }

  /** The scrape failed: nothing of it is stored, and all series of the one before end here. */
  fail(batch: Batch): void {
    batch.clear();
    this.cache.refreshFamilies();
    for (let i = 0; i < this.current.length; i++) this.cache.tracked[this.current.values[i]] = 0;
    this.current.clear();
    this.markVanished(batch);
  }

  /** The target is gone: its series end here, and those of the report too. Follows a `begin`. */
  end(batch: Batch): void {
    this.fail(batch);
    for (let i = 0; i < this.report.length; i++) this.pushStale(batch, i);
  }

  addReport(batch: Batch, values: ReportValues): void {
    if (this.report.length === 0) return;
    const numbers = reportValues(values, this.options.extraReport);
    for (let i = 0; i < numbers.length; i++) batch.push(i, this.t, numbers[i]);
  }

  private markVanished(batch: Batch): void {
    const { previous, current, cache } = this;
    for (let i = 0; i < previous.length; i++) {
      const final = previous.values[i];
      if (cache.tracked[final] !== this.generation) this.pushStale(batch, final);
    }
    this.previous = current;
    this.current = previous;
    this.current.clear();
  }

  private pushStale(batch: Batch, final: number): void {
    // Not in one expression: adding the row may replace the column.
    this.counts.ended++;
    const row = batch.push(final, this.t, 0);
    writeStale(batch.v, row);
  }

  private newCache(): SeriesCache {
    const checked: Relabeller = (exposed, empty) => {
      const { limits, relabel, nameScheme = 'utf8' } = this.options;
      const labels = relabel(exposed, empty);
      if (labels === null) return null;
      if (!labels.has(METRIC_NAME))
        throw new InputError('scrape_name', 'missing metric name (__name__ label)');
      if (nameScheme === 'legacy' && !hasLegacyNames(labels))
        throw new InputError('scrape_name', `invalid metric name or label names: ${labels}`);
      const fault = labelLimitFault(labels, limits);
      if (fault !== undefined) throw fault;
      return labels;
    };
    const families = reportFamilies(this.options.extraReport !== undefined);
    return new SeriesCache(checked, families, this.report, this.options.onForget);
  }
}

function hasLegacyNames(labels: Labels): boolean {
  return (
    isValidMetricName(labels.get(METRIC_NAME), 'legacy') &&
    labels.names.every((name) => isValidLabelName(name, 'legacy'))
  );
}
