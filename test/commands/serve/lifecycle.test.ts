/** How a server begins, changes and ends, seen from outside: addresses, web.yml, signals, systemd, logs. */
import { chmodSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import bcrypt from 'bcryptjs';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { labelsFromObject } from '../../../src/core/model/labels.ts';
import { Database } from '../../../src/core/tsdb/db/index.ts';
import { serveHttp } from '../../core/http/servers.ts';
import { freePort } from '../../interop/prometheus.ts';
import { directory, RunningServer } from './running.ts';

const certificates = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'testdata', 'tls');

/** A target with one series. */
async function target(body = 'answer 42\n'): Promise<string> {
  const url = await serveHttp((_, response) => {
    response.setHeader('Content-Type', 'text/plain');
    response.end(body);
  });
  return new URL(url).host;
}

const scraping = (host: string, more = '') => `global: {scrape_interval: 250ms, evaluation_interval: 250ms}
scrape_configs:
- {job_name: app, static_configs: [{targets: ['${host}']}]}
${more}`;

describe('addresses', () => {
  it('may be several, and all get the same answers and the same end', async () => {
    const dir = directory({ 'prometheus.yml': '' });
    const server = new RunningServer(dir, ['--listen', '[::1]:0', '--web.listen-address=127.0.0.1:0']);
    await server.url();
    const addresses = [...server.log.join('\n').matchAll(/ address=(\S+)/g)].map(([, address]) => address);
    expect(addresses).toHaveLength(3);
    expect(new Set(addresses.map((address) => address.replace(/.*:/, ''))).size).toBe(3);
    for (const address of addresses) {
      const answer = await fetch(`http://${address}/api/v1/query?query=1`);
      expect(await answer.json()).toMatchObject({ status: 'success' });
    }
    expect(await server.end('SIGTERM')).toBe(0);
    for (const address of addresses) await expect(fetch(`http://${address}/-/healthy`)).rejects.toThrow();
  });
});

