/** `tsmon query` on a running Prometheus: asked as a whole, read as raw series, and read from its directory. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tsmon } from '../cli.ts';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus } from './prometheus.ts';
import { differences, fromReal } from './query-answers.ts';
import { DATA_END, DATA_START, writeQueryData } from './query-data.ts';

const dirs: string[] = [];
const temporary = () => {
  dirs.push(mkdtempSync(join(tmpdir(), 'tsmon-servers-')));
  return dirs[dirs.length - 1];
};
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

/** A source that has nothing, so that another one is read as raw series. */
function emptySource(): string {
  const file = join(temporary(), 'empty.prom');
  writeFileSync(file, '');
  return file;
}

describeWith('a Prometheus', { prometheus: peer('prometheus'), promtool: peer('promtool') }, () => {
  let prometheus: RealPrometheus;
  let data: string;
  const nothing = emptySource();
  const at = DATA_START + 40 * 60_000;

  beforeAll(async () => {
    const dir = temporary();
    data = join(dir, 'data');
    writeQueryData(data);
    prometheus = await RealPrometheus.start(peer('prometheus')!, dir);
  });
  afterAll(() => prometheus.stop());

  const times = [
    ['--at', String(at)],
    ['--start', String(DATA_START), '--end', String(at), '--step', '37s'],
  ];

  it.each([
    'requests_total',
    'sum by (job) (rate(requests_total[5m]))',
    '{__name__=~".+",job="api"}',
    'native',
    'histogram_quantile(0.9, rate(native[5m]))',
    'custom',
    'mixed or odd',
    'sparse offset 10m',
    'absent(nothing)',
    'rate(temperature[5m])',
    'count({__name__!=""}) - 3',
    '1 + 1',
    '"text"',
    'requests_total{instance="c"}[3m]',
  ])('answers %s alike as a server, as raw series, and from its directory', async (expr) => {
    for (const flags of times) {
      if (flags.length > 2 && /^"|\]$/.test(expr)) continue;
      const ask = (...from: string[]) => tsmon(['query', ...from, ...flags, '-o', 'json', expr]);
      const server = ask('--from', prometheus.url);
      expect(server.status).toBe(0);
      const answer = fromReal(JSON.parse(server.stdout));
      const raw = ask('--from', prometheus.url, '--from', nothing);
      expect(differences(expr, fromReal(JSON.parse(raw.stdout)), answer)).toBeNull();
      expect(differences(expr, fromReal(JSON.parse(ask('--from', data).stdout)), answer)).toBeNull();
    }
  });

  it('has the same text, native histograms included', () => {
    for (const expr of ['{job="api"}', 'native{instance="a"}[1m]', 'custom', '1.5', '"words"']) {
      const text = (from: string) =>
        tsmon(['query', '--from', from, '--at', String(at), expr])
          .stdout.split('\n')
          .sort();
      expect(text(prometheus.url)).toEqual(text(data));
    }
  });

  it('hands answers on as they are', async () => {
    const { stdout } = tsmon([
      'query',
      '--from',
      prometheus.url,
      '--at',
      String(at),
      '-o',
      'json',
      'rate(temperature[5m])',
    ]);
    const url = `${prometheus.url}/api/v1/query?query=rate(temperature[5m])&time=${at / 1000}`;
    expect(stdout).toBe(`${(await (await fetch(url)).text()).trimEnd()}\n`);
    expect(stdout).toContain('"infos":[');
  });

  it('refuses in its own words, and we show where', () => {
    const { status, stdout, stderr } = tsmon(['query', '--from', prometheus.url, 'sum(rate(x']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('1:11: parse error: unclosed left parenthesis\n  sum(rate(x\n            ^\n');
    const answer = tsmon(['query', '--from', prometheus.url, '-o', 'json', 'sum(']);
    expect(JSON.parse(answer.stdout)).toMatchObject({ status: 'error', errorType: 'bad_data' });
  });

  it('knows the newest sample', () => {
    const { stdout } = tsmon(['query', '--from', prometheus.url, '--at', 'latest', '-o', 'value', 'time()']);
    expect(Number(stdout) * 1000).toBe(DATA_END);
  });

  it('lists the same labels, values and series as its directory', async () => {
    for (const args of [
      ['labels'],
      ['labels', '--match', 'native'],
      ['values', '__name__'],
      ['values', 'instance', '--match', 'odd', '--match', 'native'],
      ['series', '{job="api"}', 'sparse'],
      ['series'],
    ]) {
      const server = tsmon(['query', ...args, '--from', prometheus.url]);
      expect(server.status).toBe(0);
      expect(server.stdout.length).toBeGreaterThan(5);
      expect(tsmon(['query', ...args, '--from', data]).stdout).toBe(server.stdout);
    }
    const names = tsmon(['query', 'values', '__name__', '-o', 'json', '--from', data]).stdout;
    expect(JSON.parse(names)).toEqual({
      status: 'success',
      data: await prometheus.get('label/__name__/values'),
    });
  });

  it('analyzes histograms as promtool does', () => {
    const flags = ['--duration=30m', '--match={__name__=~"native.*|custom|latency_seconds_bucket"}'];
    const theirs = execFileSync(
      peer('promtool')!,
      ['query', 'analyze', `--server=${prometheus.url}`, '--type=histogram', `--time=${at / 1000}`, ...flags],
      { encoding: 'utf8' },
    );
    const lines = (text: string) => text.split('\n').sort();
    for (const from of [prometheus.url, data]) {
      const ours = tsmon(['query', 'analyze', '--from', from, '--at', String(at), ...flags]).stdout;
      expect(lines(ours)).toEqual(lines(theirs));
    }
    expect(theirs).toContain('Classic histogram series');
  });

  it('formats as promtool does', () => {
    const expr =
      'histogram_quantile(0.99, sum by (le, job) (rate(http_request_duration_seconds_bucket{job=~"api|web"}[5m]))) > bool on (job) group_left (x) avg_over_time(y[1h:5m] offset 3m)';
    const args = ['--experimental', 'promql', 'format', expr];
    const theirs = execFileSync(peer('promtool')!, args, { encoding: 'utf8' });
    expect(tsmon(['query', 'format', expr]).stdout).toBe(theirs);
  });
});

describeWith('a VictoriaMetrics', { 'victoria-metrics': peer('victoria-metrics') }, () => {
  let url: string;
  let stop: () => Promise<void>;
  const now = Math.floor(Date.now() / 1000) * 1000 - 60_000;

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const child = spawn(peer('victoria-metrics')!, [
      `-storageDataPath=${join(temporary(), 'vm')}`,
      `-httpListenAddr=127.0.0.1:${port}`,
    ]);
    child.stderr.resume();
    child.stdout.resume();
    stop = async () => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    };
    for (let i = 0; i < 200; i++) {
      if ((await fetch(`${url}/health`).catch(() => undefined))?.ok) break;
      await sleep(50);
    }
    const lines = Array.from({ length: 10 }, (_, i) => `jobs{job="a"} ${i} ${now + i * 1000}\n`).join('');
    await fetch(`${url}/api/v1/import/prometheus`, { method: 'POST', body: lines });
    await fetch(`${url}/internal/force_flush`);
  });
  afterAll(() => stop());

  describe('has no remote read, and still', () => {
    it('answers queries', () => {
      const { stdout } = tsmon(['query', '--from', url, '--at', String(now + 9000), 'jobs']);
      expect(stdout).toBe(`jobs{job="a"} 9 ${now + 9000}\n`);
    });

    it('gives raw series', () => {
      const { stdout, stderr } = tsmon([
        'query',
        ...['--from', url, '--from', emptySource()],
        ...['--at', String(now + 9000)],
        'jobs[3s]',
      ]);
      expect(stderr).toBe('');
      expect(stdout.split('\n').slice(0, -1)).toEqual(
        [7, 8, 9].map((i) => `jobs{job="a"} ${i} ${now + i * 1000}`),
      );
    });
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
