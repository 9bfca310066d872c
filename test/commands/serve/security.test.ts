/**
 * A running server and those who mean it no good: what they send is refused, logged and counted, tells them nothing, and
 * others are answered meanwhile.
 */
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import bcrypt from 'bcryptjs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { serveHttp } from '../../core/http/servers.ts';
import { rawExchange, statusOf } from '../../core/server/raw-http.ts';
import { messageV1, snappy, V1_HEADERS, V2_HEADERS } from '../../core/server/write-messages.ts';
import { directory, RunningServer } from './running.ts';

/** Longer than this nobody waits for `/-/healthy`, on the busiest of machines. */
const RESPONSIVE_MS = 4000;

/** Asks for a sign of life again and again; the longest that one took, ms. */
function watch(url: string): () => Promise<number> {
  const state = { on: true, longest: 0 };
  const done = (async () => {
    while (state.on) {
      const asked = performance.now();
      const { status } = await fetch(`${url}/-/healthy`);
      expect(status).toBe(200);
      state.longest = Math.max(state.longest, performance.now() - asked);
      await sleep(20);
    }
  })();
  return async () => {
    state.on = false;
    await done;
    return state.longest;
  };
}

async function refusals(url: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const found = text.matchAll(/^tsmon_http_refused_requests_total\{reason="(\w+)"\} (\d+)/gm);
  return Object.fromEntries([...found].map(([, reason, count]) => [reason, Number(count)]));
}

const portOf = (url: string) => Number(new URL(url).port);
const get = (path: string, more = '') =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${more}\r\n`;

describe('paths', () => {
  it('lead nowhere but to what there is', async () => {
    const dir = directory({ 'prometheus.yml': '', 'secret.txt': 'the-secret' });
    const server = new RunningServer(dir, []);
    const url = await server.url();
    const climbs = [
      '/../secret.txt',
      '/../../../../../../etc/passwd',
      '/assets/../../../secret.txt',
      '/assets/..%2f..%2f..%2fsecret.txt',
      '/assets/%2e%2e/%2e%2e/secret.txt',
      '/assets/..\\..\\secret.txt',
      '/assets/%00',
      '/assets/..%00/secret.txt',
      '/%2e%2e%2f%2e%2e%2fetc%2fpasswd',
      '//etc/passwd',
      '/./secret.txt',
      '/assets//etc/passwd',
      '/api/v1/label/..%2f..%2fsecret.txt/values',
      '/prometheus.yml',
      '/data/lock',
      `${url}/../secret.txt`,
      'http://elsewhere.example/secret.txt',
      'file:///etc/passwd',
      '*',
      '\\..\\secret.txt',
    ];
    for (const path of climbs) {
      const answer = await rawExchange(portOf(url), get(path));
      expect(answer, path).not.toMatch(/the-secret|root:/);
      expect([200, 301, 302, 400, 404], `${path}: ${answer.slice(0, 200)}`).toContain(statusOf(answer));
      if (statusOf(answer) === 200) expect(answer).toMatch(/"status":"success"|<!doctype html>/i);
      const location = /^location: (.*)$/im.exec(answer)?.[1];
      // Not to another host.
      if (location !== undefined) expect(location).toMatch(/^\/(?!\/)/);
    }
    const counted = await refusals(url);
    expect(counted['path_traversal']).toBeGreaterThan(3);
    expect(server.log.join('\n')).toContain('reason=path_traversal');
  });
});

describe('what is said to the server', () => {
  it('comes back as no header and no markup, and forges no line of the log', async () => {
    const dir = directory({ 'prometheus.yml': '' });
    const server = new RunningServer(dir, []);
    const url = await server.url();
    const evil = [
      '%0d%0aSet-Cookie:%20a=b',
      '%0aSet-Cookie: a=b',
      '<script>alert(1)</script>',
      '"><img src=x onerror=a>',
    ];
    const paths = evil.flatMap((text) => [
      `/${text}`,
      `//${text}/../x`,
      `/api/v1/query?query=${text}`,
      `/api/v1/${text}`,
      `/api/v1/label/${text}/values`,
      `/graph/?x=${text}`,
      `/federate?match[]=${text}`,
      `/api/v1/series?match[]=${text}`,
    ]);
    for (const path of paths) {
      const answer = await rawExchange(portOf(url), get(path.replaceAll(' ', '%20')));
      const [head, ...body] = answer.split('\r\n\r\n');
      expect(head, path).not.toMatch(/^set-cookie/im);
      if (/^content-type: text\/html/im.test(head))
        expect(body.join(), path).not.toMatch(/<script>alert|<img src=x/);
      // What is plain text is not to be taken for anything else.
      else if (/^content-type: text\/plain/im.test(head))
        expect(head, path).toMatch(/^x-content-type-options: nosniff/im);
    }
    for (const header of [
      'Origin: http://a\x01b',
      'Origin: <script>',
      'X-Forwarded-Host: evil',
      'Host: evil\r\nHost: two',
    ]) {
      const answer = await rawExchange(portOf(url), get('/api/v1/query?query=1', `${header}\r\n`));
      expect([200, 400]).toContain(statusOf(answer));
      expect(answer).not.toContain('evil');
    }
    await rawExchange(portOf(url), get('/..%2f%0atime=2026 level=ERROR msg=forged'.replaceAll(' ', '%20')));
    expect(server.log.filter((line) => line.startsWith('time=2026 level=ERROR msg=forged'))).toEqual([]);
  });

  it('is smuggled past nobody', async () => {
    const server = new RunningServer(directory({ 'prometheus.yml': '' }), []);
    const url = await server.url();
    const requests = [
      'POST /api/v1/query HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /-/quit HTTP/1.1\r\n\r\n',
      'POST /api/v1/query HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nquery=1',
      'GET /-/healthy HTTP/1.1\r\nHost : x\r\n\r\n',
      'GET /-/healthy HTTP/9.9\r\n\r\n',
      'GET\x00 /-/healthy HTTP/1.1\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'nonsense\r\n\r\n',
    ];
    for (const request of requests) {
      const answer = await rawExchange(portOf(url), request);
      expect([0, 400], JSON.stringify(request)).toContain(statusOf(answer));
    }
    expect((await refusals(url))['malformed']).toBeGreaterThan(3);
    expect((await fetch(`${url}/-/ready`)).status).toBe(200);
  });
});

