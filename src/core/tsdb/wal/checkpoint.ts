/**
 * Checkpoints: a directory `checkpoint.N` holds what is still needed of the segments up to N, which can then go.
 * It is a log itself. It appears by rename, so there is either a whole one or none.
 */
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CorruptionError } from '../../errors.ts';
import type { Metadata } from '../../model/metadata.ts';
import { decodeExemplars } from './exemplar-record.ts';
import { HistogramDecoder, isHistogramRecord } from './histogram-record.ts';
import { LogReader } from './log-reader.ts';
import { LogWriter, type LogWriterOptions, syncDirectory } from './log-writer.ts';
import { decodeMetadata, MetadataEncoder } from './metadata-record.ts';
import { RecordType, recordType } from './record-type.ts';
import { decodeSamples, isSamplesRecord, SampleRows } from './samples-record.ts';
import { checkpointName, closeLog, listCheckpoints, listSegments, openLog, segmentName } from './segments.ts';
import { SeriesDecoder, SeriesEncoder } from './series-record.ts';
import { decodeTombstones, encodeTombstones } from './tombstone-record.ts';

export interface CheckpointOptions extends LogWriterOptions {
  /** The last segment that the checkpoint stands for; it must be there, and not be written to any more. */
  segment: number;
  /**
   * Samples and exemplars before this time (ms) are left out, as far as whole records have no other, and deletions that
   * no sample needs which is kept.
   */
  mint: number;
  /** Whether the series with this ref is still wanted. */
  keep(ref: number): boolean;
}

/**
 * Writes the checkpoint in the log directory `dir` and removes what it replaces. Throws CorruptionError, or the
 * system's error, and then the log is as it was.
 */
export function writeCheckpoint(dir: string, options: CheckpointOptions): void {
  const name = checkpointName(options.segment);
  const temporary = join(dir, `${name}.tmp`);
  rmSync(temporary, { recursive: true, force: true });
  const all = openLog(dir);
  const files = all.filter((f) => f.checkpoint !== undefined || f.segment <= options.segment);
  try {
    const writer = new LogWriter(temporary, { segment: 0, offset: 0 }, options);
    try {
      new Checkpointing(writer, options).run(new LogReader(files));
      writer.flush();
    } finally {
      writer.close();
    }
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  } finally {
    closeLog(all);
  }
  renameSync(temporary, join(dir, name));
  syncDirectory(dir);
  removeReplaced(dir, options.segment);
}

/** Removes segments and checkpoints that the checkpoint of `segment` replaces. */
function removeReplaced(dir: string, segment: number): void {
  for (const n of listSegments(dir)) if (n <= segment) rmSync(join(dir, segmentName(n)));
  for (const n of listCheckpoints(dir)) {
    if (n < segment) rmSync(join(dir, checkpointName(n)), { recursive: true });
  }
}

class Checkpointing {
  private readonly writer: LogWriter;
  private readonly options: CheckpointOptions;
  private readonly series = new SeriesDecoder();
  private readonly kept = new SeriesEncoder();
  private readonly samples = new SampleRows();
  private readonly histograms = new HistogramDecoder();
  /** Of each series the newest; written at the end. */
  private readonly metadata = new Map<number, Metadata>();
  /** The oldest sample that was kept, ms, if it is older than `mint`. What deletes it comes after it. */
  private keptFrom: number;

  constructor(writer: LogWriter, options: CheckpointOptions) {
    this.writer = writer;
    this.options = options;
    this.keptFrom = options.mint;
  }

  run(reader: LogReader): void {
    while (reader.next()) {
      try {
        this.take(reader.record);
      } catch (error) {
        throw error instanceof CorruptionError ? reader.fault(error) : error;
      }
    }
    // Only the end of the whole log may be torn, and this is not where it ends.
    if (reader.torn) {
      throw new CorruptionError('the last record is torn', {
        file: reader.file.path,
        offset: reader.dataEnd,
      });
    }
    const encoder = new MetadataEncoder();
    for (const [ref, metadata] of this.metadata) encoder.add(ref, metadata);
    if (encoder.count > 0) this.writer.log(encoder.record());
  }

  private take(record: Uint8Array): void {
    const { keep, mint } = this.options;
    const type = recordType(record);
    if (type === RecordType.series) this.takeSeries(record);
    else if (isSamplesRecord(type)) {
      decodeSamples(record, this.samples);
      this.takeSamples(record, this.samples.t.subarray(0, this.samples.length));
    } else if (isHistogramRecord(type)) {
      this.takeSamples(record, this.histogramTimes(record));
    } else if (type === RecordType.exemplars) {
      if (decodeExemplars(record).some(({ exemplar }) => exemplar.t! >= mint)) this.writer.log(record);
    } else if (type === RecordType.tombstones) {
      const tombstones = decodeTombstones(record).filter((stone) => stone.maxt >= this.keptFrom);
      if (tombstones.length > 0) this.writer.log(encodeTombstones(tombstones));
    } else if (type === RecordType.metadata) {
      for (const { ref, metadata } of decodeMetadata(record)) if (keep(ref)) this.metadata.set(ref, metadata);
    }
  }

  private takeSamples(record: Uint8Array, times: ArrayLike<number>): void {
    let oldest = Number.POSITIVE_INFINITY;
    let newest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < times.length; i++) {
      if (times[i] < oldest) oldest = times[i];
      if (times[i] > newest) newest = times[i];
    }
    if (newest < this.options.mint) return;
    this.writer.log(record);
    if (oldest < this.keptFrom) this.keptFrom = oldest;
  }

  private histogramTimes(record: Uint8Array): number[] {
    const { histograms } = this;
    const times: number[] = [];
    histograms.begin(record);
    while (histograms.next()) times.push(histograms.t);
    return times;
  }

  private takeSeries(record: Uint8Array): void {
    const { series, kept } = this;
    kept.clear();
    series.start(record);
    while (series.next()) {
      if (this.options.keep(series.ref))
        kept.addEncoded(series.ref, record, series.labelsStart, series.labelsEnd);
    }
    if (kept.length > 0) this.writer.log(kept.record());
  }
}
