/**
 * Programs that know Prometheus' API, with our server for their data source: promtool's query commands, VictoriaMetrics'
 * vmalert, and the requests that Grafana's Prometheus data source sends.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { DirectorySource } from '../../src/core/source/directory.ts';
import { Database } from '../../src/core/tsdb/db/index.ts';
import { kept, startTestServer, type TestServer } from '../core/server/test-server.ts';
import { messageV1, snappy, V1_HEADERS } from '../core/server/write-messages.ts';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus } from './prometheus.ts';
import { DATA_END, DATA_START, writeQueryData } from './query-data.ts';

const run = promisify(execFile);

/** A Prometheus and our server over the same data, for the tests of one `describe`. */
function bothServers(): { readonly prometheus: RealPrometheus; readonly server: TestServer } {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-api-clients-'));
  let prometheus: RealPrometheus;
  let source: DirectorySource;
  let server: TestServer;

  beforeAll(async () => {
    writeQueryData(join(dir, 'data'));
    prometheus = await RealPrometheus.start(peer('prometheus')!, dir);
    source = new DirectorySource(join(dir, 'data'));
    server = await startTestServer(kept(source));
  });

  afterAll(async () => {
    await server.close();
    await source.close();
    await prometheus.stop();
    rmSync(dir, { recursive: true });
  });

  return {
    get prometheus() {
      return prometheus;
    },
    get server() {
      return server;
    },
  };
}

describeWith("promtool's queries", { prometheus: peer('prometheus'), promtool: peer('promtool') }, () => {
  const servers = bothServers();

  async function promtool(url: string, args: readonly string[]): Promise<string> {
    const filled = args.map((arg) => arg.replace('SERVER', url));
    const { stdout, stderr } = await run(peer('promtool')!, filled).catch((error) => error);
    return `${stdout}${stderr}`.replaceAll(url, 'SERVER');
  }

  const from = String(DATA_START / 1000);
  const to = String(DATA_END / 1000);
  it.each([
    ['query instant SERVER', `--time=${from}`, 'sort(temperature)'],
    ['query instant SERVER', `--time=${to}`, 'sum by (job) (rate(requests_total[5m]))'],
    ['query instant SERVER', `--time=${to}`, 'native'],
    ['query instant SERVER', `--time=${to}`, 'temperature{'],
    ['query range SERVER', `--start=${from}`, `--end=${to}`, '--step=5m', 'sum(temperature)'],
    ['query range SERVER', `--start=${to}`, `--end=${from}`, '--step=5m', 'sum(temperature)'],
    ['query series SERVER', `--start=${from}`, `--end=${to}`, '--match=temperature'],
    ['query labels SERVER', `--start=${from}`, `--end=${to}`, 'job'],
    [
      'query analyze --server=SERVER --type=histogram',
      `--time=${to}`,
      '--duration=1h',
      '--match=latency_seconds_bucket',
    ],
    ['check healthy --url=SERVER'],
    ['check ready --url=SERVER'],
  ])('%s %s %s', async (command, ...args) => {
    const all = [...command.split(' '), ...args];
    const [ours, real] = await Promise.all([
      promtool(servers.server.url, all),
      promtool(servers.prometheus.url, all),
    ]);
    const lines = (text: string) => text.split('\n').sort();
    expect(lines(ours)).toEqual(lines(real));
    expect(real).not.toContain('unknown long flag');
  });
});

