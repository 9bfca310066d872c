/**
 * The seam between what holds samples and what reads or writes them. `promql`, `rules` and the commands know only
 * these interfaces; adapters (a data directory, a server, exposition, several of them merged) stand beside this
 * file, which imports no storage.
 */

import type { SampleColumns } from '../model/columns.ts';
import type { Exemplar } from '../model/exemplar.ts';
import type { Histogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Metadata } from '../model/metadata.ts';
import type { Outcome } from '../model/outcome.ts';

export interface TimeRange {
  /** Both inclusive, milliseconds since the epoch. */
  mint: number;
  maxt: number;
}

/** What the reader will do with a selection, so that a source can leave out what is not needed. */
export interface SelectHints extends TimeRange {
  /** Most series wanted, 0 for all. */
  limit?: number;
  /** Labels are enough: `read` will not be called. */
  labelsOnly?: boolean;
  /** Of each series the newest sample in the range is enough; more may come. */
  newestOnly?: boolean;
}

/**
 * The series of one selection, sorted by labels (Labels.compare). Labels may be made when asked for; samples are
 * decoded by `read` only. Valid until its source is closed.
 */
export interface SeriesSet {
  readonly length: number;
  labels(i: number): Labels;
  /**
   * Appends the samples of series `i` within the selection's time range to `out`, in time order. Samples outside the
   * range may come too where leaving them out costs more than it saves; the reader checks. Synchronous: sources that
   * wait do so in `select`.
   */
  read(i: number, out: SampleColumns): void;
}

export interface ExemplarSeries {
  labels: Labels;
  /** In time order, each with its `t`. */
  exemplars: Exemplar[];
}

export interface Source {
  /** Series for which every matcher holds. Rejects with InputError or CorruptionError. */
  select(matchers: readonly Matcher[], hints: SelectHints): Promise<SeriesSet>;
  labelNames(matchers: readonly Matcher[], range: TimeRange): Promise<string[]>;
  labelValues(name: string, matchers: readonly Matcher[], range: TimeRange): Promise<string[]>;
  /** By metric name; several entries where targets disagree. */
  metadata(metric?: string): Promise<Map<string, Metadata[]>>;
  exemplars(matchers: readonly (readonly Matcher[])[], range: TimeRange): Promise<ExemplarSeries[]>;
  /** Times of the oldest and newest sample, or undefined where there is none. */
  extent(): Promise<TimeRange | undefined>;
  close(): Promise<void>;
}

export { Outcome } from '../model/outcome.ts';

/**
 * Writes samples. Series are named by a ref that this appender gave out; nothing is visible or durable before
 * `commit`, which acknowledges all or throws and leaves the store as it was.
 */
export interface Appender {
  /** The ref of a series, made where it is new. Refs are small integers, valid for the appender's life. */
  ref(labels: Labels): number;
  /**
   * Appends rows [from, to) of the columns; `outcomes[row]` receives each row's Outcome. Returns how many were ok.
   * Columns rather than arguments, so that NaN payloads survive and nothing is boxed.
   */
  append(
    refs: Uint32Array,
    ts: Float64Array,
    vs: Float64Array,
    from: number,
    to: number,
    outcomes: Uint8Array,
  ): number;
  appendHistogram(ref: number, t: number, h: Histogram): Outcome;
  /** `exemplar.t` must be set. */
  appendExemplar(ref: number, exemplar: Exemplar): Outcome;
  setMetadata(ref: number, metadata: Metadata): void;
  /**
   * A zero at `st`, where the series began, for a sample at `t`; `zero` is one of a histogram, null of a float. Taken
   * where `st` is before `t`, after the series' newest sample, and not long ago. Anything else is no fault.
   */
  appendStart?(ref: number, t: number, st: number, zero: Histogram | null): Outcome;
  /** The ref will not be used again, and may be given out for another series. */
  forget?(ref: number): void;
  commit(): void;
  rollback(): void;
}
