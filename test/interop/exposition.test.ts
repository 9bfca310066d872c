/** The real programs read what we write, and we read what they write. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createParser, createWriter } from '../../src/core/exposition/format.ts';
import { acceptHeader, contentTypeOf } from '../../src/core/exposition/negotiation.ts';
import type { ExpositionFormat } from '../../src/core/exposition/parser.ts';
import type { Family } from '../../src/core/exposition/series-table.ts';
import type { Histogram } from '../../src/core/model/histogram.ts';
import { bits, parseAll, type Row, sorted, writeAll } from '../core/exposition/rows.ts';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus } from './prometheus.ts';

const prometheusPath = peer('prometheus');
const victoriaPath = peer('victoria-metrics');

const family = (name: string, type: Family['type'], unit = ''): Family => ({
  name,
  type,
  help: 'a "help" \\ text',
  unit,
});
const named = (name: string, labels: Record<string, string> = {}) => sorted({ __name__: name, ...labels });

const now = Math.floor(Date.now() / 1000) * 1000 - 60_000;

function sampleRows(): Row[] {
  const counter = family('run_seconds_total', 'counter', 'seconds');
  const gauge = family('my.gauge', 'gauge');
  const classic = family('classic', 'histogram');
  const summary = family('quantiles', 'summary');
  const hard = 'ä "quoted"\\\n}{,=# ';
  const row = (labels: Record<string, string>, v: number, of?: Family): Row => ({
    labels,
    t: null,
    bits: bits(v),
    ...(of ? { family: of } : {}),
  });
  return [
    row(named('run_seconds_total', { path: hard }), 0.1 + 0.2, counter),
    row(named('run_seconds_total', { path: '/' }), 1e300, counter),
    // A time whose seconds, times 1000, fall a little short.
    { ...row(named('my.gauge', { 'la bel': hard }), -12345.678, gauge), t: now + 589 },
    row(named('my.gauge'), Number.NEGATIVE_INFINITY, gauge),
    row(named('plain'), Number.NaN),
    row(named('plain', { ü: 'x' }), Number.MAX_SAFE_INTEGER),
    row(named('classic_count', { a: 'b' }), 7, classic),
    row(named('classic_sum', { a: 'b' }), 99.5, classic),
    row(named('classic_bucket', { a: 'b', le: '0.5' }), 3, classic),
    row(named('classic_bucket', { a: 'b', le: '1e+06' }), 5, classic),
    row(named('classic_bucket', { a: 'b', le: '+Inf' }), 7, classic),
    row(named('quantiles_count'), 3, summary),
    row(named('quantiles_sum'), 0.25, summary),
    row(named('quantiles', { quantile: '0.99' }), 1.5, summary),
  ];
}

const native: Histogram = {
  isFloat: false,
  counterReset: 0,
  schema: 1,
  zeroThreshold: 0.001,
  zeroCount: 2,
  count: 9,
  sum: 12.5,
  stale: false,
  positiveSpans: [
    { offset: 0, length: 2 },
    { offset: 2, length: 1 },
  ],
  negativeSpans: [{ offset: 1, length: 1 }],
  positiveBuckets: Float64Array.of(1, 2, 3),
  negativeBuckets: Float64Array.of(1),
  customValues: new Float64Array(0),
};

/** What the query API calls the value with these bits. */
function apiValue(row: Row): number {
  const halves = [row.bits!.slice(0, 8), row.bits!.slice(8)].map((half) => Number.parseInt(half, 16));
  return new Float64Array(Uint32Array.of(halves[1], halves[0]).buffer)[0];
}

interface ApiSeries {
  metric: Record<string, string>;
  value?: [number, string];
  values?: [number, string][];
  histogram?: [number, { count: string; sum: string; buckets: [number, string, string, string][] }];
}

const apiNumber = (text: string) => Number(text.replace('Inf', 'Infinity'));

function bare({ metric }: ApiSeries): Record<string, string> {
  const { job: _job, instance: _instance, ...labels } = metric;
  return sorted(labels);
}