describeWith('vmalert', { vmalert: peer('vmalert') }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-vmalert-'));
  let database: Database;
  let server: TestServer;
  let vmalert: ChildProcess;
  const alerts: { labels: Record<string, string> }[] = [];
  const receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (bytes) => {
      body += bytes;
    });
    request.on('end', () => {
      alerts.push(...JSON.parse(body));
      response.end();
    });
  });

  beforeAll(async () => {
    database = await Database.open(join(dir, 'data'), { clock: systemClock });
    server = await startTestServer(() => database.reader(), { appender: () => database.appender() });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const message = messageV1([
      {
        labels: [
          ['__name__', 'heat'],
          ['room', 'a'],
        ],
        samples: [{ t: Date.now() - 1000, v: 30 }],
      },
      {
        labels: [
          ['__name__', 'heat'],
          ['room', 'b'],
        ],
        samples: [{ t: Date.now() - 1000, v: 10 }],
      },
    ]);
    const answer = await fetch(`${server.url}/api/v1/write`, {
      method: 'POST',
      headers: V1_HEADERS,
      body: snappy(message),
    });
    expect(answer.status).toBe(204);
    writeFileSync(
      join(dir, 'rules.yml'),
      `groups:
- name: g
  interval: 1s
  rules:
  - {record: 'heat:max', expr: max(heat)}
  - {alert: Hot, expr: heat > 20}
`,
    );
    vmalert = spawn(peer('vmalert')!, [
      `-rule=${join(dir, 'rules.yml')}`,
      `-datasource.url=${server.url}`,
      `-remoteWrite.url=${server.url}`,
      '-remoteWrite.flushInterval=200ms',
      `-remoteRead.url=${server.url}`,
      `-notifier.url=http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
      '-httpListenAddr=127.0.0.1:0',
      '-evaluationInterval=1s',
      '-rule.evalDelay=0s',
    ]);
  });

  afterAll(async () => {
    const ended = new Promise((resolve) => vmalert.once('exit', resolve));
    vmalert.kill('SIGTERM');
    await ended;
    receiver.closeAllConnections();
    receiver.close();
    await server.close();
    await database.close();
    rmSync(dir, { recursive: true });
  });

  it('evaluates on our data, writes back what it records, and alerts', async () => {
    let recorded: { value: [number, string] }[] = [];
    for (let i = 0; i < 100 && (recorded.length === 0 || alerts.length === 0); i++) {
      await systemClock.sleep(200);
      const response = await fetch(`${server.url}/api/v1/query?query=heat:max`);
      recorded = ((await response.json()) as { data: { result: typeof recorded } }).data.result;
    }
    expect(recorded[0].value[1]).toBe('30');
    expect(alerts[0].labels).toMatchObject({ alertname: 'Hot', room: 'a' });
  });
});

describeWith("Grafana's requests", { prometheus: peer('prometheus') }, () => {
  const servers = bothServers();

  const start = String(DATA_START / 1000);
  const end = String(DATA_END / 1000);
  /** As its query builder, Explore, variables, annotations and health check send them. */
  const requests: readonly [method: 'GET' | 'POST', path: string, params: Record<string, string>][] = [
    ['POST', 'query', { query: '1+1', time: '4' }],
    ['GET', 'label/__name__/values', { start, end, limit: '40000' }],
    ['GET', 'label/job/values', { start, end, 'match[]': '{__name__="temperature"}' }],
    ['POST', 'labels', { start, end, 'match[]': '{__name__="temperature",job=~"a.*"}' }],
    ['POST', 'series', { start, end, 'match[]': 'temperature', limit: '40000' }],
    ['GET', 'series', { start, end, 'match[]': '{job="api"}' }],
    ['POST', 'query_range', { query: 'rate(requests_total{job=~"api|node"}[1m])', start, end, step: '15' }],
    ['POST', 'query_range', { query: 'native', start, end, step: '300' }],
    ['POST', 'query_range', { query: 'absent(x)', start: `${start}.000`, end: `${end}.000`, step: '14.5' }],
    ['POST', 'query', { query: 'topk(3, temperature)', time: `${end}.123` }],
    ['POST', 'query', { query: 'label_values', time: end }],
    ['POST', 'query_exemplars', { query: 'requests_total', start, end }],
    ['GET', 'metadata', {}],
    ['GET', 'metadata', { metric: 'temperature' }],
    ['GET', 'rules', {}],
    ['GET', 'alerts', {}],
    ['GET', 'format_query', { query: 'sum(rate(a[5m]))by(b)' }],
  ];

  it.each(requests)('%s %s %j', async (method, path, params) => {
    const ask = async (url: string) => {
      const query = new URLSearchParams(params);
      const response =
        method === 'GET'
          ? await fetch(`${url}/api/v1/${path}?${query}`)
          : await fetch(`${url}/api/v1/${path}`, { method, body: query });
      return { status: response.status, body: await response.json() };
    };
    const [ours, real] = await Promise.all([ask(servers.server.url), ask(servers.prometheus.url)]);
    expect(ours).toEqual(real);
    expect(ours.status).toBe(200);
  });

  it('tells what it is', async () => {
    const response = await fetch(`${servers.server.url}/api/v1/status/buildinfo`);
    const { data } = (await response.json()) as { data: object };
    expect(Object.keys(data)).toEqual([
      'version',
      'revision',
      'branch',
      'buildUser',
      'buildDate',
      'goVersion',
    ]);
  });
});
