/**
 * Discovery beside the real Prometheus: both are given the same configuration and ask the same servers, and must find the
 * same targets with the same labels. What Debian's Prometheus lacks (Consul) is compared with VictoriaMetrics' vmagent.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { parseConfig } from '../../src/core/config/index.ts';
import { discoverOnce, discoverySetups } from '../../src/core/discovery/index.ts';
import { openHttpClient } from '../../src/core/http/configured-client.ts';
import { listTargets } from '../../src/core/scrape/index.ts';
import { AwsServer } from '../core/discovery/aws-server.ts';
import { ConsulServer, entry } from '../core/discovery/consul-server.ts';
import { dockerListener } from '../core/discovery/docker-server.ts';
import { cluster } from '../core/discovery/kube-objects.ts';
import { KubeServer } from '../core/discovery/kube-server.ts';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus } from './prometheus.ts';

const prometheus = peer('prometheus');
const vmagent = peer('vmagent');

/** Every label that was discovered stays, so that no two targets are taken for one. */
const KEEP_ALL = 'relabel_configs: [{action: labelmap, regex: "__(meta_.+)"}]';

type Found = Record<string, Record<string, string>[]>;

describeWith('discovery and the real Prometheus', { prometheus }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-discovery-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  /** By job, in an order that does not matter. */
  async function findBoth(jobs: Record<string, string>): Promise<[ours: Found, theirs: Found]> {
    const config = configOf(jobs);
    const ours = await findOurs(config);
    const home = mkdtempSync(join(dir, 'real-'));
    const real = await RealPrometheus.start(prometheus!, home, config);
    try {
      // Updates are handed on every five seconds.
      const wanted = Object.values(ours).flat().length;
      let theirs: Found = {};
      for (let i = 0; i < 40; i++) {
        theirs = foundIn(await real.get('targets', { state: 'any' }));
        if (Object.values(theirs).flat().length >= wanted) break;
        await pause(500);
      }
      return [ours, theirs];
    } finally {
      await real.stop();
    }
  }

  it('from HTTP', async () => {
    const requests: Record<string, unknown>[] = [];
    const groups = [
      { targets: ['127.0.0.2:1', '127.0.0.3:2'], labels: { a: 'b', __meta_x: 'y', 'with-dash': 'ü' } },
      { targets: [], labels: {} },
      { targets: ['127.0.0.4:3'] },
    ];
    const url = await serve((request, response) => {
      requests.push(request.headers);
      response.setHeader('Content-Type', 'application/json; charset=utf-8');
      response.end(JSON.stringify(groups));
    });
    const [ours, theirs] = await findBoth({
      plain: `http_sd_configs: [{url: "${url}/a?b=c", refresh_interval: 90s, basic_auth: {username: u, password: p}}]`,
    });
    expect(ours).toEqual(theirs);
    expect(ours['plain']).toHaveLength(3);
    const [mine, real] = requests;
    for (const name of ['accept', 'authorization', 'x-prometheus-refresh-interval-seconds'])
      expect([name, mine[name]]).toEqual([name, real[name]]);
  });

  it('from Kubernetes: every role', { timeout: 60_000 }, async () => {
    const server = new KubeServer();
    server.put(...cluster());
    const url = await serve(server.listener);
    const job = (role: string, more = '') =>
      `kubernetes_sd_configs: [{role: ${role}, api_server: "${url}"${more}}]`;
    const attach = ', attach_metadata: {node: true}';
    const [ours, theirs] = await findBoth({
      node: job('node'),
      service: job('service'),
      pod: job('pod', attach),
      endpoints: job('endpoints', attach),
      endpointslice: job('endpointslice', attach),
      ingress: job('ingress'),
      'one namespace': job('pod', ', namespaces: {names: [other]}'),
      selected: job('pod', ', selectors: [{role: pod, field: spec.nodeName=two}]'),
      'endpoints of few pods': job(
        'endpoints',
        ', selectors: [{role: service, label: "tier=back"}, {role: pod, field: metadata.name=web-1}]',
      ),
    });
    for (const name of Object.keys(theirs)) expect([name, ours[name]]).toEqual([name, theirs[name]]);
    expect(Object.keys(ours)).toEqual(Object.keys(theirs));
    for (const [name, targets] of Object.entries(ours))
      expect([name, targets.length > 0]).toEqual([name, true]);
  });

  it('from Docker, over TCP and a Unix socket', async () => {
    const url = await serve(dockerListener());
    const socket = join(dir, 'docker.sock');
    await serve(dockerListener([], '1.46'), socket);
    const [ours, theirs] = await findBoth({
      http: `docker_sd_configs: [{host: "${url}"}]`,
      tcp: `docker_sd_configs: [{host: "${url.replace('http', 'tcp')}", match_first_network: false, port: 99}]`,
      unix: `docker_sd_configs: [{host: "unix://${socket}", host_networking_host: 127.0.0.9}]`,
    });
    expect(ours).toEqual(theirs);
    expect(ours['tcp'].length).toBeGreaterThan(5);
  });

  it('from Docker Swarm', async () => {
    const asked: string[] = [];
    const url = await serve(dockerListener(asked));
    const job = (role: string) => `dockerswarm_sd_configs: [{host: "${url}", role: ${role}, port: 7}]`;
    const [ours, theirs] = await findBoth({
      nodes: job('nodes'),
      services: job('services'),
      tasks: job('tasks'),
    });
    expect(ours).toEqual(theirs);
    expect(Object.values(ours).map((targets) => targets.length > 0)).toEqual([true, true, true]);
  });

  it('from EC2', async () => {
    const server = new AwsServer();
    const url = await serve(server.listener);
    const keys = 'access_key: AKSETTINGS, secret_key: secret/settings+';
    const [ours, theirs] = await findBoth({
      all: `ec2_sd_configs: [{endpoint: "${url}", region: xx-test-1, port: 7, ${keys}, filters: [{name: "tag:a", values: [b, "c d"]}]}]`,
    });
    expect(ours).toEqual(theirs);
    expect(ours['all']).toHaveLength(2);
    const params = server.forms.map((form) => {
      form.delete('Version');
      return [...form].sort().join('&');
    });
    expect(server.requests.filter((request) => request.startsWith('nobody'))).toEqual([]);
    // Ours, then theirs: the same questions, two pages and the zones.
    expect(new Set(params.slice(0, 3))).toEqual(new Set(params.slice(3)));
  });

  it('goes on with the same targets after the Kubernetes API has forgotten the past', async () => {
    const server = new KubeServer();
    server.put(...cluster());
    const url = await serve(server.listener);
    const config = configOf({ pod: `kubernetes_sd_configs: [{role: pod, api_server: "${url}"}]` });
    const home = mkdtempSync(join(dir, 'real-'));
    const real = await RealPrometheus.start(prometheus!, home, config);
    try {
      await vi.waitFor(() => expect(server.openWatches).toBe(1), 10_000);
      server.remove('Pod', 'web-1', 'shop');
      server.forget();
      const theirs = await vi.waitFor(
        async () => {
          const found = foundIn(await real.get('targets', { state: 'any' }));
          const names = found['pod']?.map((labels) => labels['__meta_kubernetes_pod_name']);
          expect(names).toBeDefined();
          expect(names).not.toContain('web-1');
          return found;
        },
        { timeout: 20_000, interval: 500 },
      );
      expect(await findOurs(config)).toEqual(theirs);
    } finally {
      await real.stop();
    }
  });
});

