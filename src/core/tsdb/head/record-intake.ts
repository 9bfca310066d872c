/**
 * Takes the records of the logs into a head, one after another, in the order in which they were written. Samples that
 * finished chunks or blocks have are passed over.
 */
import { SampleColumns } from '../../model/index.ts';
import { isStaleBits } from '../../model/value.ts';
import { addInterval } from '../block/index.ts';
import { decodeChunk } from '../chunk/index.ts';
import {
  decodeExemplars,
  decodeMetadata,
  decodeMmapMarkers,
  decodeSamples,
  decodeTombstones,
  HistogramDecoder,
  isHistogramRecord,
  isSamplesRecord,
  type MmapMarker,
  RecordType,
  RefIndex,
  recordType,
  SampleRows,
  SeriesDecoder,
} from '../wal/index.ts';
import { type LoadedChunks, placeKey } from './chunk-loader.ts';
import { exemplarOutcome } from './exemplar-ring.ts';
import type { FinishedChunks } from './finished-chunks.ts';
import type { Head } from './head.ts';
import { Newest, OpenChunk } from './series-table.ts';

export class RecordIntake {
  /** Refs of which no series is known. */
  readonly strayRefs = new Set<number>();
  private readonly head: Head;
  private readonly loaded: LoadedChunks;
  /** Rows by ref. */
  private readonly rows = new RefIndex();
  private readonly series = new SeriesDecoder();
  private readonly samples = new SampleRows();
  private readonly histograms = new HistogramDecoder();
  private readonly times = new SampleColumns();

  constructor(head: Head, loaded: LoadedChunks) {
    this.head = head;
    this.loaded = loaded;
  }

  /** A record of the log. Throws CorruptionError, without a place. */
  walRecord(record: Uint8Array): void {
    const type = recordType(record);
    if (isSamplesRecord(type)) this.takeSamples(record);
    else if (type === RecordType.series) this.takeSeries(record);
    else if (isHistogramRecord(type)) this.takeHistograms(record);
    else if (type === RecordType.tombstones) this.takeTombstones(record);
    else if (type === RecordType.exemplars) this.takeExemplars(record);
    else if (type === RecordType.metadata) {
      for (const { ref, metadata } of decodeMetadata(record)) {
        const row = this.rowOf(ref);
        if (row >= 0) this.head.metadata.set(row, metadata);
      }
    }
  }

  /** A record of the log of late samples. Throws CorruptionError, without a place. */
  wblRecord(record: Uint8Array): void {
    const type = recordType(record);
    const { head, samples, histograms: h } = this;
    const { late } = head;
    if (isSamplesRecord(type)) {
      decodeSamples(record, samples);
      for (let i = 0; i < samples.length; i++) {
        const row = this.rowOf(samples.ref[i]);
        if (row < 0) continue;
        const t = samples.t[i];
        if (late.isFull(row)) late.finish(row);
        late.insertFloat(row, t, samples.vBits[i * 2 + 1], samples.vBits[i * 2]);
        head.noteTimes(t, t, true);
      }
    } else if (isHistogramRecord(type)) {
      h.begin(record);
      while (h.next()) {
        const row = this.rowOf(h.ref);
        if (row < 0 || !h.isKnown) continue;
        if (late.isFull(row)) late.finish(row);
        late.insertHistogram(row, h.t, h.histogram());
        head.noteTimes(h.t, h.t, true);
      }
    } else if (type === RecordType.mmapMarkers) {
      for (const marker of decodeMmapMarkers(record)) this.takeMarker(marker);
    }
  }

  /** All is read. */
  finish(): void {
    const { series } = this.head;
    for (let row = 0; row < series.rows; row++) {
      if (series.ref[row] === 0 || series.newest[row] !== Newest.float || !series.isValueKnown(row)) continue;
      series.setStale(row, isStaleBits(series.xor.high[row] >>> 0, series.xor.low[row] >>> 0));
    }
  }

  /** The samples of a chunk that is there need not be in memory. A marker whose chunk is not there counts for nothing. */
  private takeMarker({ ref, file, offset }: MmapMarker): void {
    const { head, times } = this;
    const { series, finished, store } = head;
    const found = this.loaded.late.get(placeKey(file, offset));
    const row = this.rowOf(ref);
    if (found === undefined || row < 0) return;
    found.claimed = true;
    times.clear();
    const { encoding, bytes, start, end } = store.read(file, offset);
    decodeChunk(encoding, bytes, start, end, times);
    head.late.remove(row, times.t.subarray(0, times.length));
    const { mint, maxt } = found;
    series.newestLateChunk[row] = finished.push(series.newestLateChunk[row], mint, maxt, file, offset);
    head.noteTimes(mint, maxt, true);
  }

  /** The row of a series; -1 where the log does not have it, or not any more. */
  private rowOf(ref: number): number {
    const row = this.rows.get(ref);
    if (row < 0) {
      this.strayRefs.add(ref);
      // Its number must not become another's, who would get its samples with the next start.
      if (ref > this.head.lastRef) this.head.lastRef = ref;
    }
    return row;
  }

