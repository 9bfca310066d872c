/** How far back the log of a data directory reaches, of what counts in it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CorruptionError } from '../../errors.ts';
import { takeInventory } from '../compaction/index.ts';
import {
  closeLog,
  decodeSamples,
  HistogramDecoder,
  isHistogramRecord,
  LogReader,
  openLog,
  RecordType,
  recordType,
  SampleRows,
} from '../wal/index.ts';

/** The oldest time (ms) that only the log has, or undefined where it has nothing that the blocks have not. */
export function logReach(dir: string): number | undefined {
  const wal = join(dir, 'wal');
  if (!existsSync(wal)) return undefined;
  let from = Number.NEGATIVE_INFINITY;
  for (const { state, meta } of takeInventory(dir).blocks) {
    if (state !== 'live' || meta!.compaction.hints?.includes('from-out-of-order')) continue;
    from = Math.max(from, meta!.maxTime);
  }
  const samples = new SampleRows();
  const histograms = new HistogramDecoder();
  let oldest = Number.POSITIVE_INFINITY;
  const files = openLog(wal);
  try {
    const reader = new LogReader(files);
    while (reader.next()) {
      const type = recordType(reader.record);
      if (type === RecordType.samples || type === RecordType.samplesV2) {
        decodeSamples(reader.record, samples);
        for (let i = 0; i < samples.length; i++) {
          if (samples.t[i] >= from && samples.t[i] < oldest) oldest = samples.t[i];
        }
      } else if (isHistogramRecord(type)) {
        histograms.begin(reader.record);
        while (histograms.next()) if (histograms.t >= from && histograms.t < oldest) oldest = histograms.t;
      }
    }
  } catch (error) {
    // What follows damage is lost to a server, too.
    if (!(error instanceof CorruptionError)) throw error;
  } finally {
    closeLog(files);
  }
  return oldest === Number.POSITIVE_INFINITY ? undefined : oldest;
}
