import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { tsmon } from '../../cli.ts';
import { listen, serveHttp } from '../../core/http/servers.ts';
import { directory, RunningServer } from './running.ts';

const SELF = (target: string, interval = '1s') => `
global: { scrape_interval: ${interval}, evaluation_interval: 1s, external_labels: { site: here } }
rule_files: [rules*.yml]
scrape_configs:
  - job_name: app
    static_configs: [{ targets: ['${target.replace('http://', '')}'] }]
`;

const RULES = `
groups:
  - name: one
    rules:
      - { record: 'app:requests:sum', expr: 'sum(requests_total)' }
      - alert: Busy
        expr: requests_total > 5
        labels: { severity: page }
        annotations: { summary: '{{ $labels.job }} has {{ $value }}' }
`;

/** A target whose counter is what the test sets. */
async function target(): Promise<{ url: string; value: number }> {
  const state = { url: '', value: 1 };
  state.url = await serveHttp((_, response) => {
    response.setHeader('Content-Type', 'text/plain');
    response.end(`requests_total ${state.value}\n`);
  });
  return state;
}

async function data(url: string): Promise<Record<string, unknown>> {
  const answer = await fetch(url);
  return ((await answer.json()) as { data: Record<string, unknown> }).data;
}

describe('a server without a configuration', () => {
  it('watches this host and itself, and evaluates its rules', async () => {
    const server = new RunningServer(directory(), []);
    // With any port there is no address to scrape; what the configuration means is what counts here.
    const { yaml } = await server.api('status/config');
    expect(yaml).toContain('job_name: node');
    const { groups } = await server.api('rules');
    expect(groups.map(({ name }: { name: string }) => name)).toEqual(['node', 'tsmon']);
    const metrics = await (await fetch(`${await server.url()}/host/metrics`)).text();
    expect(metrics).toContain('node_load1 ');
    expect(await server.end('SIGTERM')).toBe(0);
  });
});

