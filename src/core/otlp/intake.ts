/**
 * Appends the samples of one request: all of them or, where one cannot be stored, none. What a request says twice of
 * one time is no such fault: the first counts.
 */
import type { Exemplar } from '../model/exemplar.ts';
import type { Histogram } from '../model/histogram.ts';
import { emptyHistogram } from '../model/histogram-copy.ts';
import { validateHistogram } from '../model/histogram-validation.ts';
import type { Labels } from '../model/labels.ts';
import type { Metadata } from '../model/metadata.ts';
import { Outcome, outcomeText } from '../model/outcome.ts';
import { writeStale } from '../model/value.ts';
import type { Appender } from '../source/source.ts';

/** Rows that are appended together. */
const ROWS = 1024;
/** Exemplars come in transactions of their own, as each is compared with those before it in the same one. */
const EXEMPLARS = 200;

export interface IntakeFault {
  /** Whether the sender did wrong; its samples are refused for good, then. */
  isSenders: boolean;
  text: string;
}

export class Intake {
  private readonly appender: Appender;
  private readonly refs = new Uint32Array(ROWS);
  private readonly ts = new Float64Array(ROWS);
  private readonly vs = new Float64Array(ROWS);
  private readonly outcomes = new Uint8Array(ROWS);
  private rows = 0;
  /** By ref: the newest time of this request. */
  private newest = new Float64Array(1024).fill(Number.NEGATIVE_INFINITY);
  private readonly exemplars: { ref: number; exemplar: Exemplar }[] = [];
  /** The first; nothing is taken from then on. */
  fault: IntakeFault | undefined = undefined;

  constructor(appender: Appender) {
    this.appender = appender;
  }

  series(labels: Labels, metadata: Metadata): number {
    const ref = this.appender.ref(labels);
    this.appender.setMetadata(ref, metadata);
    if (ref >= this.newest.length) {
      const grown = new Float64Array(Math.max(ref + 1, this.newest.length * 2)).fill(
        Number.NEGATIVE_INFINITY,
      );
      grown.set(this.newest);
      this.newest = grown;
    }
    return ref;
  }

  /** Row `row` of a column, whose bits stay what they are. */
  addFrom(ref: number, t: number, column: Float64Array, row: number): void {
    this.vs.set(column.subarray(row, row + 1), this.rows);
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

  /** Stores all, or nothing. */
  finish(): void {
    this.flush();
    if (this.fault !== undefined) {
      this.appender.rollback();
      return;
    }
    this.appender.commit();
    for (let i = 0; i < this.exemplars.length; i++) {
      const { ref, exemplar } = this.exemplars[i];
      // One that comes again or late is lost, and no reason to send samples again.
      this.appender.appendExemplar(ref, exemplar);
      if (i % EXEMPLARS === EXEMPLARS - 1) this.appender.commit();
    }
    this.appender.commit();
  }

  abandon(): void {
    this.appender.rollback();
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
    if (outcome === Outcome.ok) {
      if (t > this.newest[ref]) this.newest[ref] = t;
      return;
    }
    const isRepeated = outcome === Outcome.conflict || outcome === Outcome.outOfOrder;
    if (outcome === Outcome.duplicate || (isRepeated && t <= this.newest[ref])) return;
    this.fault ??= { isSenders: true, text: outcomeText(outcome, t) };
  }
}

function zeroLike({ schema, zeroThreshold, customValues, isFloat }: Histogram): Histogram {
  return { ...emptyHistogram(schema), isFloat, zeroThreshold, customValues };
}