describeWith('Consul discovery and vmagent', { vmagent }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-consul-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('finds the same', async () => {
    const server = new ConsulServer();
    server.set(
      'web',
      entry('127.72.0.1', 80),
      entry('', 81, { Tags: [] }, ['passing', 'warning', 'critical']),
    );
    server.set('db', entry('fd00::1', 5432, { Tags: ['b'] }, []));
    const url = new URL(await serve(server.listener));
    const config = configOf({
      all: `consul_sd_configs: [{server: "${url.host}"}]`,
      tagged: `consul_sd_configs: [{server: "${url.host}", tags: [b], tag_separator: ";"}]`,
      one: `consul_sd_configs: [{server: "${url.host}", services: [web]}]`,
    });
    const ours = await findOurs(config);
    const theirs = await findWithVmagent(vmagent!, dir, config, Object.values(ours).flat().length);
    // What it says beyond Prometheus, which has no empty labels either.
    for (const labels of Object.values(theirs).flat()) {
      for (const name of Object.keys(labels))
        if (/^__meta_consul_tag(present)?_/.test(name) || labels[name] === '') delete labels[name];
    }
    expect(metaOnly(ours)).toEqual(metaOnly(theirs));
    expect(ours['all']).toHaveLength(3);
  });
});

function configOf(jobs: Record<string, string>): string {
  const entries = Object.entries(jobs).map(
    ([name, text]) => `- job_name: ${name}\n  ${KEEP_ALL}\n  ${text}\n`,
  );
  return `global: {scrape_interval: 1h}\nscrape_configs:\n${entries.join('')}`;
}