describe('a server', () => {
  it('scrapes, stores, evaluates rules and tells their alerts, over a restart', async () => {
    const app = await target();
    const sent: { labels: Record<string, string>; annotations: Record<string, string> }[] = [];
    const alertmanager = createServer(async (request: IncomingMessage, response) => {
      let body = '';
      for await (const piece of request) body += piece;
      sent.push(...JSON.parse(body));
      response.end();
    });
    const port = await listen(alertmanager);
    const dir = directory({
      'prometheus.yml': `${SELF(app.url)}alerting: { alertmanagers: [{ static_configs: [{ targets: ['127.0.0.1:${port}'] }] }] }\n`,
      'rules.yml': RULES,
    });
    const first = new RunningServer(dir, []);
    await vi.waitFor(async () => expect(await first.value('app:requests:sum')).toBe(1), { timeout: 20_000 });
    app.value = 7;
    await vi.waitFor(() => expect(sent.length).toBeGreaterThan(0), { timeout: 20_000 });
    expect(sent[0].labels).toMatchObject({ alertname: 'Busy', job: 'app', severity: 'page', site: 'here' });
    expect(sent[0].annotations).toEqual({ summary: 'app has 7' });
    const { activeAlertmanagers } = await first.api('alertmanagers');
    expect(activeAlertmanagers).toEqual([{ url: `http://127.0.0.1:${port}/api/v2/alerts` }]);
    const { activeTargets } = await first.api('targets');
    expect(activeTargets[0]).toMatchObject({ health: 'up', scrapePool: 'app', lastError: '' });
    const { alerts } = await first.api('alerts');
    expect(alerts[0]).toMatchObject({ state: 'firing', value: '7e+00' });
    expect(await first.end('SIGTERM')).toBe(0);

    const second = new RunningServer(dir, ['--no-scrape', '--no-rules']);
    expect(await second.value('last_over_time(app:requests:sum[5m])')).toBe(7);
    expect(await second.end('SIGINT')).toBe(0);
    const { stdout } = tsmon(['query', '--from', join(dir, 'data'), 'last_over_time(requests_total[5m])']);
    expect(stdout).toContain('requests_total');
  });

  it('exchanges its configuration at SIGHUP and by POST, whole or not at all', async () => {
    const app = await target();
    const dir = directory({ 'prometheus.yml': SELF(app.url), 'rules.yml': RULES });
    const server = new RunningServer(dir, ['--web.enable-lifecycle']);
    const url = await server.url();
    await vi.waitFor(async () => expect(await server.value('up')).toBe(1), { timeout: 20_000 });
    const reload = async () => (await fetch(`${url}/-/reload`, { method: 'POST' })).status;
    const groups = async () => (await server.api('rules')).groups.length;

    writeFileSync(join(dir, 'rules2.yml'), 'groups: [{ name: two, rules: [{ record: a, expr: "1" }] }]');
    expect(await reload()).toBe(200);
    expect(await groups()).toBe(2);

    // A bad rule file holds up the whole of it, the new interval included.
    writeFileSync(join(dir, 'rules2.yml'), 'groups: [{ name: two, rules: [{ record: a, expr: "1 +" }] }]');
    writeFileSync(join(dir, 'prometheus.yml'), SELF(app.url, '3s'));
    expect(await reload()).toBe(500);
    expect(await groups()).toBe(2);
    expect((await server.api('status/runtimeinfo')).reloadConfigSuccess).toBe(false);
    expect((await server.api('status/config')).yaml).toContain('scrape_interval: 1s');
    const [notification] = await server.api('notifications');
    expect(notification.text).toBe('Configuration reload has failed.');
    expect(server.log.join('\n')).toContain('rules2.yml');

    writeFileSync(join(dir, 'rules2.yml'), 'groups: []');
    server.process.kill('SIGHUP');
    await vi.waitFor(async () => {
      expect((await server.api('status/runtimeinfo')).reloadConfigSuccess).toBe(true);
      expect(await groups()).toBe(1);
    });
    expect((await server.api('status/config')).yaml).toContain('scrape_interval: 3s');
    // Nothing of all that was a reason to take the target for down.
    expect(await server.value('min_over_time(up[1m])')).toBe(1);
    expect(await server.end('SIGTERM')).toBe(0);
  });

  it('looks for changes by itself where it is told to, and says what it does not heed', async () => {
    const dir = directory({ 'prometheus.yml': SELF('http://127.0.0.1:1'), 'rules.yml': RULES });
    const server = new RunningServer(dir, [
      '--enable-feature=auto-reload-config',
      '--config.auto-reload-interval=100ms',
    ]);
    await server.url();
    writeFileSync(join(dir, 'rules2.yml'), 'groups: [{ name: two, rules: [{ record: a, expr: "1" }] }]');
    await vi.waitFor(async () => expect((await server.api('rules')).groups).toHaveLength(2), 10_000);
    writeFileSync(join(dir, 'prometheus.yml'), 'remote_write: [{ url: "http://127.0.0.1:1/" }]');
    await vi.waitFor(async () => expect((await server.api('rules')).groups).toHaveLength(0), 10_000);
    expect(server.log.join('\n')).toContain('remote_write is read and checked, but has no effect');
    // One that is no good is refused once, and not at every look.
    writeFileSync(join(dir, 'prometheus.yml'), 'what: is this');
    const refusals = () => server.log.filter((line) => line.includes('Error reloading config')).length;
    await vi.waitFor(() => expect(refusals()).toBe(1), 10_000);
    writeFileSync(join(dir, 'prometheus.yml'), SELF('http://127.0.0.1:1'));
    await vi.waitFor(async () => expect((await server.api('rules')).groups).toHaveLength(2), 10_000);
    expect(refusals()).toBe(1);
  });

  it('ends when it is asked to over HTTP, where that is allowed', async () => {
    const dir = directory({ 'prometheus.yml': '' });
    const server = new RunningServer(dir, ['--web.enable-lifecycle']);
    const answer = await fetch(`${await server.url()}/-/quit`, { method: 'POST' });
    expect(await answer.text()).toBe('Requesting termination... Goodbye!');
    expect(await server.end()).toBe(0);
    const other = new RunningServer(dir, []);
    expect((await fetch(`${await other.url()}/-/quit`, { method: 'POST' })).status).toBe(403);
    expect(
      (await fetch(`${await other.url()}/api/v1/admin/tsdb/clean_tombstones`, { method: 'POST' })).ok,
    ).toBe(false);
  });

  it("takes Prometheus' own flags, and says which it leaves aside", async () => {
    const dir = directory({ 'p.yml': 'global: { scrape_interval: 7s }' });
    const server = new RunningServer(
      dir,
      [
        '--config.file=p.yml',
        '--storage.tsdb.path=other',
        '--storage.tsdb.retention.time=30d',
        '--storage.tsdb.retention.size=1GB',
        '--web.console.templates=/etc/prometheus/consoles',
        '--web.external-url=https://mon.example/prom/',
        '--web.page-title=Mon & <b>',
        '--query.max-samples=5e7',
        '--alertmanager.notification-batch-size=10',
        '--storage.tsdb.wal-segment-size=16MB',
        '--no-storage.tsdb.wal-compression',
        '--no-agent',
        '--log.level=INFO',
        '--no-web.enable-lifecycle',
        '--log.format=json',
        '--log.level=warn',
      ].filter((arg) => !arg.startsWith('--log')),
    );
    const address = await vi.waitFor(() => {
      const found = / address=(\S+)/.exec(server.log.join('\n'))?.[1];
      expect(found).toBeDefined();
      return found;
    }, 20_000);
    const base = `http://${address}/prom`;
    await vi.waitFor(async () => expect((await fetch(`${base}/-/ready`)).status).toBe(200));
    expect(await (await fetch(`${base}/query`)).text()).toContain('<title>Mon &amp; &lt;b&gt;</title>');
    const flags = await data(`${base}/api/v1/status/flags`);
    expect(flags['query.max-samples']).toBe('50000000');
    expect(flags['storage.tsdb.path']).toBe('other');
    expect(flags['config.file']).toBe('p.yml');
    // Clients ask for what a Prometheus of this version has.
    const { version } = await data(`${base}/api/v1/status/buildinfo`);
    expect(version).toMatch(/^3\.\d+\.\d+\+tsmon\.\d+\.\d+\.\d+/);
    const info = await data(`${base}/api/v1/status/runtimeinfo`);
    expect(info.storageRetention).toBe('30d or 1GiB');
    expect(server.log.join('\n')).toContain('--web.console.templates is taken for compatibility');
  });
});

