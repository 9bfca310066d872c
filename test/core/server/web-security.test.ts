import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectH2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import bcrypt from 'bcryptjs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { TlsServerConfig, WebConfig } from '../../../src/core/config/web-config.ts';
import { PLAIN_WEB, silentLogger, WebSecurity } from '../../../src/core/server/index.ts';
import { MemorySource } from '../../../src/core/source/memory.ts';
import { kept, startTestServer, type TestServer, TLS } from './test-server.ts';

const given = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'testdata', 'tls');
const dir = mkdtempSync(join(tmpdir(), 'tsmon-web-'));
const servers: TestServer[] = [];

afterAll(() => rmSync(dir, { recursive: true }));
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function start(config: Partial<WebConfig>, file = ''): Promise<TestServer> {
  const security = new WebSecurity({ file, load: () => ({ ...PLAIN_WEB, ...config }), logger: silentLogger });
  const server = await startTestServer(kept(new MemorySource()), {}, { security });
  servers.push(server);
  return server;
}

interface Client {
  cert?: string;
  key?: string;
  maxVersion?: 'TLSv1.2' | 'TLSv1.3' | 'TLSv1.1';
  minVersion?: 'TLSv1';
}

/** The status, or the code of what went wrong. */
function overTls({ port }: TestServer, client: Client = {}): Promise<number | string> {
  return new Promise((resolve) => {
    const request = httpsRequest(
      { host: '127.0.0.1', port, path: '/-/healthy', rejectUnauthorized: false, agent: false, ...client },
      (response) => {
        response.resume();
        resolve(response.statusCode!);
      },
    );
    request.on('error', () => resolve('refused'));
    request.end();
  });
}

describe('basic auth', () => {
  const basicAuthUsers = { alice: bcrypt.hashSync('secret', 4) };
  const as = (user: string, password: string) => ({
    authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  });

  it('lets in who has the password, on every path', async () => {
    const { url, log } = await start({ basicAuthUsers });
    const status = async (path: string, headers = {}) => (await fetch(url + path, { headers })).status;
    for (const path of ['/-/healthy', '/api/v1/query?query=1', '/metrics', '/nope']) {
      expect(await status(path), path).toBe(401);
      expect(await status(path, as('alice', 'wrong')), path).toBe(401);
      expect(await status(path, as('bob', 'secret')), path).toBe(401);
      expect(await status(path, as('alice', 'secret')), path).toBe(path === '/nope' ? 404 : 200);
    }
    const refused = await fetch(`${url}/-/healthy`);
    expect(refused.headers.get('www-authenticate')).toBe('Basic');
    expect(log.some(({ reason }) => reason === 'auth')).toBe(true);
  });

  it.each([
    'Basic',
    'Basic !!!',
    'Bearer secret',
    `Basic ${Buffer.from('alice').toString('base64')}`,
    `Basic ${Buffer.from('alice:').toString('base64')}`,
    `Basic ${Buffer.from('__proto__:x').toString('base64')}`,
    `Basic ${Buffer.from('constructor:x').toString('base64')}`,
    `Basic ${Buffer.from('ALICE:secret').toString('base64')}`,
  ])('refuses %s', async (authorization) => {
    const { url } = await start({ basicAuthUsers });
    expect((await fetch(`${url}/-/healthy`, { headers: { authorization } })).status).toBe(401);
  });
});

describe('headers', () => {
  it('are those of web.yml, on good and bad answers', async () => {
    const { url } = await start({ headers: { 'X-Frame-Options': 'deny' } });
    expect((await fetch(`${url}/-/healthy`)).headers.get('x-frame-options')).toBe('deny');
    expect((await fetch(`${url}/nope`)).headers.get('x-frame-options')).toBe('deny');
  });
});

describe('the rate limit', () => {
  it('lets a burst through, and then one in each interval', async () => {
    const rateLimit = { intervalMs: 1000, burst: 3 };
    const security = new WebSecurity({
      file: '',
      load: () => ({ ...PLAIN_WEB, rateLimit }),
      logger: silentLogger,
    });
    const taken = [0, 0, 0, 0, 500, 1100, 1200, 9000, 9000, 9000, 9000].map((now) => security.takeTurn(now));
    expect(taken.map(Number).join('')).toBe('11100101110');
    const { url } = await start({ rateLimit: { intervalMs: 60_000, burst: 1 } });
    expect((await fetch(`${url}/-/healthy`)).status).toBe(200);
    expect((await fetch(`${url}/-/healthy`)).status).toBe(429);
  });
});