describe('web.yml', () => {
  /** The status over TLS, or why there is none; a connection of its own. */
  function overTls(port: number, path: string, options: object = {}): Promise<number | string> {
    return new Promise((resolve) => {
      const agent = new Agent({ rejectUnauthorized: false, ...options });
      const request = httpsRequest({ host: '127.0.0.1', port, path, agent, ...options }, (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode!));
      });
      request.on('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? error.message));
      request.end();
    });
  }

  function fingerprint(port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const agent = new Agent({ rejectUnauthorized: false });
      const request = httpsRequest({ host: '127.0.0.1', port, path: '/', agent }, (response) => {
        const socket = response.socket as import('node:tls').TLSSocket;
        resolve(socket.getPeerCertificate().fingerprint256);
        response.resume();
      });
      request.on('error', reject);
      request.end();
    });
  }

  it('secures the server, which goes on to scrape itself and others', async () => {
    const dir = directory();
    for (const name of ['cert.pem', 'key.pem']) cpSync(join(certificates, name), join(dir, name));
    writeFileSync(
      join(dir, 'web.yml'),
      `tls_server_config: {cert_file: cert.pem, key_file: key.pem}
http_server_config: {headers: {X-Frame-Options: deny}}
basic_auth_users: {alice: '${bcrypt.hashSync('secret', 4)}'}
`,
    );
    const other = await target();
    writeFileSync(join(dir, 'prometheus.yml'), scraping(other));
    const server = new RunningServer(dir, ['--web.config.file=web.yml']);
    const port = await vi.waitFor(
      () => {
        const found = / address=\S+:(\d+)/.exec(server.log.join('\n'))?.[1];
        expect(found).toBeDefined();
        return Number(found);
      },
      { timeout: 20_000 },
    );
    const own = `- job_name: self
  scheme: https
  tls_config: {insecure_skip_verify: true}
  basic_auth: {username: alice, password: secret}
  static_configs: [{targets: ['127.0.0.1:${port}']}]
`;
    writeFileSync(join(dir, 'prometheus.yml'), scraping(other, own));
    const auth = 'alice:secret';
    await vi.waitFor(async () => expect(await overTls(port, '/-/ready', { auth })).toBe(200), {
      timeout: 20_000,
    });
    expect(await overTls(port, '/-/ready')).toBe(401);
    expect(await overTls(port, '/-/ready', { auth: 'alice:wrong' })).toBe(401);
    expect(await overTls(port, '/-/ready', { auth: 'alice:' })).toBe(401);
    expect(
      await fetch(`http://127.0.0.1:${port}/-/ready`).then(
        (r) => r.status,
        () => 'refused',
      ),
    ).not.toBe(200);

    server.process.kill('SIGHUP');
    const answer = (path: string) =>
      new Promise<string>((resolve, reject) => {
        httpsRequest({ host: '127.0.0.1', port, path, auth, rejectUnauthorized: false }, async (response) => {
          expect(response.headers['x-frame-options']).toBe('deny');
          let text = '';
          for await (const piece of response) text += piece;
          resolve(text);
        })
          .on('error', reject)
          .end();
      });
    await vi.waitFor(
      async () => {
        const { data } = JSON.parse(await answer('/api/v1/query?query=sum%20by(job)(up)'));
        const up = data.result.map(
          ({ metric, value }: { metric: { job: string }; value: [number, string] }) => [metric.job, value[1]],
        );
        expect(up.sort()).toEqual([
          ['app', '1'],
          ['self', '1'],
        ]);
      },
      { timeout: 20_000 },
    );

    // Another certificate on disk is the one of the next connection.
    const before = await fingerprint(port);
    for (const name of ['cert.pem', 'key.pem']) cpSync(join(certificates, `other-${name}`), join(dir, name));
    await vi.waitFor(async () => expect(await fingerprint(port)).not.toBe(before), { timeout: 20_000 });
    // One that is no good is not.
    const good = await fingerprint(port);
    writeFileSync(join(dir, 'cert.pem'), 'nonsense');
    await sleep(300);
    expect(await fingerprint(port)).toBe(good);
    expect(await server.end('SIGTERM')).toBe(0);
  });
});

describe('a server that is stopped while it reads its log', () => {
  it('ends at once, as one that was asked to, and leaves the log as it was', async () => {
    const dir = directory({ 'prometheus.yml': '' });
    const series = 40_000;
    const db = await Database.open(join(dir, 'data'), { clock: systemClock });
    const appender = db.appender();
    const refs = Uint32Array.from({ length: series }, (_, i) =>
      appender.ref(labelsFromObject({ __name__: `m${i % 100}`, instance: `host-${i}` })),
    );
    const outcomes = new Uint8Array(series);
    const now = Date.now();
    for (let k = 0; k < 20; k++) {
      const ts = new Float64Array(series).fill(now - (20 - k) * 15_000);
      appender.append(refs, ts, new Float64Array(series).fill(k), 0, series, outcomes);
      appender.commit();
    }
    await db.close();
    for (let round = 0; round < 3; round++) {
      const server = new RunningServer(dir, []);
      await vi.waitFor(() => expect(server.log.join('\n')).toContain('Start listening'), 20_000);
      await sleep(round * 100);
      expect(await server.end('SIGTERM')).toBe(0);
      const log = server.log.join('\n');
      expect(log).toContain('See you next time');
      expect(log).not.toContain('cannot be used');
    }
    const again = new RunningServer(dir, ['--no-scrape']);
    await again.url();
    expect(await again.value('count({instance!=""})')).toBe(series);
    expect(await again.value('min(count_over_time({__name__=~"m.+"}[10m]))')).toBe(20);
  }, 90_000);
});

