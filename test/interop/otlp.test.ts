/**
 * The OTLP receiver beside others': Prometheus', where the one at hand was built with it, and VictoriaMetrics', which
 * names most metrics and labels in the same way.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { OtlpConfig } from '../../src/core/otlp/index.ts';
import { Database } from '../../src/core/tsdb/db/index.ts';
import { requests } from '../core/otlp/arbitrary.ts';
import {
  jsonOf,
  type Metric,
  type Point,
  protobufOf,
  type ResourceMetrics,
  type Value,
} from '../core/otlp/otlp-message.ts';
import { CONFIG, SETTINGS, storeBytes } from '../core/otlp/stored.ts';
import { startTestServer, type TestServer } from '../core/server/test-server.ts';
import { describeWith, peer } from '../peers.ts';
import { freePort, RealPrometheus } from './prometheus.ts';

const PATH = '/api/v1/otlp/v1/metrics';
const PROTOBUF = { 'Content-Type': 'application/x-protobuf' };
const JSON_FORM = { 'Content-Type': 'application/json' };

/** Some distributions build Prometheus without the receiver. */
function withReceiver(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  return /web\.enable-otlp-receiver/.test(execFileSync(path, ['--help'], { encoding: 'utf8' }))
    ? path
    : undefined;
}

const prometheusPath = withReceiver(peer('prometheus'));

const CONFIGS: readonly (readonly [yaml: string, config: Partial<OtlpConfig>])[] = [
  ['{}', {}],
  [
    '{translation_strategy: NoUTF8EscapingWithSuffixes, promote_resource_attributes: [host.name, host_name]}',
    {
      translationStrategy: 'NoUTF8EscapingWithSuffixes',
      promoteResourceAttributes: ['host.name', 'host_name'],
    },
  ],
  [
    '{translation_strategy: NoTranslation, keep_identifying_resource_attributes: true, convert_histograms_to_nhcb: true}',
    {
      translationStrategy: 'NoTranslation',
      keepIdentifyingResourceAttributes: true,
      convertHistogramsToNhcb: true,
    },
  ],
  [
    '{promote_all_resource_attributes: true, ignore_resource_attributes: [region]}',
    { promoteAllResourceAttributes: true, ignoreResourceAttributes: ['region'] },
  ],
];

async function send(
  url: string,
  body: Uint8Array<ArrayBuffer> | string,
  headers: Record<string, string>,
): Promise<string> {
  const response = await fetch(url + PATH, { method: 'POST', headers, body });
  return `${response.status} ${await response.text()}`;
}

