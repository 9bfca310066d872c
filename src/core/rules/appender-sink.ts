/** Writes what rules yield through an appender, one commit a rule. */
import type { Histogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import { type Appender, Outcome } from '../source/source.ts';
import type { RuleSink } from './group.ts';

const FIRST_ROWS = 256;

export class AppenderSink implements RuleSink {
  private readonly open: () => Appender;
  private readonly onRefused: (outcome: Outcome, labels: Labels, t: number) => void;
  private readonly histograms: { labels: Labels; t: number; histogram: Histogram }[] = [];
  private readonly labels: Labels[] = [];
  private t = new Float64Array(FIRST_ROWS);
  private v = new Float64Array(FIRST_ROWS);
  private length = 0;

  /** `onRefused` is told of what the store does not take. */
  constructor(open: () => Appender, onRefused: (outcome: Outcome, labels: Labels, t: number) => void) {
    this.open = open;
    this.onRefused = onRefused;
  }

  addFloat(labels: Labels, t: number, vs: Float64Array, row: number): void {
    if (this.length === this.t.length) {
      this.t = twice(this.t);
      this.v = twice(this.v);
    }
    this.labels[this.length] = labels;
    this.t[this.length] = t;
    // As memory, so that the bits of a NaN stay.
    this.v.set(vs.subarray(row, row + 1), this.length);
    this.length++;
  }

  addHistogram(labels: Labels, t: number, histogram: Histogram): void {
    this.histograms.push({ labels, t, histogram });
  }

  commit(): void {
    const { length, labels, t, v } = this;
    if (length === 0 && this.histograms.length === 0) return;
    const appender = this.open();
    try {
      const refs = new Uint32Array(length);
      for (let row = 0; row < length; row++) refs[row] = appender.ref(labels[row]);
      const outcomes = new Uint8Array(length);
      if (appender.append(refs, t, v, 0, length, outcomes) < length) {
        for (let row = 0; row < length; row++) this.check(outcomes[row] as Outcome, labels[row], t[row]);
      }
      for (const { labels: series, t: at, histogram } of this.histograms) {
        this.check(appender.appendHistogram(appender.ref(series), at, histogram), series, at);
      }
      appender.commit();
    } catch (error) {
      appender.rollback();
      throw error;
    } finally {
      this.length = 0;
      this.labels.length = 0;
      this.histograms.length = 0;
    }
  }

  private check(outcome: Outcome, labels: Labels, t: number): void {
    if (outcome !== Outcome.ok && outcome !== Outcome.duplicate) this.onRefused(outcome, labels, t);
  }
}

function twice(array: Float64Array): Float64Array<ArrayBuffer> {
  const out = new Float64Array(array.length * 2);
  out.set(array);
  return out;
}
