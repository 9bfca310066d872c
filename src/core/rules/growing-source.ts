/**
 * Series in memory of which only those up to a moving time can be seen: a test's input as a server would have come to
 * know it. What rules write is added beside.
 */
import type { Histogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import { type MemorySeries, MemorySource } from '../source/memory.ts';
import type { SelectHints, SeriesSet } from '../source/source.ts';
import type { RuleSink } from './group.ts';

export class GrowingSource extends MemorySource implements RuleSink {
  /** Nothing later than this (ms) is seen. */
  untilMs = Number.NEGATIVE_INFINITY;

  override select(matchers: readonly Matcher[], hints: SelectHints): Promise<SeriesSet> {
    return super.select(matchers, { ...hints, maxt: Math.min(hints.maxt, this.untilMs) });
  }

  addFloat(labels: Labels, t: number, vs: Float64Array, row: number): void {
    const series = this.series(labels);
    if (!this.isLate(series, t)) series.addFloat(t, vs, row);
  }

  addHistogram(labels: Labels, t: number, histogram: Histogram): void {
    const series = this.series(labels);
    if (!this.isLate(series, t)) series.addHistogram(t, histogram);
  }

  /** A store takes no sample at or before the newest that it has, which is the newest that can be seen. */
  private isLate(series: MemorySeries, t: number): boolean {
    const seen = series.firstFrom(this.untilMs + 1);
    return seen > 0 && series.t[seen - 1] >= t;
  }
}
