/** Writes what rules yield through an appender, one commit a rule. */
import type { Histogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import { isStale } from '../model/value.ts';
import { type Appender, Outcome } from '../source/source.ts';
import type { RuleSink } from './group.ts';
import type { RefusedSample } from './refused-sample.ts';

const FIRST_ROWS = 256;

export class AppenderSink implements RuleSink {
  private readonly open: () => Appender;
  private readonly histograms: { labels: Labels; t: number; histogram: Histogram }[] = [];
  private readonly labels: Labels[] = [];
  private t = new Float64Array(FIRST_ROWS);
  private v = new Float64Array(FIRST_ROWS);
  private length = 0;

  constructor(open: () => Appender) {
    this.open = open;
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

  /** Returns what the store does not take; of ends of series, which have ended then, nothing is said. */
  commit(): readonly RefusedSample[] {
    const { length, labels, t, v } = this;
    const refused: RefusedSample[] = [];
    if (length === 0 && this.histograms.length === 0) return refused;
    const appender = this.open();
    try {
      const refs = new Uint32Array(length);
      for (let row = 0; row < length; row++) refs[row] = appender.ref(labels[row]);
      const outcomes = new Uint8Array(length);
      if (appender.append(refs, t, v, 0, length, outcomes) < length) {
        for (let row = 0; row < length; row++) {
          const outcome = outcomes[row] as Outcome;
          if (!isTaken(outcome) && !isStale(v, row))
            refused.push({ labels: labels[row], t: t[row], value: v[row], outcome });
        }
      }
      for (const { labels: series, t: at, histogram } of this.histograms) {
        const outcome = appender.appendHistogram(appender.ref(series), at, histogram);
        if (!isTaken(outcome)) refused.push({ labels: series, t: at, value: histogram, outcome });
      }
      appender.commit();
      return refused;
    } catch (error) {
      appender.rollback();
      throw error;
    } finally {
      this.length = 0;
      this.labels.length = 0;
      this.histograms.length = 0;
    }
  }
}

function isTaken(outcome: Outcome): boolean {
  return outcome === Outcome.ok || outcome === Outcome.duplicate;
}

function twice(array: Float64Array): Float64Array<ArrayBuffer> {
  const out = new Float64Array(array.length * 2);
  out.set(array);
  return out;
}
