import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGzip, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadZstdCompressor } from '../../../src/core/encoding/zstd.ts';
import { BodyBuffer } from '../../../src/core/http/body.ts';
import {
  type FetchAnswer,
  type FetchClientOptions,
  FetchError,
  type FetchRequest,
} from '../../../src/core/http/fetch.ts';
import { HttpClient } from '../../../src/core/http/http-client.ts';
import { flood, listen, serveHttp, serveRaw } from './servers.ts';

interface Got extends FetchAnswer {
  text: string;
}

async function get(
  url: string,
  request: Partial<FetchRequest> = {},
  options: Partial<FetchClientOptions> = {},
  signal?: AbortSignal,
): Promise<Got> {
  const client = new HttpClient({ userAgent: 'tsmon/test', keepAlive: false, ...options });
  const body = new BodyBuffer();
  try {
    const whole = { url: new URL(url), headers: {}, timeoutMs: 20_000, bodySizeLimitBytes: 0, ...request };
    const answer = await client.fetch(whole, body, signal);
    return { ...answer, text: Buffer.from(body.bytes).toString('utf8') };
  } finally {
    client.close();
  }
}

async function failure(...args: Parameters<typeof get>): Promise<FetchError> {
  const outcome = await get(...args).catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(FetchError);
  return outcome as FetchError;
}

