/**
 * Appends the series of one remote write. Of a 1.0 message one sample that cannot be stored refuses all; of a 2.0 message it
 * is left out, and told.
 */

import { InputError } from '../../errors.ts';
import { validateHistogram } from '../../model/histogram-validation.ts';
import {
  compareStrings,
  EMPTY_LABELS,
  type Labels,
  labelsFromPairs,
  METRIC_NAME,
} from '../../model/labels.ts';
import { isLegacyLabelName, isValidLabelName, isValidMetricName, isValidUtf8 } from '../../model/names.ts';
import { Outcome, outcomeText } from '../../model/outcome.ts';
import { goQuote } from '../../model/quote.ts';
import type { WrittenSeries } from '../../remote/write-codec.ts';
import type { Appender } from '../../source/source.ts';
import type { WriteMemory } from './write-memory.ts';

/** A series that says nothing takes two bytes, so the length of a message alone limits little. */
const MAX_SERIES = 500_000;
/** An answer tells of so many faults, not of each of a hundred thousand. */
const MAX_FAULTS = 20;

export class WriteIntake {
  private readonly appender: Appender;
  private readonly partial: boolean;
  private readonly memory: WriteMemory | undefined;
  /** Refs that are not remembered. */
  private readonly passing: number[] = [];
  private refs = new Uint32Array(0);
  private outcomes = new Uint8Array(0);
  private dropped = 0;
  private series = 0;
  /** Of an all-or-nothing message: the first time that was taken of each series in it. */
  private readonly begun = new Map<number, number>();
  readonly faults: string[] = [];
  /** Written, by kind. */
  samples = 0;
  histograms = 0;
  exemplars = 0;
  /** Of these, samples and histograms of series without metadata. */
  withoutMetadata = 0;
  /** Of series whose labels are no good. */
  invalidSamples = 0;

  /** `partial`: what can be stored is, whatever becomes of the rest. `memory`, where there is one, is the appender's. */
  constructor(appender: Appender, partial: boolean, memory?: WriteMemory) {
    this.appender = appender;
    this.partial = partial;
    this.memory = memory;
  }

  /** A series of `message`. Throws InputError where that has more of them than a sender would send. */
  add(series: WrittenSeries, message: Uint8Array): void {
    if (++this.series > MAX_SERIES)
      throw new InputError('bad_write', `there are more than ${MAX_SERIES} series in one message`);
    const { appender } = this;
    let { ref } = series;
    let labels = EMPTY_LABELS;
    if (ref < 0) {
      const own = this.labelsOf(series);
      if (own === undefined) {
        this.invalidSamples += series.samples.length + series.histograms.length;
        return;
      }
      labels = own;
      ref = this.refOf(labels, series, message);
    }
    const before = this.samples + this.histograms;
    this.addSamples(ref, series, labels);
    for (const { t, h } of series.histograms) {
      const invalid = validateHistogram(h);
      if (invalid !== undefined) this.fault(invalid, labels);
      else if (this.isTaken(ref, t, appender.appendHistogram(ref, t, h), labels)) this.histograms++;
    }
    for (const exemplar of series.exemplars) {
      const outcome = appender.appendExemplar(ref, exemplar);
      // A sender may send an exemplar again.
      if (outcome === Outcome.ok || outcome === Outcome.duplicate) this.exemplars++;
      // What is late or too long is lost, which is no reason to refuse samples.
      else if (this.partial && outcome === Outcome.outOfOrder) this.fault('out of order exemplar', labels);
    }
    if (series.metadata !== undefined) appender.setMetadata(ref, series.metadata);
    else this.withoutMetadata += this.samples + this.histograms - before;
  }

  /** Stores what may be stored. */
  finish(): void {
    const refused = this.faults.length > 0 && !this.partial;
    try {
      if (refused) this.undo();
      else this.appender.commit();
    } finally {
      this.memory?.done(this.passing);
    }
    if (this.dropped > 0) this.faults.push(`and ${this.dropped} more`);
  }

  /** Forgets all of the message. */
  rollback(): void {
    try {
      this.undo();
    } finally {
      this.memory?.done(this.passing);
    }
  }

  private undo(): void {
    this.appender.rollback();
    this.samples = 0;
    this.histograms = 0;
    this.exemplars = 0;
    this.withoutMetadata = 0;
  }

  private refOf(labels: Labels, { labelsStart, labelsEnd }: WrittenSeries, message: Uint8Array): number {
    const ref = this.appender.ref(labels);
    if (this.memory === undefined) return ref;
    if (labelsEnd > labelsStart) this.memory.learn(message, labelsStart, labelsEnd, ref);
    else this.passing.push(ref);
    return ref;
  }

  private addSamples(ref: number, { samples }: WrittenSeries, labels: Labels): void {
    const n = samples.length;
    if (n === 0) return;
    if (this.refs.length < n) {
      this.refs = new Uint32Array(n * 2);
      this.outcomes = new Uint8Array(n * 2);
    }
    this.refs.fill(ref, 0, n);
    this.appender.append(this.refs, samples.t, samples.v, 0, n, this.outcomes);
    for (let i = 0; i < n; i++) {
      if (this.isTaken(ref, samples.t[i], this.outcomes[i] as Outcome, labels)) this.samples++;
    }
  }

  /** Whether it is stored, or was; a fault is noted where that is why it is not. */
  private isTaken(ref: number, t: number, outcome: Outcome, labels: Labels): boolean {
    if (outcome === Outcome.duplicate) return true;
    if (outcome === Outcome.ok) {
      if (!this.partial && !this.begun.has(ref)) this.begun.set(ref, t);
      return true;
    }
    const first = this.begun.get(ref) ?? Number.POSITIVE_INFINITY;
    const contradicts = (outcome === Outcome.conflict || outcome === Outcome.outOfOrder) && t >= first;
    // What the same message says otherwise is left out, as in Prometheus: all else of it would be lost for good.
    if (!contradicts) this.fault(outcomeText(outcome, t), labels);
    return false;
  }

  /** Undefined where they are none; 2.0 is told so. */
  private labelsOf({ labels: pairs }: WrittenSeries): Labels | undefined {
    const sorted = [...pairs].sort((a, b) => compareStrings(a[0], b[0]));
    const twice = sorted.find(([name], i) => i > 0 && name === sorted[i - 1][0]);
    if (twice !== undefined) {
      this.invalid(() => `invalid labels for series, labels ${shown(sorted)}, duplicated label ${twice[0]}`);
      return undefined;
    }
    const metric = sorted.find(([name]) => name === METRIC_NAME)?.[1] ?? '';
    const valid =
      isValidMetricName(metric) &&
      sorted.every(([name, value]) => isValidLabelName(name) && isValidUtf8(value));
    if (valid) return labelsFromPairs(sorted);
    this.invalid(() => `invalid metric name or labels, got ${shown(sorted)}`);
    return undefined;
  }

  private invalid(text: () => string): void {
    if (this.partial) this.note(text);
  }

  /** Only one who can act on a part of a message needs to know of which; such messages have the labels of each. */
  private fault(reason: string, labels: Labels): void {
    this.note(() => (this.partial ? `${reason} for series ${shown([...labels])}` : reason));
  }

  private note(text: () => string): void {
    if (this.faults.length < MAX_FAULTS) this.faults.push(text());
    else this.dropped++;
  }
}

function shown(pairs: readonly (readonly [string, string])[]): string {
  const parts = pairs.map(
    ([name, value]) => `${isLegacyLabelName(name) ? name : goQuote(name)}=${goQuote(value)}`,
  );
  return `{${parts.join(', ')}}`;
}
