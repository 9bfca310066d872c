/** From the flags of `tsmon serve` to what the daemon is told. */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Interfaces } from '@oclif/core';
import { InputError } from '../core/errors.ts';
import { parseBase2, parseByteSize } from '../core/model/byte-size.ts';
import { parseDuration } from '../core/model/duration.ts';
import { parserOptionsFor } from '../core/promql/parser/index.ts';
import { compileRegex } from '../core/regex/index.ts';
import type { DaemonSettings, ListenAddress } from '../core/server/daemon/index.ts';
import { features, QUERY_FEATURES } from './engine-options.ts';
import { CONFIG_FEATURES, CREATED_ZEROS, splitFeatures, switchesOf } from './scrape-features.ts';
import { AGENT_FLAGS, IDLE_FLAGS, type serveFlags } from './serve-flags.ts';

export type ServeFlags = Interfaces.InferredFlags<typeof serveFlags>;

/** Prometheus' features that are always on here, or have nothing to switch. */
const SETTLED_FEATURES = new Set([
  'exemplar-storage',
  'expand-external-labels',
  'new-service-discovery-manager',
  'no-default-scrape-port',
  'auto-gomaxprocs',
  'auto-gomemlimit',
  'promql-per-step-stats',
]);

/** Those that are not there, and why that matters. */
const MISSING_FEATURES: Readonly<Record<string, string>> = {
  'otlp-deltatocumulative': 'what comes with delta temporality is not added up',
  'st-storage': 'when series began is not stored beside their samples',
};

const NATIVE_DELTA = 'otlp-native-delta-ingestion';

const SERVER_FEATURES = [
  'auto-reload-config',
  'concurrent-rule-eval',
  NATIVE_DELTA,
  'remote-write-receiver',
  'search-api',
];

export interface ServeSettings {
  settings: DaemonSettings;
  /** What the user asked for and does not get, one line each. */
  notices: string[];
}

/** `root` is where tsmon is installed. Throws InputError. */
export function serveSettings(flags: ServeFlags, version: string, root: string): ServeSettings {
  refuseAgent(flags);
  const listen = flags.listen.map(parseListenAddress);
  const enabled = splitFeatures(flags['enable-feature']);
  const given = flags.config ?? (existsSync('prometheus.yml') ? 'prometheus.yml' : undefined);
  const externalUrl = parseExternalUrl(flags['web.external-url'], listen[0]);
  const query = features(enabled.filter((name) => QUERY_FEATURES.includes(name)));
  const settings: DaemonSettings = {
    version,
    configFile: given ?? join(root, 'share', 'prometheus.yml'),
    ownConfig: given === undefined,
    expandEnv: flags['expand-env'] || given === undefined,
    env: { ...process.env, TSMON_ADDRESS: localAddress(listen[0]) },
    configOn: switchesOf(enabled),
    createdAsStart: enabled.includes(CREATED_ZEROS),
    autoReloadMs: enabled.includes('auto-reload-config')
      ? positive(flags['config.auto-reload-interval'], 'config.auto-reload-interval')
      : 0,
    dataDir: flags.data,
    retentionMs: flags.retention === undefined ? 0 : duration(flags.retention, 'retention'),
    retentionBytes: flags['retention-size'] === undefined ? 0 : byteSize(flags['retention-size']),
    walCompression: flags['storage.tsdb.wal-compression'],
    walSegmentBytes: segmentBytes(flags['storage.tsdb.wal-segment-size']),
    minBlockRangeMs: optional(flags['storage.tsdb.min-block-duration'], 'storage.tsdb.min-block-duration'),
    maxBlockRangeMs: optional(flags['storage.tsdb.max-block-duration'], 'storage.tsdb.max-block-duration'),
    listen,
    externalUrl,
    routePrefix: parsePrefix(flags['web.route-prefix'] ?? externalUrl.pathname),
    webDir: join(root, 'dist', 'web'),
    webConfigFile: flags['web.config.file'] ?? '',
    roles: { scrape: flags.scrape, rules: flags.rules },
    admin: flags['web.enable-admin-api'],
    lifecycle: flags['web.enable-lifecycle'],
    remoteWriteReceiver:
      flags['web.enable-remote-write-receiver'] || enabled.includes('remote-write-receiver'),
    otlpReceiver: flags['web.enable-otlp-receiver'],
    otlpNativeDelta: enabled.includes(NATIVE_DELTA),
    enableSearch: enabled.includes('search-api'),
    acceptedWrites: flags['web.remote-write-receiver.accepted-protobuf-messages'],
    pageTitle: flags['web.page-title'],
    corsOrigin: checkedRegex(flags['web.cors.origin']),
    maxConnections: flags['web.max-connections'],
    readTimeoutMs: positive(flags['web.read-timeout'], 'web.read-timeout'),
    maxNotificationsSubscribers: flags['web.max-notifications-subscribers'],
    queryMaxConcurrency: flags['query.max-concurrency'],
    engine: {
      lookbackMs: positive(flags['query.lookback-delta'], 'query.lookback-delta'),
      timeoutMs: positive(flags['query.timeout'], 'query.timeout'),
      maxSamples: flags['query.max-samples'],
      delayedNameRemoval: query.includes('promql-delayed-name-removal'),
      typeAndUnitLabels: query.includes('type-and-unit-labels'),
      useStartTimestamps: query.includes('use-start-timestamps'),
      parser: parserOptionsFor(query),
    },
    remoteReadSampleLimit: flags['storage.remote.read-sample-limit'],
    remoteReadConcurrency: flags['storage.remote.read-concurrent-limit'],
    notificationCapacity: flags['alertmanager.notification-queue-capacity'],
    notificationBatch: flags['alertmanager.notification-batch-size'],
    drainNotifications: flags['alertmanager.drain-notification-queue-on-shutdown'],
    resendDelayMs: duration(flags['rules.alert.resend-delay'], 'rules.alert.resend-delay'),
    restore: {
      outageToleranceMs: duration(
        flags['rules.alert.for-outage-tolerance'],
        'rules.alert.for-outage-tolerance',
      ),
      graceMs: duration(flags['rules.alert.for-grace-period'], 'rules.alert.for-grace-period'),
    },
    // Their order stays, so that it takes no feature flag (concurrent-rule-eval) to have it.
    ruleConcurrency: flags['rules.max-concurrent-evals'],
    shutdownMs: duration(flags['shutdown-timeout'], 'shutdown-timeout'),
    flags: shownFlags(flags),
  };
  return { settings, notices: noticesOf(flags, enabled) };
}