async function askAll(url: string, atMs: number): Promise<{ series: string[]; exemplars: string[] }> {
  const get = async (path: string, params: Record<string, string>) => {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(params)}`);
    const body = (await response.json()) as { status: string; data: unknown };
    expect(body.status).toBe('success');
    return body.data;
  };
  const time = String(atMs / 1000);
  const range = await get('query', { query: '{__name__!=""}[1d]', time });
  const { result } = range as { result: { metric: Record<string, string> }[] };
  const start = String(atMs / 1000 - 86_400);
  const exemplars = await get('query_exemplars', { query: '{__name__!=""}', start, end: time });
  return { series: result.map(canonical).sort(), exemplars: (exemplars as object[]).map(canonical).sort() };
}

/** With the names of each object in order. */
function canonical(value: object): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

for (const [yaml, config] of prometheusPath === undefined ? [] : CONFIGS) {
  describe(`beside Prometheus, otlp: ${yaml}`, () => {
    const dir = mkdtempSync(join(tmpdir(), 'tsmon-otlp-'));
    const now = Math.floor(Date.now() / 1000) * 1000;
    let prometheus: RealPrometheus;
    let database: Database;
    let server: TestServer;

    beforeAll(async () => {
      prometheus = await RealPrometheus.start(prometheusPath!, join(dir, 'real'), `otlp: ${yaml}\n`, [
        '--enable-feature=exemplar-storage',
        '--web.enable-otlp-receiver',
      ]);
      database = await Database.open(join(dir, 'ours'), { clock: systemClock });
      const settings = { ...SETTINGS, config: { ...CONFIG, ...config } };
      server = await startTestServer(() => database.reader(), {
        otlp: { appender: () => database.appender(), settings: () => settings },
      });
    }, 30_000);

    afterAll(async () => {
      await server.close();
      await database.close();
      await prometheus.stop();
      rmSync(dir, { recursive: true });
    });

    it('the same series, samples, histograms and exemplars come of it', async () => {
      const all = fc.sample(fc.nat(), { numRuns: 40, seed: 7 });
      for (const [i, seed] of all.entries()) {
        // Each later than the one before, so that what is told of a resource again is in order.
        const shapes = { nowMs: now - (all.length - i) * 700_000, prefix: `r${i}.` };
        const [resources] = fc.sample(requests(shapes), { numRuns: 1, seed });
        const [body, headers] =
          i % 2 === 0 ? [protobufOf(resources), PROTOBUF] : [jsonOf(resources), JSON_FORM];
        const theirs = await send(prometheus.url, body, headers);
        expect(await send(server.url, body, headers), jsonOf(resources)).toBe(theirs);
      }
      const theirs = await askAll(prometheus.url, now);
      const ours = await askAll(server.url, now);
      expect(ours.series).toEqual(theirs.series);
      expect(ours.exemplars).toEqual(theirs.exemplars);
      expect(ours.series.length).toBeGreaterThan(50);
    }, 60_000);

    it('the same answers to what is wrong', async () => {
      const point = (ns: number, v: number): Point => ({ ns: BigInt(ns) * 1_000_000n, double: v });
      const of = (...points: Point[]) =>
        protobufOf([{ scopes: [{ metrics: [{ name: 'faults', kind: 'gauge', points }] }] }]);
      const cases: readonly (readonly [body: Uint8Array<ArrayBuffer> | string, Record<string, string>])[] = [
        [of(point(now, 1)), PROTOBUF],
        [of(point(now, 1)), PROTOBUF],
        [of(point(now - 1000, 1)), PROTOBUF],
        [of(point(now + 3_600_000, 1)), PROTOBUF],
        [of(point(now - 864_000_000, 1)), PROTOBUF],
        [of(point(now + 2, 1), point(now + 1, 2), point(now + 2, 3)), PROTOBUF],
        ['', PROTOBUF],
        ['', { 'Content-Type': 'text/plain' }],
        ['', { 'Content-Type': 'application/json; charset=utf-8' }],
        ['', { ...PROTOBUF, 'Content-Encoding': 'snappy' }],
        ['', { ...PROTOBUF, 'Content-Encoding': 'gzip' }],
        ['not compressed', { ...PROTOBUF, 'Content-Encoding': 'gzip' }],
      ];
      for (const [body, headers] of cases) {
        expect(await send(server.url, body, headers)).toBe(await send(prometheus.url, body, headers));
      }
      for (const [body, headers] of [
        ['\n\x05\x01', PROTOBUF],
        ['{', JSON_FORM],
        ['{"resourceMetrics":7}', JSON_FORM],
      ] as const) {
        expect(await send(prometheus.url, body, headers)).toMatch(/^400 /);
        expect(await send(server.url, body, headers)).toMatch(/^400 /);
      }
    });
  });
}

if (prometheusPath === undefined && peer('prometheus') !== undefined) {
  console.info('Not compared with Prometheus: the one at hand was built without the OTLP receiver.');
}

/** What VictoriaMetrics names as Prometheus does: it keeps letters of all languages, and the units that it knows. */
const plainMetric: fc.Arbitrary<Metric> = fc
  .record({
    name: fc.constantFrom(
      'a',
      'a.b',
      'http.server.duration',
      'x_total',
      'bytes.used',
      'ratio.of',
      'a__b',
      'e-f',
    ),
    kind: fc.constantFrom('gauge' as const, 'sum' as const, 'histogram' as const, 'summary' as const),
    unit: fc.constantFrom(
      '',
      's',
      'By',
      'By/s',
      '{x}',
      '{x}/m',
      'foo',
      '%',
      'ms/d',
      'KiBy',
      'Cel',
      'm',
      'min',
    ),
    isMonotonic: fc.boolean(),
    counts: fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 6 }),
    // It keeps so many digits.
    value: fc.integer().map((n) => n / 8),
    attributes: fc.dictionary(
      fc.constantFrom('a', 'http.method', '_x', '2x', '__r', 'c-d'),
      fc.oneof(
        fc.constantFrom<Value>('x', 'ä "q"\\', true, Uint8Array.of(1, 255)),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      ),
    ),
  })
  .map(({ name, kind, unit, isMonotonic, counts, value, attributes }) => {
    const bounds = [0.005, 0.25, 1, 250, 1e7].slice(0, counts.length - 1);
    const count = counts.reduce((sum, n) => sum + n, 0);
    const point = { ns: 0n, attributes: Object.entries(attributes), sum: value, count };
    const given = {
      gauge: { double: value },
      sum: { double: value },
      histogram: { bucketCounts: counts, bounds },
    };
    const quantiles = { quantiles: [[0.5, value] as const, [0.999, count] as const] };
    return {
      name,
      kind,
      unit,
      isMonotonic,
      temporality: 2,
      points: [{ ...point, ...(kind === 'summary' ? quantiles : given[kind]) }],
    };
  });

describeWith('beside VictoriaMetrics', { 'victoria-metrics': peer('victoria-metrics') }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-otlp-victoria-'));
  let victoria: ChildProcess;
  let url = '';

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    victoria = spawn(
      peer('victoria-metrics')!,
      [
        `-httpListenAddr=127.0.0.1:${port}`,
        `-storageDataPath=${dir}`,
        '-retentionPeriod=100y',
        '-opentelemetry.usePrometheusNaming',
        '-opentelemetry.promoteScopeMetadata=false',
      ],
      { stdio: 'ignore' },
    );
    for (let i = 0; i < 200; i++) {
      if ((await fetch(`${url}/health`).catch(() => undefined))?.ok) return;
      await sleep(50);
    }
    throw new Error('VictoriaMetrics did not start');
  }, 30_000);

  afterAll(async () => {
    const ended = new Promise((resolve) => victoria.once('exit', resolve));
    victoria.kill();
    await ended;
    rmSync(dir, { recursive: true, force: true });
  });

  it('the same series and samples come of numbers, histograms and summaries', async () => {
    const now = Math.floor(Date.now() / 1000) * 1000 - 60_000;
    const metrics = fc.sample(plainMetric, { numRuns: 300, seed: 11 }).map((metric, i) => ({
      ...metric,
      name: `m${i}.${metric.name}`,
      points: metric.points?.map((point) => ({ ...point, ns: BigInt(now + i) * 1_000_000n + 123_456n })),
    }));
    const resources: ResourceMetrics[] = [{ attributes: [['host.name', 'h']], scopes: [{ metrics }] }];
    const body = protobufOf(resources);
    const headers = PROTOBUF;
    const sent = await fetch(`${url}/opentelemetry/v1/metrics`, { method: 'POST', headers, body });
    expect(sent.status).toBe(200);
    const config = { ...CONFIG, promoteAllResourceAttributes: true };
    const { appender } = await storeBytes(body, 'protobuf', { ...SETTINGS, config });
    const ours = [...appender.samples].map(([labels, samples]) => `${labels} ${samples.join(' ')}`).sort();
    await fetch(`${url}/internal/force_flush`);
    let theirs: string[] = [];
    for (let i = 0; i < 100 && theirs.length < ours.length; i++) {
      await sleep(100);
      theirs = await exported(url);
    }
    expect(theirs).toEqual(ours);
  }, 30_000);
});

async function exported(url: string): Promise<string[]> {
  const { labelsFromObject, formatG } = await import('../../src/core/model/index.ts');
  const response = await fetch(
    `${url}/api/v1/export?${new URLSearchParams({ 'match[]': '{__name__!=""}' })}`,
  );
  const lines = (await response.text()).split('\n').filter((line) => line !== '');
  return lines
    .map(
      (line) =>
        JSON.parse(line) as { metric: Record<string, string>; values: number[]; timestamps: number[] },
    )
    .map(({ metric, values, timestamps }) => {
      const samples = values.map((v, i) => `${formatG(v)}@${timestamps[i]}`);
      return `${labelsFromObject(metric)} ${samples.join(' ')}`;
    })
    .sort();
}
