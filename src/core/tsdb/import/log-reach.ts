/** How far back the log of a data directory reaches, of what counts in it, and blocks that reach into its time. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isOutOfOrder, OUT_OF_ORDER_HINT, readBlockMeta, writeBlockMeta } from '../block/index.ts';
import { takeInventory } from '../compaction/index.ts';
import {
  closeLog,
  decodeSamples,
  HistogramDecoder,
  isHistogramRecord,
  isSamplesRecord,
  LogReader,
  openLog,
  recordType,
  SampleRows,
} from '../wal/index.ts';

/**
 * A server that starts takes nothing from its log that is older than the end of its blocks. So that new blocks do not
 * hide what the log of `dir` alone has, those (given by their directories, not yet in `dir`) that reach into its time
 * are marked as Prometheus marks blocks of samples that came out of order.
 */
export function markWithinLog(dir: string, blocks: readonly string[]): void {
  const oldest = logReach(dir);
  if (oldest === undefined) return;
  for (const block of blocks) {
    const meta = readBlockMeta(block);
    if (meta.maxTime <= oldest) continue;
    writeBlockMeta(block, { ...meta, compaction: { ...meta.compaction, hints: [OUT_OF_ORDER_HINT] } });
  }
}

/** The oldest time (ms) that only the log has, or undefined where it has nothing that the blocks have not. */
export function logReach(dir: string): number | undefined {
  const wal = join(dir, 'wal');
  if (!existsSync(wal)) return undefined;
  let from = Number.NEGATIVE_INFINITY;
  for (const { state, meta } of takeInventory(dir).blocks) {
    if (state !== 'live' || isOutOfOrder(meta!)) continue;
    from = Math.max(from, meta!.maxTime);
  }
  const samples = new SampleRows();
  const histograms = new HistogramDecoder();
  let oldest = Number.POSITIVE_INFINITY;
  const take = (record: Uint8Array) => {
    const type = recordType(record);
    if (isSamplesRecord(type)) {
      decodeSamples(record, samples);
      for (let i = 0; i < samples.length; i++) {
        if (samples.t[i] >= from && samples.t[i] < oldest) oldest = samples.t[i];
      }
    } else if (isHistogramRecord(type)) {
      histograms.begin(record);
      while (histograms.next()) if (histograms.t >= from && histograms.t < oldest) oldest = histograms.t;
    }
  };
  const files = openLog(wal);
  try {
    // Damage is told by whoever opens the log to write to it.
    new LogReader(files).each(take, () => {});
  } finally {
    closeLog(files);
  }
  return oldest === Number.POSITIVE_INFINITY ? undefined : oldest;
}