  private takeSeries(record: Uint8Array): void {
    const { head, series: decoder, rows } = this;
    const { series } = head;
    decoder.start(record);
    while (decoder.next()) {
      const { ref } = decoder;
      if (ref > head.lastRef) head.lastRef = ref;
      if (rows.get(ref) >= 0) continue;
      const row = series.findOrAdd(record, decoder.labelsStart, decoder.labelsEnd, ref);
      rows.set(ref, row);
      if (series.ref[row] !== ref) {
        // It was forgotten, and came again. Prometheus goes on under the first ref, and takes the finished chunks of the
        // last one for all that there are up to where they end: none must be added to those.
        series.addAlias(row, ref);
      }
      series.setLogged(row, true);
      this.attach(row, ref);
    }
  }

  /** Gives a series the finished chunks that are there under one of its refs. */
  private attach(row: number, ref: number): void {
    const { head, loaded } = this;
    const { series, finished } = head;
    const newest = loaded.newestOf(ref);
    if (newest === 0) return;
    if (series.open[row] !== OpenChunk.none) head.open.finish(row);
    const chunks = [...listOf(finished, series.newestChunk[row]), ...listOf(finished, newest)];
    chunks.sort((a, b) => finished.mint[a - 1] - finished.mint[b - 1]);
    series.newestChunk[row] = 0;
    let end = Number.NEGATIVE_INFINITY;
    for (const chunk of chunks) {
      const i = chunk - 1;
      if (finished.mint[i] <= end) {
        // The same samples once more, under another ref: as late ones they are merged with what is there.
        this.attachLate(row, chunk);
        continue;
      }
      finished.older[i] = series.newestChunk[row];
      series.newestChunk[row] = chunk;
      end = finished.maxt[i];
      head.noteTimes(finished.mint[i], end, false);
    }
    if (finished.maxt[newest - 1] === end) {
      series.newest[row] = loaded.isHistogram(ref) ? Newest.histogram : Newest.float;
      series.forgetValue(row);
    }
    series.xor.t[row] = end;
  }

  private attachLate(row: number, chunk: number): void {
    const { series, finished } = this.head;
    finished.older[chunk - 1] = series.newestLateChunk[row];
    series.newestLateChunk[row] = chunk;
    this.head.noteTimes(finished.mint[chunk - 1], finished.maxt[chunk - 1], true);
  }

  private takeSamples(record: Uint8Array): void {
    const { head, rows, samples } = this;
    const { open, minValidTime } = head;
    const { xor } = head.series;
    decodeSamples(record, samples);
    const { ref, t: ts, vBits } = samples;
    let mint = Number.POSITIVE_INFINITY;
    let maxt = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < samples.length; i++) {
      const t = ts[i];
      if (t < minValidTime) continue;
      const row = rows.get(ref[i]);
      if (row < 0) this.rowOf(ref[i]);
      if (row < 0 || t <= xor.t[row]) continue;
      open.appendFloat(row, t, vBits[i * 2 + 1], vBits[i * 2]);
      if (t < mint) mint = t;
      if (t > maxt) maxt = t;
    }
    if (mint <= maxt) head.noteTimes(mint, maxt, false);
  }

  private takeHistograms(record: Uint8Array): void {
    const { head, histograms: h } = this;
    h.begin(record);
    while (h.next()) {
      if (h.t < head.minValidTime) continue;
      const row = this.rowOf(h.ref);
      if (row < 0 || h.t <= head.series.xor.t[row] || !h.isKnown) continue;
      const histogram = h.histogram();
      head.open.appendHistogram(row, h.t, histogram);
      head.series.setStale(row, histogram.stale);
      head.noteTimes(h.t, h.t, false);
    }
  }

  private takeTombstones(record: Uint8Array): void {
    const { head } = this;
    for (const { ref, mint, maxt } of decodeTombstones(record)) {
      const row = this.rowOf(ref);
      if (row < 0 || maxt < head.minValidTime) continue;
      head.deleted.set(row, addInterval(head.deleted.get(row) ?? [], mint, maxt));
    }
  }

  private takeExemplars(record: Uint8Array): void {
    const { exemplars, minValidTime } = this.head;
    for (const { ref, exemplar } of decodeExemplars(record)) {
      const row = this.rowOf(ref);
      if (row < 0 || exemplar.t! < minValidTime) continue;
      if (exemplarOutcome(exemplars.last(row), exemplar) === 0) exemplars.add(row, exemplar);
    }
  }
}

/** The chunks (+ 1) of a list, from the newest on. */
function listOf(finished: FinishedChunks, newest: number): number[] {
  const list: number[] = [];
  for (let chunk = newest; chunk !== 0; chunk = finished.older[chunk - 1]) list.push(chunk);
  return list;
}
