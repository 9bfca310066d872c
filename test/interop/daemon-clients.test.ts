/**
 * Programs of others that write to, read from and look after a running `tsmon serve`: Prometheus and vmagent as senders,
 * Prometheus as a remote reader and as who takes a snapshot over, vmalert, promtool.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished, vi } from 'vitest';
import { directory, RunningServer } from '../commands/serve/running.ts';
import { serveHttp } from '../core/http/servers.ts';
import { describeWith, peer } from '../peers.ts';
import { freePort, RealPrometheus } from './prometheus.ts';

const run = promisify(execFile);
const WAIT = { timeout: 40_000, interval: 200 };

interface Series {
  metric: Record<string, string>;
  values?: [t: number, v: string][];
  histograms?: [t: number, h: object][];
}

/** A target that counts its scrapes, with a classic histogram beside. */
async function target(): Promise<string> {
  let n = 0;
  const url = await serveHttp((_, response) => {
    n++;
    response.setHeader('Content-Type', 'text/plain; version=0.0.4');
    response.end(
      `# TYPE counted_total counter\n# HELP counted_total What is counted.\ncounted_total{path="/<a>"} ${n}\n` +
        `# TYPE h histogram\nh_bucket{le="1"} ${n}\nh_bucket{le="+Inf"} ${2 * n}\nh_sum ${n}\nh_count ${2 * n}\n`,
    );
  });
  return new URL(url).host;
}

