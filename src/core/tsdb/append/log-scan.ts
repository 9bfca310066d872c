/** Brings what is known of the series of a log up to date, by reading the log from some place to its end. */
import { ByteReader } from '../../encoding/byte-reader.ts';
import type { CorruptionError } from '../../errors.ts';
import { readBits } from '../../model/value.ts';
import {
  decodeSamples,
  HINT_BYTES,
  HistogramDecoder,
  isHistogramRecord,
  isSamplesRecord,
  type LogFile,
  LogReader,
  RecordType,
  type RefIndex,
  recordType,
  SampleRows,
  SeriesDecoder,
  skipLabels,
} from '../wal/index.ts';

import {
  checkOf,
  HASH_WORDS,
  hashLabels,
  histogramBits,
  type SeriesStates,
  ValueKind,
} from './series-states.ts';

/** A damaged file, and where its whole records end. */
interface LogDamage {
  error: CorruptionError;
  file: LogFile;
  dataEnd: number;
}

export class LogScan {
  /** The highest ref that was seen. */
  maxRef: number;
  /** Samples of series that no record seen so far has introduced. */
  unknown = 0;
  /** Where the log is damaged: what precedes it in its file was taken in, and what is in the files after. */
  readonly damages: LogDamage[] = [];
  private readonly states: SeriesStates;
  private readonly refs: RefIndex;
  private readonly key: Uint32Array;
  private readonly hash = new Uint32Array(HASH_WORDS);
  private readonly bits = new Uint32Array(2);
  private readonly series = new SeriesDecoder();
  private readonly samples = new SampleRows();
  private readonly histograms = new HistogramDecoder();

  /** `refs` must know the refs of the series that `states` has. */
  constructor(states: SeriesStates, refs: RefIndex, key: Uint32Array, maxRef: number) {
    this.states = states;
    this.refs = refs;
    this.key = key;
    this.maxRef = maxRef;
  }

  /** Takes in all records from offset `from` of `files[first]` on. Returns the reader, at the end. */
  run(files: readonly LogFile[], first = 0, from = 0): LogReader {
    const reader = new LogReader(files, first, from);
    reader.each(
      (record) => this.record(record),
      (error) => this.damages.push({ error, file: reader.file, dataEnd: reader.dataEnd }),
    );
    return reader;
  }

  private record(record: Uint8Array): void {
    const type = recordType(record);
    if (isSamplesRecord(type)) this.takeSamples(record);
    else if (type === RecordType.series) this.takeSeries(record);
    else if (isHistogramRecord(type)) this.takeHistograms(record);
    else if (type === RecordType.exemplars) this.takeExemplars(record);
    else if (type === RecordType.metadata) this.takeMetadata(record);
  }

  private takeSeries(record: Uint8Array): void {
    const { series, states, hash } = this;
    series.start(record);
    while (series.next()) {
      hashLabels(this.key, record, series.labelsStart, series.labelsEnd, hash);
      let i = states.find(hash);
      if (i < 0) i = states.add(hash);
      states.ref[i] = series.ref;
      this.refs.set(series.ref, i);
      if (series.ref > this.maxRef) this.maxRef = series.ref;
    }
  }

  private takeSamples(record: Uint8Array): void {
    const { samples, states, bits } = this;
    decodeSamples(record, samples);
    for (let row = 0; row < samples.length; row++) {
      const i = this.indexOf(samples.ref[row]);
      // The first of several samples for one time is the one that counts, here and in Prometheus.
      if (i < 0 || samples.t[row] <= states.lastT[i]) continue;
      states.lastT[i] = samples.t[row];
      readBits(samples.v, row, bits);
      states.lastHigh[i] = bits[0];
      states.lastLow[i] = bits[1];
      states.kind[i] = ValueKind.float;
    }
  }

  private takeHistograms(record: Uint8Array): void {
    const { histograms, states, bits } = this;
    histograms.begin(record);
    while (histograms.next()) {
      const i = this.indexOf(histograms.ref);
      if (i < 0 || histograms.t <= states.lastT[i]) continue;
      states.lastT[i] = histograms.t;
      histogramBits(record, histograms.start + HINT_BYTES, histograms.end, bits);
      states.lastHigh[i] = bits[0];
      states.lastLow[i] = bits[1];
      states.kind[i] = ValueKind.histogram;
    }
  }

  private takeExemplars(record: Uint8Array): void {
    const { states } = this;
    const reader = new ByteReader(record, 1);
    if (reader.remaining === 0) return;
    const firstRef = reader.int64();
    const firstT = reader.int64();
    while (reader.remaining > 0) {
      const i = this.indexOf(firstRef + reader.varint());
      const t = firstT + reader.varint();
      const start = reader.pos;
      const v = reader.float64();
      skipLabels(reader);
      if (i < 0 || t < states.exemplarT[i]) continue;
      states.exemplarT[i] = t;
      states.exemplarV[i] = v;
      states.exemplar[i] = checkOf(record, start, reader.pos);
    }
  }

  private takeMetadata(record: Uint8Array): void {
    const reader = new ByteReader(record, 1);
    while (reader.remaining > 0) {
      const i = this.indexOf(reader.uvarint());
      const start = reader.advance(1);
      for (let fields = reader.count(2); fields > 0; fields--) {
        reader.skipString();
        reader.skipString();
      }
      if (i >= 0) this.states.metadata[i] = checkOf(record, start, reader.pos);
    }
  }

  private indexOf(ref: number): number {
    const i = this.refs.get(ref);
    if (i < 0) {
      this.unknown++;
      // It must not be given to another series, whose sample this would become.
      if (ref > this.maxRef) this.maxRef = ref;
    }
    return i;
  }
}
