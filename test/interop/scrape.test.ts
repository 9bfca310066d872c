/**
 * The same targets, at nearly the same time, scraped by the real Prometheus and by `tsmon scrape`: both must have the
 * same series, types, and, where they do not change, values.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tsmon } from '../cli.ts';
import { describeWith, peer } from '../peers.ts';
import { Exporters, freePort } from './exporters.ts';
import { RealPrometheus } from './prometheus.ts';

const prometheusProgram = peer('prometheus');
const nodeExporter = peer('prometheus-node-exporter');
const pushgateway = peer('prometheus-pushgateway');

type Pairs = Record<string, string>;

/** What one side has: the latest value of each series, and the type of each family. */
interface View {
  values: Map<string, number>;
  types: Map<string, string>;
}

function key(metric: Pairs): string {
  return JSON.stringify(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What `tsmon scrape` says of a target. */
function scraped(args: readonly string[]): View {
  const { status, stdout, stderr } = tsmon(['scrape', '--output', 'jsonl', ...args]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const view: View = { values: new Map(), types: new Map() };
  for (const line of stdout.trim().split('\n')) {
    const { metric, values = [], histograms = [], family, type } = JSON.parse(line);
    if (metric === undefined) continue;
    view.values.set(key(metric), histograms.length > 0 ? histograms[0].sum : Number(values[0]));
    if (type !== undefined) view.types.set(family ?? metric.__name__, type);
  }
  return view;
}

describeWith(
  'a scrape beside the real Prometheus',
  { prometheus: prometheusProgram, 'node-exporter': nodeExporter, pushgateway },
  () => {
    const exporters = new Exporters();
    let prometheus: RealPrometheus;
    let exporterAt: string;
    let gatewayAt: string;
    let prometheusAt: string;

    beforeAll(async () => {
      exporterAt = await exporters.start(nodeExporter!, (address) => [`--web.listen-address=${address}`]);
      gatewayAt = await exporters.start(pushgateway!, (address) => [`--web.listen-address=${address}`]);
      const push = (path: string, body: string) =>
        fetch(`http://${gatewayAt}/metrics/${path}`, { method: 'PUT', body });
      await push('job/batch', '# TYPE rows counter\nrows{table="a"} 3\nrows{table="b"} NaN\n');
      await push('job/batch/instance/i1', '# TYPE rows counter\nrows{table="a"} +Inf\n');
      await push(
        'job/other/shard/1',
        '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 5\nh_count 2\n',
      );
      prometheusAt = `127.0.0.1:${await freePort()}`;
      prometheus = await RealPrometheus.start(
        prometheusProgram!,
        mkdtempSync(join(tmpdir(), 'tsmon-scrape-')),
        `global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
- job_name: node
  static_configs: [{targets: ['${exporterAt}']}]
- job_name: prometheus
  scrape_protocols: [OpenMetricsText1.0.0, OpenMetricsText0.0.1, PrometheusText0.0.4]
  static_configs: [{targets: ['${prometheusAt}']}]
- job_name: native
  scrape_protocols: [PrometheusProto]
  static_configs: [{targets: ['${prometheusAt}']}]
- job_name: plain
  static_configs: [{targets: ['${gatewayAt}'], labels: {zone: z}}]
- job_name: honoring
  honor_labels: true
  static_configs: [{targets: ['${gatewayAt}']}]
`,
        [`--web.listen-address=${prometheusAt}`],
      );
      // Twice each, so that `scrape_series_added` has nothing more to say.
      for (let i = 0; i < 200; i++) {
        const { result } = (await prometheus.get('query', {
          query: 'count_over_time(up[1m]) >= 2',
        })) as { result: unknown[] };
        if (result.length === 5) return;
        await sleep(100);
      }
      throw new Error('Prometheus does not scrape');
    });

    afterAll(async () => {
      await prometheus?.stop();
      exporters.stop();
    });

    /** What Prometheus has of a target now. */
    async function stored(job: string, instance: string): Promise<View> {
      // With labels honoured, what was pushed has the jobs and instances that it was pushed with.
      const selector =
        job === 'honoring'
          ? `{job=~"${job}|batch|other",instance=~"${instance}|i1|"}`
          : `{job="${job}",instance="${instance}"}`;
      const { result } = (await prometheus.get('query', { query: selector })) as {
        result: { metric: Pairs; value?: [number, string]; histogram?: [number, { sum: string }] }[];
      };
      const match = `{job="${job}",instance="${instance}"}`;
      const metadata = (await prometheus.get('targets/metadata', { match_target: match })) as Pairs[];
      const parsed = (text: string) => (text.endsWith('Inf') ? Number(`${text}inity`) : Number(text));
      return {
        values: new Map(
          result.map(({ metric, value, histogram }) => [
            key(metric),
            parsed(value?.[1] ?? histogram![1].sum),
          ]),
        ),
        types: new Map(metadata.map(({ metric, type }) => [metric, type])),
      };
    }

    /** Scrapes between two looks at what Prometheus has, and compares with what was the same in both. */
    async function compare(job: string, instance: string, flags: readonly string[]): Promise<View> {
      const before = await stored(job, instance);
      const ours = scraped([`http://${instance}/metrics`, '--job', job, ...flags]);
      await sleep(1500);
      const after = await stored(job, instance);
      expect([...ours.values.keys()].sort()).toEqual([...after.values.keys()].sort());
      let compared = 0;
      const different: unknown[] = [];
      for (const [series, value] of after.values) {
        if (/"(scrape|go|process)_/.test(series) || !Object.is(before.values.get(series), value)) continue;
        compared++;
        const own = ours.values.get(series);
        if (!Object.is(own, value)) different.push([series, own, value]);
      }
      expect(compared).toBeGreaterThan(after.values.size / 5);
      // Some change and change back, like the number of running processes.
      if (different.length > compared / 20) expect(different).toEqual([]);
      // Prometheus keeps the metadata of samples only, and has none for what it adds itself.
      for (const [name, type] of after.types) {
        expect([name, ours.types.get(name)]).toEqual([name, type]);
      }
      for (const name of ours.types.keys()) {
        if (name !== 'up' && !name.startsWith('scrape_')) expect(after.types.has(name), name).toBe(true);
      }
      return ours;
    }

    it('has the same of node_exporter', async () => {
      const { values } = await compare('node', exporterAt, []);
      expect(values.size).toBeGreaterThan(200);
    });

    it('has the same of a Pushgateway, whose labels become exported_', async () => {
      const { values } = await compare('plain', gatewayAt, ['--label', 'zone=z']);
      expect([...values.keys()].some((series) => series.includes('exported_job'))).toBe(true);
    });

    it('has the same of Prometheus itself', async () => {
      const { values } = await compare('prometheus', prometheusAt, []);
      expect(values.size).toBeGreaterThan(200);
    });

    it('has the same of Prometheus itself with native histograms', async () => {
      const { values } = await compare('native', prometheusAt, ['--native-histograms']);
      expect(values.size).toBeGreaterThan(200);
    });

    it('has the same of a Pushgateway whose labels are honoured, also those that are empty', async () => {
      await compare('honoring', gatewayAt, ['--honor-labels']);
    });
  },
);
