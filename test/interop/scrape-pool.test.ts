/**
 * One configuration, run by the real Prometheus and by our scrape pool into our database: both must have stored the
 * same series, and of a target that plays the same piece to both, the same samples, stale markers and `scrape_*`
 * series. `promtool tsdb dump` reads both directories.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gauge, Histogram, Registry as PromRegistry } from 'prom-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { parseConfig } from '../../src/core/config/index.ts';
import { NATIVE_HISTOGRAM_SCRAPE_PROTOCOLS } from '../../src/core/exposition/negotiation.ts';
import { openHttpClient } from '../../src/core/http/configured-client.ts';
import { ScrapeManager } from '../../src/core/scrape/index.ts';
import { openJobClient } from '../../src/core/scrape/job-client.ts';
import { Database } from '../../src/core/tsdb/db/index.ts';
import { describeWith, peer } from '../peers.ts';
import { Exporters } from './exporters.ts';
import { RealPrometheus } from './prometheus.ts';

const HISTOGRAM = (n: number) => `# TYPE h histogram
h_bucket{le="0.5"} ${n}
h_bucket{le="1"} ${2 * n}
h_bucket{le="+Inf"} ${3 * n}
h_sum ${n}
h_count ${3 * n}
`;

/** What the scripted target answers, one scrape after another: a body or a status. */
const PIECE: readonly (string | number)[] = [
  `a 1\nb{x="1"} 1\n${HISTOGRAM(1)}`,
  `a 2\nb{x="1"} 2\nb{x="2"} 2\n${HISTOGRAM(2)}`,
  `a 3\nb{x="2"} NaN\nc{job="own",instance="mine"} +Inf\n${HISTOGRAM(3)}`,
  503,
  `a 5\nb{x="1"} 5\n${HISTOGRAM(5)}`,
  'a 6\na 7\n',
  '',
  `a 8\ndropped_by_rule 1\n${HISTOGRAM(8)}`,
  `a 9\n`,
  `a 10\n`,
];

type Samples = Map<string, { t: number; v: string }[]>;

