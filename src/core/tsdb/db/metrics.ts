/**
 * What a database counts of itself, under Prometheus' own names where it counts the same, so that dashboards and
 * alerts for Prometheus' storage work. What is a state is read when it is asked for.
 */
import { join } from 'node:path';
import { type ClassicHistogram, Counter, Registry } from '../../instrument/index.ts';
import type { MetricFamily } from '../../model/family.ts';
import { labelsFromPairs, METRIC_NAME } from '../../model/labels.ts';
import { HEAD_CHUNKS_DIR, type Head, type SampleCounts } from '../head/index.ts';
import type { LogStats } from '../wal/index.ts';
import type { BlockSet } from './block-set.ts';
import { bytesOf } from './directory-size.ts';
import type { Retention } from './retention.ts';

/** What there is to be read. */
export interface DatabaseParts {
  dir: string;
  blocks: BlockSet;
  /** When the log was read. */
  head(): Head | undefined;
  retention: Retention;
  /** Whether nobody had left a lock behind. */
  cleanStart: boolean;
}

const SYNC_QUANTILES = [0.5, 0.9, 0.99];

/** Seconds; Prometheus' own: 1 and on, doubled thirteen times. */
const COMPACTION_BUCKETS = Array.from({ length: 14 }, (_, i) => 2 ** i);

export class DatabaseMetrics {
  private readonly registry = new Registry();
  readonly compactions = this.counter(
    'compactions_total',
    'Total number of compactions that were executed for the partition.',
  );
  readonly failedCompactions = this.counter(
    'compactions_failed_total',
    'Total number of compactions that failed for the partition.',
  );
  readonly triggeredCompactions = this.counter(
    'compactions_triggered_total',
    'Total number of triggered compactions for the partition.',
  );
  readonly verticalCompactions = this.counter(
    'vertical_compactions_total',
    'Total number of compactions done on overlapping blocks.',
  );
  readonly compactionSeconds: ClassicHistogram = this.registry.histogram(
    'prometheus_tsdb_compaction_duration_seconds',
    'Duration of compaction runs',
    [],
    COMPACTION_BUCKETS,
  );
  readonly headTruncations = this.counter(
    'head_truncations_total',
    'Total number of head truncations attempted.',
  );
  readonly failedHeadTruncations = this.counter(
    'head_truncations_failed_total',
    'Total number of head truncations that failed.',
  );
  readonly logTruncations = this.counter(
    'wal_truncations_total',
    'Total number of write log truncations attempted.',
  );
  readonly failedLogTruncations = this.counter(
    'wal_truncations_failed_total',
    'Total number of write log truncations that failed.',
  );
  readonly checkpoints = this.counter(
    'checkpoint_creations_total',
    'Total number of checkpoint creations attempted.',
  );
  readonly failedCheckpoints = this.counter(
    'checkpoint_creations_failed_total',
    'Total number of checkpoint creations that failed.',
  );
  readonly timeRetentions = this.counter(
    'time_retentions_total',
    'The number of times that blocks were deleted because the maximum time limit was exceeded.',
  );
  readonly sizeRetentions = this.counter(
    'size_retentions_total',
    'The number of times that blocks were deleted because the maximum number of bytes was exceeded.',
  );
  readonly logCorruptions = this.counter('wal_corruptions_total', 'Total number of WAL corruptions.');
  readonly headChunkCorruptions = this.counter(
    'mmap_chunk_corruptions_total',
    'Total number of memory-mapped chunk corruptions.',
  );
  readonly checkpointDeletions = this.counter(
    'checkpoint_deletions_total',
    'Total number of checkpoint deletions attempted.',
  );
  /** One that fails is part of a checkpoint that fails. */
  readonly failedCheckpointDeletions = this.counter(
    'checkpoint_deletions_failed_total',
    'Total number of checkpoint deletions that failed.',
  );
  readonly lateLogTruncations = this.counter(
    'out_of_order_wbl_truncations_total',
    'Total number of write log truncations attempted.',
  );
  readonly failedLateLogTruncations = this.counter(
    'out_of_order_wbl_truncations_failed_total',
    'Total number of write log truncations that failed.',
  );
  readonly logTruncationSeconds = this.registry.summary(
    'prometheus_tsdb_wal_truncate_duration_seconds',
    'Duration of WAL truncation.',
  );
  readonly headTruncationSeconds = this.registry.summary(
    'prometheus_tsdb_head_gc_duration_seconds',
    'Runtime of garbage collection in the head block.',
  );
  readonly cleanupSeconds: ClassicHistogram = this.registry.histogram(
    'prometheus_tsdb_tombstone_cleanup_seconds',
    'The time taken to recompact blocks to remove tombstones.',
  );
  /** Tasks under way that write blocks. */
  writingBlocks = 0;
  readonly damageFound: Counter = this.registry.counter(
    'tsmon_tsdb_damage_found_total',
    'How often a query met damaged chunks or blocks, and went on without them.',
  );
  /** How long it took to read the log, seconds. */
  replaySeconds: number | undefined = undefined;