describe('too much of it', () => {
  it('is cut off: bodies, headers, connections, and time', async () => {
    const dir = directory({ 'prometheus.yml': '' });
    const server = new RunningServer(dir, [
      '--web.read-timeout=1s',
      '--web.max-connections=12',
      '--web.enable-remote-write-receiver',
    ]);
    const url = await server.url();
    const big = Buffer.alloc(40 * 1024 * 1024, 'a');
    const post = async (path: string, body: Uint8Array, headers: Record<string, string>) =>
      (await fetch(url + path, { method: 'POST', body, headers }).catch(() => undefined))?.status ?? 0;
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    expect([0, 413]).toContain(
      await post('/api/v1/query', Buffer.concat([Buffer.from('query='), big]), form),
    );
    expect([0, 400, 413]).toContain(await post('/api/v1/write', big, V1_HEADERS));
    // Says that it holds 4 GB.
    const bomb = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0);
    expect([400, 413]).toContain(await post('/api/v1/write', bomb, V1_HEADERS));
    // Says nothing, two million times.
    for (const [tag, headers] of [
      [0x0a, V1_HEADERS],
      [0x2a, V2_HEADERS],
    ] as const) {
      const empty = Buffer.alloc(4_000_000).fill(Uint8Array.of(tag, 0));
      expect(await post('/api/v1/write', snappy(empty), headers)).toBe(400);
    }
    expect([400, 413, 415]).toContain(
      await post('/api/v1/write', gzipSync(big), { ...V1_HEADERS, 'Content-Encoding': 'gzip' }),
    );
    expect(statusOf(await rawExchange(portOf(url), get('/-/healthy', `X: ${'a'.repeat(100_000)}\r\n`)))).toBe(
      431,
    );
    expect([414, 431]).toContain(
      statusOf(await rawExchange(portOf(url), get(`/api/v1/query?query=${'1'.repeat(100_000)}`))),
    );

    // Those who send a byte a while are not waited for, and those who say nothing neither.
    const slow = Array.from({ length: 8 }, () => {
      const socket = connect(portOf(url), '127.0.0.1');
      socket.on('error', () => {});
      const timer = setInterval(() => socket.write('a'), 100);
      const gone = new Promise<void>((resolve) =>
        socket.on('close', () => {
          clearInterval(timer);
          resolve();
        }),
      );
      socket.write('POST /api/v1/query HTTP/1.1\r\nHost: x\r\nX: ');
      socket.resume();
      onTestFinished(() => {
        socket.destroy();
      });
      return gone;
    });
    await Promise.all(slow);
    // One connection too many is told so.
    const idle = Array.from({ length: 12 }, () => connect(portOf(url), '127.0.0.1').on('error', () => {}));
    await sleep(200);
    const refused = await rawExchange(portOf(url), get('/-/healthy'));
    expect(statusOf(refused)).toBe(503);
    for (const socket of idle) socket.destroy();
    await sleep(200);
    const counted = await refusals(url);
    expect(counted['connections']).toBeGreaterThan(0);
    expect(counted['body_size']).toBeGreaterThan(0);
    expect(counted['malformed']).toBeGreaterThan(0);
  });
});

