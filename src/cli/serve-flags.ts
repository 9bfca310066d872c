/**
 * The flags of `tsmon serve`. Those that Prometheus has too have its names, or its names beside shorter ones, so that a
 * unit file moves by changing one word; what they mean to the server is in serve-settings.ts.
 */
import { Flags } from '@oclif/core';
import { InputError } from '../core/errors.ts';
import { WRITE_V1, WRITE_V2 } from '../core/remote/write-codec.ts';

const COMMON = 'COMMON';
const WEB = 'WEB';
const STORAGE = 'STORAGE';
const RULES = 'RULES AND ALERTS';
const QUERIES = 'QUERIES';

const duration = { helpValue: 'DURATION' };

/** A whole number from `min` on, which may be written as 5e7. */
const count = Flags.custom<number, { min: number }>({
  helpValue: 'NUMBER',
  parse: async (text, _, { min }) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!Number.isSafeInteger(value) || value < min)
      throw new InputError('bad_number', `"${text}" is not a whole number from ${min} on`);
    return value;
  },
});

const LEVELS = ['debug', 'info', 'warn', 'error'];

export const serveFlags = {
  config: Flags.string({
    char: 'c',
    aliases: ['config.file'],
    description:
      'The configuration: a prometheus.yml (default: $TSMON_CONFIG, or prometheus.yml where there is one, else this host and tsmon itself)',
    helpValue: 'FILE',
    helpGroup: COMMON,
    env: 'TSMON_CONFIG',
  }),
  data: Flags.string({
    aliases: ['storage.tsdb.path', 'to'],
    description: 'The data directory; made where it does not exist',
    helpValue: 'DIR',
    helpGroup: COMMON,
    env: 'TSMON_DATA',
    default: 'data',
  }),
  listen: Flags.string({
    aliases: ['web.listen-address'],
    description: 'Where to listen: HOST:PORT or :PORT; repeat for several',
    helpValue: 'ADDRESS',
    helpGroup: COMMON,
    multiple: true,
    multipleNonGreedy: true,
    default: ['0.0.0.0:9090'],
  }),
  scrape: Flags.boolean({
    description: 'Scrape the targets of the configuration',
    helpGroup: COMMON,
    default: true,
    allowNo: true,
  }),
  rules: Flags.boolean({
    description: 'Evaluate the rules of the configuration',
    helpGroup: COMMON,
    default: true,
    allowNo: true,
  }),
  'expand-env': Flags.boolean({
    description:
      'Expand variables ($NAME, with braces or without) in all of the configuration, not only in external labels',
    helpGroup: COMMON,
  }),
  'config.auto-reload-interval': Flags.string({
    ...duration,
    description: 'How often to look for changes of the configuration, with the feature auto-reload-config',
    helpGroup: COMMON,
    default: '30s',
  }),
  'enable-feature': Flags.string({
    description: "Prometheus' feature flags, with commas between; repeat for more",
    helpValue: 'NAMES',
    helpGroup: COMMON,
    multiple: true,
    multipleNonGreedy: true,
  }),
  'log.level': Flags.string({
    description: `The least severe messages to write: ${LEVELS.join(', ')}`,
    helpValue: 'LEVEL',
    helpGroup: COMMON,
    parse: async (text) => {
      const level = text.toLowerCase();
      if (LEVELS.includes(level)) return level;
      throw new InputError('bad_level', `"${text}" is none of ${LEVELS.join(', ')}`);
    },
    default: 'info',
  }),
  'log.format': Flags.string({
    description: 'How messages are written to stderr',
    helpGroup: COMMON,
    options: ['logfmt', 'json'],
    default: 'logfmt',
  }),
  'shutdown-timeout': Flags.string({
    ...duration,
    description: 'How long requests and alerts that are under way may take when the server stops',
    helpGroup: COMMON,
    default: '10s',
  }),

  'web.config.file': Flags.string({
    description: 'TLS, passwords and headers: a web.yml',
    helpValue: 'FILE',
    helpGroup: WEB,
  }),
  'web.external-url': Flags.string({
    description: 'Where others reach this server; its path comes before those of all endpoints',
    helpValue: 'URL',
    helpGroup: WEB,
  }),
  'web.route-prefix': Flags.string({
    description: 'What comes before the paths of all endpoints (default: the path of --web.external-url)',
    helpValue: 'PATH',
    helpGroup: WEB,
  }),
  'web.enable-lifecycle': Flags.boolean({
    description: 'Let /-/reload and /-/quit reload and end the server',
    helpGroup: WEB,
    allowNo: true,
  }),
  'web.enable-admin-api': Flags.boolean({
    description: 'Let /api/v1/admin delete series and make snapshots',
    helpGroup: WEB,
    allowNo: true,
  }),
  'web.enable-remote-write-receiver': Flags.boolean({
    description: 'Let /api/v1/write store samples',
    helpGroup: WEB,
    allowNo: true,
  }),
  'web.enable-otlp-receiver': Flags.boolean({
    description: 'Let /api/v1/otlp/v1/metrics store what OpenTelemetry sends',
    helpGroup: WEB,
    allowNo: true,
  }),
  'web.remote-write-receiver.accepted-protobuf-messages': Flags.string({
    description: 'The messages of remote write that are taken (default: both)',
    helpValue: 'NAME',
    helpGroup: WEB,
    options: [WRITE_V1, WRITE_V2],
    multiple: true,
    multipleNonGreedy: true,
  }),
  'web.page-title': Flags.string({
    description: 'The title of the page for browsers',
    helpValue: 'TEXT',
    helpGroup: WEB,
    default: 'tsmon',
  }),
  'web.cors.origin': Flags.string({
    description: 'The origins that may ask from a browser: a regular expression for all of the origin',
    helpValue: 'REGEX',
    helpGroup: WEB,
    default: '.*',
  }),
  'web.max-connections': count({
    description: 'Most connections at a time, 0 for any number',
    helpGroup: WEB,
    default: 512,
    min: 0,
  }),
  'web.read-timeout': Flags.string({
    ...duration,
    description: 'How long a request may take to come in, and an idle connection stays',
    helpGroup: WEB,
    default: '5m',
  }),
  'web.max-notifications-subscribers': count({
    description: 'Most listeners of /api/v1/notifications/live',
    helpGroup: WEB,
    default: 16,
    min: 0,
  }),

  retention: Flags.string({
    ...duration,
    aliases: ['storage.tsdb.retention.time', 'storage.tsdb.retention'],
    description: 'How long samples are kept (default: 15d, where no size is given)',
    helpGroup: STORAGE,
  }),
  'retention-size': Flags.string({
    aliases: ['storage.tsdb.retention.size'],
    description: 'How much is kept: 512MB, 10GB',
    helpValue: 'SIZE',
    helpGroup: STORAGE,
  }),
  'storage.tsdb.min-block-duration': Flags.string({ ...duration, hidden: true }),
  'storage.tsdb.max-block-duration': Flags.string({ ...duration, hidden: true }),
  'storage.tsdb.wal-compression': Flags.boolean({
    description: 'Compress the log',
    helpGroup: STORAGE,
    default: true,
    allowNo: true,
  }),
  'storage.tsdb.wal-segment-size': Flags.string({ hidden: true }),
  'storage.remote.read-sample-limit': count({
    description: 'Most samples of one remote read, 0 for any number',
    helpGroup: STORAGE,
    default: 50_000_000,
    min: 0,
  }),
  'storage.remote.read-concurrent-limit': count({
    description: 'Most remote reads at a time',
    helpGroup: STORAGE,
    default: 10,
    min: 0,
  }),

  'query.lookback-delta': Flags.string({
    ...duration,
    description: 'How old a sample may be that stands for now',
    helpGroup: QUERIES,
    default: '5m',
  }),
  'query.timeout': Flags.string({
    ...duration,
    description: 'How long a query may take',
    helpGroup: QUERIES,
    default: '2m',
  }),
  'query.max-concurrency': count({
    description: 'Most queries at a time; others wait',
    helpGroup: QUERIES,
    default: 20,
    min: 1,
  }),
  'query.max-samples': count({
    description: 'Most samples that one query may hold in memory',
    helpGroup: QUERIES,
    default: 50_000_000,
    min: 1,
  }),

  'rules.alert.for-outage-tolerance': Flags.string({
    ...duration,
    description: 'How long the server may have been away for alerts to go on as they were',
    helpGroup: RULES,
    default: '1h',
  }),
  'rules.alert.for-grace-period': Flags.string({
    ...duration,
    description: 'How long an alert is at least pending after a restart',
    helpGroup: RULES,
    default: '10m',
  }),
  'rules.alert.resend-delay': Flags.string({
    ...duration,
    description: 'How long until a firing alert is sent again',
    helpGroup: RULES,
    default: '1m',
  }),
  'rules.max-concurrent-evals': count({
    description: 'Most rules of a group that are asked for at a time; they are written in their order',
    helpGroup: RULES,
    default: 4,
    min: 1,
  }),
  'alertmanager.notification-queue-capacity': count({
    description: 'Most alerts that wait for one Alertmanager',
    helpGroup: RULES,
    default: 10_000,
    min: 1,
  }),
  'alertmanager.notification-batch-size': count({
    description: 'Most alerts in one request to an Alertmanager',
    helpGroup: RULES,
    default: 256,
    min: 1,
  }),
  'alertmanager.drain-notification-queue-on-shutdown': Flags.boolean({
    description: 'Send the alerts that wait before the server ends',
    helpGroup: RULES,
    default: true,
    allowNo: true,
  }),
};