  constructor({ dir, blocks, head: headOf, retention, cleanStart }: DatabaseParts) {
    const { registry } = this;
    const gauge = (name: string, help: string, read: () => number | undefined) =>
      registry.reading('gauge', `prometheus_tsdb_${name}`, help, read);
    const counter = (name: string, help: string, read: () => number | undefined) =>
      registry.reading('counter', `prometheus_tsdb_${name}`, help, read);
    const headGauge = (name: string, help: string, read: (head: Head) => number) =>
      gauge(name, help, () => whenThere(headOf(), read));
    const headCounter = (name: string, help: string, read: (head: Head) => number) =>
      counter(name, help, () => whenThere(headOf(), read));
    const lowest = () =>
      finite(blocks.metas.reduce((t, { minTime }) => Math.min(t, minTime), headOf()?.minTime ?? Number.NaN));

    gauge('blocks_loaded', 'Number of currently loaded data blocks', () => blocks.metas.length);
    registry.reading(
      'gauge',
      'tsmon_tsdb_blocks_broken',
      'Blocks that are there and left alone, being damaged.',
      () => blocks.brokenCount,
    );
    counter(
      'reloads_total',
      'Number of times the database reloaded block data from disk.',
      () => blocks.reloads,
    );
    counter(
      'reloads_failures_total',
      'Number of times the database failed to reloadBlocks block data from disk.',
      () => blocks.failures,
    );
    gauge(
      'lowest_timestamp',
      'Lowest timestamp value stored in the database. The unit is decided by the library consumer.',
      lowest,
    );
    gauge(
      'lowest_timestamp_seconds',
      'Lowest timestamp value stored in the database.',
      () => lowest() / 1000,
    );
    gauge('data_replay_duration_seconds', 'Time taken to replay the data on disk.', () => this.replaySeconds);
    gauge(
      'storage_blocks_bytes',
      'The number of bytes that are currently used for local storage by all blocks.',
      () => blocks.metas.reduce((sum, { ulid }) => sum + bytesOf(join(dir, ulid)), 0),
    );
    gauge('wal_storage_size_bytes', 'Size of the write log directory.', () => bytesOf(join(dir, 'wal')));
    gauge('head_chunks_storage_size_bytes', 'Size of the chunks_head directory.', () =>
      bytesOf(join(dir, HEAD_CHUNKS_DIR)),
    );
    gauge(
      'retention_limit_bytes',
      'Max number of bytes to be retained in the tsdb blocks, configured 0 means disabled',
      () => retention.maxBytes,
    );
    gauge('retention_limit_seconds', 'How long to retain samples in storage.', () => retention.maxAge / 1000);

    gauge(
      'clean_start',
      '-1: lockfile is disabled. 0: a lockfile from a previous execution was replaced. 1: lockfile creation was clean',
      () => Number(cleanStart),
    );
    gauge(
      'compaction_populating_block',
      'Set to 1 when a block is currently being written to the disk.',
      () => Math.min(1, this.writingBlocks),
    );
    gauge('out_of_order_wbl_storage_size_bytes', 'Size of the write log directory.', () =>
      bytesOf(join(dir, 'wbl')),
    );
    this.addLog('wal', ({ walStats }) => walStats, headOf);
    this.addLog('out_of_order_wbl', ({ wblStats }) => wblStats, headOf);
    headGauge(
      'out_of_order_wbl_segment_current',
      'Write log segment index that TSDB is currently writing to.',
      ({ wblSegment }) => wblSegment,
    );
    // A transaction is written to both logs or to none.
    headCounter(
      'out_of_order_wbl_writes_failed_total',
      'Total number of write log writes that failed.',
      ({ failedWrites }) => failedWrites,
    );
    headGauge(
      'isolation_high_watermark',
      'The highest TSDB append ID that has been given out.',
      ({ transactionBounds }) => transactionBounds.newest,
    );
    headGauge(
      'isolation_low_watermark',
      'The lowest TSDB append ID that is still referenced.',
      ({ transactionBounds }) => transactionBounds.oldest,
    );
    headCounter(
      'mmap_chunks_total',
      'Total number of chunks that were memory-mapped.',
      ({ finished }) => finished.count + finished.dropped,
    );
    headGauge(
      'exemplar_last_exemplars_timestamp_seconds',
      'The timestamp of the oldest exemplar stored in circular storage. Useful to check for what timerange the current exemplar buffer limit allows. This usually means the last timestampfor all exemplars for a typical setup. This is not true though if one of the series timestamp is in future compared to rest series.',
      ({ exemplars }) => (exemplars.oldestTime ?? 0) / 1000,
    );
    headGauge('head_series', 'Total number of series in the head block.', ({ series }) => series.count);
    headGauge(
      'head_stale_series',
      'Of these, the ones whose newest sample is a stale marker.',
      ({ series }) => series.staleCount,
    );
    headCounter(
      'head_series_created_total',
      'Total number of series created in the head',
      ({ series }) => series.count + series.goneCount,
    );
    headCounter(
      'head_series_removed_total',
      'Total number of series removed in the head',
      ({ series }) => series.goneCount,
    );
    headGauge('head_chunks', 'Total number of chunks in the head block.', ({ chunkCount }) => chunkCount);
    headCounter(
      'head_chunks_created_total',
      'Total number of chunks created in the head',
      (head) => head.chunkCount + head.goneChunks,
    );
    headCounter(
      'head_chunks_removed_total',
      'Total number of chunks removed in the head',
      ({ goneChunks }) => goneChunks,
    );
    headGauge(
      'head_min_time',
      'Minimum time bound of the head block. The unit is decided by the library consumer.',
      ({ minTime }) => finite(minTime),
    );
    headGauge('head_min_time_seconds', 'Minimum time bound of the head block.', ({ minTime }) =>
      finite(minTime / 1000),
    );
    headGauge(
      'head_max_time',
      'Maximum timestamp of the head block. The unit is decided by the library consumer.',
      ({ maxTime }) => finite(maxTime),
    );
    headGauge('head_max_time_seconds', 'Maximum timestamp of the head block.', ({ maxTime }) =>
      finite(maxTime / 1000),
    );
    headGauge(
      'head_active_appenders',
      'Number of currently active appender transactions',
      ({ transactions }) => transactions.size,
    );
    headGauge(
      'wal_segment_current',
      'Write log segment index that TSDB is currently writing to.',
      ({ walSegment }) => walSegment,
    );
    headCounter(
      'wal_writes_failed_total',
      'Total number of write log writes that failed.',
      ({ failedWrites }) => failedWrites,
    );
    headCounter(
      'exemplar_exemplars_appended_total',
      'Total number of appended exemplars.',
      ({ exemplars }) => exemplars.added,
    );
    headGauge(
      'exemplar_exemplars_in_storage',
      'Number of exemplars currently in circular storage.',
      ({ exemplars }) => exemplars.count,
    );
    headGauge(
      'exemplar_series_with_exemplars_in_storage',
      'Number of series with exemplars currently in circular storage.',
      ({ exemplars }) => exemplars.seriesCount,
    );
    headGauge(
      'exemplar_max_exemplars',
      'Total number of exemplars the exemplar storage can store, resizeable.',
      ({ exemplars }) => exemplars.capacity,
    );

    const byType = (name: string, help: string, read: (counts: SampleCounts) => number) => {
      const counter = new Counter(`prometheus_tsdb_${name}`, help, ['type']);
      registry.source(() => {
        const head = headOf();
        if (head === undefined) return [];
        counter.with('float').value = read(head.floats);
        counter.with('histogram').value = read(head.histograms);
        return [counter.collect()];
      });
    };
    byType('head_samples_appended_total', 'Total number of appended samples.', ({ appended }) => appended);
    byType(
      'head_out_of_order_samples_appended_total',
      'Total number of appended out of order samples.',
      ({ appendedLate }) => appendedLate,
    );
    byType(
      'out_of_order_samples_total',
      'Total number of out of order samples ingestion failed attempts due to out of order being disabled.',
      ({ outOfOrder }) => outOfOrder,
    );
    byType(
      'out_of_bound_samples_total',
      'Total number of out of bound samples ingestion failed attempts with out of order support disabled.',
      ({ outOfBounds }) => outOfBounds,
    );
    byType(
      'too_old_samples_total',
      'Total number of out of order samples ingestion failed attempts with out of support enabled, but sample outside of time window.',
      ({ tooOld }) => tooOld,
    );
  }

