/**
 * Appends the series of one remote write. Of a 1.0 message one sample that cannot be stored refuses all; of a 2.0 message it
 * is left out, and told.
 */

import { validateHistogram } from '../../model/histogram-validation.ts';
import { type Labels, labelsFromPairs, METRIC_NAME } from '../../model/labels.ts';
import { isValidLabelName, isValidMetricName, isValidUtf8 } from '../../model/names.ts';
import { Outcome } from '../../model/outcome.ts';
import { goQuote } from '../../model/quote.ts';
import type { WrittenSeries } from '../../remote/write-codec.ts';
import type { Appender } from '../../source/source.ts';

/** An answer tells of so many faults, not of each of a hundred thousand. */
const MAX_FAULTS = 20;

const REASONS: readonly string[] = [
  '',
  '',
  'duplicate sample for timestamp',
  'out of order sample',
  'too old sample',
  'out of bounds',
];

export class WriteIntake {
  private readonly appender: Appender;
  private readonly partial: boolean;
  private refs = new Uint32Array(0);
  private outcomes = new Uint8Array(0);
  private dropped = 0;
  readonly faults: string[] = [];
  /** Written, by kind. */
  samples = 0;
  histograms = 0;
  exemplars = 0;
  /** Of series whose labels are no good. */
  invalidSamples = 0;

  /** `partial`: what can be stored is, whatever becomes of the rest. */
  constructor(appender: Appender, partial: boolean) {
    this.appender = appender;
    this.partial = partial;
  }

  add(series: WrittenSeries): void {
    const labels = this.labelsOf(series);
    if (labels === undefined) {
      this.invalidSamples += series.samples.length + series.histograms.length;
      return;
    }
    const { appender } = this;
    if (this.partial && series.samples.length + series.histograms.length === 0) {
      this.fault('TimeSeries must contain at least one sample or histogram for series', labels);
      return;
    }
    const ref = appender.ref(labels);
    this.addSamples(ref, series, labels);
    for (const { t, h } of series.histograms) {
      const invalid = validateHistogram(h);
      const outcome = invalid === undefined ? appender.appendHistogram(ref, t, h) : undefined;
      if (outcome === Outcome.ok || outcome === Outcome.duplicate) this.histograms++;
      else this.fault(`${invalid ?? REASONS[outcome!]} for series`, labels);
    }
    for (const exemplar of series.exemplars) {
      const outcome = appender.appendExemplar(ref, exemplar);
      // A sender may send an exemplar again; what is late is lost, which is no reason to send samples again.
      if (outcome === Outcome.ok) this.exemplars++;
    }
    if (series.metadata !== undefined) appender.setMetadata(ref, series.metadata);
  }

  /** Stores what may be stored. */
  finish(): void {
    const refused = this.faults.length > 0 && !this.partial;
    if (refused) this.rollback();
    else this.appender.commit();
    if (this.dropped > 0) this.faults.push(`and ${this.dropped} more`);
  }

  rollback(): void {
    this.appender.rollback();
    this.samples = 0;
    this.histograms = 0;
    this.exemplars = 0;
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
      const outcome = this.outcomes[i];
      if (outcome === Outcome.ok || outcome === Outcome.duplicate) this.samples++;
      else this.fault(`${REASONS[outcome]} for series`, labels);
    }
  }

  /** Undefined where they are none; 2.0 is told so. */
  private labelsOf({ labels: pairs }: WrittenSeries): Labels | undefined {
    const shown = () => `{${pairs.map(([name, value]) => `${name}=${goQuote(value)}`).join(', ')}}`;
    const names = new Set(pairs.map(([name]) => name));
    if (names.size < pairs.length) {
      this.invalid(`invalid labels for series, labels ${shown()}, duplicated label`);
      return undefined;
    }
    const metric = pairs.find(([name]) => name === METRIC_NAME)?.[1] ?? '';
    const valid =
      isValidMetricName(metric) &&
      pairs.every(([name, value]) => isValidLabelName(name) && isValidUtf8(value));
    if (valid) return labelsFromPairs(pairs);
    this.invalid(`invalid metric name or labels, got ${shown()}`);
    return undefined;
  }

  private invalid(text: string): void {
    if (this.partial) this.note(text);
  }

  private fault(text: string, labels: Labels): void {
    this.note(`${text} ${labels}`);
  }

  private note(text: string): void {
    if (this.faults.length < MAX_FAULTS) this.faults.push(text);
    else this.dropped++;
  }
}
