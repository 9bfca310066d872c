/**
 * The records of one transaction: samples are encoded as they come, and nothing is written before all of them are.
 * Series come before what mentions them; samples keep the order of their series, even where floats and histograms,
 * which are different records, take turns.
 */
import type { Exemplar } from '../../model/exemplar.ts';
import type { Histogram } from '../../model/histogram.ts';
import type { Labels } from '../../model/labels.ts';
import type { Metadata } from '../../model/metadata.ts';
import {
  ExemplarsEncoder,
  HistogramsEncoder,
  histogramRecordType,
  MetadataEncoder,
  type RecordType,
  SamplesEncoder,
  SeriesEncoder,
} from '../wal/index.ts';

/** A record is ended at this size: large enough to compress well, small enough for a reader's memory. */
const RECORD_BYTES = 64 * 1024;

export class PendingRecords {
  private readonly series = new SeriesEncoder();
  private readonly metadata = new MetadataEncoder();
  private readonly samples = new SamplesEncoder();
  private readonly histograms = new Map<RecordType, HistogramsEncoder>();
  private readonly exemplars = new ExemplarsEncoder();
  /** Records that are finished, in the order in which they must be logged. */
  private readonly finished: Uint8Array[] = [];

  addSeries(ref: number, labels: Labels): void {
    this.series.add(ref, labels);
  }

  addMetadata(ref: number, metadata: Metadata): void {
    this.metadata.add(ref, metadata);
  }

  addSample(ref: number, t: number, high: number, low: number): void {
    this.samples.add(ref, t, high, low);
    if (this.samples.length >= RECORD_BYTES) this.endSamples();
  }

  addHistogram(ref: number, t: number, h: Histogram): void {
    const type = histogramRecordType(h);
    let encoder = this.histograms.get(type);
    if (encoder === undefined) this.histograms.set(type, (encoder = new HistogramsEncoder(type)));
    encoder.add(ref, t, h);
    if (encoder.length >= RECORD_BYTES) this.endSamples();
  }

  addExemplar(ref: number, t: number, exemplar: Exemplar): void {
    this.exemplars.add(ref, t, exemplar);
  }

  /** What is added next is logged after all samples that were added so far. */
  endSamples(): void {
    this.end(this.series);
    this.end(this.metadata);
    this.end(this.samples);
    for (const encoder of this.histograms.values()) this.end(encoder);
  }

  /** Finishes all records and returns them in order: valid until `clear`. */
  finish(): readonly Uint8Array[] {
    this.endSamples();
    this.end(this.exemplars);
    return this.finished;
  }

  clear(): void {
    this.series.clear();
    this.metadata.clear();
    this.samples.clear();
    for (const encoder of this.histograms.values()) encoder.clear();
    this.exemplars.clear();
    this.finished.length = 0;
  }

  private end(encoder: { length: number; record(): Uint8Array; clear(): void }): void {
    if (encoder.length === 0) return;
    this.finished.push(encoder.record().slice());
    encoder.clear();
  }
}