/** Of Prometheus' other mode of running. */
export const AGENT_FLAGS = {
  agent: Flags.boolean({ hidden: true, allowNo: true }),
  'storage.agent.path': Flags.string({ hidden: true }),
  'storage.agent.wal-compression': Flags.boolean({ hidden: true, allowNo: true }),
  'storage.agent.wal-compression-type': Flags.string({ hidden: true }),
  'storage.agent.wal-segment-size': Flags.string({ hidden: true }),
  'storage.agent.wal-truncate-frequency': Flags.string({ hidden: true }),
  'storage.agent.retention.min-time': Flags.string({ hidden: true }),
  'storage.agent.retention.max-time': Flags.string({ hidden: true }),
  'storage.agent.no-lockfile': Flags.boolean({ hidden: true, allowNo: true }),
};

/** Prometheus' flags that have no effect here: taken, so that a unit file need not change, and told of. */
export const IDLE_FLAGS = {
  'web.console.templates': Flags.string({ hidden: true }),
  'web.console.libraries': Flags.string({ hidden: true }),
  'web.local-assets': Flags.string({ hidden: true }),
  'web.user-assets': Flags.string({ hidden: true }),
  'storage.tsdb.no-lockfile': Flags.boolean({ hidden: true, allowNo: true }),
  'storage.tsdb.wal-compression-type': Flags.string({ hidden: true }),
  'storage.tsdb.allow-overlapping-blocks': Flags.boolean({ hidden: true, allowNo: true }),
  'storage.tsdb.allow-overlapping-compaction': Flags.boolean({ hidden: true, allowNo: true }),
  'storage.tsdb.max-block-chunk-segment-size': Flags.string({ hidden: true }),
  'storage.tsdb.head-chunks-write-queue-size': Flags.string({ hidden: true }),
  'storage.tsdb.samples-per-chunk': Flags.string({ hidden: true }),
  'storage.remote.flush-deadline': Flags.string({ hidden: true }),
  'storage.remote.read-max-bytes-in-frame': Flags.string({ hidden: true }),
  'alertmanager.timeout': Flags.string({ hidden: true }),
  'scrape.adjust-timestamps': Flags.boolean({ hidden: true, allowNo: true }),
  'scrape.timestamp-tolerance': Flags.string({ hidden: true }),
  'scrape.discovery-reload-interval': Flags.string({ hidden: true }),
  'auto-gomaxprocs': Flags.boolean({ hidden: true, allowNo: true }),
  'auto-gomemlimit': Flags.boolean({ hidden: true, allowNo: true }),
  'auto-gomemlimit.ratio': Flags.string({ hidden: true }),
};
