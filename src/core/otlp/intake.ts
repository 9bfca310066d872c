/**
 * Appends the samples of requests, one after another: all of a request or, where one sample cannot be stored, none. What
 * a request says twice of one time is no such fault: the first counts.
 */
import { copied, grownLength } from '../encoding/grown.ts';
import type { Exemplar } from '../model/exemplar.ts';
import type { Histogram } from '../model/histogram.ts';
import { emptyHistogram } from '../model/histogram-copy.ts';
import { validateHistogram } from '../model/histogram-validation.ts';
import type { Labels } from '../model/labels.ts';
import type { Metadata } from '../model/metadata.ts';
import { Outcome, outcomeText } from '../model/outcome.ts';
import { writeStale } from '../model/value.ts';
import type { KnownSeries } from '../remote/known-series.ts';
import type { Appender } from '../source/source.ts';

/** Rows that are appended together. */
const ROWS = 1024;

export interface IntakeFault {
  /** Whether the sender did wrong; its samples are refused for good, then. */
  isSenders: boolean;
  text: string;
}

export class Intake {
  private readonly appender: Appender;
  private readonly known: KnownSeries;
  private readonly refs = new Uint32Array(ROWS);
  private readonly ts = new Float64Array(ROWS);
  private readonly vs = new Float64Array(ROWS);
  private readonly outcomes = new Uint8Array(ROWS);
  private rows = 0;
  /** By ref: the newest time of the request whose number is beside it. */
  private newest = new Float64Array(1024);
  private newestIn = new Uint32Array(1024);
  private request = 1;
  /** Refs that this request asked for. */
  private readonly asked: number[] = [];
  private readonly exemplars: { ref: number; exemplar: Exemplar }[] = [];
  /** The first of this request; nothing is taken from then on. */
  fault: IntakeFault | undefined = undefined;

  /** Refs that are `known` stay for later requests. */
  constructor(appender: Appender, known: KnownSeries) {
    this.appender = appender;
    this.known = known;
  }

  /** The ref of a series, for this request. */
  series(labels: Labels): number {
    const ref = this.appender.ref(labels);
    this.reserve(ref);
    this.asked.push(ref);
    return ref;
  }

  /** A ref that is not known any more. */
  release(ref: number): void {
    this.asked.push(ref);
  }

  setMetadata(ref: number, metadata: Metadata): void {
    this.appender.setMetadata(ref, metadata);
  }

  /** The first row of a column, whose bits stay what they are. */
  addFrom(ref: number, t: number, column: Float64Array): void {
    const v = column[0];
    if (Number.isNaN(v)) this.vs.set(column.subarray(0, 1), this.rows);
    else this.vs[this.rows] = v;
    this.addRow(ref, t);
  }

  add(ref: number, t: number, v: number): void {
    this.vs[this.rows] = v;
    this.addRow(ref, t);
  }

  addStale(ref: number, t: number): void {
    writeStale(this.vs, this.rows);
    this.addRow(ref, t);
  }

  /** The series began at `st`, before what is added next. */
  addStart(ref: number, t: number, st: number, like: Histogram | undefined): void {
    this.flush();
    const zero = like === undefined ? null : zeroLike(like);
    this.appender.appendStart?.(ref, t, st, zero);
  }

  addHistogram(ref: number, t: number, h: Histogram): void {
    this.flush();
    if (this.fault !== undefined) return;
    const invalid = h.stale ? undefined : validateHistogram(h);
    if (invalid !== undefined) this.fault = { isSenders: false, text: invalid };
    else this.judge(ref, t, this.appender.appendHistogram(ref, t, h));
  }

  addExemplar(ref: number, exemplar: Exemplar): void {
    this.exemplars.push({ ref, exemplar });
  }

  /** Stores all of the request, or nothing; returns why. */
  finish(): IntakeFault | undefined {
    this.flush();
    const { fault, appender, exemplars } = this;
    if (fault !== undefined) {
      this.abandon();
      return fault;
    }
    appender.commit();
    // One that comes again, late or too long is lost, and no reason to send samples again.
    for (const { ref, exemplar } of exemplars) appender.appendExemplar(ref, exemplar);
    appender.commit();
    this.end();
    return undefined;
  }

  /** Forgets all of the request. */
  abandon(): void {
    this.appender.rollback();
    this.end();
  }

  private end(): void {
    const { appender, asked, known } = this;
    const gone = new Set<number>();
    for (const ref of asked) if (!known.has(ref)) gone.add(ref);
    for (const ref of gone) appender.forget?.(ref);
    asked.length = 0;
    this.exemplars.length = 0;
    this.rows = 0;
    this.fault = undefined;
    this.request++;
  }

  private addRow(ref: number, t: number): void {
    const { rows } = this;
    this.refs[rows] = ref;
    this.ts[rows] = t;
    this.rows = rows + 1;
    if (this.rows === ROWS) this.flush();
  }

  private flush(): void {
    const { rows, refs, ts, outcomes } = this;
    this.rows = 0;
    if (rows === 0 || this.fault !== undefined) return;
    this.appender.append(refs, ts, this.vs, 0, rows, outcomes);
    for (let i = 0; i < rows; i++) this.judge(refs[i], ts[i], outcomes[i] as Outcome);
  }

  private judge(ref: number, t: number, outcome: Outcome): void {
    const isFirst = this.newestIn[ref] !== this.request;
    if (outcome === Outcome.ok) {
      if (isFirst || t > this.newest[ref]) this.newest[ref] = t;
      this.newestIn[ref] = this.request;
      return;
    }
    const isRepeated = outcome === Outcome.conflict || outcome === Outcome.outOfOrder;
    if (outcome === Outcome.duplicate || (isRepeated && !isFirst && t <= this.newest[ref])) return;
    this.fault ??= { isSenders: true, text: outcomeText(outcome, t) };
  }

  private reserve(ref: number): void {
    if (ref < this.newest.length) return;
    const length = grownLength(this.newest.length, ref + 1);
    this.newest = copied(this.newest, new Float64Array(length));
    this.newestIn = copied(this.newestIn, new Uint32Array(length));
  }
}

function zeroLike({ schema, zeroThreshold, customValues, isFloat }: Histogram): Histogram {
  return { ...emptyHistogram(schema), isFloat, zeroThreshold, customValues };
}
