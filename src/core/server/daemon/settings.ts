/** What `tsmon serve` is told on its command line. Durations are milliseconds. */
import type { LoadOptions } from '../../config/index.ts';
import type { EngineOptions } from '../../promql/index.ts';
import type { RestoreOptions } from '../../rules/index.ts';

export interface DaemonSettings {
  version: string;
  /** prometheus.yml. */
  configFile: string;
  /** It is the one that comes with tsmon: the server then has /host/metrics. */
  ownConfig: boolean;
  /** Expand variables in every text of it, not only in external labels. */
  expandEnv: boolean;
  env: Readonly<Record<string, string | undefined>>;
  /** Settings of `global` that features switch on. */
  configOn: NonNullable<LoadOptions['on']>;
  /** Upstream's feature `created-timestamp-zero-ingestion`. */
  createdAsStart: boolean;
  /** How often the files are looked at for changes; 0: on demand only. */
  autoReloadMs: number;
  dataDir: string;
  /** 0 for no limit; what the configuration says goes first. */
  retentionMs: number;
  retentionBytes: number;
  walCompression: boolean;
  walSegmentBytes: number | undefined;
  minBlockRangeMs: number | undefined;
  maxBlockRangeMs: number | undefined;
  /** In the order given; at least one. */
  listen: readonly ListenAddress[];
  /** Where others reach this server. */
  externalUrl: URL;
  /** '' or '/prometheus'. */
  routePrefix: string;
  /** Where the page for browsers is, as it was built. */
  webDir: string;
  /** '' for none. */
  webConfigFile: string;
  roles: { scrape: boolean; rules: boolean };
  admin: boolean;
  lifecycle: boolean;
  remoteWriteReceiver: boolean;
  otlpReceiver: boolean;
  /** Upstream's feature `otlp-native-delta-ingestion`. */
  otlpNativeDelta: boolean;
  /** Upstream's feature `search-api`. */
  enableSearch: boolean;
  /** Full names of messages; undefined for all. */
  acceptedWrites: readonly string[] | undefined;
  /** Of the page for browsers. */
  pageTitle: string;
  corsOrigin: string;
  maxConnections: number;
  readTimeoutMs: number;
  maxNotificationsSubscribers: number;
  queryMaxConcurrency: number;
  engine: EngineOptions & {
    lookbackMs: number;
    timeoutMs: number;
    parser: NonNullable<EngineOptions['parser']>;
  };
  remoteReadSampleLimit: number;
  remoteReadConcurrency: number;
  notificationCapacity: number;
  /** Alerts in one request. */
  notificationBatch: number;
  drainNotifications: boolean;
  resendDelayMs: number;
  restore: RestoreOptions;
  ruleConcurrency: number;
  /** How long requests and alerts may take when the server stops. */
  shutdownMs: number;
  /** As the API shows them, by the names that Prometheus has for them. */
  flags: Readonly<Record<string, string>>;
}

export interface ListenAddress {
  /** '' for all addresses. */
  host: string;
  /** 0 for any. */
  port: number;
}
