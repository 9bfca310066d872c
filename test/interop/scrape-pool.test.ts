/**
 * One configuration, run by the real Prometheus and by our scrape pool into our database: both must have stored the
 * same series, samples, stale markers and `scrape_*` series, scrape by scrape. Both are shown the same: a target plays
 * the same piece to both, and what real exporters say is recorded, so that the nth scrape of the one has the body of the
 * nth of the other. `promtool tsdb dump` reads both directories.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gauge, Histogram, Registry as PromRegistry } from 'prom-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseConfig } from '../../src/core/config/index.ts';
import { NATIVE_HISTOGRAM_SCRAPE_PROTOCOLS } from '../../src/core/exposition/negotiation.ts';
import { describeWith, peer } from '../peers.ts';
import { Exporters } from './exporters.ts';
import { runOwnPool } from './own-pool.ts';
import { RealPrometheus } from './prometheus.ts';
import { ofJob, type StoredSamples, storedByScrape, storedSamples } from './stored-samples.ts';

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

/** So many scrapes are compared. */
const SCRAPES = PIECE.length;
const SCRIPTED = ['plain', 'limited', 'honoring', 'nhcb', 'both'];
const RECORDED = ['node', 'gateway', 'probe', 'client'];

const TEXT = 'text/plain; version=0.0.4';

interface Answer {
  status: number;
  type: string;
  body: string | Buffer;
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
  let ours: StoredSamples;
  let theirs: StoredSamples;

  /** Whoever asks for a page for the nth time gets what `answer` said to whoever did so first. */
  async function serve(answer: (url: string, accept: string, n: number) => Promise<Answer>): Promise<string> {
    const plays = new Map<string, number>();
    const recorded = new Map<string, Promise<Answer>>();
    const server = createHttpServer(async (request, response) => {
      const { 'user-agent': agent = '', accept = '' } = request.headers;
      const play = `${agent.split('/')[0]} ${request.url}`;
      const n = plays.get(play) ?? 0;
      plays.set(play, n + 1);
      const key = `${request.url} ${n}`;
      if (!recorded.has(key)) recorded.set(key, answer(request.url!, accept, n));
      const { status, type, body } = await recorded.get(key)!;
      response.writeHead(status, { 'Content-Type': type }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** The address of a recorder before a real exporter. */
  function recorder(exporter: string): Promise<string> {
    return serve(async (url, accept) => {
      const answer = await fetch(`http://${exporter}${url}`, { headers: { Accept: accept } });
      const body = Buffer.from(await answer.arrayBuffer());
      return { status: answer.status, type: answer.headers.get('content-type')!, body };
    });
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
    const client = await serve(async () => ({ status: 200, type: TEXT, body: await registry.metrics() }));
    const scripted = await serve(async (_url, _accept, n) => {
      const body = PIECE[Math.min(n, PIECE.length - 1)];
      return typeof body === 'number'
        ? { status: body, type: TEXT, body: '' }
        : { status: 200, type: TEXT, body };
    });
    const sd = join(dir, 'targets.json');
    writeFileSync(sd, JSON.stringify([{ targets: [client, 'gone:1'], labels: { from: 'file' } }]));
    const script = (job: string, more: string) =>
      `- job_name: ${job}\n  metrics_path: /${job}\n  static_configs: [{targets: ['${scripted}']}]\n${more}`;
    return `global: {scrape_interval: 500ms, scrape_timeout: 500ms}
scrape_configs:
- job_name: node
  static_configs: [{targets: ['${await recorder(node)}']}]
  metric_relabel_configs:
  - {source_labels: [__name__], regex: 'node_(.*)', target_label: __name__, replacement: 'host_$1'}
- job_name: gateway
  honor_labels: true
  static_configs: [{targets: ['${await recorder(gateway)}']}]
- job_name: probe
  metrics_path: /probe
  params: {module: [http_2xx]}
  static_configs: [{targets: ['http://${node}/']}]
  relabel_configs:
  - {source_labels: [__address__], target_label: __param_target}
  - {source_labels: [__param_target], target_label: instance}
  - {target_label: __address__, replacement: '${await recorder(blackbox)}'}
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

  beforeAll(async () => {
    const text = await config();
    const real = await RealPrometheus.start(programs.prometheus!, dir, text, [
      '--enable-feature=extra-scrape-metrics',
    ]);
    const data = join(dir, 'ours');
    const { scrapeConfigs } = parseConfig(text, { file: join(dir, 'prometheus.yml') }).config;
    // As the flags of the real one say.
    const configs = scrapeConfigs.map((job) => ({
      ...job,
      scrapeNativeHistograms: true,
      scrapeProtocols: NATIVE_HISTOGRAM_SCRAPE_PROTOCOLS,
      extraScrapeMetrics: true,
    }));
    await runOwnPool(data, configs, () => sleep(500 * (SCRAPES + 4)));
    for (let i = 0; i < 200; i++) {
      const { result } = (await real.get('query', { query: 'min(count_over_time(up[5m]))' })) as {
        result: { value: [number, string] }[];
      };
      if (Number(result[0]?.value[1] ?? 0) > SCRAPES) break;
      await sleep(100);
    }
    await real.stop();
    ours = storedSamples(programs.promtool!, data);
    theirs = storedSamples(programs.promtool!, real.data);
  }, 60_000);

  afterAll(async () => {
    exporters.stop();
    for (const server of servers) server.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it.each([...SCRIPTED, ...RECORDED])('stores the same of every scrape: %s', (job) => {
    const [own, real] = [storedByScrape(ours, job, SCRAPES), storedByScrape(theirs, job, SCRAPES)];
    expect(own).toHaveLength(SCRAPES);
    for (let i = 0; i < SCRAPES; i++) expect({ scrape: i, ...own[i] }).toEqual({ scrape: i, ...real[i] });
    const all = JSON.stringify(own);
    expect(all.includes('{count:')).toBe(job === 'nhcb' || job === 'both');
    if (SCRIPTED.includes(job)) expect(all).toContain('NaN');
    else expect(Object.keys(own[0]).length).toBeGreaterThan(job === 'gateway' ? 15 : 10);
  });

  it('has been shown what changes', () => {
    const changing = RECORDED.flatMap((job) => ofJob(ours, job)).filter(
      ([series, list]) => !series.includes('scrape_') && new Set(list.map(({ v }) => v)).size > 1,
    );
    expect(changing.length).toBeGreaterThan(10);
  });
});