/** `host:port`, `:port`, `[::1]:port`, or a port alone. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:(\[[^\]]*\]|[^:[\]]*):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535)
    throw new InputError('bad_address', `--listen: "${text}" is not an address: write HOST:PORT or :PORT`);
  return { host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port };
}

function localAddress({ host, port }: ListenAddress): string {
  const everywhere = host === '' || host === '0.0.0.0' || host === '::';
  const name = everywhere ? 'localhost' : host;
  return `${name.includes(':') ? `[${name}]` : name}:${port}`;
}

function parseExternalUrl(text: string | undefined, { port }: ListenAddress): URL {
  if (text === undefined || text === '') return new URL(`http://${hostname()}:${port}/`);
  // A path alone is one on this host.
  const full = text.startsWith('/') ? `http://${hostname()}:${port}${text}` : text;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new InputError('bad_url', `--web.external-url: "${text}" is not an http or https URL`);
  return url;
}

function refuseAgent(flags: object): void {
  const given = Object.entries(flags).find(([name, value]) => name in AGENT_FLAGS && value !== false);
  if (given === undefined) return;
  const reason = 'there is no agent mode; `tsmon scrape` sends what it scrapes to other programs';
  throw new InputError('agent', `--${given[0]}: ${reason}`);
}

/** As people write sizes, or as Prometheus takes them: however large. */
function byteSize(text: string): number {
  try {
    return parseByteSize(text);
  } catch {
    return parseBase2(text);
  }
}

/** Prometheus' bounds, which make sure of a whole page and of numbers that fit. */
function segmentBytes(text: string | undefined): number | undefined {
  const bytes = text === undefined ? undefined : byteSize(text);
  if (bytes !== undefined && (bytes < 10 << 20 || bytes > 256 << 20))
    throw new InputError('bad_size', '--storage.tsdb.wal-segment-size must be between 10MB and 256MB');
  return bytes;
}

/** '/prometheus/' and 'prometheus' are '/prometheus', '/' is ''. */
function parsePrefix(text: string): string {
  const path = text.replace(/^\/+|\/+$/g, '');
  return path === '' ? '' : `/${path}`;
}

function duration(text: string, flag: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new InputError('bad_duration', `--${flag}: ${(error as Error).message}`);
  }
}

function positive(text: string, flag: string): number {
  const ms = duration(text, flag);
  if (ms === 0) throw new InputError('bad_duration', `--${flag} must be more than 0`);
  return ms;
}

function optional(text: string | undefined, flag: string): number | undefined {
  return text === undefined ? undefined : positive(text, flag);
}

function checkedRegex(text: string): string {
  compileRegex(text);
  return text;
}

function noticesOf(flags: ServeFlags, enabled: readonly string[]): string[] {
  const idle = Object.keys(flags).filter((name) => name in IDLE_FLAGS);
  const unknown = enabled.filter(
    (name) =>
      !(
        SETTLED_FEATURES.has(name) ||
        name in CONFIG_FEATURES ||
        SERVER_FEATURES.includes(name) ||
        QUERY_FEATURES.includes(name)
      ),
  );
  return [
    ...idle.map((name) => `--${name} is taken for compatibility, and has no effect`),
    ...unknown.map(
      (name) => `the feature ${name} is left aside: ${MISSING_FEATURES[name] ?? 'it is not known here'}`,
    ),
  ];
}

/** By the names that Prometheus has for them. */
const UPSTREAM_NAMES: Readonly<Record<string, string>> = {
  config: 'config.file',
  data: 'storage.tsdb.path',
  listen: 'web.listen-address',
  retention: 'storage.tsdb.retention.time',
  'retention-size': 'storage.tsdb.retention.size',
};

function shownFlags(flags: ServeFlags): Record<string, string> {
  return Object.fromEntries(
    Object.entries(flags)
      .map(([name, value]) => [UPSTREAM_NAMES[name] ?? name, [value].flat().join(',')])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