describe('parameters that are long, or many', () => {
  it('are refused, in no time to speak of', async () => {
    const server = new RunningServer(directory({ 'prometheus.yml': '' }), []);
    const url = await server.url();
    const post = async (path: string, body: string, type = 'application/x-www-form-urlencoded') => {
      const answer = await fetch(`${url}/api/v1/${path}`, {
        method: 'POST',
        body,
        headers: { 'Content-Type': type },
      });
      await answer.arrayBuffer();
      return answer.status;
    };
    const n = 1_000_000;
    // What tries out all ways to divide one of these would be at it for days.
    for (const text of ['1', '1_', '.', '1.', '0x1', '1h', ' ', '%41', '-', '2020-01-01T']) {
      for (const start of ['', '0x', '1.', '1e']) {
        const long = `${start}${text.repeat(n / text.length)}!`;
        expect(await post('query', `query=1&time=${long}`)).toBe(400);
        expect(await post('query', `query=1&timeout=${long}`)).toBe(400);
        expect(await post('query', `query=1&limit=${long}`)).toBe(400);
        expect(await post('format_query', `query=${long}`)).toBe(400);
      }
    }
    expect(await post('series', 'match[]=a&'.repeat(20_000))).toBe(413);
    expect(await post('series', 'match[]=a&'.repeat(1000))).toBe(200);
    for (const selectors of [
      [`{a=~"${'.'.repeat(n)}"}`],
      new Array(9000).fill(`{a=~"${'.'.repeat(200)}"}`),
    ]) {
      const form = new URLSearchParams(
        selectors.map((text): [string, string] => ['match[]', text]),
      ).toString();
      for (const path of ['series', 'labels']) expect(await post(path, form)).toBe(400);
    }
    const part = '--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\nc\r\n';
    expect(await post('query', `${part.repeat(2000)}--x--\r\n`, 'multipart/form-data; boundary=x')).toBe(413);
    const large = `--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n${'b'.repeat(2 * n)}\r\n--x--\r\n`;
    expect(await post('query', large, 'multipart/form-data; boundary=x')).toBe(413);
    expect(await refusals(url)).toMatchObject({ body_size: 3 });
  }, 60_000);
});

