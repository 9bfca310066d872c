/**
 * Series in memory of which only those up to a moving time can be seen: a test's input as a server would have come to
 * know it. What rules write is added beside.
 */
import type { Histogram } from '../model/histogram.ts';
import { histogramsEqual } from '../model/histogram-copy.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import { isStale } from '../model/value.ts';
import { type MemorySeries, MemorySource } from '../source/memory.ts';
import { Outcome, type SelectHints, type SeriesSet } from '../source/source.ts';
import type { RuleSink } from './group.ts';
import type { RefusedSample } from './refused-sample.ts';

/** Of a block of a day, as promtool's store for tests has them. */
const HALF_BLOCK_MS = 43_200_000;

export class GrowingSource extends MemorySource implements RuleSink {
  /** Nothing later than this (ms) is seen. */
  untilMs = Number.NEGATIVE_INFINITY;
  private readonly refused: RefusedSample[] = [];

  override select(matchers: readonly Matcher[], hints: SelectHints): Promise<SeriesSet> {
    return super.select(matchers, { ...hints, maxt: Math.min(hints.maxt, this.untilMs) });
  }

  addFloat(labels: Labels, t: number, vs: Float64Array, row: number): void {
    const series = this.series(labels);
    const newest = this.newestSeen(series);
    const outcome = this.outcomeAt(series, newest, t);
    if (outcome === Outcome.ok) {
      series.addFloat(t, vs, row);
      return;
    }
    const isSame = series.histograms?.[newest] == null && Object.is(vs[row], series.v[newest]);
    // Of ends of series, which have ended then, nothing is said.
    if (isStale(vs, row) || (outcome === Outcome.conflict && isSame)) return;
    this.refused.push({ labels, t, value: vs[row], outcome });
  }

  addHistogram(labels: Labels, t: number, histogram: Histogram): void {
    const series = this.series(labels);
    const newest = this.newestSeen(series);
    const outcome = this.outcomeAt(series, newest, t);
    if (outcome === Outcome.ok) {
      series.addHistogram(t, histogram);
      return;
    }
    const known = series.histograms?.[newest] ?? null;
    if (outcome === Outcome.conflict && known !== null && histogramsEqual(known, histogram)) return;
    this.refused.push({ labels, t, value: histogram, outcome });
  }

  /** What was refused since the last call. */
  commit(): readonly RefusedSample[] {
    return this.refused.splice(0);
  }

  /** A store takes no sample at or before the newest that it has of a series: the newest that can be seen. */
  private newestSeen(series: MemorySeries): number {
    return series.firstFrom(this.untilMs + 1) - 1;
  }

  /** A new store takes nothing that is half a block older than the newest of all its samples. */
  private isOutOfBounds(t: number): boolean {
    const bound = t + HALF_BLOCK_MS;
    if (bound >= this.untilMs) return false;
    for (const series of this.all) {
      const newest = this.newestSeen(series);
      if (newest >= 0 && series.t[newest] > bound) return true;
    }
    return false;
  }

  /** What becomes of another sample of the series, whose newest one is at row `newest`. */
  private outcomeAt(series: MemorySeries, newest: number, t: number): RefusedSample['outcome'] {
    if (this.isOutOfBounds(t)) return 'outOfBounds';
    if (newest < 0 || series.t[newest] < t) return Outcome.ok;
    return series.t[newest] === t ? Outcome.conflict : Outcome.outOfOrder;
  }
}
