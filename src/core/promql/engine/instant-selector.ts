/**
 * An instant-vector selector: for each step the newest sample that is at most the lookback old. One pass over a
 * series' samples with an index that only moves forward.
 */
import { isStale } from '../../model/value.ts';
import { ABSENT, FLOAT, type StepColumn } from '../functions/column.ts';
import type { VectorSelector } from '../parser/ast.ts';
import type { QueryContext } from './context.ts';
import type { StepGrid } from './grid.ts';
import type { SeriesMeta, VectorOperator } from './operator.ts';
import { Selection } from './selection.ts';
import { SelectionTimes } from './selection-times.ts';

export class InstantSelector implements VectorOperator {
  readonly kind = 'vector';
  private readonly lookbackMs: number;
  private readonly grid: StepGrid;
  private readonly times: SelectionTimes;
  private readonly selection: Selection;

  /** The selector's offset must have been resolved to milliseconds. `definiteHints`: see plan/histogram-stats.ts. */
  constructor(context: QueryContext, selector: VectorSelector, grid: StepGrid, definiteHints = false) {
    this.lookbackMs = context.settings.lookbackMs;
    this.grid = grid;
    this.selection = new Selection(context, selector, definiteHints);
    this.times = new SelectionTimes(context, grid, selector.at, selector.offset as number);
  }

  get series(): readonly SeriesMeta[] {
    return this.selection.series;
  }

  async prepare(): Promise<void> {
    if (this.grid.count === 0) return;
    // The window is left-open: a sample exactly as old as the lookback is out.
    const { first, last } = this.times;
    const newestOnly = this.grid.count === 1;
    await this.selection.prepare({ mint: first - this.lookbackMs + 1, maxt: last, newestOnly });
  }

  evaluate(i: number, out: StepColumn): void {
    this.scan(i, out, 'value');
  }

  /** Fills in when the selected samples were taken, in seconds: what `timestamp()` of a selector means. */
  evaluateTimestamps(i: number, out: StepColumn): void {
    this.scan(i, out, 'time');
  }

  /** Fills in when the selected samples had started to count, in seconds; 0 where that is not known. */
  evaluateStartTimestamps(i: number, out: StepColumn): void {
    this.scan(i, out, 'start');
  }

  private scan(series: number, out: StepColumn, wanted: 'value' | 'time' | 'start'): void {
    const { times, lookbackMs } = this;
    const samples = this.selection.read(series);
    out.clear();
    const { length, t, v, histograms } = samples;
    const ms = wanted === 'value' ? null : wanted === 'time' ? t : (samples.st ?? new Float64Array(length));
    let next = 0;
    for (let step = 0; step < out.length; step++) {
      const time = times.at(step);
      while (next < length && t[next] <= time) next++;
      const at = next - 1;
      if (at < 0 || t[at] <= time - lookbackMs) continue;
      const h = histograms === null ? null : (histograms[at] ?? null);
      if (h !== null) {
        if (h.stale) continue;
        if (ms !== null) out.setFloat(step, ms[at] / 1000);
        else out.setHistogram(step, h);
      } else if (!isStale(v, at)) {
        out.kind[step] = FLOAT;
        out.v[step] = ms !== null ? ms[at] / 1000 : v[at];
      } else {
        out.kind[step] = ABSENT;
      }
    }
  }
}
