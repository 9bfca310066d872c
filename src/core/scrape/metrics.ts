/** What scraping says of itself, under Prometheus' names. */
import type { ClassicHistogram, Counter, Gauge, Registry, Summary } from '../instrument/index.ts';
import { IntervalLengths } from './interval-lengths.ts';

const JOB = 'scrape_job';
/** There may be thousands of jobs, and a job is sorted out seldom. */
const SYNCS_KEPT = 64;

export interface ScrapeMetrics {
  pools: Counter;
  reloads: Counter;
  reloadsFailed: Counter;
  exceededTargetLimit: Counter;
  targetLimit: Gauge;
  targets: Gauge;
  syncs: Counter;
  syncFailed: Counter;
  metadataEntries: Gauge;
  metadataBytes: Gauge;
  sampleLimit: Counter;
  bodySizeLimit: Counter;
  bucketLimit: Counter;
  duplicates: Counter;
  outOfOrder: Counter;
  outOfBounds: Counter;
  exemplarsOutOfOrder: Counter;
  /** Ours alone: ticks that passed while a scrape was still running. */
  skipped: Counter;
  /** Ours alone: how long after its moment a scrape began. */
  lateness: ClassicHistogram;
  labelLimits: Counter;
  intervals: IntervalLengths;
  reloadLengths: IntervalLengths;
  syncLengths: Summary;
}

export function scrapeMetrics(registry: Registry): ScrapeMetrics {
  const intervals = new IntervalLengths(
    'prometheus_target_interval_length_seconds',
    'Actual intervals between scrapes.',
  );
  const reloadLengths = new IntervalLengths(
    'prometheus_target_reload_length_seconds',
    'Actual interval to reload the scrape pool with a given configuration.',
  );
  registry.source(() => [intervals.collect(), reloadLengths.collect()]);
  const counter = (name: string, help: string, ...labels: string[]) =>
    registry.counter(`prometheus_target_${name}`, help, ...labels);
  const gauge = (name: string, help: string) => registry.gauge(`prometheus_target_${name}`, help, JOB);
  // What is wrong with a pool's settings is found when they are read; no pool fails to be made of good ones.
  counter('scrape_pools_failed_total', 'Total number of scrape pool creations that failed.');
  return {
    pools: counter('scrape_pools_total', 'Total number of scrape pool creation attempts.'),
    reloads: counter('scrape_pool_reloads_total', 'Total number of scrape pool reloads.'),
    reloadsFailed: counter('scrape_pool_reloads_failed_total', 'Total number of failed scrape pool reloads.'),
    exceededTargetLimit: counter(
      'scrape_pool_exceeded_target_limit_total',
      'Total number of times scrape pools hit the target limit, during sync or config reload.',
    ),
    targetLimit: gauge('scrape_pool_target_limit', 'Maximum number of targets allowed in this scrape pool.'),
    targets: gauge('scrape_pool_targets', 'Current number of targets in this scrape pool.'),
    syncs: counter(
      'scrape_pool_sync_total',
      'Total number of syncs that were executed on a scrape pool.',
      JOB,
    ),
    syncFailed: counter('sync_failed_total', 'Total number of target sync failures.', JOB),
    metadataEntries: gauge('metadata_cache_entries', 'Total number of metric metadata entries in the cache'),
    metadataBytes: gauge(
      'metadata_cache_bytes',
      'The number of bytes that are currently used for storing metric metadata in the cache',
    ),
    sampleLimit: counter(
      'scrapes_exceeded_sample_limit_total',
      'Total number of scrapes that hit the sample limit and were rejected.',
    ),
    bodySizeLimit: counter(
      'scrapes_exceeded_body_size_limit_total',
      'Total number of scrapes that hit the body size limit',
    ),
    bucketLimit: counter(
      'scrapes_exceeded_native_histogram_bucket_limit_total',
      'Total number of scrapes that hit the native histogram bucket limit and were rejected.',
    ),
    duplicates: counter(
      'scrapes_sample_duplicate_timestamp_total',
      'Total number of samples rejected due to duplicate timestamps but different values.',
    ),
    outOfOrder: counter(
      'scrapes_sample_out_of_order_total',
      'Total number of samples rejected due to not being out of the expected order.',
    ),
    outOfBounds: counter(
      'scrapes_sample_out_of_bounds_total',
      'Total number of samples rejected due to timestamp falling outside of the time bounds.',
    ),
    exemplarsOutOfOrder: counter(
      'scrapes_exemplar_out_of_order_total',
      'Total number of exemplar rejected due to not being out of the expected order.',
    ),
    skipped: registry.counter(
      'tsmon_target_scrapes_skipped_total',
      'Total number of scrapes that were left out because the one before took too long.',
    ),
    lateness: registry.histogram(
      'tsmon_target_scrape_lateness_seconds',
      'How long after its due time a scrape began.',
      [],
      [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5],
    ),
    labelLimits: counter(
      'scrape_pool_exceeded_label_limits_total',
      'Total number of times scrape pools hit the label limits, during sync or config reload.',
    ),
    intervals,
    syncLengths: registry.summary(
      'prometheus_target_sync_length_seconds',
      'Actual interval to sync the scrape pool.',
      { labelNames: [JOB], quantiles: [0.01, 0.05, 0.5, 0.9, 0.99], kept: SYNCS_KEPT },
    ),
    reloadLengths,
  };
}