describe('an answer', () => {
  it('gives body and content type, and the target sees what a scraper sends', async () => {
    const url = await serveHttp((request, response) => {
      response.setHeader('Content-Type', 'text/plain; version=0.0.4');
      response.end(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
    });
    const { contentType, text } = await get(
      `${url}/metrics?a=1`,
      { headers: { Accept: 'text/plain', 'X-Prometheus-Scrape-Timeout-Seconds': '10' } },
      { authorization: 'Bearer t', headers: { 'X-Scope': 'one' } },
    );
    expect(contentType).toBe('text/plain; version=0.0.4');
    expect(text).toContain('GET /metrics?a=1 ');
    const headers = JSON.parse(text.slice(text.indexOf('{')));
    expect(headers).toMatchObject({
      accept: 'text/plain',
      'user-agent': 'tsmon/test',
      'x-prometheus-scrape-timeout-seconds': '10',
      authorization: 'Bearer t',
      'x-scope': 'one',
    });
    expect(headers['accept-encoding']).toMatch(/gzip/);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ])('is decompressed (%s) and its size on the wire told', async (encoding, compress) => {
    const plain = 'up 1\n'.repeat(10_000);
    const packed = compress(plain);
    const url = await serveHttp((_request, response) => {
      response.setHeader('Content-Encoding', encoding);
      response.end(packed);
    });
    const { text, receivedBytes } = await get(url);
    expect(text).toBe(plain);
    expect(receivedBytes).toBe(packed.length);
  });

  it('may come in zstd', async () => {
    const compress = await loadZstdCompressor();
    const frame = compress(Buffer.from('up 1\n'.repeat(10_000)));
    const url = await serveHttp((_request, response) => {
      response.setHeader('Content-Encoding', 'zstd');
      response.end(frame);
    });
    expect((await get(url)).text).toBe('up 1\n'.repeat(10_000));
    const refused = await failure(url, { bodySizeLimitBytes: 1000 });
    expect(refused.code).toBe('http_body_size');
  });

  it('may be empty', async () => {
    const url = await serveHttp((_request, response) => response.end());
    expect((await get(url)).text).toBe('');
  });

  it('takes user and password from the URL and shows neither in errors', async () => {
    const url = await serveHttp((request, response) => {
      if (request.url === '/bad') response.statusCode = 401;
      response.end(request.headers.authorization);
    });
    const withUser = url.replace('//', '//jane:p%40ss@');
    expect((await get(withUser)).text).toBe(`Basic ${Buffer.from('jane:p@ss').toString('base64')}`);
    const error = await failure(`${withUser}/bad`);
    expect(error.message).toBe(`${url}/bad: server returned HTTP status 401 Unauthorized`);
  });

  it('is read from a kept connection, and from a new one when the kept one has gone', async () => {
    let connections = 0;
    const server = createTcpServer((socket) => {
      const number = ++connections;
      let requests = 0;
      socket.on('data', () => {
        // The first connection dies in the middle of its fourth request: the target may have closed it just before.
        if (number === 1 && ++requests === 4) socket.destroy();
        else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${number}`);
      });
    });
    const url = new URL(`http://127.0.0.1:${await listen(server)}`);
    const client = new HttpClient({ userAgent: 'tsmon/test', keepAlive: true });
    onTestFinished(() => client.close());
    const body = new BodyBuffer();
    const request = { url, headers: {}, timeoutMs: 5000, bodySizeLimitBytes: 0 };
    const answers: string[] = [];
    for (let i = 0; i < 5; i++) {
      await client.fetch(request, body);
      answers.push(Buffer.from(body.bytes).toString());
    }
    // The second one answered this request only; the third is kept again.
    expect(answers).toEqual(['1', '1', '1', '2', '3']);
  });

  it('comes over a Unix socket', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'tsmon-')), 'app.sock');
    const server = createHttpServer((request, response) => response.end(request.url));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(() => void server.close());
    expect((await get('http://localhost/metrics', { socketPath: path })).text).toBe('/metrics');
  });
});

describe('redirects', () => {
  it('are followed, and credentials stay with the host they are for', async () => {
    const other = await serveHttp((request, response) => response.end(JSON.stringify(request.headers)));
    const url = await serveHttp((request, response) => {
      response.statusCode = 302;
      response.setHeader('Location', request.url === '/away' ? other : '/away');
      response.end('moved');
    });
    const options = { authorization: 'Bearer secret', headers: { 'X-Api-Key': 'secret' } };
    const headers = (await get(url, { headers: { Accept: 'text/plain' } }, options)).text;
    expect(headers).toContain('text/plain');
    expect(headers).not.toContain('secret');
  });

  it('keep credentials within the same origin', async () => {
    const url = await serveHttp((request, response) => {
      if (request.url === '/there') response.end(request.headers.authorization);
      else response.writeHead(307, { Location: '/there' }).end();
    });
    expect((await get(url, {}, { authorization: 'Bearer mine' })).text).toBe('Bearer mine');
    const basic = `Basic ${Buffer.from('u:p').toString('base64')}`;
    expect((await get(url.replace('//', '//u:p@'))).text).toBe(basic);
  });

  it('end after ten', async () => {
    let asked = 0;
    const url = await serveHttp((_request, response) => {
      response.writeHead(302, { Location: `/${++asked}` }).end();
    });
    const error = await failure(url);
    expect(error.message).toBe(`${url}/: stopped after 10 redirects`);
    expect(asked).toBe(11);
  });

  it.each(['file:///etc/passwd', 'ftp://127.0.0.1/x', 'unix:/run/x', 'javascript:1'])(
    'refuse %s',
    async (to) => {
      const url = await serveHttp((_request, response) => response.writeHead(301, { Location: to }).end());
      const error = await failure(url);
      expect(error.code).toBe('http_redirect');
      expect(error.message).toContain(`redirect to ${to} refused: only http and https are followed`);
    },
  );

  it('are a status like any other when not wanted', async () => {
    const url = await serveHttp((_request, response) => response.writeHead(302, { Location: '/x' }).end());
    const error = await failure(url, {}, { followRedirects: false });
    expect(error.message).toContain('server returned HTTP status 302 Found');
  });
});

describe('a hostile or broken target', () => {
  it('that refuses the connection is named with its address', async () => {
    const url = await serveRaw(() => {});
    const port = new URL(url).port;
    const free = await failure(`http://127.0.0.1:1/metrics`);
    expect(free.message).toBe('http://127.0.0.1:1/metrics: connecting to 127.0.0.1:1: connection refused');
    expect(Number(port)).toBeGreaterThan(0);
  });

  it('that has no address is said to have none', async () => {
    const error = await failure('http://no-such-host.invalid/metrics');
    expect(error.code).toBe('http_lookup');
    expect(error.message).toContain('looking up no-such-host.invalid: ');
  });

  it('that never answers times out, and the phase is told', async () => {
    const url = await serveRaw(() => {});
    const error = await failure(url, { timeoutMs: 100 });
    expect(error.message).toBe(`${url}/: timed out after 0.1s waiting for the answer`);
    expect(error.phase).toBe('response');
  });

  it('that drips its body slowly times out as a whole', async () => {
    const url = await serveRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const timer = setInterval(() => socket.write('a'), 10);
      socket.on('close', () => clearInterval(timer));
    });
    const error = await failure(url, { timeoutMs: 300 });
    expect(error.code).toBe('http_timeout');
    expect(error.message).toMatch(/timed out after 0\.3s reading the body \(\d+ bytes so far\)/);
  });

  it('that drips its headers slowly times out too', async () => {
    const url = await serveRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write('X-A: b\r\n'), 10);
      socket.on('close', () => clearInterval(timer));
    });
    expect((await failure(url, { timeoutMs: 200 })).message).toContain('timed out after 0.2s');
  });

  it('that never ends its body is stopped at the limit', async () => {
    const url = await serveRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      flood(socket, 'a 1\n'.repeat(10_000));
    });
    const error = await failure(url, { bodySizeLimitBytes: 1_000_000 });
    expect(error.message).toBe(`${url}/: body size limit exceeded (1000000 bytes)`);
  });

  it('that announces too large a body is not read at all', async () => {
    const url = await serveRaw((socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n'),
    );
    expect((await failure(url, { bodySizeLimitBytes: 1_000_000 })).code).toBe('http_body_size');
  });

  it('that sends a 10 GB gzip bomb is stopped at the limit, and costs no more memory than that', async () => {
    const zeros = Buffer.alloc(1024 * 1024);
    let produced = 0;
    const url = await serveHttp((_request, response) => {
      response.setHeader('Content-Encoding', 'gzip');
      const gzip = createGzip({ level: 1 });
      gzip.pipe(response);
      response.on('close', () => gzip.destroy());
      const more = () => {
        while (!gzip.destroyed && produced < 10 * 1024) {
          produced++;
          if (!gzip.write(zeros)) return;
        }
        if (!gzip.destroyed && produced >= 10 * 1024) gzip.end();
      };
      gzip.on('drain', more);
      gzip.on('error', () => {});
      more();
    });
    const before = process.memoryUsage().rss;
    const limit = 32 * 1024 * 1024;
    const error = await failure(url, { bodySizeLimitBytes: limit });
    expect(error.code).toBe('http_body_size');
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
    expect(produced).toBeLessThan(1024);
  });

  it.each([
    ['truncated gzip', gzipSync('a 1\n'.repeat(1000)).subarray(0, 20), /compressed body is damaged/],
    ['something else than gzip', Buffer.from('a 1\n'), /compressed body is damaged: incorrect header check/],
  ])('that sends %s', async (_what, bytes, message) => {
    const url = await serveHttp((_request, response) => {
      response.setHeader('Content-Encoding', 'gzip');
      response.end(bytes);
    });
    const error = await failure(url);
    expect(error.code).toBe('http_encoding');
    expect(error.message).toMatch(message);
  });

  it('that uses an encoding we did not ask for', async () => {
    const url = await serveHttp((_request, response) => {
      response.setHeader('Content-Encoding', 'br');
      response.end('x');
    });
    expect((await failure(url)).message).toContain('unsupported Content-Encoding "br"');
  });

  it.each([
    [
      'resets midway',
      'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na 1\n',
      'the connection was lost after 4 bytes of the body',
    ],
    [
      'closes before the last chunk',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\na 1\n\r\n',
      'the connection was lost after 4 bytes of the body',
    ],
    [
      'sends chunked garbage',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nfoo',
      'the body has an invalid chunk',
    ],
    ['speaks another protocol', '220 mail.example ESMTP\r\n', 'the answer is not valid HTTP'],
    [
      'floods with headers',
      `HTTP/1.1 200 OK\r\n${'X-Flood: yes\r\n'.repeat(10_000)}\r\n`,
      'the headers of the answer are too large',
    ],
    ['closes without an answer', '', 'the connection was closed without an answer'],
    [
      'answers 404',
      'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n',
      'server returned HTTP status 404 Not Found',
    ],
    [
      'answers a status with an escape sequence',
      'HTTP/1.1 500 \x1b[31mred\r\n\r\n',
      'server returned HTTP status 500 ?[31mred',
    ],
    [
      'redirects nowhere',
      'HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n',
      'redirect (302) without a Location',
    ],
  ])('that %s', async (_what, answer, reason) => {
    const url = await serveRaw((socket) => socket.end(answer, 'latin1'));
    const error = await failure(url);
    expect(error.message).toContain(`${url}/: ${reason}`);
  });

  it('that resets the connection while we read', async () => {
    const url = await serveRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\na 1\n');
      setTimeout(() => socket.resetAndDestroy(), 50);
    });
    expect((await failure(url)).message).toBe(`${url}/: the connection was lost after 4 bytes of the body`);
  });
});

