/**
 * Appends what parsers found to an Appender: fills in times, gives every series its metadata, and counts what became
 * of every sample. One BatchAppender serves one stream, that is one SeriesTable.
 */
import type { Clock } from '../clock.ts';
import type { Batch } from '../exposition/batch.ts';
import type { Family, SeriesTable } from '../exposition/series-table.ts';
import type { Exemplar } from '../model/exemplar.ts';
import { CounterReset, type Histogram } from '../model/histogram.ts';
import { Outcome } from '../model/outcome.ts';
import type { Appender } from './source.ts';

/** The first sample of those that had one outcome. */
export interface FirstOfKind {
  series: string;
  /** Milliseconds since the epoch. */
  t: number;
}

export class AppendCounts {
  /** Samples, by Outcome. */
  readonly samples: number[] = new Array(Object.keys(Outcome).length).fill(0);
  /** Exemplars, by Outcome. */
  readonly exemplars: number[] = new Array(Object.keys(Outcome).length).fill(0);
  /** Start timestamps that came with samples, where nothing is made of them: an Appender does not take them. */
  startTimestamps = 0;
  /** Of each Outcome other than ok, the first sample that had it. */
  readonly first: Map<Outcome, FirstOfKind> = new Map();

  /** Samples that are not in the store and whose value is not there either. */
  get refused(): number {
    return this.samples.reduce((sum, n, outcome) => (outcome > Outcome.duplicate ? sum + n : sum), 0);
  }

  /** As `refused`, for exemplars. */
  get refusedExemplars(): number {
    return this.exemplars.reduce((sum, n, outcome) => (outcome > Outcome.duplicate ? sum + n : sum), 0);
  }
}

export interface BatchAppenderOptions {
  /** The time of samples without one (ms); left out, it is when they came. */
  time?: number | undefined;
  /** A series that says when it began gets a zero at that time, where the appender takes one. */
  startZeros?: boolean | undefined;
}

const NO_REF = 0xffffffff;

export class BatchAppender {
  readonly counts: AppendCounts = new AppendCounts();
  private readonly appender: Appender;
  private readonly table: SeriesTable;
  private readonly clock: Clock;
  /** The time of samples that have none. */
  private time: number;
  private readonly fixedTime: boolean;
  private readonly startZeros: boolean;
  /** By series of the table: the appender's ref, the family whose metadata was set, and the last filled-in time. */
  private refs = new Uint32Array(0);
  private readonly families: (Family | null)[] = [];
  private filled = new Float64Array(0);
  /** By series, with `startZeros`: the newest time of a row, NaN before the first. */
  private newest = new Float64Array(0);
  /** By row of a batch. */
  private rowRefs = new Uint32Array(0);
  private outcomes = new Uint8Array(0);

  constructor(
    appender: Appender,
    table: SeriesTable,
    clock: Clock,
    { time, startZeros = false }: BatchAppenderOptions = {},
  ) {
    this.appender = appender;
    this.table = table;
    this.clock = clock;
    this.fixedTime = time !== undefined;
    this.time = time ?? clock.now();
    this.startZeros = startZeros;
  }

  /** Appends all rows of a batch and clears it. Nothing is committed. */
  append(batch: Batch): void {
    this.prepare(batch);
    const starts = this.startZeros ? batch.st : null;
    let from = 0;
    if (batch.histograms.size > 0 || starts !== null) {
      for (let row = 0; row < batch.length; row++) {
        const h = batch.histograms.get(row);
        const begins = starts !== null && this.mayBegin(batch, row, starts[row]);
        if (h === undefined && !begins) continue;
        this.appendFloats(batch, from, row);
        from = row;
        if (begins) this.appendStart(row, batch.t[row], starts[row], h);
        if (h === undefined) continue;
        this.count(batch, row, this.appender.appendHistogram(this.rowRefs[row], batch.t[row], h));
        from = row + 1;
      }
    }
    this.appendFloats(batch, from, batch.length);
    this.appendExemplars(batch);
    batch.clear();
  }

  /** A number of the table is about to be given to another series. */
  forget(series: number): void {
    if (series >= this.refs.length || this.refs[series] === NO_REF) return;
    this.appender.forget?.(this.refs[series]);
    this.refs[series] = NO_REF;
    this.families[series] = null;
    this.filled[series] = Number.NaN;
    if (this.startZeros) this.newest[series] = Number.NaN;
  }

