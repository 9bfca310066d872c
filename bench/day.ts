/**
 * A day of `tsmon serve` in minutes: `npm run bench -- day [HOURS]` (24)
 *
 * The daemon as it is, on a clock that jumps from one event to the next: ten targets of 200 series, each of which becomes
 * others every half an hour (a pod that is replaced), rules with alerts that come and go, queries over HTTP, a reload an
 * hour, blocks cut and compacted. What it holds in memory after a collection of garbage is printed for every hour: it has
 * to be flat from the first block on.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BodyBuffer } from '../src/core/http/body.ts';
import type { FetchAnswer, FetchClient, FetchRequest } from '../src/core/http/fetch.ts';
import { parserOptionsFor } from '../src/core/promql/parser/index.ts';
import { Daemon, type DaemonSettings, openDaemonHost } from '../src/core/server/daemon/index.ts';
import { HandClock } from '../test/core/discovery/clock.ts';

const hours = Number(process.argv[2] ?? 24);
const TARGETS = 10;
const SERIES = 200;
const HOUR_MS = 3_600_000;
const REPLACED_MS = HOUR_MS / 2;
const START = Date.UTC(2026, 0, 1);
const root = process.env['TSMON_ROOT'] ?? process.cwd();
const dir = mkdtempSync(join(tmpdir(), 'tsmon-day-'));

const clock = new HandClock(START);
let scrapes = 0;
let alerts = 0;

function bodyOf(target: number): string {
  const now = clock.now();
  const pod = `app-${target}-${Math.floor((now + (target * REPLACED_MS) / TARGETS) / REPLACED_MS)}`;
  const seconds = (now - START) / 1000;
  const lines = [`flapping{pod="${pod}"} ${Math.floor(seconds / 300 + target) % 5 === 0 ? 1 : 0}`];
  for (let n = 0; n < SERIES; n++) {
    const value = n % 3 === 0 ? 1 : Math.floor(seconds * (n + 1)) % 1e6;
    lines.push(`work_total{pod="${pod}",kind="${n % 10}",part="${Math.floor(n / 10)}"} ${value}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Answers for targets and Alertmanagers alike. */
const client: FetchClient = {
  async fetch({ url, content }: FetchRequest, body: BodyBuffer): Promise<FetchAnswer> {
    body.clear();
    if (content !== undefined) {
      alerts += (JSON.parse(Buffer.from(content).toString()) as unknown[]).length;
      return { status: 200, contentType: 'application/json', receivedBytes: 0 };
    }
    scrapes++;
    const bytes = Buffer.from(bodyOf(Number(url.port) - 1000));
    body.push(bytes, 0);
    return { status: 200, contentType: 'text/plain; version=0.0.4', receivedBytes: bytes.length };
  },
  close() {},
};

const targets = Array.from({ length: TARGETS }, (_, i) => `'127.0.0.1:${1000 + i}'`);
const configuration = (
  round: number,
) => `global: {scrape_interval: 30s, evaluation_interval: 30s, external_labels: {round: 'r${round}'}}
rule_files: ['${join(dir, 'rules.yml')}']
alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:9']}]}]}
scrape_configs: [{job_name: app, static_configs: [{targets: [${targets}]}]}]
`;
const RULES = `groups:
- name: g
  rules:
  - {record: 'pod:work:rate5m', expr: 'sum by (pod) (rate(work_total[5m]))'}
  - {record: 'work:rate5m', expr: 'sum(pod:work:rate5m)'}
  - {alert: Flaps, expr: flapping == 1, for: 1m, keep_firing_for: 2m, annotations: {summary: 'pod {{ $labels.pod }} {{ $value }}'}}
  - {alert: Busy, expr: 'pod:work:rate5m > 1'}
`;

