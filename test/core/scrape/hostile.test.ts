/** Targets that mean harm, or are broken, beside one that is well: real sockets, and the real database behind them. */
import { createGzip, gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { DEFAULT_HTTP_CLIENT_CONFIG } from '../../../src/core/http/http-config.ts';
import { flood, serveHttp, serveRaw } from '../http/servers.ts';
import { scrapeHostile } from './hostile-stage.ts';

const TEXT = { 'Content-Type': 'text/plain; version=0.0.4' };
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';
/** Those that never get further. */
const SLOW = ['drip', 'silent', 'endless', 'bomb', 'many'];
const YEAR_2090 = 3_786_912_000_000;

async function hostOf(url: Promise<string>): Promise<string> {
  return new URL(await url).host;
}

function body(text: string, headers: Record<string, string> = {}) {
  return hostOf(
    serveHttp((_request, response) => {
      response.writeHead(200, { ...TEXT, ...headers }).end(text);
    }),
  );
}

it('hostile targets fail by themselves, store nothing, and do not keep others waiting', async () => {
  let scrapes = 0;
  const manySeries = () =>
    Array.from({ length: 30_000 }, (_, i) => `new_${scrapes}_${i}{n="${i}"} 1\n`).join('');
  const hosts = {
    good: await body('good 1\n'),
    drip: await hostOf(
      serveRaw((socket) => {
        socket.write(`${HEAD}\r\n`);
        const timer = setInterval(() => socket.write('a'), 20);
        socket.on('close', () => clearInterval(timer));
      }),
    ),
    silent: await hostOf(serveRaw(() => {})),
    endless: await hostOf(
      serveRaw((socket) => {
        socket.write(`${HEAD}\r\n`);
        flood(socket, 'endless{a="b"} 1\n'.repeat(1000));
      }),
    ),
    bomb: await hostOf(
      serveHttp((_request, response) => {
        response
          .writeHead(200, { ...TEXT, 'Content-Encoding': 'gzip' })
          .end(gzipSync(Buffer.alloc(50_000_000, 'bomb 1\n')));
      }),
    ),
    many: await hostOf(
      serveHttp((_request, response) => {
        scrapes++;
        response.writeHead(200, TEXT).end(manySeries());
      }),
    ),
    wrong: await body('# TYPE w counter\nw{} one\n'),
    html: await body('<html>', { 'Content-Type': 'text/html' }),
    future: await body(`future 1 ${YEAR_2090}\n`),
    label: await body(`huge{a="${'x'.repeat(100_000)}"} 1\n`),
    conflict: await body('twice 1\ntwice 2\n# TYPE twice gauge\ntwice{a=""} 3\n'),
    circle: await hostOf(
      serveHttp((_request, response) => {
        response.writeHead(302, { Location: '/metrics' }).end();
      }),
    ),
    local: await hostOf(
      serveHttp((_request, response) => {
        response.writeHead(302, { Location: 'file:///etc/passwd' }).end();
      }),
    ),
  };
  const { errors, series } = await scrapeHostile(
    hosts,
    { bodySizeLimitBytes: 2_000_000, sampleLimit: 1000, labelValueLengthLimit: 1000 },
    SLOW,
    () => scrapes >= 2,
  );
  expect(errors).toEqual({
    good: '',
    drip: expect.stringMatching(/^timed out after 1s/),
    silent: expect.stringMatching(/^timed out after 1s/),
    endless: expect.stringMatching(/^(?:body size limit exceeded|timed out)/),
    bomb: expect.stringMatching(/^(?:body size limit exceeded|timed out)/),
    many: expect.stringMatching(/^(?:sample limit exceeded|timed out)/),
    wrong: expect.stringContaining('one'),
    html: expect.stringContaining('unsupported Content-Type "text/html"'),
    future: '',
    label: expect.stringContaining('label_value_length_limit exceeded'),
    conflict: '',
    circle: expect.stringContaining('redirects'),
    local: expect.stringContaining('redirect to file:///etc/passwd refused'),
  });
  // Five series about each target, and of two what was exposed.
  expect(series).toBe(Object.keys(hosts).length * 5 + 2);
}, 60_000);

it('answers that are no proper ones fail by themselves, and credentials go nowhere else', async () => {
  const raw = (answer: string | Buffer) => hostOf(serveRaw((socket) => socket.end(answer)));
  let stolen: string | undefined = 'nobody came';
  const thief = await serveHttp((request, response) => {
    stolen = request.headers.authorization;
    response.writeHead(200, TEXT).end('stolen 1\n');
  });
  const types = ['text/plain', 'application/openmetrics-text', 'text/html', 'application/json'];
  let answers = 0;
  const hosts = {
    good: await body('good 1\n'),
    endlessGzip: await hostOf(
      serveHttp((_request, response) => {
        response.writeHead(200, { ...TEXT, 'Content-Encoding': 'gzip' });
        const gzip = createGzip({ level: 1 });
        gzip.on('error', () => {}).pipe(response);
        response.on('close', () => gzip.destroy());
        const more = () => {
          while (!gzip.destroyed && gzip.write(Buffer.alloc(1 << 16, 'gzip 1\n')));
        };
        gzip.on('drain', more);
        more();
      }),
    ),
    changing: await hostOf(
      serveHttp((_request, response) => {
        const type = types[answers++ % types.length];
        response.writeHead(200, { 'Content-Type': type }).end('changing 1\n# EOF\n');
      }),
    ),
    redirecting: await hostOf(
      serveHttp((_request, response) => {
        response.writeHead(302, { Location: `${thief}/metrics` }).end();
      }),
    ),
    headers: await hostOf(
      serveRaw((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        flood(socket, 'X-Flood: yes\r\n'.repeat(1000));
      }),
    ),
    midChunk: await raw(`${HEAD}Transfer-Encoding: chunked\r\n\r\nff\r\nmid 1\n`),
    ancient: await raw('ancient 1\n'),
    invalid: await raw(
      Buffer.concat([Buffer.from(`${HEAD}\r\ninvalid{a="`), Buffer.from([0xff]), Buffer.from('"} 1\n')]),
    ),
    huge: await body(`huge{a="${'x'.repeat(20_000_000)}"} 1\n`),
    large: await body(`large{a="${'x'.repeat(2_000_000)}"} 1\n`),
    unfinished: await body(`unfinished{a="${'x'.repeat(1_000_000)}`),
  };
  const { errors, series } = await scrapeHostile(
    hosts,
    {
      bodySizeLimitBytes: 30_000_000,
      labelValueLengthLimit: 1000,
      http: {
        ...DEFAULT_HTTP_CLIENT_CONFIG,
        basicAuth: { username: 'u', usernameFile: '', password: 'p', passwordFile: '' },
      },
    },
    ['endlessGzip', 'headers', 'huge', 'large'],
    () => answers >= 2 * types.length,
  );
  expect(errors).toEqual({
    good: '',
    endlessGzip: expect.stringMatching(/^(?:body size limit exceeded|timed out)/),
    changing: '',
    redirecting: '',
    headers: expect.stringMatching(/^(?:the headers of the answer are too large|timed out)/),
    midChunk: expect.stringContaining('the connection was lost'),
    ancient: expect.stringContaining('the answer is not valid HTTP'),
    invalid: expect.stringContaining('UTF-8'),
    huge: expect.stringMatching(/a line is longer than 16777216 bytes|^timed out/),
    large: expect.stringMatching(/label_value_length_limit exceeded|^timed out/),
    unfinished: expect.stringContaining('quot'),
  });
  expect(stolen).toBeUndefined();
  // Five series about each target, and what the good, the changing and the redirecting one expose.
  expect(series).toBe(Object.keys(hosts).length * 5 + 3);
}, 60_000);

it('a TLS handshake that never ends times out', async () => {
  const host = await hostOf(serveRaw(() => {}));
  const { errors } = await scrapeHostile({ mute: host }, { scheme: 'https' }, ['mute']);
  expect(errors['mute']).toBe('timed out after 1s in the TLS handshake');
}, 60_000);