function start(program: string, args: readonly string[], cwd: string): ChildProcess {
  const child = spawn(peer(program)!, args, { cwd, stdio: 'ignore' });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

async function receiving(args: readonly string[] = []): Promise<[RunningServer, string, string]> {
  const dir = directory({ 'prometheus.yml': 'storage: {tsdb: {out_of_order_time_window: 5m}}' });
  const server = new RunningServer(dir, ['--web.enable-remote-write-receiver', ...args]);
  return [server, await server.url(), dir];
}

describeWith('a running server', { prometheus: peer('prometheus') }, () => {
  it.each(['prometheus.WriteRequest', 'io.prometheus.write.v2.Request'])(
    'takes what Prometheus sends as %s',
    async (message) => {
      // Of histograms with bounds of their own Prometheus sends the bounds with the new message only.
      const isV2 = message.includes('v2');
      const [server, url] = await receiving();
      const dir = directory();
      const prometheus = await RealPrometheus.start(
        peer('prometheus')!,
        dir,
        `global: {scrape_interval: 500ms, scrape_timeout: 500ms, external_labels: {from: there}}
remote_write: [{url: '${url}/api/v1/write', protobuf_message: ${message}, send_exemplars: true, send_native_histograms: true,
  queue_config: {batch_send_deadline: 200ms}}]
scrape_configs:
- {job_name: app, static_configs: [{targets: ['${await target()}']}], convert_classic_histograms_to_nhcb: ${isV2},
   always_scrape_classic_histograms: true}
`,
        ['--enable-feature=metadata-wal-records'],
      );
      onTestFinished(() => prometheus.stop());
      const query = '{job="app"}[5m]';
      await vi.waitFor(async () => expect(await server.value('counted_total')).toBeGreaterThan(4), WAIT);
      const theirs = ((await prometheus.get('query', { query })) as { result: Series[] }).result;
      const until = Math.max(...theirs.flatMap(({ values = [] }) => values.map(([t]) => t)));
      await vi.waitFor(async () => expect(await server.value('timestamp(up)')).toBeGreaterThan(until), WAIT);
      const ours = ((await server.api(`query?query=${encodeURIComponent(query)}`)) as { result: Series[] })
        .result;
      const shown = (list: readonly Series[], drop: string) =>
        Object.fromEntries(
          list.map(({ metric, values = [], histograms = [] }) => {
            const { [drop]: _, ...labels } = metric;
            const upTo = (rows: readonly [number, unknown][]) => rows.filter(([t]) => t <= until);
            return [JSON.stringify(Object.entries(labels).sort()), { v: upTo(values), h: upTo(histograms) }];
          }),
        );
      expect(shown(ours, 'from')).toEqual(shown(theirs, ''));
      expect(Object.keys(shown(ours, 'from'))).toHaveLength(isV2 ? 11 : 10);
      expect(server.log.filter((line) => /level=(WARN|ERROR)/.test(line))).toEqual([]);
      if (isV2) {
        const metadata = await server.api('metadata?metric=counted_total');
        expect(metadata.counted_total).toEqual([{ type: 'counter', help: 'What is counted.', unit: '' }]);
      }
    },
  );

  it('is read from by Prometheus, and its snapshot is a data directory for it', async () => {
    const [server, url, dir] = await receiving(['--web.enable-admin-api']);
    const sender = await RealPrometheus.start(
      peer('prometheus')!,
      directory(),
      `global: {scrape_interval: 300ms, scrape_timeout: 300ms}
remote_write: [{url: '${url}/api/v1/write', queue_config: {batch_send_deadline: 200ms}}]
scrape_configs: [{job_name: app, static_configs: [{targets: ['${await target()}']}]}]
`,
    );
    await vi.waitFor(async () => expect(await server.value('counted_total')).toBeGreaterThan(5), WAIT);
    await sender.stop();

    const query = '{job="app"}[10m]';
    const counts = (result: readonly Series[]) =>
      result
        .map(({ metric, values = [] }) => `${JSON.stringify(Object.entries(metric).sort())} ${values.length}`)
        .sort();
    const own = async () => counts((await server.api(`query?query=${encodeURIComponent(query)}`)).result);
    const all = await own();
    expect(all.length).toBeGreaterThan(8);

    const reader = await RealPrometheus.start(
      peer('prometheus')!,
      directory(),
      `remote_read: [{url: '${url}/api/v1/read', read_recent: true}]\n`,
    );
    const asked = async (prometheus: RealPrometheus) =>
      counts(((await prometheus.get('query', { query })) as { result: Series[] }).result);
    expect(await asked(reader)).toEqual(all);
    await reader.stop();

    const admin = async (path: string) => {
      const answer = await fetch(`${url}/api/v1/admin/tsdb/${path}`, { method: 'POST' });
      const text = await answer.text();
      return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
    };
    expect(await admin('delete_series?match[]=h_bucket&match[]=up')).toEqual({
      status: 204,
      body: undefined,
    });
    const left = await own();
    expect(left).toEqual(all.filter((line) => !/"h_bucket"|"up"/.test(line)));
    expect((await admin('clean_tombstones')).status).toBe(204);
    expect(await own()).toEqual(left);
    const { status, body } = await admin('snapshot');
    expect(status).toBe(200);
    expect(body.data.name).toMatch(/^\d{8}T\d{6}Z-[0-9a-f]{16}$/);

    const there = directory();
    mkdirSync(join(there, 'data'), { recursive: true });
    cpSync(join(dir, 'data', 'snapshots', body.data.name), join(there, 'data'), { recursive: true });
    const heir = await RealPrometheus.start(peer('prometheus')!, there);
    expect(await asked(heir)).toEqual(left);
    expect(heir.complaints).toEqual([]);
    await heir.stop();
    expect(await server.end('SIGTERM')).toBe(0);
  });
});

describeWith(
  'a running server and VictoriaMetrics',
  { vmagent: peer('vmagent'), vmalert: peer('vmalert') },
  () => {
    it('takes what vmagent sends, and is the store of vmalert', async () => {
      const [server, url] = await receiving();
      const dir = directory({
        'scrape.yml': `global: {scrape_interval: 500ms}
scrape_configs: [{job_name: app, static_configs: [{targets: ['${await target()}']}]}]
`,
        'rules.yml': `groups:
- name: g
  interval: 1s
  rules:
  - {record: 'counted:twice', expr: 2 * counted_total}
  - {alert: Counts, expr: counted_total > 2, for: 1s}
`,
      });
      start(
        'vmagent',
        [
          '-promscrape.config=scrape.yml',
          `-remoteWrite.url=${url}/api/v1/write`,
          '-remoteWrite.flushInterval=200ms',
          '-remoteWrite.tmpDataPath=queue',
          `-httpListenAddr=127.0.0.1:${await freePort()}`,
        ],
        dir,
      );
      await vi.waitFor(async () => expect(await server.value('counted_total')).toBeGreaterThan(3), WAIT);
      const alerts: { labels: Record<string, string> }[] = [];
      const receiver = await serveHttp(async (request, response) => {
        let body = '';
        for await (const piece of request) body += piece;
        alerts.push(...JSON.parse(body));
        response.end();
      });
      start(
        'vmalert',
        [
          '-rule=rules.yml',
          `-datasource.url=${url}`,
          `-remoteWrite.url=${url}`,
          '-remoteWrite.flushInterval=200ms',
          `-remoteRead.url=${url}`,
          `-notifier.url=${receiver}`,
          '-rule.evalDelay=0s',
          '-evaluationInterval=1s',
          `-httpListenAddr=127.0.0.1:${await freePort()}`,
        ],
        dir,
      );
      await vi.waitFor(async () => {
        expect(await server.value('counted:twice / 2 - counted_total')).toBeLessThanOrEqual(0);
        expect(await server.value('ALERTS{alertname="Counts",alertstate="firing"}')).toBe(1);
        expect(alerts.map(({ labels }) => labels['alertname'])).toContain('Counts');
      }, WAIT);
      expect(server.log.filter((line) => /level=ERROR/.test(line))).toEqual([]);
    });
  },
);

describeWith('a running server and promtool', { promtool: peer('promtool') }, () => {
  it('answers its queries and checks, and a push of its own', async () => {
    const [server, url, dir] = await receiving();
    const promtool = async (...args: string[]) => {
      const { stdout, stderr } = await run(peer('promtool')!, args, { cwd: dir });
      return `${stdout}${stderr}`.trim();
    };
    writeFileSync(join(dir, 'pushed.txt'), '# TYPE pushed gauge\npushed{a="b"} 5\n');
    await promtool('push', 'metrics', `${url}/api/v1/write`, 'pushed.txt');
    await vi.waitFor(async () => expect(await server.value('pushed')).toBe(5), WAIT);
    expect(await promtool('query', 'instant', url, 'pushed')).toMatch(
      /^pushed\{a="b", job="promtool"\} => 5 @\[/,
    );
    expect(await promtool('query', 'series', '--match=pushed', url)).toContain('{__name__="pushed", a="b"');
    expect(await promtool('query', 'labels', url, 'a')).toBe('b');
    expect(await promtool('check', 'healthy', `--url=${url}`)).toContain('SUCCESS');
    expect(await promtool('check', 'ready', `--url=${url}`)).toContain('SUCCESS');
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const lint = run(peer('promtool')!, ['check', 'metrics']);
    lint.child.stdin!.end(metrics);
    const { stdout, stderr } = await lint.catch((error) => error as { stdout: string; stderr: string });
    // Names of Prometheus' own that its linter does not like.
    const complaints = `${stdout}${stderr}`
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('prometheus_'));
    expect(complaints).toEqual([]);
  });
});