async function findOurs(text: string): Promise<Found> {
  const { scrapeConfigs } = parseConfig(text, { file: 'prometheus.yml' }).config;
  const resources = {
    openClient: (config: Parameters<typeof openHttpClient>[0]) =>
      openHttpClient(config, { userAgent: 'tsmon/test' }),
    env: {},
  };
  const setups = scrapeConfigs.map(({ discovery }) => discoverySetups(discovery, resources));
  const found = await discoverOnce(setups, systemClock, 10_000);
  expect(found.flatMap(({ failures }) => failures)).toEqual([]);
  return inOrder(
    scrapeConfigs.flatMap((config, i) =>
      listTargets(config, found[i].groups)
        // Prometheus keeps an IPv6 address without brackets, and fails to scrape it; without an address it drops a target.
        .filter(({ discovered }) => discovered.get('__address__') !== '')
        .map(({ discovered }) => [config.jobName, discovered.toObject()] as const),
    ),
  );
}

function foundIn(data: unknown): Found {
  const { activeTargets } = data as {
    activeTargets: { scrapePool: string; discoveredLabels: Record<string, string> }[];
  };
  return inOrder(activeTargets.map(({ scrapePool, discoveredLabels }) => [scrapePool, discoveredLabels]));
}

function inOrder(targets: readonly (readonly [job: string, labels: Record<string, string>])[]): Found {
  const found: Found = {};
  const lines = targets.map(([job, labels]) => JSON.stringify([job, Object.entries(labels).sort()]));
  for (const line of [...new Set(lines)].sort()) {
    const [job, entries] = JSON.parse(line) as [string, [string, string][]];
    found[job] ??= [];
    found[job].push(Object.fromEntries(entries));
  }
  return found;
}

function metaOnly(found: Found): Found {
  return inOrder(
    Object.entries(found).flatMap(([job, targets]) =>
      targets.map((labels) => {
        const own = Object.entries(labels).filter(
          ([name]) => name === '__address__' || name.startsWith('__meta_'),
        );
        return [job, Object.fromEntries(own)] as const;
      }),
    ),
  );
}

async function findWithVmagent(program: string, dir: string, config: string, wanted: number): Promise<Found> {
  const file = join(dir, 'prometheus.yml');
  mkdirSync(dir, { recursive: true });
  writeFileSync(file, config);
  const port = new URL(await serve(() => {})).port;
  const listen = `127.0.0.1:${await freePort()}`;
  const child = spawn(program, [
    `-promscrape.config=${file}`,
    `-httpListenAddr=${listen}`,
    `-remoteWrite.url=http://127.0.0.1:${port}/`,
    `-remoteWrite.tmpDataPath=${join(dir, 'queue')}`,
  ]);
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let found: Found = {};
  for (let i = 0; i < 40; i++) {
    await pause(500);
    const answer = await fetch(`http://${listen}/api/v1/targets`).catch(() => undefined);
    if (answer?.ok) found = foundIn(((await answer.json()) as { data: unknown }).data);
    if (Object.values(found).flat().length >= wanted) break;
  }
  return found;
}

/** Serves until the test ends, on a free port or a Unix socket. */
async function serve(listener: RequestListener, socketPath?: string): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    if (socketPath === undefined) server.listen(0, '127.0.0.1', resolve);
    else server.listen(socketPath, resolve);
  });
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return socketPath === undefined ? `http://127.0.0.1:${(server.address() as AddressInfo).port}` : '';
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
