import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, inflateSync } from 'node:zlib';
import { request as undiciRequest } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { Registry } from '../../../src/core/instrument/index.ts';
import { compileRegex } from '../../../src/core/regex/index.ts';
import { HttpServer, type HttpServerOptions } from '../../../src/core/server/http/http-server.ts';
import { Router } from '../../../src/core/server/http/router.ts';
import { PLAIN_WEB, silentLogger, WebSecurity } from '../../../src/core/server/index.ts';
import { rawExchange, statusOf } from './raw-http.ts';

interface Running {
  url: string;
  port: number;
  server: HttpServer;
  registry: Registry;
}

const running: Running[] = [];

afterEach(async () => {
  for (const { server } of running.splice(0)) await server.close(100);
});

async function start(router: Router, options: Partial<HttpServerOptions> = {}): Promise<Running> {
  const registry = new Registry();
  const server = new HttpServer({
    router,
    registry,
    security: new WebSecurity({ file: '', load: () => PLAIN_WEB, logger: silentLogger }),
    logger: silentLogger,
    maxConnections: 0,
    readTimeoutMs: 60_000,
    routePrefix: '',
    corsOrigin: compileRegex('https?://(a|b)\\.example'),
    state: () => 'ready',
    ...options,
  });
  const { port } = await server.listen(0, '127.0.0.1');
  const one = { url: `http://127.0.0.1:${port}`, port, server, registry };
  running.push(one);
  return one;
}

function refusals(registry: Registry, reason: string): number {
  const family = registry.collect().find(({ name }) => name === 'tsmon_http_refused_requests_total');
  return family?.samples.find(({ labels }) => labels.get('reason') === reason)?.v ?? 0;
}

function hello(): Router {
  const router = new Router();
  router.add('GET', '/hello', (_, reply) => reply.text(200, 'hello'), { cors: true });
  router.add('GET', '/name/:name/x', (request, reply) => reply.text(200, request.params['name'].toString()));
  router.add('GET', '/files/*path', (request, reply) => reply.text(200, request.params['path'].toString()));
  router.add('POST', '/body', async (request, reply) => {
    const body = await request.body(1000);
    reply.text(200, String(body.length));
  });
  return router;
}