describe('TLS', () => {
  const pair = { cert: readFileSync(TLS.certFile, 'utf8'), key: readFileSync(TLS.keyFile, 'utf8') };

  it('serves HTTP/1.1 and HTTP/2', async () => {
    const server = await start({ tls: TLS });
    expect(await overTls(server)).toBe(200);
    const session = connectH2(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false });
    const stream = session.request({ ':path': '/api/v1/query?query=1&time=5', 'accept-encoding': 'gzip' });
    const headers = await new Promise<Record<string, unknown>>((resolve) => stream.once('response', resolve));
    expect([headers[':status'], headers['content-encoding']]).toEqual([200, 'gzip']);
    stream.resume();
    await new Promise((resolve) => stream.once('end', resolve));
    session.close();
  });

  it('speaks no version that is too old', async () => {
    const server = await start({ tls: { ...TLS, minVersion: 'TLS13' } });
    expect(await overTls(server, { maxVersion: 'TLSv1.2' })).toBe('refused');
    expect(await overTls(server, { maxVersion: 'TLSv1.3' })).toBe(200);
  });

  it.each([
    ['NoClientCert', 200, 200],
    ['RequestClientCert', 200, 200],
    ['RequireAnyClientCert', 'refused', 200],
    ['VerifyClientCertIfGiven', 200, 200],
    ['RequireAndVerifyClientCert', 'refused', 200],
  ] as const)('asks clients for certificates: %s', async (clientAuthType, without, withOne) => {
    // The certificate vouches for itself.
    const clientCaFile = clientAuthType.includes('Verify') ? TLS.certFile : '';
    const server = await start({ tls: { ...TLS, clientAuthType, clientCaFile } });
    expect(await overTls(server)).toBe(without);
    expect(await overTls(server, pair)).toBe(withOne);
  });

  it('has room for so many', async () => {
    const security = new WebSecurity({
      file: '',
      load: () => ({ ...PLAIN_WEB, tls: TLS }),
      logger: silentLogger,
    });
    const server = await startTestServer(kept(new MemorySource()), {}, { security, maxConnections: 1 });
    servers.push(server);
    const first = connectH2(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false });
    await new Promise((resolve) => first.once('connect', resolve));
    expect(await overTls(server)).toBe('refused');
    await new Promise<void>((resolve) => first.close(resolve));
    await sleep(50);
    expect(await overTls(server)).toBe(200);
  });

  it('wants one of the names that are allowed', async () => {
    const tls: TlsServerConfig = { ...TLS, clientAuthType: 'RequireAnyClientCert' };
    expect(await overTls(await start({ tls: { ...tls, clientAllowedSans: ['nobody'] } }), pair)).toBe(
      'refused',
    );
  });

  it('takes a new certificate, and not a bad one', async () => {
    for (const name of ['cert.pem', 'key.pem']) cpSync(join(given, name), join(dir, name));
    const tls = { ...TLS, certFile: join(dir, 'cert.pem'), keyFile: join(dir, 'key.pem') };
    const errors: string[] = [];
    const logger = { ...silentLogger, error: (message: string) => errors.push(message) };
    const security = new WebSecurity({ file: '', load: () => ({ ...PLAIN_WEB, tls }), logger });
    const taken: unknown[] = [];
    security.look((options) => taken.push(options));
    expect(taken).toHaveLength(0);
    writeFileSync(tls.certFile, 'no certificate');
    security.look((options) => taken.push(options));
    expect([taken.length, errors.length]).toEqual([0, 1]);
    writeFileSync(tls.certFile, `${readFileSync(TLS.certFile, 'utf8')}\n`);
    security.look((options) => taken.push(options));
    expect(taken).toHaveLength(1);
  });

  it('is not made with files that are no good', () => {
    const load = () => ({ ...PLAIN_WEB, tls: { ...TLS, certFile: join(dir, 'nope.pem') } });
    expect(() => new WebSecurity({ file: '', load, logger: silentLogger })).toThrow(/nope\.pem/);
  });
});
