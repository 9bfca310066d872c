/** What discovery and scraping say of themselves: the names that the real Prometheus has, with one configuration. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { parseConfig } from '../../src/core/config/index.ts';
import { openHttpClient } from '../../src/core/http/configured-client.ts';
import { Registry } from '../../src/core/instrument/index.ts';
import { ScrapeManager } from '../../src/core/scrape/index.ts';
import { openJobClient } from '../../src/core/scrape/job-client.ts';
import { serveHttp } from '../core/http/servers.ts';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus } from './prometheus.ts';

/** Parts that tsmon does not have, and mechanisms that it does not run. */
const ABSENT = [
  /^prometheus_sd_kubernetes_workqueue_/,
  /^prometheus_sd_linode_failures_total$/,
  /^prometheus_target_scrape_pool_symboltable_items$/,
  /^prometheus_target_scrapes_cache_flush_forced_total$/,
];

/** Younger than the Prometheus at hand, or missing from Debian's build of it. */
const YOUNGER = [
  'prometheus_sd_consul_rpc_failures_total',
  'prometheus_sd_last_update_timestamp_seconds',
  'prometheus_sd_refresh_duration_histogram_seconds',
];

const prometheus = peer('prometheus');

function isOurSubject(name: string): boolean {
  return /^prometheus_(?:sd|target)_/.test(name);
}

describeWith('the metrics of discovery and targets', { prometheus }, () => {
  it('have the names of those of the real Prometheus', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tsmon-sd-metrics-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const url = await serveHttp((request, response) => {
      const groups = request.url === '/groups';
      response.writeHead(200, { 'Content-Type': groups ? 'application/json' : 'text/plain' });
      response.end(groups ? '[]' : 'a 1\n');
    });
    const host = new URL(url).host;
    writeFileSync(join(dir, 'targets.json'), JSON.stringify([{ targets: [host] }]));
    const text = `global: {scrape_interval: 100ms, scrape_timeout: 100ms}
scrape_configs:
- {job_name: static, static_configs: [{targets: ['${host}']}]}
- {job_name: file, file_sd_configs: [{files: ['${dir}/*.json']}]}
- {job_name: http, http_sd_configs: [{url: 'http://${host}/groups'}]}
- {job_name: dns, dns_sd_configs: [{names: [localhost], type: A, port: 9}]}
- {job_name: kubernetes, kubernetes_sd_configs: [{role: pod, api_server: 'http://${host}/kubernetes'}]}
- {job_name: docker, docker_sd_configs: [{host: 'http://${host}/docker'}]}
`;
    const real = await RealPrometheus.start(prometheus!, dir, text);
    onTestFinished(() => real.stop());
    const registry = new Registry();
    const manager = new ScrapeManager({
      clock: systemClock,
      store: { receive: () => {} },
      registry,
      openClient: (job) => openJobClient(job, { userAgent: 'tsmon/test' }),
      discovery: { openClient: (http) => openHttpClient(http, { userAgent: 'tsmon/test' }), env: {} },
      onTrouble: () => {},
    });
    onTestFinished(() => manager.stop());
    manager.apply(parseConfig(text, { file: join(dir, 'prometheus.yml') }).config.scrapeConfigs);

    const theirs = async () => {
      const page = await (await fetch(`${real.url}/metrics`)).text();
      const names = [...page.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
      return names.filter((name) => isOurSubject(name) && !ABSENT.some((absent) => absent.test(name)));
    };
    const ours = () =>
      registry
        .collect()
        .map(({ name }) => name)
        .filter((name) => isOurSubject(name) && !YOUNGER.includes(name));
    // What nothing was counted of yet is not there.
    await vi.waitFor(
      async () => {
        const [own, real] = [ours(), await theirs()];
        expect(own).toContain('prometheus_sd_kubernetes_http_request_total');
        expect(own).toContain('prometheus_target_interval_length_seconds');
        expect(own.sort()).toEqual(real.sort());
      },
      { timeout: 20_000, interval: 500 },
    );
  }, 60_000);
});