describe('queries that are bombs', () => {
  it('end as errors, and hold up nobody', async () => {
    const dir = directory({ 'prometheus.yml': '' });
    const server = new RunningServer(dir, [
      '--web.enable-remote-write-receiver',
      '--query.max-samples=200000',
      '--query.timeout=3s',
      '--query.max-concurrency=4',
    ]);
    const url = await server.url();
    const series = Array.from({ length: 2000 }, (_, n) => ({
      labels: [['__name__', 'm'] as const, ['a', 'a'.repeat(200)] as const, ['n', String(n)] as const],
      samples: [{ t: Date.now(), v: n }],
    }));
    const written = await fetch(`${url}/api/v1/write`, {
      method: 'POST',
      headers: V1_HEADERS,
      body: snappy(messageV1(series)),
    });
    expect(written.status).toBe(204);
    const awake = watch(url);
    const ask = async (query: string, path = 'query'): Promise<{ status: number; text: string }> => {
      const answer = await fetch(`${url}/api/v1/${path}`, {
        method: 'POST',
        body: new URLSearchParams({ query, start: '0', end: '1000', step: '1', 'match[]': query }),
      });
      return { status: answer.status, text: await answer.text() };
    };
    // Matched in linear time, whatever they look like.
    for (const pattern of ['(a+)+b', '(a|a)*b', '(a*)*(a*)*b', '.*.*.*.*.*.*=.*', '(?:a?){50}a{50}b']) {
      expect((await ask(`count(m{a=~"${pattern}"})`)).status, pattern).toBe(200);
      expect((await ask(`count(label_replace(m, "x", "$1", "a", "${pattern}"))`)).status, pattern).toBe(200);
      expect((await ask(`m{a=~"${pattern}"}`, 'series')).status, pattern).toBe(200);
    }
    for (const pattern of [
      '(a{1000}){1000}',
      '((a{100}){100}){100}',
      '.'.repeat(900_000),
      '[a-z]'.repeat(60_000),
      `(${'abcd|'.repeat(80_000)}).*`,
      `(${'a|'.repeat(50_000)}b`,
      '('.repeat(20_000),
    ]) {
      expect((await ask(`m{a=~"${pattern}"}`)).status, pattern.slice(0, 40)).toBe(400);
    }
    const bombs = [
      `${'('.repeat(100_000)}1${')'.repeat(100_000)}`,
      `${'-'.repeat(200_000)}1`,
      Array.from({ length: 50_000 }, () => '1').join('+'),
      `${'sum('.repeat(20_000)}m${')'.repeat(20_000)}`,
      'm[',
      `"${'\\'.repeat(100_001)}"`,
      'sum_over_time(m[10000d:1ms])',
      'max_over_time(max_over_time(max_over_time(m[1d:1s])[1d:1s])[1d:1s])',
      'count_over_time(vector(1)[10000d:1ms])',
      'm * on(a) group_left m',
      'quantile_over_time(0.5, m[1000y:1s])',
      `${'label_join('.repeat(12)}m${', "a", ",", "a", "a", "a", "a")'.repeat(12)}`,
    ];
    for (const bomb of bombs) {
      const began = performance.now();
      const { status, text } = await ask(bomb);
      expect(performance.now() - began, bomb.slice(0, 60)).toBeLessThan(20_000);
      expect([200, 400, 422, 503], `${bomb.slice(0, 60)}: ${text.slice(0, 200)}`).toContain(status);
      expect(text.length).toBeLessThan(10_000_000);
    }
    expect((await ask('m', 'query_range')).status).toBe(200);
    // Many at a time wait for their turn.
    const heavy = 'sum(count_over_time(vector(1)[100000s:1s]))';
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(heavy)));
    expect(answers.every(({ status }) => [200, 422, 503].includes(status))).toBe(true);
    expect(await awake()).toBeLessThan(RESPONSIVE_MS);
    expect(server.log.filter((line) => /level=ERROR/.test(line))).toEqual([]);
    expect(await server.end('SIGTERM')).toBe(0);
  });
});

