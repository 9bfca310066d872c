/** Checks the files of a log: framing, checksums, compression, and what each record says. docs/format/wal.md. */
import { existsSync } from 'node:fs';
import { CorruptionError } from '../../errors.ts';
import type { Finding } from '../block/index.ts';
import {
  closeLog,
  decodeExemplars,
  decodeMetadata,
  decodeMmapMarkers,
  decodeSamples,
  decodeTombstones,
  HistogramDecoder,
  isHistogramRecord,
  isSamplesRecord,
  LogReader,
  listCheckpoints,
  openLog,
  RecordType,
  recordType,
  SampleRows,
  SeriesDecoder,
} from '../wal/index.ts';

export type LogFinding = Omit<Finding, 'code'> & { code: 'log' | 'log-tail' | 'leftover' };

/** Records between two places where others may work. */
const STEP_RECORDS = 200;

/** Takes records apart as a server does. Of a type that it does not know it says nothing. */
export class RecordChecker {
  /** Samples of the records so far. */
  samples = 0;
  private readonly series = new SeriesDecoder();
  private readonly rows = new SampleRows();
  private readonly histograms = new HistogramDecoder();

  /** Throws CorruptionError, without a place. */
  check(record: Uint8Array): void {
    const type = recordType(record);
    if (type === RecordType.series) {
      this.series.start(record);
      while (this.series.next()) this.series.labels();
    } else if (isSamplesRecord(type)) {
      decodeSamples(record, this.rows);
      this.samples += this.rows.length;
    } else if (isHistogramRecord(type)) {
      this.histograms.begin(record);
      while (this.histograms.next()) {
        if (this.histograms.isKnown) this.histograms.histogram();
        this.samples++;
      }
    } else if (type === RecordType.tombstones) decodeTombstones(record);
    else if (type === RecordType.exemplars) decodeExemplars(record);
    else if (type === RecordType.metadata) decodeMetadata(record);
    else if (type === RecordType.mmapMarkers) decodeMmapMarkers(record);
  }
}

/**
 * Checks the log in `dir` as a server would read it: its newest checkpoint, and the segments behind it. Of each file
 * the first fault is told: what follows it there is lost. In steps.
 */
export function* verifyingLog(
  dir: string,
  progress?: (file: number, files: number) => void,
): Generator<void, LogFinding[]> {
  const findings: LogFinding[] = [];
  if (!existsSync(dir)) return findings;
  for (const checkpoint of listCheckpoints(dir).slice(0, -1)) {
    const message = `has checkpoint ${checkpoint}, which a newer one replaces`;
    findings.push({ severity: 'warning', code: 'leftover', file: dir, message });
  }
  const fault = ({ reason, place: { file = dir, offset } }: CorruptionError, consequence = '') => {
    const message = reason + consequence;
    findings.push({ severity: 'error', code: 'log', file, ...(offset !== undefined && { offset }), message });
  };
  const files = openLog(dir, fault);
  try {
    const reader = new LogReader(files);
    const checker = new RecordChecker();
    for (let n = 1; ; n++) {
      try {
        if (!reader.next()) break;
        try {
          checker.check(reader.record);
        } catch (error) {
          throw error instanceof CorruptionError ? reader.fault(error) : error;
        }
      } catch (error) {
        if (!(error instanceof CorruptionError)) throw error;
        fault(error, '; what follows it in this file is lost, and to Prometheus the files after it, too');
        if (!reader.skipFile()) break;
      }
      if (n % STEP_RECORDS > 0) continue;
      progress?.(reader.fileIndex, files.length);
      yield;
    }
    if (reader.torn) {
      const { path: file } = reader.file;
      const offset = reader.dataEnd;
      const message = `ends within a record; what is before byte ${offset} is whole`;
      findings.push({ severity: 'warning', code: 'log-tail', file, offset, message });
    }
  } finally {
    closeLog(files);
  }
  return findings;
}
