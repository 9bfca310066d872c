/**
 * The whole of prometheus.yml, read, checked and filled in.
 * See https://prometheus.io/docs/prometheus/latest/configuration/configuration/
 */
import type { ScrapeProtocol } from '../exposition/negotiation.ts';
import type { TlsConfig } from '../http/http-config.ts';
import type { EscapingScheme } from '../model/escaping.ts';
import type { ValidationScheme } from '../model/names.ts';
import type { AlertingConfig } from '../notifier/alertmanager-config.ts';
import type { OtlpConfig } from '../otlp/otlp-config.ts';
import type { RemoteReadConfig } from '../remote/remote-read-config.ts';
import type { RemoteWriteConfig } from '../remote/remote-write-config.ts';
import type { ScrapeConfig } from '../scrape/scrape-config.ts';

export interface Config {
  global: GlobalConfig;
  runtime: RuntimeConfig;
  alerting: AlertingConfig;
  /** Globs; absolute, or relative to the working directory. */
  ruleFiles: readonly string[];
  scrapeConfigFiles: readonly string[];
  /** Those of the file, then those of `scrapeConfigFiles`. */
  scrapeConfigs: readonly ScrapeConfig[];
  /** How many of them, at the end, are from `scrapeConfigFiles`. */
  includedJobs: number;
  storage: StorageConfig;
  tracing: TracingConfig;
  remoteWrite: readonly RemoteWriteConfig[];
  remoteRead: readonly RemoteReadConfig[];
  otlp: OtlpConfig;
}

export interface GlobalConfig {
  scrapeIntervalMs: number;
  scrapeTimeoutMs: number;
  /** Undefined where it depends on each job's native histograms. */
  scrapeProtocols?: readonly ScrapeProtocol[] | undefined;
  evaluationIntervalMs: number;
  ruleQueryOffsetMs: number;
  queryLogFile: string;
  scrapeFailureLogFile: string;
  externalLabels: Readonly<Record<string, string>>;
  bodySizeLimitBytes: number;
  sampleLimit: number;
  targetLimit: number;
  labelLimit: number;
  labelNameLengthLimit: number;
  labelValueLengthLimit: number;
  keepDroppedTargets: number;
  metricNameValidationScheme: ValidationScheme;
  metricNameEscapingScheme: EscapingScheme;
  scrapeNativeHistograms: boolean;
  convertClassicHistogramsToNhcb: boolean;
  alwaysScrapeClassicHistograms: boolean;
  extraScrapeMetrics: boolean;
}

export interface RuntimeConfig {
  /** Taken for compatibility; there is no Go here. */
  gogc: number;
}

export interface StorageConfig {
  tsdb?: TsdbConfig | undefined;
  exemplars?: { maxExemplars: number } | undefined;
}

export interface TsdbConfig {
  outOfOrderTimeWindowMs: number;
  /** Taken for compatibility: which part of the series in memory may be stale, 0 to 1; 0 for any. */
  staleSeriesCompactionThreshold: number;
  retention?: RetentionConfig | undefined;
  /** How float samples are encoded. */
  chunkEncoding?: { floats: 'xor' | 'xor2' } | undefined;
}

/** 0 for no limit. */
export interface RetentionConfig {
  timeMs: number;
  sizeBytes: number;
  /** Of the disk, 0 to 100. */
  percentage: number;
}

export interface TracingConfig {
  clientType: 'grpc' | 'http';
  /** '' where nothing is traced. */
  endpoint: string;
  samplingFraction: number;
  insecure: boolean;
  tlsConfig: TlsConfig;
  headers: Readonly<Record<string, string>>;
  compression: '' | 'gzip';
  timeoutMs: number;
}