const configFile = join(dir, 'prometheus.yml');
const settings: DaemonSettings = {
  version: 'day',
  configFile,
  ownConfig: false,
  expandEnv: false,
  env: {},
  configOn: [],
  createdAsStart: false,
  autoReloadMs: 0,
  dataDir: join(dir, 'data'),
  retentionMs: 12 * HOUR_MS,
  retentionBytes: 0,
  walCompression: true,
  walSegmentBytes: undefined,
  acceptedWrites: undefined,
  pageTitle: 'tsmon',
  notificationBatch: 256,
  minBlockRangeMs: undefined,
  maxBlockRangeMs: undefined,
  listen: [{ host: '127.0.0.1', port: 0 }],
  externalUrl: new URL('http://localhost:9090/'),
  routePrefix: '',
  webDir: join(root, 'dist', 'web'),
  webConfigFile: '',
  roles: { scrape: true, rules: true },
  admin: false,
  lifecycle: false,
  remoteWriteReceiver: false,
  otlpReceiver: false,
  otlpNativeDelta: false,
  enableSearch: false,
  corsOrigin: '.*',
  maxConnections: 512,
  readTimeoutMs: 300_000,
  maxNotificationsSubscribers: 16,
  queryMaxConcurrency: 20,
  engine: { lookbackMs: 300_000, timeoutMs: 120_000, maxSamples: 5e7, parser: parserOptionsFor([]) },
  remoteReadSampleLimit: 5e7,
  remoteReadConcurrency: 10,
  notificationCapacity: 10_000,
  drainNotifications: true,
  resendDelayMs: 60_000,
  restore: { outageToleranceMs: HOUR_MS, graceMs: 600_000 },
  ruleConcurrency: 1,
  shutdownMs: 5000,
  flags: {},
};

const QUERIES = ['count(up)', 'sum by (pod) (rate(work_total[5m]))', 'topk(3, pod:work:rate5m)', 'ALERTS'];

async function askOf(url: string): Promise<void> {
  for (const query of QUERIES) {
    const end = clock.now() / 1000;
    const params = new URLSearchParams({ query, start: String(end - 3600), end: String(end), step: '60' });
    for (const path of [`query?${params}&time=${end}`, `query_range?${params}`, 'rules', 'targets', 'alerts'])
      await (await fetch(`${url}/api/v1/${path}`)).arrayBuffer();
  }
  await (await fetch(`${url}/metrics`)).arrayBuffer();
}

function collect(): NodeJS.MemoryUsage {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  gc?.();
  return process.memoryUsage();
}

writeFileSync(configFile, configuration(0));
writeFileSync(join(dir, 'rules.yml'), RULES);
const troubles: string[] = [];
const trouble = (message: string, fields = {}) => void troubles.push(`${message} ${JSON.stringify(fields)}`);
const logger = { debug() {}, info() {}, warn: trouble, error: trouble };
const workers = pathToFileURL(join(root, 'dist', 'workers', '/'));
const host = openDaemonHost(settings, { clock, logger, workers });
const daemon = new Daemon(settings, { ...host, openClient: () => client });
try {
  const [{ port }] = await daemon.start();
  await daemon.ready;
  const url = `http://127.0.0.1:${port}`;
  const began = performance.now();
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1).padStart(7);
  console.log('hour   heap MiB  buffers  resident   series   chunks    blocks   scrapes   alerts  seconds');
  for (let hour = 1; hour <= hours; hour++) {
    for (let part = 1; part <= 60; part++) {
      await clock.advance(60_000);
      if (part % 10 === 0) await askOf(url);
    }
    writeFileSync(configFile, configuration(hour));
    await daemon.reload();
    const { heapUsed, arrayBuffers, rss } = collect();
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const value = (name: string) =>
      Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)`, 'm').exec(metrics)?.[1] ?? Number.NaN);
    console.log(
      [
        String(hour).padStart(4),
        mib(heapUsed).padStart(10),
        mib(arrayBuffers),
        mib(rss).padStart(9),
        String(value('prometheus_tsdb_head_series')).padStart(8),
        String(value('prometheus_tsdb_head_chunks')).padStart(9),
        String(value('prometheus_tsdb_blocks_loaded')).padStart(9),
        String(scrapes).padStart(9),
        String(alerts).padStart(8),
        ((performance.now() - began) / 1000).toFixed(0).padStart(8),
      ].join(' '),
    );
  }
} finally {
  await daemon.stop();
  await host.close();
  rmSync(dir, { recursive: true });
}
for (const text of new Set(troubles)) console.log(text.slice(0, 200));
process.exit();