/** How long to wait for the next bytes: passwords are compared in a thread, which has to start first. */
const PATIENCE_MS = 5000;

describe('who has no password', () => {
  it('gets in by no way', async () => {
    const dir = directory({ 'prometheus.yml': '' });
    writeFileSync(join(dir, 'web.yml'), `basic_auth_users: {alice: '${bcrypt.hashSync('secret', 4)}'}\n`);
    const server = new RunningServer(dir, [
      '--web.config.file=web.yml',
      '--web.enable-lifecycle',
      '--web.enable-admin-api',
    ]);
    const port = await (async () => {
      for (let i = 0; i < 400; i++) {
        const found = / address=\S+:(\d+)/.exec(server.log.join('\n'))?.[1];
        if (found !== undefined) return Number(found);
        await sleep(50);
      }
      throw new Error(server.log.join('\n'));
    })();
    const basic = (text: string) => `Authorization: Basic ${Buffer.from(text).toString('base64')}\r\n`;
    const tries: string[] = [];
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'DELETE', 'TRACE', 'PATCH'])
      for (const path of [
        '/-/reload',
        '/-/quit',
        '/-/healthy',
        '/metrics',
        '/api/v1/query?query=1',
        '/api/v1/admin/tsdb/snapshot',
        '//-/ready',
        '/',
        '/assets/x',
      ])
        tries.push(`${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    for (const header of [
      basic('alice:'),
      basic('alice'),
      basic(':secret'),
      basic('alice:secret\0'),
      basic('alice:secret '),
      basic('Alice:secret'),
      basic('alice\0:secret'),
      basic('__proto__:secret'),
      basic('constructor:secret'),
      basic(`alice:${'secret'.repeat(1000)}`),
      'Authorization: Basic\r\n',
      'Authorization: Basic !!!!\r\n',
      'Authorization: Bearer YWxpY2U6c2VjcmV0\r\n',
      'Proxy-Authorization: Basic YWxpY2U6c2VjcmV0\r\n',
      `${basic('alice:wrong')}${basic('alice:wrong')}`,
      'X-Original-URL: /-/healthy\r\nX-Forwarded-User: alice\r\n',
    ])
      tries.push(get('/-/healthy', header));
    tries.push(
      `GET http://alice:secret@127.0.0.1:${port}/-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    for (const request of tries) {
      const answer = await rawExchange(port, request, PATIENCE_MS);
      expect([401, 429, 400, 301], JSON.stringify(request)).toContain(statusOf(answer));
      expect(answer).not.toMatch(/"status":"success"|Healthy|tsmon_/);
    }
    // Every request of a connection is asked, whatever it claims to be.
    const allowed = basic('alice:secret');
    const keep = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
    const pipelined = await rawExchange(
      port,
      keep('/-/healthy', allowed) + keep('/metrics') + get('/metrics'),
      PATIENCE_MS,
    );
    expect([...pipelined.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status)).toEqual([
      '200',
      '401',
      '401',
    ]);
    for (const request of [
      'GET /metrics HTTP/1.0\r\n\r\n',
      get('/metrics', 'Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'),
      'GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n',
      'POST /-/quit HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\nConnection: close\r\n\r\n',
      'POST /-/quit HTTP/1.1\r\nHost: x\r\nExpect: something\r\nContent-Length: 1\r\nConnection: close\r\n\r\n',
      get('/%2d/healthy'),
      get('/-%2Fhealthy'),
      get('/-/ready;x'),
      get('/-/ready#x'),
      get('/assets/app.js'),
    ]) {
      const answer = await rawExchange(port, request, PATIENCE_MS);
      expect([0, 100, 400, 401, 405, 417], JSON.stringify(request)).toContain(statusOf(answer));
      expect(answer).not.toMatch(/Healthy|tsmon_|function/);
    }
    expect(server.process.exitCode).toBeNull();
    // The door is still open for those who have one.
    await sleep(1500);
    expect(statusOf(await rawExchange(port, get('/-/healthy', basic('alice:secret'))))).toBe(200);
    const metrics = await rawExchange(port, get('/metrics', basic('alice:secret')));
    expect(Number(/reason="auth"\} (\d+)/.exec(metrics)?.[1])).toBeGreaterThan(50);
    expect(server.log.join('\n')).toContain('reason=auth');
    expect(server.log.join('\n')).not.toContain('secret');
  });
});