describeWith('what we write, scraped by Prometheus', { prometheus: prometheusPath }, () => {
  const formats: ExpositionFormat[] = ['text', 'openmetrics', 'protobuf'];
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-exposition-'));
  let server: Server;
  let prometheus: RealPrometheus;

  // Without anything to escape: Prometheus 3.5 leaves the backslashes in an exemplar's label values.
  const exemplar = { labels: { trace_id: 'abc', user: 'ä' }, v: 0.5, t: now + 123 };
  const bodies = Object.fromEntries(
    formats.map((format) => {
      const rows = sampleRows().map((row) => {
        const isBucket = row.labels['le'] === '0.5';
        return isBucket && format !== 'text' ? { ...row, exemplars: [exemplar] } : row;
      });
      if (format === 'protobuf') {
        const later = { ...exemplar, t: now + 124, v: 0.75 };
        rows.push({ labels: named('native'), t: null, histogram: native, exemplars: [exemplar, later] });
      }
      return [format, writeAll(createWriter(format), rows)];
    }),
  );

  beforeAll(async () => {
    server = createServer((request, response) => {
      const format = request.url!.slice(1) as ExpositionFormat;
      response.setHeader('Content-Type', contentTypeOf(format));
      response.end(bodies[format]);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const jobs = formats.map(
      (format) =>
        `- {job_name: ${format}, metrics_path: /${format}, static_configs: [{targets: ["127.0.0.1:${port}"]}]}`,
    );
    const config = `global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n${jobs.join('\n')}\n`;
    prometheus = await RealPrometheus.start(prometheusPath!, dir, config, [
      '--enable-feature=exemplar-storage',
    ]);
    for (let i = 0; i < 100; i++) {
      const { activeTargets } = (await prometheus.get('targets')) as {
        activeTargets: { health: string; lastError: string }[];
      };
      if (
        activeTargets.length === formats.length &&
        activeTargets.every(({ health }) => health !== 'unknown')
      ) {
        expect(activeTargets.map(({ lastError }) => lastError)).toEqual(formats.map(() => ''));
        break;
      }
      await sleep(100);
    }
  });

  afterAll(async () => {
    await prometheus?.stop();
    server?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it.each(formats)('%s: every series has its labels and its value', async (format) => {
    const query = `{job="${format}",__name__!~"up|scrape_.*"}[5m]`;
    const { result } = (await prometheus.get('query', { query })) as { result: ApiSeries[] };
    const found = result
      .filter((series) => series.values !== undefined)
      .map((series) => [bare(series), apiNumber(series.values!.at(-1)![1])]);
    expect(found).toHaveLength(sampleRows().length);
    expect(found).toEqual(expect.arrayContaining(sampleRows().map((row) => [row.labels, apiValue(row)])));
    const timed = result.find((series) => series.metric['la bel'] !== undefined);
    expect(timed!.values!.map(([t]) => Math.round(t * 1000))).toEqual([now + 589]);
  });

  it('finds the exemplars', async () => {
    const range = { start: String(now / 1000 - 10), end: String(now / 1000 + 10) };
    const found = (await prometheus.get('query_exemplars', { query: '{__name__=~".+"}', ...range })) as {
      seriesLabels: Record<string, string>;
      exemplars: { labels: Record<string, string>; value: string; timestamp: number }[];
    }[];
    const times = found.map(({ seriesLabels, exemplars }) => [
      seriesLabels['job'],
      seriesLabels['__name__'],
      exemplars.map(({ labels, value, timestamp }) => [labels, Number(value), Math.round(timestamp * 1000)]),
    ]);
    const first = [exemplar.labels, 0.5, now + 123];
    expect(times).toHaveLength(3);
    expect(times).toEqual(
      expect.arrayContaining([
        ['openmetrics', 'classic_bucket', [first]],
        ['protobuf', 'classic_bucket', [first]],
        ['protobuf', 'native', [first, [exemplar.labels, 0.75, now + 124]]],
      ]),
    );
  });

  it('finds the native histogram', async () => {
    const { result } = (await prometheus.get('query', { query: 'native' })) as { result: ApiSeries[] };
    const { count, sum, buckets } = result[0].histogram![1];
    expect([count, sum, buckets.map((bucket) => bucket[3])]).toEqual([
      '9',
      '12.5',
      ['1', '2', '1', '2', '3'],
    ]);
  });

  it("finds the families' metadata", async () => {
    const metadata = (await prometheus.get('metadata')) as Record<
      string,
      { type: string; help: string; unit: string }[]
    >;
    expect(metadata['my.gauge']).toEqual([{ type: 'gauge', help: 'a "help" \\ text', unit: '' }]);
    expect(metadata['run_seconds']).toEqual([{ type: 'counter', help: 'a "help" \\ text', unit: 'seconds' }]);
    expect(metadata['quantiles']).toEqual([{ type: 'summary', help: 'a "help" \\ text', unit: '' }]);
  });

  it("reads Prometheus' own metrics from protobuf as from text", async () => {
    const read = async (accept: string, format: ExpositionFormat) => {
      const response = await fetch(`${prometheus.url}/metrics`, { headers: { Accept: accept } });
      const bytes = new Uint8Array(await response.arrayBuffer());
      return parseAll((table) => createParser(format, table, { nativeHistograms: false }), bytes);
    };
    await read('text/plain', 'text');
    const keys = (rows: Row[]) => rows.map((row) => JSON.stringify([row.labels, row.family])).sort();
    const asText = async () => keys(await read('text/plain;version=0.0.4', 'text'));
    // It may gain series between two readings: one in protobuf counts between two in text that agree.
    for (let attempt = 0; attempt < 10; attempt++) {
      const before = await asText();
      const protobuf = keys(await read(acceptHeader(['PrometheusProto']), 'protobuf'));
      const after = await asText();
      if (before.join() !== after.join()) continue;
      expect(protobuf.length).toBeGreaterThan(500);
      // Native histograms come without classic buckets but for the last one; text has no other.
      expect(protobuf).toEqual(after);
      return;
    }
    throw new Error('the series of Prometheus never stayed the same');
  });
});

describeWith('JSON Lines and VictoriaMetrics', { 'victoria-metrics': victoriaPath }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-victoria-'));
  let victoria: ChildProcess;
  let url = '';

  beforeAll(async () => {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    url = `http://127.0.0.1:${port}`;
    victoria = spawn(
      victoriaPath!,
      [`-httpListenAddr=127.0.0.1:${port}`, `-storageDataPath=${dir}`, '-retentionPeriod=100y'],
      { stdio: 'ignore' },
    );
    for (let i = 0; i < 200; i++) {
      if ((await fetch(`${url}/health`).catch(() => undefined))?.ok) return;
      await sleep(50);
    }
    throw new Error('VictoriaMetrics did not start');
  });

  afterAll(async () => {
    const ended = new Promise((resolve) => victoria.once('exit', resolve));
    victoria.kill();
    await ended;
    rmSync(dir, { recursive: true, force: true });
  });

  it('it takes what we write, and we take what it exports', async () => {
    const of = family('b', 'gauge', 'seconds');
    const rows: Row[] = [
      { labels: named('a', { 'ä b': '"\\\n' }), t: now, bits: bits(1), family: of },
      { labels: named('a', { 'ä b': '"\\\n' }), t: now + 1000, bits: bits(2), family: of },
      { labels: named('b'), t: now, bits: bits(Number.POSITIVE_INFINITY), st: now - 5, family: of },
      { labels: named('b'), t: now + 7, bits: bits(-1.25), st: now - 5, family: of },
    ];
    const body = Buffer.from(writeAll(createWriter('jsonl'), rows));
    const imported = await fetch(`${url}/api/v1/import`, { method: 'POST', body });
    expect(imported.status).toBe(204);
    await fetch(`${url}/internal/force_flush`);
    let exported: Row[] = [];
    for (let i = 0; i < 100 && exported.length < rows.length; i++) {
      await sleep(100);
      const params = new URLSearchParams({ 'match[]': '{__name__!=""}', start: String(now / 1000 - 100) });
      const response = await fetch(`${url}/api/v1/export?${params}`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      exported = parseAll((table) => createParser('jsonl', table), bytes);
    }
    const plain = rows.map(({ labels, t, bits: b }) => ({ labels, t, bits: b }));
    expect(exported).toHaveLength(rows.length);
    expect(exported).toEqual(expect.arrayContaining(plain));
  });
});