describe('a server that cannot start', () => {
  it.each<[string, string[], Record<string, string>, RegExp]>([
    [
      'an unknown key',
      [],
      { 'prometheus.yml': 'globall: {}\n' },
      /prometheus\.yml:1:1: .*globall.*did you mean global/,
    ],
    ['a missing file', ['--config', 'no.yml'], {}, /no\.yml: no such file/],
    ['a bad rule file', [], { 'prometheus.yml': 'rule_files: [r.yml]', 'r.yml': 'groups: [{}]' }, /r\.yml/],
    ['a bad address', ['--listen', 'here'], {}, /"here" is not an address/],
    ['another mode', ['--agent'], {}, /--agent: there is no agent mode/],
    ['a bad number', ['--query.max-samples', '5x'], {}, /--query\.max-samples: .*whole number/],
    ['a bad level', ['--log.level', 'loud'], {}, /--log\.level: "loud" is none of/],
    [
      'a segment too small',
      ['--storage.tsdb.wal-segment-size', '1KB'],
      {},
      /wal-segment-size must be between/,
    ],
    ['a bad duration', ['--query.timeout', '5x'], {}, /--query\.timeout/],
    ['a bad origin', ['--web.cors.origin', '('], {}, /missing/],
    ['a missing web.yml', ['--web.config.file', 'web.yml'], {}, /web\.yml/],
  ])('says why: %s', (_, args, files, reason) => {
    const { status, stderr } = tsmon(['serve', '--listen', '127.0.0.1:0', ...args], {
      cwd: directory(files),
    });
    expect(status).toBe(2);
    expect(stderr).toMatch(reason);
  });

  it('says who has its directory, and who its port', async () => {
    const dir = directory({ 'prometheus.yml': '' });
    const server = new RunningServer(dir, []);
    const url = await server.url();
    const again = tsmon(['serve', '--listen', '127.0.0.1:0', '--data', join(dir, 'data')], { cwd: dir });
    expect(again.status).toBe(2);
    expect(again.stderr).toContain(String(server.process.pid));
    const port = tsmon(['serve', '--listen', new URL(url).host, '--data', 'other'], { cwd: dir });
    expect(port.status).toBe(2);
    expect(port.stderr).toContain('somebody else listens there');
  });
});