describe('targets that mean no good', () => {
  it('fail by themselves', async () => {
    const endless = await serveHttp((_, response) => {
      response.setHeader('Content-Type', 'text/plain');
      const more = () => {
        while (!response.destroyed && response.write('a_metric{with="labels"} 1\n'.repeat(1000)));
      };
      response.on('drain', more);
      more();
    });
    const good = await serveHttp((_, response) => {
      response.setHeader('Content-Type', 'text/plain');
      response.end('fine 1\nmarkup{text="<script>alert(1)</script>"} 1\n');
    });
    const packed = gzipSync(Buffer.alloc(100_000_000, 'a 1\n'));
    const bombs = await serveHttp((_, response) => {
      response.setHeader('Content-Type', 'text/plain');
      response.setHeader('Content-Encoding', 'gzip');
      response.end(packed);
    });
    const redirecting = await serveHttp((_, response) => {
      response.writeHead(302, { Location: 'file:///etc/passwd' }).end();
    });
    const host = (url: string) => new URL(url).host;
    const dir = directory({
      'prometheus.yml': `global: {scrape_interval: 1s, scrape_timeout: 1s, body_size_limit: 1MB}
scrape_configs:
- {job_name: bad, static_configs: [{targets: ['${host(endless)}', '${host(bombs)}', '${host(redirecting)}']}]}
- {job_name: good, static_configs: [{targets: ['${host(good)}']}]}
`,
    });
    const server = new RunningServer(dir, []);
    const url = await server.url();
    const awake = watch(url);
    await vi.waitFor(async () => expect(await server.value('count_over_time(fine[1m])')).toBeGreaterThan(3), {
      timeout: 30_000,
    });
    expect(await server.value('sum(up{job="bad"})')).toBe(0);
    expect(await server.value('max_over_time(up{job="good"}[1m])')).toBe(1);
    expect(await server.value('count({__name__=~"a|a_metric"})')).toBeUndefined();
    expect(await awake()).toBeLessThan(RESPONSIVE_MS);
    expect(await server.end('SIGTERM')).toBe(0);
  });
});

describe('secrets of the configuration', () => {
  it('are shown nowhere', async () => {
    const dir = directory({
      'prometheus.yml': `alerting:
  alertmanagers:
  - http_sd_configs: [{url: 'http://user:in-url@127.0.0.1:1/', basic_auth: {username: u, password: hunter2}, refresh_interval: 1s}]
    authorization: {credentials: hunter2}
scrape_configs:
- job_name: a
  http_sd_configs: [{url: 'http://127.0.0.1:1/', authorization: {credentials: hunter2}, refresh_interval: 1s}]
- job_name: b
  basic_auth: {username: u, password: hunter2}
  scrape_interval: 1s
  static_configs: [{targets: ['127.0.0.1:1']}]
`,
    });
    const server = new RunningServer(dir, []);
    const url = await server.url();
    await sleep(1500);
    for (const path of [
      '/metrics',
      '/api/v1/status/config',
      '/api/v1/targets',
      '/api/v1/alertmanagers',
      '/api/v1/scrape_pools',
      '/api/v1/status/flags',
    ])
      expect(await (await fetch(url + path)).text(), path).not.toContain('hunter2');
    // The configuration shows a URL as it was given, as Prometheus does; nothing else does.
    expect(await (await fetch(`${url}/metrics`)).text()).not.toContain('in-url');
    expect(server.log.join('\n')).not.toMatch(/hunter2|in-url/);
  });
});
