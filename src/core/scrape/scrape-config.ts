/**
 * A job: what to scrape, how often, and what may come of it. Everything is filled in: what a file leaves out comes
 * from its `global` section or is the default.
 * See https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config
 */
import type { DiscoveryConfig } from '../discovery/sd-config.ts';
import type { ScrapeProtocol } from '../exposition/negotiation.ts';
import type { HttpClientConfig } from '../http/http-config.ts';
import type { EscapingScheme } from '../model/escaping.ts';
import type { ValidationScheme } from '../model/names.ts';
import type { RelabelRule } from '../relabel/index.ts';

export interface ScrapeConfig {
  jobName: string;
  honorLabels: boolean;
  honorTimestamps: boolean;
  trackTimestampsStaleness: boolean;
  /** Query parameters of the scrape's URL. */
  params: Readonly<Record<string, readonly string[]>>;
  scrapeIntervalMs: number;
  scrapeTimeoutMs: number;
  /** Best first. */
  scrapeProtocols: readonly ScrapeProtocol[];
  fallbackScrapeProtocol?: ScrapeProtocol | undefined;
  scrapeNativeHistograms: boolean;
  alwaysScrapeClassicHistograms: boolean;
  convertClassicHistogramsToNhcb: boolean;
  extraScrapeMetrics: boolean;
  /** '' for none. */
  scrapeFailureLogFile: string;
  metricsPath: string;
  scheme: string;
  enableCompression: boolean;
  /** Bytes after decompression. This and the limits below are off at 0. */
  bodySizeLimitBytes: number;
  sampleLimit: number;
  targetLimit: number;
  labelLimit: number;
  /** Bytes. */
  labelNameLengthLimit: number;
  labelValueLengthLimit: number;
  nativeHistogramBucketLimit: number;
  nativeHistogramMinBucketFactor: number;
  keepDroppedTargets: number;
  metricNameValidationScheme: ValidationScheme;
  metricNameEscapingScheme: EscapingScheme;
  discovery: readonly DiscoveryConfig[];
  http: HttpClientConfig;
  relabelConfigs: readonly RelabelRule[];
  metricRelabelConfigs: readonly RelabelRule[];
}
