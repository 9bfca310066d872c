/**
 * The log of a data directory for those who select from it again and again: from the second time on it is kept in memory
 * as columns, where it is not too large, and not passed over for each selection.
 */
import type { Matcher } from '../../model/matcher.ts';
import type { StoredSeriesSet } from '../../tsdb/block/index.ts';
import type { SelectHints } from '../source.ts';
import { LogSeriesSet } from './log-series-set.ts';
import type { LogView } from './log-view.ts';

/** Samples of a log that is kept, 16 bytes each. */
const MOST_ROWS = 8 * 1024 * 1024;

export class LogStore {
  private readonly view: LogView;
  /** Samples before this time (ms) that came in order do not count. */
  private readonly minTime: number;
  private readonly mostRows: number;
  private selections = 0;
  /** Null where it is too large. */
  private whole: LogSeriesSet | null | undefined = undefined;

  constructor(view: LogView, minTime: number, mostRows = MOST_ROWS) {
    this.view = view;
    this.minTime = minTime;
    this.mostRows = mostRows;
  }

  /** Throws what a pass over the log does. */
  select(matchers: readonly Matcher[], { mint, maxt, labelsOnly = false }: SelectHints): StoredSeriesSet {
    // Labels alone are one pass, and no sample is decoded for them.
    if (!labelsOnly && this.selections++ > 0) {
      if (this.whole === undefined) this.whole = this.read();
      if (this.whole !== null) return this.whole.within(matchers, { mint, maxt });
    }
    return new LogSeriesSet(this.view, matchers, { mint, maxt, labelsOnly, minTime: this.minTime });
  }

  private read(): LogSeriesSet | null {
    const all = new LogSeriesSet(this.view, [], {
      mint: Number.NEGATIVE_INFINITY,
      maxt: Number.POSITIVE_INFINITY,
      minTime: this.minTime,
      groupRows: this.mostRows,
    });
    return all.sampleCount <= this.mostRows ? all : null;
  }
}
