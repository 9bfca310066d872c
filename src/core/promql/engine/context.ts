/**
 * What all operators of one query share: where series come from, the query's times and settings, its annotations,
 * and its limits. Evaluation is synchronous once the sources have answered, so operators ask `checkpoint` now and
 * then whether they should go on, and `hold` before they keep points in memory.
 */
import type { Clock } from '../../clock.ts';
import type { SampleColumns } from '../../model/columns.ts';
import type { Matcher } from '../../model/matcher.ts';
import type { SelectHints, SeriesSet, Source, TimeRange } from '../../source/source.ts';
import { Annotations } from '../functions/annotations.ts';
import type { Subquery } from '../parser/ast.ts';
import { giveColumnsBack, takeColumns } from './column-pool.ts';
import { QueryCanceled, QueryTimeout, TooManySamples } from './errors.ts';
import type { StepGrid } from './grid.ts';

/** Columns of more steps are not made, whatever `maxSamples` allows: an operator has several, of 8 bytes a step. */
const MOST_STEPS = 2 ** 27;

export interface QuerySettings {
  /** How far an instant selector looks back for a sample, ms. */
  lookbackMs: number;
  /** Most points held in memory at once. */
  maxSamples: number;
  /** Milliseconds a query may take. */
  timeoutMs: number;
  /** Step of subqueries that name none, ms. */
  defaultSubqueryStepMs: number;
  /** Upstream's feature `promql-delayed-name-removal`. */
  delayedNameRemoval: boolean;
  /** Upstream's feature `use-start-timestamps`: counter functions look at the start timestamps of samples. */
  useStartTimestamps: boolean;
  /** Upstream's feature `type-and-unit-labels`: whether something is a counter is told by `__type__`, not its name. */
  typeAndUnitLabels: boolean;
  /** Set to anything but 0 by another thread (or a signal handler) to end the query. */
  cancelFlag?: Int32Array;
}

export class QueryContext {
  readonly source: Source;
  readonly settings: QuerySettings;
  /** The query's own grid, whatever subquery an operator stands in. */
  readonly grid: StepGrid;
  /** What `start()` and `end()` mean, ms. The last step may lie before the end. */
  readonly start: number;
  readonly end: number;
  /** An instant query, whose result may have an order of its own. */
  readonly isInstant: boolean;
  readonly annotations = new Annotations();
  private readonly clock: Clock;
  private readonly deadline: number;
  private readonly columns: SampleColumns[] = [];
  private checkpoints = 0;
  private held = 0;
  private readonly remaining: (() => void)[] = [];
  /** The most points that were in memory at once. */
  peakSamples = 0;
  /** Samples that selectors have read from the source. */
  samplesRead = 0;
  /** Told of points that are held (or, negative, released), for those who ask whose they are. */
  onHold: ((points: number) => void) | null = null;
  /** Told of every selection; `again` where the query has made it before. */
  onSelect: ((matchers: readonly Matcher[], hints: SelectHints, again: boolean) => void) | null = null;
  /** Of large subqueries the times between which their expression may have values (subquery-reach.ts). */
  readonly reaches = new Map<Subquery, TimeRange>();
  private readonly selections = new Map<string, Promise<SeriesSet>>();

  /** `end` is the query's, in ms; `grid` starts with the query. */
  constructor(
    source: Source,
    settings: QuerySettings,
    grid: StepGrid,
    end: number,
    isInstant: boolean,
    clock: Clock,
  ) {
    this.source = source;
    this.settings = settings;
    this.grid = grid;
    this.start = grid.start;
    this.end = end;
    this.isInstant = isInstant;
    this.clock = clock;
    this.deadline = clock.monotonic() + settings.timeoutMs;
  }

  /** Throws QueryTimeout or QueryCanceled. Called once per series, not per step. */
  checkpoint(): void {
    const flag = this.settings.cancelFlag;
    if (flag !== undefined && Atomics.load(flag, 0) !== 0) throw new QueryCanceled();
    // Most series take less than it takes to look at the clock.
    if (this.checkpoints++ % 16 !== 0) return;
    if (this.clock.monotonic() > this.deadline) throw new QueryTimeout();
  }

  /**
   * Called for every grid, before operators make columns that have room for each of its steps. A single series would
   * be too much; none at all is refused as well. Throws TooManySamples.
   */
  admit(grid: StepGrid): StepGrid {
    if (grid.count > Math.min(this.settings.maxSamples, MOST_STEPS)) throw new TooManySamples();
    return grid;
  }

  /** Accounts for points that stay in memory until `release`. Throws TooManySamples. */
  hold(points: number): void {
    this.held += points;
    if (this.held > this.peakSamples) this.peakSamples = this.held;
    if (this.onHold !== null) this.onHold(points);
    if (this.held > this.settings.maxSamples) throw new TooManySamples();
  }

  release(points: number): void {
    this.held -= points;
    if (this.onHold !== null) this.onHold(-points);
  }

  /**
   * Has `work` done after the result is complete. Upstream evaluates every series, whether or not it finds a partner;
   * we do so only at the end and only where it may have something to say (`mayAnnotate`).
   */
  atEnd(work: () => void): void {
    this.remaining.push(work);
  }

  /** Empty columns for a selector's samples, until the query is closed. */
  sampleColumns(): SampleColumns {
    const columns = takeColumns();
    this.columns.push(columns);
    return columns;
  }

  /** Ends the query, well or not: nothing of it is evaluated any more. */
  close(): void {
    for (const columns of this.columns.splice(0)) giveColumnsBack(columns);
  }

  finish(): void {
    for (const work of this.remaining) work();
  }

  /** Selects from the source; a selection that occurs twice in a query is made once. */
  select(matchers: readonly Matcher[], hints: SelectHints): Promise<SeriesSet> {
    const key = `${hints.mint} ${hints.maxt} ${hints.newestOnly === true} ${matchers.map(String).join()}`;
    let selection = this.selections.get(key);
    if (this.onSelect !== null) this.onSelect(matchers, hints, selection !== undefined);
    if (selection === undefined) {
      selection = this.source.select(matchers, hints);
      this.selections.set(key, selection);
    }
    return selection;
  }
}