describe('a reload', () => {
  it('changes what storage takes and keeps, without a word of the next start', async () => {
    const dir = directory({ 'prometheus.yml': '' });
    const server = new RunningServer(dir, ['--web.enable-lifecycle']);
    const url = await server.url();
    const value = async (name: string) =>
      Number(new RegExp(`^${name} (.*)$`, 'm').exec(await (await fetch(`${url}/metrics`)).text())?.[1]);
    expect(await value('prometheus_tsdb_exemplar_max_exemplars')).toBe(100_000);
    writeFileSync(
      join(dir, 'prometheus.yml'),
      'storage: {tsdb: {out_of_order_time_window: 1h, retention: {time: 2d, size: 1GB}}, exemplars: {max_exemplars: 7}}',
    );
    expect((await fetch(`${url}/-/reload`, { method: 'POST' })).status).toBe(200);
    expect(await value('prometheus_tsdb_exemplar_max_exemplars')).toBe(7);
    expect(await value('prometheus_tsdb_retention_limit_seconds')).toBe(2 * 86_400);
    expect(await value('prometheus_tsdb_retention_limit_bytes')).toBe(2 ** 30);
    expect((await server.api('status/runtimeinfo')).storageRetention).toBe('2d or 1GiB');
    expect(server.log.join('\n')).not.toContain('next start');
  });
});

describe('a storm of reloads', () => {
  it('leaves what does not change undisturbed, and the last word to the last', async () => {
    const [first, second] = [await target(), await target()];
    const dir = directory({ 'prometheus.yml': scraping(first) });
    const server = new RunningServer(dir, ['--web.enable-lifecycle']);
    const url = await server.url();
    await vi.waitFor(async () => expect(await server.value('up')).toBe(1), { timeout: 20_000 });
    const asking = { on: true, failed: 0, answered: 0 };
    const ask = async () => {
      while (asking.on) {
        const answer = await fetch(`${url}/api/v1/query_range?query=up&start=0&end=100&step=1`).catch(
          () => undefined,
        );
        if (answer?.status === 200) asking.answered++;
        else asking.failed++;
        await answer?.arrayBuffer();
      }
    };
    const askers = [ask(), ask()];
    const more = `- {job_name: more, static_configs: [{targets: ['${second}']}]}\n`;
    for (let round = 0; round < 60; round++) {
      const text = round % 3 === 0 ? 'no: [good' : scraping(first, round % 3 === 1 ? more : '');
      writeFileSync(join(dir, 'prometheus.yml'), text);
      server.process.kill('SIGHUP');
      if (round % 5 === 0) void fetch(`${url}/-/reload`, { method: 'POST' }).catch(() => {});
      await sleep(20);
    }
    writeFileSync(join(dir, 'prometheus.yml'), scraping(first, more));
    expect((await fetch(`${url}/-/reload`, { method: 'POST' })).status).toBe(200);
    await vi.waitFor(async () => expect(await server.value('count(up)')).toBe(2), { timeout: 20_000 });
    asking.on = false;
    await Promise.all(askers);
    expect(asking.failed).toBe(0);
    expect(asking.answered).toBeGreaterThan(10);
    // Not once down, and no gap: at four scrapes a second, no second without one.
    expect(await server.value('min_over_time(up{job="app"}[5m])')).toBe(1);
    const [{ values }] = (await server.api('query?query=up%7Bjob%3D%22app%22%7D%5B5m%5D')).result;
    const gaps = values.map(([t]: [number], i: number) => (i === 0 ? 0 : t - values[i - 1][0]));
    expect(Math.max(...gaps)).toBeLessThan(1.5);
    expect(await server.end('SIGTERM')).toBe(0);
  });
});