it('stops as soon as the caller aborts, with the caller’s reason', async () => {
  const url = await serveRaw(() => {});
  const abort = new AbortController();
  const reason = new Error('enough');
  setTimeout(() => abort.abort(reason), 50);
  await expect(get(url, {}, {}, abort.signal)).rejects.toBe(reason);
});

describe('TLS', () => {
  const testdata = join(dirname(fileURLToPath(import.meta.url)), '../../testdata/tls');
  const key = readFileSync(join(testdata, 'key.pem'), 'utf8');
  const cert = readFileSync(join(testdata, 'cert.pem'), 'utf8');

  async function serveTls(requestCert = false): Promise<string> {
    const server = createHttpsServer(
      { key, cert, ca: cert, requestCert, rejectUnauthorized: requestCert },
      (_request, response) => response.end('secure'),
    );
    return `https://127.0.0.1:${await listen(server)}`;
  }

  it('verifies the certificate against the given authority and name', async () => {
    const url = await serveTls();
    expect((await get(url, {}, { tls: { ca: cert, serverName: 'metrics.test' } })).text).toBe('secure');
    expect((await get(url, {}, { tls: { insecure: true } })).text).toBe('secure');
    expect((await failure(url)).message).toBe(`${url}/: TLS: the certificate is self-signed`);
    const wrongName = await failure(url, {}, { tls: { ca: cert } });
    expect(wrongName.message).toContain('TLS: the certificate is for another host');
    expect(wrongName.code).toBe('http_tls');
  });

  it('shows a client certificate', async () => {
    const url = await serveTls(true);
    const tls = { ca: cert, serverName: 'metrics.test' };
    expect((await get(url, {}, { tls: { ...tls, cert, key } })).text).toBe('secure');
    expect((await failure(url, {}, { tls })).code).toMatch(/http_tls|http_reset/);
  });

  it('is told from a target without it', async () => {
    const url = await serveHttp((_request, response) => response.end());
    const error = await failure(url.replace('http:', 'https:'));
    expect(error.message).toContain('TLS: the target does not speak TLS');
  });

  it('goes through a tunnel where the environment names a proxy', async () => {
    const url = await serveTls();
    const asked: string[] = [];
    const proxy = createHttpServer();
    proxy.on('connect', (request, client: Socket) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization']}`);
      const onward = connect(Number(new URL(url).port), '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        onward.pipe(client).pipe(onward);
      });
      for (const socket of [onward, client]) socket.on('error', () => {});
    });
    const proxyEnv = { HTTPS_PROXY: `http://u:p@127.0.0.1:${await listen(proxy)}` };
    // Loopback addresses never go through a proxy, so the target needs a name.
    const named = url.replace('127.0.0.1', 'metrics.test');
    const got = await get(named, {}, { proxyEnv, tls: { ca: cert } });
    expect(got.text).toBe('secure');
    expect(asked).toEqual([
      `metrics.test:${new URL(url).port} Basic ${Buffer.from('u:p').toString('base64')}`,
    ]);
  });
});