  /** Has a ref and a time for every row. */
  private prepare(batch: Batch): void {
    const { table } = this;
    if (table.size > this.refs.length) this.growSeries(table.size);
    if (batch.length > this.rowRefs.length) {
      this.rowRefs = new Uint32Array(batch.length * 2);
      this.outcomes = new Uint8Array(batch.length * 2);
    }
    for (let row = 0; row < batch.length; row++) {
      const series = batch.series[row];
      if (this.refs[series] === NO_REF) this.refs[series] = this.appender.ref(table.labels[series]);
      const ref = this.refs[series];
      this.rowRefs[row] = ref;
      const family = table.familyOf[series] < 0 ? null : table.families[table.familyOf[series]];
      if (family !== null && this.families[series] !== family) {
        this.families[series] = family;
        this.appender.setMetadata(ref, family);
      }
      if (Number.isNaN(batch.t[row])) batch.t[row] = this.timeFor(series);
      if (batch.st !== null && batch.st[row] !== 0 && !this.startZeros) this.counts.startTimestamps++;
    }
  }

  /** A series that comes again without a time belongs to another scrape, whose time is later. */
  private timeFor(series: number): number {
    if (this.filled[series] === this.time && !this.fixedTime) this.time = this.clock.now();
    this.filled[series] = this.time;
    return this.time;
  }

  private appendFloats(batch: Batch, from: number, to: number): void {
    if (from === to) return;
    const { outcomes, counts } = this;
    const ok = this.appender.append(this.rowRefs, batch.t, batch.v, from, to, outcomes);
    if (ok === to - from) {
      counts.samples[Outcome.ok] += ok;
      return;
    }
    for (let row = from; row < to; row++) this.count(batch, row, outcomes[row] as Outcome);
  }

  /** Whether a row's start is news: nothing so late was seen of its series. */
  private mayBegin(batch: Batch, row: number, st: number): boolean {
    const series = batch.series[row];
    const before = this.newest[series];
    const t = batch.t[row];
    if (!(t <= before)) this.newest[series] = t;
    return st !== 0 && !(st <= before) && st < t;
  }

  private appendStart(row: number, t: number, st: number, h: Histogram | undefined): void {
    const zero = h === undefined ? null : zeroLike(h);
    const outcome = this.appender.appendStart?.(this.rowRefs[row], t, st, zero);
    if (outcome === Outcome.ok) this.counts.samples[Outcome.ok]++;
  }

  private count(batch: Batch, row: number, outcome: Outcome): void {
    this.counts.samples[outcome]++;
    if (outcome === Outcome.ok || this.counts.first.has(outcome)) return;
    const series = this.table.labels[batch.series[row]].toString();
    this.counts.first.set(outcome, { series, t: batch.t[row] });
  }

  private appendExemplars(batch: Batch): void {
    const { exemplars } = batch;
    for (let first = 0; first < exemplars.length; ) {
      const { row } = exemplars[first];
      const ofRow: Exemplar[] = [];
      let next = first;
      for (; next < exemplars.length && exemplars[next].row === row; next++) {
        const { exemplar } = exemplars[next];
        ofRow.push({ ...exemplar, t: exemplar.t ?? batch.t[row] });
      }
      // The buckets of a histogram have them in the order of their values, storage wants that of their times.
      if (ofRow.length > 1) ofRow.sort((a, b) => a.t! - b.t! || a.v - b.v);
      for (const exemplar of ofRow) {
        this.counts.exemplars[this.appender.appendExemplar(this.rowRefs[row], exemplar)]++;
      }
      first = next;
    }
  }

  private growSeries(size: number): void {
    const refs = new Uint32Array(size * 2).fill(NO_REF);
    refs.set(this.refs);
    this.refs = refs;
    const filled = new Float64Array(size * 2).fill(Number.NaN);
    filled.set(this.filled);
    this.filled = filled;
    if (!this.startZeros) return;
    const newest = new Float64Array(size * 2).fill(Number.NaN);
    newest.set(this.newest);
    this.newest = newest;
  }
}

/** Nothing observed, in a histogram that needs no other chunk than `h`. */
function zeroLike(h: Histogram): Histogram {
  return {
    ...h,
    counterReset: CounterReset.reset,
    stale: false,
    count: 0,
    sum: 0,
    zeroCount: 0,
    positiveSpans: [],
    negativeSpans: [],
    positiveBuckets: new Float64Array(0),
    negativeBuckets: new Float64Array(0),
  };
}