/** The samples of each series in a directory, as promtool dumps them. */
function dumped(promtool: string, dir: string): Samples {
  const text = execFileSync(promtool, ['tsdb', 'dump', dir], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const found: Samples = new Map();
  for (const line of text.trim().split('\n')) {
    const end = line.startsWith('{') ? line.indexOf('} ') + 1 : -1;
    const series = line.slice(0, end);
    const rest = line.slice(end + 1);
    const space = rest.lastIndexOf(' ');
    const list = found.get(series) ?? [];
    list.push({ t: Number(rest.slice(space + 1)), v: rest.slice(0, space) });
    found.set(series, list);
  }
  for (const list of found.values()) list.sort((a, b) => a.t - b.t);
  return found;
}

/** The series of a job, by scrape: what each scrape (counted by `up`) stored. */
function steps(samples: Samples, job: string): Record<string, string>[] {
  const own = [...samples].filter(([series]) => series.includes(`job="${job}"`));
  const times = own.find(([series]) => series.startsWith('{__name__="up"'))![1].map(({ t }) => t);
  return times.slice(0, PIECE.length).map((time) => {
    const step: Record<string, string> = {};
    for (const [series, list] of own) {
      if (series.includes('scrape_duration_seconds')) continue;
      const sample = list.find(({ t }) => t === time);
      if (sample !== undefined) step[series] = sample.v;
    }
    return step;
  });
}

const programs = {
  prometheus: peer('prometheus'),
  promtool: peer('promtool'),
  'node-exporter': peer('prometheus-node-exporter'),
  pushgateway: peer('prometheus-pushgateway'),
  'blackbox-exporter': peer('prometheus-blackbox-exporter'),
};

describeWith('a scrape pool beside the real Prometheus', programs, () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-pool-'));
  const exporters = new Exporters();
  const servers: Server[] = [];
  let ours: Samples;
  let theirs: Samples;
  let sd: string;

  async function serve(answer: (url: string, agent: string) => Promise<[status: number, body: string]>) {
    const server = createHttpServer(async (request, response) => {
      const [status, body] = await answer(request.url!, request.headers['user-agent']!.split('/')[0]);
      response.writeHead(status, { 'Content-Type': 'text/plain; version=0.0.4' }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function config(): Promise<string> {
    const node = await exporters.start(programs['node-exporter']!, (at) => [`--web.listen-address=${at}`]);
    const gateway = await exporters.start(programs.pushgateway!, (at) => [`--web.listen-address=${at}`]);
    await fetch(`http://${gateway}/metrics/job/batch/zone/z`, { method: 'PUT', body: 'rows{table="a"} 3\n' });
    const blackboxConfig = join(dir, 'blackbox.yml');
    writeFileSync(
      blackboxConfig,
      'modules: {http_2xx: {prober: http, http: {preferred_ip_protocol: ip4}}}\n',
    );
    const blackbox = await exporters.start(programs['blackbox-exporter']!, (at) => [
      `--web.listen-address=${at}`,
      `--config.file=${blackboxConfig}`,
    ]);
    const registry = new PromRegistry();
    new Gauge({ name: 'queue_length', help: 'Of jobs.', labelNames: ['queue'], registers: [registry] })
      .labels('q')
      .set(7);
    new Histogram({ name: 'latency_seconds', help: 'Of requests.', registers: [registry] }).observe(0.3);
    const client = await serve(async () => [200, await registry.metrics()]);
    const plays = new Map<string, number>();
    const scripted = await serve(async (url, agent) => {
      const play = `${agent} ${url}`;
      const at = plays.get(play) ?? 0;
      plays.set(play, at + 1);
      const body = PIECE[Math.min(at, PIECE.length - 1)];
      return typeof body === 'number' ? [body, ''] : [200, body];
    });
    sd = join(dir, 'targets.json');
    writeFileSync(sd, JSON.stringify([{ targets: [client, 'gone:1'], labels: { from: 'file' } }]));
    const script = (job: string, more: string) =>
      `- job_name: ${job}\n  metrics_path: /${job}\n  static_configs: [{targets: ['${scripted}']}]\n${more}`;
    return `global: {scrape_interval: 500ms, scrape_timeout: 500ms}
scrape_configs:
- job_name: node
  static_configs: [{targets: ['${node}']}]
  metric_relabel_configs:
  - {source_labels: [__name__], regex: 'node_(.*)', target_label: __name__, replacement: 'host_$1'}
- job_name: gateway
  honor_labels: true
  static_configs: [{targets: ['${gateway}']}]
- job_name: probe
  metrics_path: /probe
  params: {module: [http_2xx]}
  static_configs: [{targets: ['http://${node}/']}]
  relabel_configs:
  - {source_labels: [__address__], target_label: __param_target}
  - {source_labels: [__param_target], target_label: instance}
  - {target_label: __address__, replacement: '${blackbox}'}
- job_name: client
  file_sd_configs: [{files: ['${sd}'], refresh_interval: 1s}]
  relabel_configs: [{source_labels: [__address__], regex: 'gone:1', action: drop}]
${script('plain', "  metric_relabel_configs: [{source_labels: [__name__], regex: 'dropped_.*', action: drop}]\n")}
${script('limited', '  sample_limit: 8\n')}
${script('honoring', '  honor_labels: true\n')}
${script('nhcb', '  convert_classic_histograms_to_nhcb: true\n')}
${script('both', '  convert_classic_histograms_to_nhcb: true\n  always_scrape_classic_histograms: true\n')}
`;
  }

  async function runOurs(text: string, data: string): Promise<void> {
    mkdirSync(data, { recursive: true });
    const db = await Database.open(data, { clock: systemClock });
    const manager = new ScrapeManager({
      clock: systemClock,
      store: { appender: () => db.appender() },
      openClient: (job) => openJobClient(job, { userAgent: 'tsmon/test' }),
      discovery: { openClient: (http) => openHttpClient(http, { userAgent: 'tsmon/test' }), env: {} },
      onTrouble: () => {},
    });
    const { scrapeConfigs } = parseConfig(text, { file: join(dir, 'prometheus.yml') }).config;
    // As the flags of the real one say.
    const configs = scrapeConfigs.map((job) => ({
      ...job,
      scrapeNativeHistograms: true,
      scrapeProtocols: NATIVE_HISTOGRAM_SCRAPE_PROTOCOLS,
      extraScrapeMetrics: true,
    }));
    manager.apply(configs);
    await sleep(500 * (PIECE.length + 4));
    await manager.stop();
    await db.close();
  }

  beforeAll(async () => {
    const text = await config();
    const real = await RealPrometheus.start(programs.prometheus!, dir, text, [
      '--enable-feature=extra-scrape-metrics',
    ]);
    const data = join(dir, 'ours');
    await runOurs(text, data);
    for (let i = 0; i < 200; i++) {
      const { result } = (await real.get('query', { query: 'min(count_over_time(up[5m]))' })) as {
        result: { value: [number, string] }[];
      };
      if (Number(result[0]?.value[1] ?? 0) > PIECE.length) break;
      await sleep(100);
    }
    await real.stop();
    ours = dumped(programs.promtool!, data);
    theirs = dumped(programs.promtool!, real.data);
  }, 60_000);

  afterAll(async () => {
    exporters.stop();
    for (const server of servers) server.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it.each(['plain', 'limited', 'honoring', 'nhcb', 'both'])(
    'stores the same of the scripted target: %s',
    (job) => {
      const [own, real] = [steps(ours, job), steps(theirs, job)];
      expect(own).toHaveLength(PIECE.length);
      expect(JSON.stringify(own).includes('{count:')).toBe(job === 'nhcb' || job === 'both');
      expect(JSON.stringify(own)).toContain('NaN');
      for (let i = 0; i < PIECE.length; i++)
        expect({ scrape: i, ...own[i] }).toEqual({ scrape: i, ...real[i] });
    },
  );

  it.each(['node', 'gateway', 'probe', 'client'])('has the same series of a real target: %s', (job) => {
    const seriesOf = (samples: Samples) =>
      [...samples.keys()].filter((series) => series.includes(`job="${job}"`)).sort();
    // What exporters count of their own runtime comes and goes.
    const stable = (series: string[]) =>
      series.filter((text) => !/go_gc|promhttp|_cooling_device/.test(text));
    expect(stable(seriesOf(ours))).toEqual(stable(seriesOf(theirs)));
    expect(seriesOf(ours).length).toBeGreaterThan(job === 'gateway' ? 5 : 8);
  });

  it('has the same values where they do not change', () => {
    let compared = 0;
    const different: unknown[] = [];
    for (const [series, samples] of theirs) {
      const values = new Set(samples.map(({ v }) => v));
      if (values.size > 1 || /scrape_series_added|job="(?:plain|limited|honoring|nhcb|both)"/.test(series))
        continue;
      compared++;
      const own = new Set(ours.get(series)?.map(({ v }) => v));
      // What changes once, as a collection of garbage does, may have done so between two looks.
      if (!own.has([...values][0])) different.push([series, [...values], [...own]]);
    }
    expect(compared).toBeGreaterThan(150);
    // Some change between two looks and do not within one.
    if (different.length > compared / 20) expect(different).toEqual([]);
  });
});