  /** What the writer of a log counts; Prometheus has the same names for both. */
  private addLog(log: string, of: (head: Head) => LogStats, headOf: () => Head | undefined): void {
    const name = (what: string) => `prometheus_tsdb_${log}_${what}`;
    const count = (what: string, help: string, read: (stats: LogStats) => number) =>
      this.registry.reading('counter', name(what), help, () => whenThere(headOf(), (head) => read(of(head))));
    count('completed_pages_total', 'Total number of completed pages.', ({ pages }) => pages);
    count('page_flushes_total', 'Total number of page flushes.', ({ writes }) => writes);
    count(
      'record_part_writes_total',
      'Total number of record parts written before flushing.',
      ({ parts }) => parts,
    );
    count(
      'record_parts_bytes_written_total',
      'Total number of record part bytes written before flushing, including CRC and compression headers.',
      ({ partBytes }) => partBytes,
    );
    const saved = new Counter(
      name('record_bytes_saved_total'),
      'Total number of bytes saved by the optional record compression. Use this metric to learn about the effectiveness compression.',
      ['compression'],
    );
    this.registry.source(() => {
      const head = headOf();
      if (head === undefined) return [];
      if (of(head).savedBytes > 0) saved.with('snappy').value = of(head).savedBytes;
      const sync = name('fsync_duration_seconds');
      const samples = of(head).syncs.samples(SYNC_QUANTILES, performance.now(), (suffix, ...more) =>
        labelsFromPairs([[METRIC_NAME, sync + suffix], ...more]),
      );
      return [
        saved.collect(),
        { name: sync, type: 'summary', help: 'Duration of write log fsync.', unit: '', samples },
      ];
    });
  }

  families(): MetricFamily[] {
    return this.registry.collect();
  }

  private counter(name: string, help: string): Counter {
    return this.registry.counter(`prometheus_tsdb_${name}`, help);
  }
}

function whenThere(head: Head | undefined, read: (head: Head) => number): number | undefined {
  return head === undefined ? undefined : read(head);
}

/** As Prometheus shows a time that there is none of. */
function finite(v: number): number {
  return Number.isFinite(v) ? v : 0;
}