describe('routes', () => {
  it('are exact, have parameters, or a rest', async () => {
    const { url } = await start(hello());
    const text = async (path: string) => (await fetch(url + path)).text();
    expect(await text('/hello')).toBe('hello');
    expect(await text('/hell%6f')).toBe('hello');
    expect(await text('/name/a%20b%2Fc/x')).toBe('a b/c');
    expect(await text('/files/a/b.js')).toBe('a/b.js');
    expect((await fetch(`${url}/name//x`, { redirect: 'manual' })).status).toBe(301);
    expect((await fetch(`${url}/hello/`, { redirect: 'manual' })).headers.get('location')).toBe('/hello');
    expect((await fetch(`${url}/nope`)).status).toBe(404);
  });

  it('say which methods they have', async () => {
    const { url } = await start(hello());
    const response = await fetch(`${url}/hello`, { method: 'PUT' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, OPTIONS');
  });

  it('are below a prefix', async () => {
    const { url } = await start(hello(), { routePrefix: '/metrics/here' });
    expect(await (await fetch(`${url}/metrics/here/hello`)).text()).toBe('hello');
    expect((await fetch(`${url}/hello`)).status).toBe(404);
    const root = await fetch(url, { redirect: 'manual' });
    expect([root.status, root.headers.get('location')]).toEqual([302, '/metrics/here/']);
  });

  it('wait until the server is ready', async () => {
    let state: 'starting' | 'ready' | 'stopping' = 'starting';
    const router = hello();
    router.add('GET', '/always', (_, reply) => reply.text(200, 'x'), { always: true });
    const { url } = await start(router, { state: () => state });
    const first = await fetch(`${url}/hello`);
    expect([first.status, first.headers.get('x-prometheus-stopping')]).toEqual([503, 'false']);
    expect((await fetch(`${url}/always`)).status).toBe(200);
    state = 'stopping';
    expect((await fetch(`${url}/hello`)).headers.get('x-prometheus-stopping')).toBe('true');
    state = 'ready';
    expect((await fetch(`${url}/hello`)).status).toBe(200);
  });
});

describe('answers', () => {
  const line = Buffer.from(`${'0123456789'.repeat(100)}\n`);

  function pieces(count: number, onPiece: () => void = () => {}): Router {
    const router = new Router();
    router.add('GET', '/pieces', (_, reply) =>
      reply.stream(
        200,
        'text/plain',
        (function* () {
          for (let i = 0; i < count; i++) {
            onPiece();
            yield line;
          }
        })(),
      ),
    );
    return router;
  }

  it('are compressed as the client likes it, whether small or large', async () => {
    for (const count of [1, 300]) {
      const { url } = await start(pieces(count));
      const whole = line.toString().repeat(count);
      const get = async (encoding: string) => {
        const { headers, body } = await undiciRequest(`${url}/pieces`, {
          headers: { 'accept-encoding': encoding },
        });
        return { encoding: headers['content-encoding'], body: Buffer.from(await body.arrayBuffer()) };
      };
      const plain = await get('');
      expect([plain.encoding, plain.body.toString()]).toEqual([undefined, whole]);
      const zipped = await get('br, gzip;q=0.5');
      expect([zipped.encoding, gunzipSync(zipped.body).toString()]).toEqual(['gzip', whole]);
      const deflated = await get('deflate, gzip');
      expect([deflated.encoding, inflateSync(deflated.body).toString()]).toEqual(['deflate', whole]);
      expect((await get('gzip;q=0')).encoding).toBeUndefined();
    }
  });

  it.each(['', 'gzip'])('are made no faster than they are read (%s)', async (encoding) => {
    let made = 0;
    // Random bytes, which no compression makes small.
    const router = new Router();
    router.add('GET', '/pieces', (_, reply) =>
      reply.stream(
        200,
        'text/plain',
        (function* () {
          for (; made < 4000; made++) yield randomBytes(65536);
        })(),
      ),
    );
    const { port } = await start(router);
    const socket = connect(port, '127.0.0.1');
    socket.pause();
    socket.on('error', () => {});
    socket.write(`GET /pieces HTTP/1.1\r\nHost: x\r\nAccept-Encoding: ${encoding}\r\n\r\n`);
    // Until it stands still, however slow the machine is.
    for (let before = -1; made === 0 || made !== before; await sleep(700)) before = made;
    expect(made).toBeLessThan(500);
    socket.destroy();
    await sleep(100);
    expect(made).toBeLessThan(510);
  });

  it('end when nobody waits any more', async () => {
    const router = new Router();
    const aborted = new Promise<boolean>((resolve) => {
      router.add('GET', '/wait', (request) => {
        return new Promise((done) => {
          request.signal.addEventListener('abort', () => {
            resolve(true);
            done();
          });
        });
      });
    });
    const { port } = await start(router);
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /wait HTTP/1.1\r\nHost: x\r\n\r\n');
    await sleep(100);
    socket.destroy();
    expect(await aborted).toBe(true);
  });

  it('are counted and measured by handler', async () => {
    const { url, registry } = await start(hello());
    await (await fetch(`${url}/name/a/x`)).text();
    await (await fetch(`${url}/name/b/x`)).text();
    await (await fetch(`${url}/nope`)).text();
    await sleep(20);
    const lines = registry
      .collect()
      .flatMap(({ samples }) => samples)
      .map(({ labels, v }) => `${labels} ${v}`);
    expect(lines).toContain('prometheus_http_requests_total{code="200", handler="/name/:name/x"} 2');
    expect(lines).toContain('prometheus_http_requests_total{code="404", handler="unknown"} 1');
    expect(lines).toContain('prometheus_http_request_duration_seconds_count{handler="/name/:name/x"} 2');
    expect(lines).toContain('prometheus_http_response_size_bytes_count{handler="/name/:name/x"} 2');
  });

  it('go to pages of other sites where those may have them', async () => {
    const { url } = await start(hello());
    const from = async (origin: string) => (await fetch(`${url}/hello`, { headers: { origin } })).headers;
    expect((await from('https://a.example')).get('access-control-allow-origin')).toBe('https://a.example');
    expect((await from('https://a.example.evil')).get('access-control-allow-origin')).toBeNull();
    expect((await from('https://xa.example')).get('access-control-allow-origin')).toBeNull();
    expect((await from('x')).get('vary')).toBe('Origin');
    expect((await fetch(`${url}/hello`, { method: 'OPTIONS' })).status).toBe(204);
  });

  it('are finished before the server ends, up to a deadline', async () => {
    const router = new Router();
    router.add('GET', '/slow', async (_, reply) => {
      await systemClock.sleep(150);
      reply.text(200, 'done');
    });
    const { url, server } = await start(router);
    running.pop();
    const answer = fetch(`${url}/slow`).then((response) => response.text());
    await sleep(50);
    await server.close(5000);
    expect(await answer).toBe('done');
  });

  it('do not show what went wrong inside', async () => {
    const router = new Router();
    router.add('GET', '/broken', () => {
      throw new Error('secret /path');
    });
    const { url } = await start(router);
    const response = await fetch(`${url}/broken`);
    expect([response.status, await response.text()]).toEqual([500, 'Internal Server Error\n']);
  });
});

describe('what is refused', () => {
  it.each([
    ['/../../etc/passwd', 301, '/etc/passwd'],
    ['/files/../../../etc/passwd', 301, '/etc/passwd'],
    ['/files/%2e%2e/%2E%2e/x', 301, '/x'],
    ['/files/..%2f..%2fetc/passwd', 200, ''],
    ['//evil.example/%2f..', 301, '/evil.example/%2f..'],
    ['/./hello', 301, '/hello'],
    ['/files/a%00b', 400, ''],
    ['/files/a%0d%0aSet-Cookie:x', 400, ''],
    ['/files/%zz', 400, ''],
    ['hello', 400, ''],
    ['http://evil.example/hello', 200, ''],
  ])('paths that climb or smuggle: %s', async (path, status, location) => {
    const { port } = await start(hello());
    const answer = await rawExchange(port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(statusOf(answer)).toBe(status);
    expect(/^Location: (.*)\r$/m.exec(answer)?.[1] ?? '').toBe(location);
    expect(answer).not.toMatch(/^Set-Cookie/im);
  });

  it('markup comes back escaped', async () => {
    const { port } = await start(hello());
    const answer = await rawExchange(
      port,
      'GET /x/../<script>"\'alert(1)</script> HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toContain('<a href="/%3Cscript%3E%22%27alert(1)%3C/script%3E">');
    expect(answer).not.toContain('<script');
  });

  it.each([
    ['two lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
    [
      'a length and chunks',
      'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /hello HTTP/1.1\r\n\r\n',
    ],
    ['a coding that is none', 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['a folded header', 'X: a\r\n b: c\r\nTransfer-Encoding : chunked\r\n\r\n'],
    ['bytes in a header', 'X: a\x01b\r\n\r\n'],
  ])('messages that two servers could read in two ways: %s', async (_, rest) => {
    const { port, registry } = await start(hello());
    const answer = await rawExchange(port, `POST /body HTTP/1.1\r\nHost: x\r\n${rest}`, 300);
    expect(statusOf(answer)).toBe(400);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(refusals(registry, 'malformed')).toBe(1);
  });

  it.each([
    [400, 'two names of the server', 'GET /hello HTTP/1.1\r\nHost: a\r\nHOST: b\r\n'],
    [400, 'one that is no name', 'GET /hello HTTP/1.1\r\nHost: a/b <c>\r\n'],
    [505, 'a version that has another form', 'GET /hello HTTP/2.0\r\nHost: a\r\n'],
    [505, 'one without a form', 'GET /hello\r\n'],
    [431, 'more fields than are read', `GET /hello HTTP/1.1\r\nHost: a\r\n${'b: c\r\n'.repeat(1000)}`],
    [200, 'nothing odd', 'GET /hello HTTP/1.1\r\nHost: [::1]:9090\r\n'],
    [200, 'what is old', 'GET /hello HTTP/1.0\r\n'],
  ])('requests that Node would take: %i for %s', async (status, _, head) => {
    const { port, registry } = await start(hello());
    expect(statusOf(await rawExchange(port, `${head}Connection: close\r\n\r\n`))).toBe(status);
    expect(refusals(registry, 'malformed')).toBe(status === 200 ? 0 : 1);
  });

  it('bodies that are too large, whether they say so or not', async () => {
    const { url, port, registry } = await start(hello());
    const ok = await fetch(`${url}/body`, { method: 'POST', body: 'x'.repeat(1000) });
    expect(await ok.text()).toBe('1000');
    const declared = await rawExchange(
      port,
      'POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n',
    );
    expect(statusOf(declared)).toBe(413);
    const chunk = `3e8\r\n${'x'.repeat(1000)}\r\n`;
    const chunked = await rawExchange(
      port,
      `POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}`,
    );
    expect(statusOf(chunked)).toBe(413);
    expect(refusals(registry, 'body_size')).toBe(2);
  });

  it('headers that are too large', async () => {
    const { port } = await start(hello());
    const answer = await rawExchange(
      port,
      `GET /hello HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`,
    );
    expect(statusOf(answer)).toBe(431);
  });

  it('requests that take for ever', async () => {
    const { port } = await start(hello(), { readTimeoutMs: 300 });
    const headers = rawExchange(port, 'GET /hello HTTP/1.1\r\nHost: x\r\n', 6000);
    const body = rawExchange(port, 'POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nx', 6000);
    expect([statusOf(await headers), statusOf(await body)]).toEqual([408, 408]);
  });

  it('one connection too many, which is told so', async () => {
    const { port, registry } = await start(hello(), { maxConnections: 2 });
    const open = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    await sleep(50);
    const answer = await rawExchange(port, 'GET /hello HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(statusOf(answer)).toBe(503);
    expect(refusals(registry, 'connections')).toBe(1);
    open[0].destroy();
    await sleep(50);
    expect(
      statusOf(await rawExchange(port, 'GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')),
    ).toBe(200);
    open[1].destroy();
  });
});