describe('the end', () => {
  it('answers what was asked before, and takes nothing new', async () => {
    const dir = directory({ 'prometheus.yml': scraping(await target()) });
    const server = new RunningServer(dir, ['--shutdown-timeout=20s']);
    const url = await server.url();
    // A second or so of work.
    const query = 'sum(count_over_time(vector(1)[10000s:5ms]))';
    const slow = fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
    await sleep(150);
    server.process.kill('SIGTERM');
    const answer = await slow;
    expect(answer.status).toBe(200);
    expect(JSON.stringify(await answer.json())).toContain('2000000');
    expect(await server.end()).toBe(0);
  });

  it('waits no longer than it is told to', async () => {
    const hanging = await serveHttp(() => {});
    const dir = directory({ 'prometheus.yml': scraping(new URL(hanging).host) });
    const server = new RunningServer(dir, ['--shutdown-timeout=300ms']);
    const url = await server.url();
    // Goes on for ever.
    const live = await fetch(`${url}/api/v1/notifications/live`);
    const started = performance.now();
    expect(await server.end('SIGTERM')).toBe(0);
    expect(performance.now() - started).toBeLessThan(8000);
    await live.text().catch(() => {});
  });

  it('does not wait for a second signal', async () => {
    const dir = directory({ 'prometheus.yml': '' });
    const server = new RunningServer(dir, ['--shutdown-timeout=1h']);
    const query = 'sum(count_over_time(vector(1)[200000s:5ms]))';
    const url = await server.url();
    const slow = fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`).catch(() => {});
    await vi.waitFor(async () => {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toContain('\nprometheus_engine_queries 1\n');
    });
    server.process.kill('SIGTERM');
    await vi.waitFor(() => expect(server.log.join('\n')).toContain('msg=Stopping'));
    await sleep(100);
    expect(await server.end('SIGTERM')).toBe(1);
    await slow;
  });
});

describe('systemd', () => {
  it('is told when the server is ready, reloads, and stops', async () => {
    const dir = directory({ 'prometheus.yml': '' });
    const told = join(dir, 'told');
    writeFileSync(join(dir, 'systemd-notify'), `#!/bin/sh\necho "$@" >> ${told}\n`);
    chmodSync(join(dir, 'systemd-notify'), 0o755);
    const server = new RunningServer(dir, [], {
      NOTIFY_SOCKET: join(dir, 'socket'),
      PATH: `${dir}:${process.env['PATH']}`,
    });
    await server.url();
    const states = () =>
      readFileSync(told, 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.replace(`--pid=${server.process.pid} `, ''));
    await vi.waitFor(() => expect(states()).toEqual(['READY=1']));
    server.process.kill('SIGHUP');
    await vi.waitFor(() => expect(states()).toEqual(['READY=1', 'RELOADING=1', 'READY=1']));
    expect(await server.end('SIGTERM')).toBe(0);
    expect(states().at(-1)).toBe('STOPPING=1');
  });
});

describe('the log', () => {
  it('is lines of logfmt or of JSON, of the levels that are wanted', async () => {
    const dir = directory({ 'prometheus.yml': 'no: [good' });
    writeFileSync(join(dir, 'prometheus.yml'), '');
    const server = new RunningServer(dir, ['--log.format=json']);
    const json = () => server.log.map((line) => JSON.parse(line));
    await vi.waitFor(
      () => expect(json().map(({ msg }) => msg)).toContain('Start listening for connections'),
      {
        timeout: 20_000,
      },
    );
    for (const { time, level } of json()) {
      expect(Date.parse(time)).toBeGreaterThan(0);
      expect(['INFO', 'WARN']).toContain(level);
    }
    writeFileSync(join(dir, 'prometheus.yml'), 'no: "good\\nlevel=INFO msg=forged"');
    server.process.kill('SIGHUP');
    await vi.waitFor(() => expect(json().map(({ level }) => level)).toContain('ERROR'));
    expect(await server.end('SIGTERM')).toBe(0);
    const address = `127.0.0.1:${await freePort()}`;
    const quiet = new RunningServer(directory({ 'prometheus.yml': '' }), [
      `--listen=${address}`,
      '--log.level=error',
    ]);
    await vi.waitFor(async () => expect((await fetch(`http://${address}/-/ready`)).status).toBe(200), {
      timeout: 20_000,
    });
    expect(await quiet.end('SIGTERM')).toBe(0);
    expect(quiet.log).toEqual([]);
  });
});
