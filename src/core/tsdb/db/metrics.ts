/**
 * What a database counts of itself, under Prometheus' own names where it counts the same, so that dashboards and
 * alerts for Prometheus' storage work. What is a state is read when it is asked for.
 */
import { join } from 'node:path';
import { type ClassicHistogram, Counter, Registry } from '../../instrument/index.ts';
import type { MetricFamily } from '../../model/family.ts';
import { HEAD_CHUNKS_DIR, type Head, type SampleCounts } from '../head/index.ts';
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
}

/** Seconds; Prometheus' own: 1 and on, doubled thirteen times. */
const COMPACTION_BUCKETS = Array.from({ length: 14 }, (_, i) => 2 ** i);

export class DatabaseMetrics {
  private readonly registry = new Registry();
  readonly compactions = this.counter('compactions_total', 'Blocks written, of the head or of other blocks.');
  readonly failedCompactions = this.counter('compactions_failed_total', 'Compactions that failed.');
  readonly triggeredCompactions = this.counter(
    'compactions_triggered_total',
    'How often it was looked whether there is something to compact.',
  );
  readonly verticalCompactions = this.counter(
    'vertical_compactions_total',
    'Compactions of blocks that overlap.',
  );
  readonly compactionSeconds: ClassicHistogram = this.registry.histogram(
    'prometheus_tsdb_compaction_duration_seconds',
    'Time that compactions took, seconds.',
    [],
    COMPACTION_BUCKETS,
  );
  readonly headTruncations = this.counter(
    'head_truncations_total',
    'Attempts to remove from the head what is in blocks.',
  );
  readonly failedHeadTruncations = this.counter(
    'head_truncations_failed_total',
    'Such attempts that failed.',
  );
  readonly logTruncations = this.counter('wal_truncations_total', 'Attempts to shorten the log.');
  readonly failedLogTruncations = this.counter('wal_truncations_failed_total', 'Such attempts that failed.');
  readonly checkpoints = this.counter('checkpoint_creations_total', 'Attempts to write a checkpoint.');
  readonly failedCheckpoints = this.counter(
    'checkpoint_creations_failed_total',
    'Such attempts that failed.',
  );
  readonly timeRetentions = this.counter(
    'time_retentions_total',
    'How often blocks were removed for their age.',
  );
  readonly sizeRetentions = this.counter(
    'size_retentions_total',
    'How often blocks were removed for their size.',
  );
  readonly logCorruptions = this.counter('wal_corruptions_total', 'Damaged places found in the log.');
  readonly headChunkCorruptions = this.counter(
    'mmap_chunk_corruptions_total',
    'Damaged places found in the files of the head.',
  );
  readonly damageFound: Counter = this.registry.counter(
    'tsmon_tsdb_damage_found_total',
    'How often a query met damaged chunks or blocks, and went on without them.',
  );
  /** How long it took to read the log, seconds. */
  replaySeconds: number | undefined = undefined;

  constructor({ dir, blocks, head: headOf, retention }: DatabaseParts) {
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

    gauge('blocks_loaded', 'Blocks that are there and can be read.', () => blocks.metas.length);
    registry.reading(
      'gauge',
      'tsmon_tsdb_blocks_broken',
      'Blocks that are there and left alone, being damaged.',
      () => blocks.brokenCount,
    );
    counter('reloads_total', 'How often the directory was looked through for blocks.', () => blocks.reloads);
    counter('reloads_failures_total', 'How often a block could not be opened then.', () => blocks.failures);
    gauge('lowest_timestamp', 'The oldest sample, milliseconds.', lowest);
    gauge('lowest_timestamp_seconds', 'The oldest sample, seconds.', () => lowest() / 1000);
    gauge('data_replay_duration_seconds', 'Time it took to read the log.', () => this.replaySeconds);
    gauge('storage_blocks_bytes', 'Bytes of all blocks.', () =>
      blocks.metas.reduce((sum, { ulid }) => sum + bytesOf(join(dir, ulid)), 0),
    );
    gauge('wal_storage_size_bytes', 'Bytes of the log.', () => bytesOf(join(dir, 'wal')));
    gauge('head_chunks_storage_size_bytes', "Bytes of the head's files.", () =>
      bytesOf(join(dir, HEAD_CHUNKS_DIR)),
    );
    gauge('retention_limit_bytes', 'Most bytes that are kept; 0: no limit.', () => retention.maxBytes);
    gauge(
      'retention_limit_seconds',
      'How long samples are kept; 0: for ever.',
      () => retention.maxAge / 1000,
    );

    headGauge('head_series', 'Series in the head.', ({ series }) => series.count);
    headGauge(
      'head_stale_series',
      'Of these, the ones whose newest sample is a stale marker.',
      ({ series }) => series.staleCount,
    );
    headCounter(
      'head_series_created_total',
      'Series that came to the head.',
      ({ series }) => series.count + series.goneCount,
    );
    headCounter('head_series_removed_total', 'Series that left the head.', ({ series }) => series.goneCount);
    headGauge('head_chunks', 'Chunks in the head.', ({ chunkCount }) => chunkCount);
    headCounter(
      'head_chunks_created_total',
      'Chunks that were begun in the head.',
      (head) => head.chunkCount + head.goneChunks,
    );
    headCounter('head_chunks_removed_total', 'Chunks that left the head.', ({ goneChunks }) => goneChunks);
    headGauge('head_min_time', "The head's oldest sample, milliseconds.", ({ minTime }) => finite(minTime));
    headGauge('head_min_time_seconds', "The head's oldest sample, seconds.", ({ minTime }) =>
      finite(minTime / 1000),
    );
    headGauge('head_max_time', "The head's newest sample, milliseconds.", ({ maxTime }) => finite(maxTime));
    headGauge('head_max_time_seconds', "The head's newest sample, seconds.", ({ maxTime }) =>
      finite(maxTime / 1000),
    );
    headGauge(
      'head_active_appenders',
      'Transactions that have begun and not ended.',
      ({ transactions }) => transactions.size,
    );
    headGauge(
      'wal_segment_current',
      'The segment that the log is written to.',
      ({ walSegment }) => walSegment,
    );
    headCounter(
      'wal_writes_failed_total',
      'Transactions that the log could not be given.',
      ({ failedWrites }) => failedWrites,
    );
    headCounter(
      'exemplar_exemplars_appended_total',
      'Exemplars that came.',
      ({ exemplars }) => exemplars.added,
    );
    headGauge(
      'exemplar_exemplars_in_storage',
      'Exemplars that there are.',
      ({ exemplars }) => exemplars.count,
    );
    headGauge(
      'exemplar_series_with_exemplars_in_storage',
      'Series that have exemplars.',
      ({ exemplars }) => exemplars.seriesCount,
    );
    headGauge(
      'exemplar_max_exemplars',
      'Exemplars that are kept at most.',
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
    byType('head_samples_appended_total', 'Samples that came.', ({ appended }) => appended);
    byType(
      'head_out_of_order_samples_appended_total',
      'Of these, the ones that came out of order.',
      ({ appendedLate }) => appendedLate,
    );
    byType(
      'out_of_order_samples_total',
      'Samples refused because newer ones of their series were there.',
      ({ outOfOrder }) => outOfOrder,
    );
    byType(
      'out_of_bound_samples_total',
      'Samples refused because they are older than the head takes, or too far ahead of the clock.',
      ({ outOfBounds }) => outOfBounds,
    );
    byType(
      'too_old_samples_total',
      'Samples refused because they are older than the window for samples out of order.',
      ({ tooOld }) => tooOld,
    );
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
