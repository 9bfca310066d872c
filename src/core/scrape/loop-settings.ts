/** A job's settings as its loops need them. */
import type { Clock } from '../clock.ts';
import type { FetchClient } from '../http/fetch.ts';
import { Regex } from '../regex/index.ts';
import { relabel } from '../relabel/index.ts';
import type { ScrapeBuffers } from './buffers.ts';
import { schemaForFactor } from './histogram-limits.ts';
import { HttpInput, type ScrapeInput } from './input.ts';
import type { HistogramSettings, PoolTarget } from './pool-target.ts';
import type { ScrapeConfig } from './scrape-config.ts';
import type { ScraperOptions } from './scraper.ts';
import { TargetLabels } from './target.ts';

/** Where a job sets no limit, this one holds all the same: what one answer may need of memory. */
const MOST_BODY_BYTES = 512 * 1024 * 1024;

export interface LoopParts {
  clock: Clock;
  client: FetchClient;
  buffers: ScrapeBuffers;
  /** `_created` samples are start timestamps of the others. */
  createdAsStart?: boolean | undefined;
}

export function inputFor(target: PoolTarget, config: ScrapeConfig, client: FetchClient): ScrapeInput {
  const { unreachable } = target;
  if (unreachable !== undefined) return { read: () => Promise.reject(unreachable) };
  return new HttpInput(client, target.origin, {
    timeoutMs: target.timeoutMs,
    bodySizeLimitBytes: config.bodySizeLimitBytes || MOST_BODY_BYTES,
    protocols: config.scrapeProtocols,
    fallbackProtocol: config.fallbackScrapeProtocol,
    escaping: config.metricNameEscapingScheme,
  });
}

export function scraperOptions(target: PoolTarget, config: ScrapeConfig, parts: LoopParts): ScraperOptions {
  const labels = new TargetLabels(target.labels, config.honorLabels);
  const rules = config.metricRelabelConfigs;
  const histograms: HistogramSettings = { ...config, ...target.histograms };
  return {
    clock: parts.clock,
    buffers: parts.buffers,
    relabel: (exposed, empty) => relabel(labels.addTo(exposed, empty), rules),
    reportTo: target.labels,
    extraReport: config.extraScrapeMetrics
      ? { timeoutMs: target.timeoutMs, sampleLimit: config.sampleLimit }
      : undefined,
    honorTimestamps: config.honorTimestamps,
    trackTimestampsStaleness: config.trackTimestampsStaleness,
    limits: {
      samples: config.sampleLimit,
      labels: config.labelLimit,
      labelNameBytes: config.labelNameLengthLimit,
      labelValueBytes: config.labelValueLengthLimit,
    },
    histogramLimits: {
      buckets: config.nativeHistogramBucketLimit,
      maxSchema: schemaForFactor(config.nativeHistogramMinBucketFactor),
    },
    convertClassic: histograms.convertClassicHistogramsToNhcb
      ? { keepClassic: histograms.alwaysScrapeClassicHistograms }
      : undefined,
    nameScheme: config.metricNameValidationScheme,
    parser: {
      nativeHistograms: histograms.scrapeNativeHistograms,
      alwaysScrapeClassic: histograms.alwaysScrapeClassicHistograms,
      createdAsStart: parts.createdAsStart ?? false,
    },
  };
}

/** The settings from which a series' final labels follow, as text. */
export function labelKey(config: ScrapeConfig): string {
  const { honorLabels, metricRelabelConfigs, metricNameValidationScheme } = config;
  const { labelLimit, labelNameLengthLimit, labelValueLengthLimit } = config;
  return settingsKey([
    honorLabels,
    metricRelabelConfigs,
    metricNameValidationScheme,
    [labelLimit, labelNameLengthLimit, labelValueLengthLimit],
  ]);
}

/** Settings as text, so that two can be compared. */
export function settingsKey(settings: unknown): string {
  return JSON.stringify(settings, (_key, value) => (value instanceof Regex ? value.pattern : value));
}