describe('content', () => {
  async function echo(status: (path: string) => [number, string?]): Promise<string> {
    return serveHttp((request, response) => {
      const [code, location] = status(request.url!);
      let text = '';
      request.on('data', (piece) => {
        text += piece;
      });
      request.on('end', () => {
        response.writeHead(code, location === undefined ? {} : { Location: location });
        response.end(`${request.method} ${request.headers['content-type']} ${text}`);
      });
    });
  }

  const posted = { content: Buffer.from('a=1'), headers: { 'Content-Type': 'text/x' } };

  it('is posted', async () => {
    const url = await echo(() => [200]);
    expect(await get(url, posted)).toMatchObject({ status: 200, text: 'POST text/x a=1' });
  });

  it('is posted again after a 307, and dropped after a 302', async () => {
    const url = await echo((path) =>
      path === '/old' ? [307, '/new'] : path === '/see' ? [302, '/new'] : [200],
    );
    expect((await get(`${url}/old`, posted)).text).toBe('POST text/x a=1');
    expect((await get(`${url}/see`, posted)).text).toMatch(/^GET /);
  });

  it('of an answer that failed is given to those who want it', async () => {
    const url = await echo(() => [422]);
    expect((await failure(url, posted)).code).toBe('http_status');
    const got = await get(url, { ...posted, accepts: (status) => status === 422 });
    expect(got).toMatchObject({ status: 422, text: 'POST text/x a=1' });
  });
});

