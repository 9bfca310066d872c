/**
 * Writes transactions to the logs: the series that are new first, then what mentions them. Samples that came out of
 * order go to the log of their own, with markers of those of their series that left memory.
 */
import { ByteWriter } from '../../encoding/byte-writer.ts';
import type { Metadata } from '../../model/metadata.ts';
import {
  ExemplarsEncoder,
  encodeMmapMarkers,
  HistogramsEncoder,
  histogramRecordType,
  type LogWriter,
  MetadataEncoder,
  type MmapMarker,
  type RecordType,
  SamplesEncoder,
  SeriesEncoder,
} from '../wal/index.ts';
import type { Head } from './head.ts';
import { Entry, type Transaction } from './transaction.ts';

/** A record is ended at this size: large enough to compress well, small enough for a reader's memory. */
const RECORD_BYTES = 64 * 1024;

export class CommitLog {
  private readonly head: Head;
  private readonly series = new SeriesEncoder();
  private readonly metadata = new MetadataEncoder();
  private readonly samples = new SamplesEncoder();
  private readonly histograms = new Map<RecordType, HistogramsEncoder>();
  private readonly exemplars = new ExemplarsEncoder();
  private readonly labels = new ByteWriter();
  /** Rows whose series this transaction logs. */
  private readonly introduced: number[] = [];

  constructor(head: Head) {
    this.head = head;
  }

  /** Hands a transaction to the kernel. Throws the system's error; what is in the log then is of no account. */
  write(tx: Transaction): void {
    const { head, introduced } = this;
    introduced.length = 0;
    try {
      const wal = head.walWriter();
      try {
        this.introduceAll(tx, wal);
        this.writeMetadata(tx, wal);
        this.writeSamples(tx, Entry.inOrder, wal);
        this.writeExemplars(tx, wal);
      } catch (error) {
        wal.discard();
        throw error;
      }
      wal.flush();
      if (tx.lateCount > 0) this.writeLate(tx);
    } catch (error) {
      head.failedWrites++;
      this.clear();
      // With the log of late samples failing, the records of new series stay in the other: they do no harm there.
      for (const row of introduced) head.series.setLogged(row, false);
      throw error;
    }
  }

  private writeLate(tx: Transaction): void {
    const wbl = this.head.wblWriter();
    try {
      const markers = this.finishFull(tx);
      if (markers.length > 0) wbl.log(encodeMmapMarkers(markers));
      this.writeSamples(tx, Entry.late, wbl);
    } catch (error) {
      wbl.discard();
      throw error;
    }
    wbl.flush();
  }

  /**
   * Moves the full chunks, of the series that have late samples in the transaction, out of memory. Nothing is lost if
   * the transaction fails: without the marker their samples are read from the log, too.
   */
  private finishFull(tx: Transaction): MmapMarker[] {
    const { head } = this;
    const markers: MmapMarker[] = [];
    for (let i = 0; i < tx.count; i++) {
      const row = tx.row[i];
      if (tx.entry[i] !== Entry.late || !head.late.isFull(row)) continue;
      for (const { file, offset } of head.late.finish(row)) {
        markers.push({ ref: head.series.ref[row], file, offset });
      }
    }
    if (markers.length > 0) head.store.tryFlush();
    return markers;
  }

  private introduceAll(tx: Transaction, wal: LogWriter): void {
    const { head, series } = this;
    for (let i = 0; i < tx.count; i++) {
      if (!head.series.isLogged(tx.row[i]) && tx.entry[i] !== Entry.dropped) this.introduce(tx.row[i], wal);
    }
    for (const { row } of tx.exemplars) if (!head.series.isLogged(row)) this.introduce(row, wal);
    end(series, wal);
  }

  private introduce(row: number, wal: LogWriter): void {
    const { head, labels, series } = this;
    head.series.setLogged(row, true);
    this.introduced.push(row);
    labels.clear();
    head.series.sets.encode(head.series.labelsOf(row), labels);
    series.addEncoded(head.series.ref[row], labels.bytes, 0, labels.length);
    if (series.length >= RECORD_BYTES) end(series, wal);
  }

  private writeMetadata(tx: Transaction, wal: LogWriter): void {
    const { head, metadata } = this;
    const add = (row: number, entry: Metadata) => {
      metadata.add(head.series.ref[row], entry);
      if (metadata.length >= RECORD_BYTES) end(metadata, wal);
    };
    // What was set before a series had its first sample could not be logged then.
    for (const row of this.introduced) {
      const known = head.metadata.of(row);
      if (known !== undefined) add(row, known);
    }
    for (const { row, metadata: entry } of tx.metadata) {
      if (head.series.isLogged(row) && !head.metadata.has(row, entry)) add(row, entry);
    }
    end(metadata, wal);
  }

  private writeSamples(tx: Transaction, entry: Entry, log: LogWriter): void {
    const { samples } = this;
    const { ref } = this.head.series;
    const { row, t, bits, histograms, mixed } = tx;
    let lastWasFloat = true;
    for (let i = 0; i < tx.count; i++) {
      if (tx.entry[i] !== entry) continue;
      const h = histograms.size === 0 ? undefined : histograms.get(i);
      const isFloat = h === undefined;
      if (mixed && isFloat !== lastWasFloat) this.endSamples(log);
      lastWasFloat = isFloat;
      if (isFloat) {
        samples.add(ref[row[i]], t[i], bits[i * 2 + 1], bits[i * 2]);
        if (samples.length >= RECORD_BYTES) end(samples, log);
      } else {
        const type = histogramRecordType(h);
        let encoder = this.histograms.get(type);
        if (encoder === undefined) this.histograms.set(type, (encoder = new HistogramsEncoder(type)));
        encoder.add(ref[row[i]], t[i], h);
        if (encoder.length >= RECORD_BYTES) this.endSamples(log);
      }
    }
    this.endSamples(log);
  }

  private endSamples(log: LogWriter): void {
    end(this.samples, log);
    for (const encoder of this.histograms.values()) end(encoder, log);
  }

  private writeExemplars(tx: Transaction, wal: LogWriter): void {
    const { head, exemplars } = this;
    for (const { row, exemplar } of tx.exemplars) {
      exemplars.add(head.series.ref[row], exemplar.t!, exemplar);
      if (exemplars.length >= RECORD_BYTES) end(exemplars, wal);
    }
    end(exemplars, wal);
  }

  private clear(): void {
    this.series.clear();
    this.metadata.clear();
    this.samples.clear();
    for (const encoder of this.histograms.values()) encoder.clear();
    this.exemplars.clear();
  }
}

function end(encoder: { length: number; record(): Uint8Array; clear(): void }, log: LogWriter): void {
  if (encoder.length === 0) return;
  log.log(encoder.record());
  encoder.clear();
}