describe('a proxy', () => {
  it('is asked for the whole URL', async () => {
    const proxy = await serveHttp((request, response) => {
      response.end(`${request.url} ${request.headers.host} ${request.headers['proxy-authorization']}`);
    });
    const proxyEnv = { http_proxy: proxy.replace('//', '//u:p@') };
    const got = await get('http://metrics.test:9100/metrics', {}, { proxyEnv });
    const basic = Buffer.from('u:p').toString('base64');
    expect(got.text).toBe(`http://metrics.test:9100/metrics metrics.test:9100 Basic ${basic}`);
  });

  it('that is not there, or refuses, is named', async () => {
    const proxy = await serveRaw((socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
    const proxyEnv = { http_proxy: '127.0.0.1:1', https_proxy: proxy };
    const absent = await failure('http://metrics.test/', {}, { proxyEnv });
    expect(absent.message).toBe('http://metrics.test/: the proxy at 127.0.0.1:1: connection refused');
    const refused = await failure('https://metrics.test/', {}, { proxyEnv });
    expect(refused.message).toContain('refused with HTTP status 403');
    expect(refused.code).toBe('http_proxy');
  });
});

it('survives being stopped in the moment an answer ends', async () => {
  const url = await serveHttp((_request, response) => response.end('all of it'));
  const client = new HttpClient({ userAgent: 'tsmon/test', keepAlive: true });
  const request = { url: new URL(url), headers: {}, timeoutMs: 1000, bodySizeLimitBytes: 0 };
  const stopped = new AbortController();
  class Stopping extends BodyBuffer {
    override push(piece: Uint8Array, limitBytes: number): boolean {
      stopped.abort(new Error('enough'));
      return super.push(piece, limitBytes);
    }
  }
  await client.fetch(request, new Stopping(), stopped.signal).catch(() => {});
  // The socket's error, which comes later, must not end the process; the client goes on.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const body = new BodyBuffer();
  await client.fetch(request, body);
  expect(Buffer.from(body.bytes).toString()).toBe('all of it');
  client.close();
});
