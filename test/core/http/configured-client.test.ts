import { createVerify, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer, type ServerOptions } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Clock } from '../../../src/core/clock.ts';
import { BodyBuffer } from '../../../src/core/http/body.ts';
import { openHttpClient } from '../../../src/core/http/configured-client.ts';
import {
  DEFAULT_HTTP_CLIENT_CONFIG,
  DEFAULT_TLS_CONFIG,
  type HttpClientConfig,
  JWT_BEARER_GRANT,
  NO_PROXY,
  type OAuth2Config,
} from '../../../src/core/http/http-config.ts';
import { listen, serveHttp } from './servers.ts';

const folder = mkdtempSync(join(tmpdir(), 'tsmon-http-'));
const testdata = join(dirname(fileURLToPath(import.meta.url)), '../../testdata/tls');

let age = 0;
/** Writes a file; each time its change is visible however coarse the clock of the file system. */
function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  age++;
  utimesSync(path, new Date(1_700_000_000_000 + age * 1000), new Date(1_700_000_000_000 + age * 1000));
  return path;
}

/** A server that remembers what it was asked with. */
async function witness(): Promise<{ url: string; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const url = await serveHttp((request, response) => {
    seen.push(request);
    response.end('ok');
  });
  return { url, seen };
}

function open(config: Partial<HttpClientConfig>, clock?: Clock, env: Record<string, string> = {}) {
  const client = openHttpClient(
    { ...DEFAULT_HTTP_CLIENT_CONFIG, ...config },
    { userAgent: 'tsmon/test', clock, env },
  );
  onTestFinished(() => client.close());
  return async (url: string) => {
    const body = new BodyBuffer();
    const request = { url: new URL(url), headers: {}, timeoutMs: 20_000, bodySizeLimitBytes: 0 };
    await client.fetch(request, body);
    return Buffer.from(body.bytes).toString();
  };
}

describe('credentials', () => {
  it('a password file is read again when it changes', async () => {
    const { url, seen } = await witness();
    const passwordFile = write('password', 'first\n');
    const basicAuth = { username: 'me', usernameFile: '', password: '', passwordFile };
    const get = open({ basicAuth });
    await get(url);
    write('password', 'second');
    await get(url);
    const expected = ['me:first', 'me:second'].map((pair) => `Basic ${Buffer.from(pair).toString('base64')}`);
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(expected);
  });

  it('a token of any type, and one from a file', async () => {
    const { url, seen } = await witness();
    await open({ authorization: { type: 'Token', credentials: 'abc', credentialsFile: '' } })(url);
    const credentialsFile = write('token', 'xyz\n');
    await open({ authorization: { type: 'Bearer', credentials: '', credentialsFile } })(url);
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Token abc', 'Bearer xyz']);
  });

  it('a file that is missing is told of by its name', async () => {
    const { url } = await witness();
    const credentialsFile = join(folder, 'missing');
    const get = open({ authorization: { type: 'Bearer', credentials: '', credentialsFile } });
    await expect(get(url)).rejects.toThrow(/missing.*unable to read file/);
  });

  it('own headers, of values, secrets and files', async () => {
    const { url, seen } = await witness();
    const files = [write('header', 'c\n')];
    const get = open({ httpHeaders: { 'X-Scope': { values: ['a'], secrets: ['b'], files } } });
    await get(url);
    expect(seen[0].headers['x-scope']).toBe('a, b, c');
  });
});

const OAUTH2: OAuth2Config = {
  ...NO_PROXY,
  clientId: 'id',
  clientSecret: 's e:cret',
  clientSecretFile: '',
  clientCertificateKey: '',
  clientCertificateKeyFile: '',
  clientCertificateKeyId: '',
  grantType: '',
  signatureAlgorithm: '',
  iss: '',
  audience: '',
  claims: {},
  scopes: ['x', 'y'],
  tokenUrl: '',
  endpointParams: { tenant: 't' },
  tlsConfig: DEFAULT_TLS_CONFIG,
};

/** A token server; `accepts` says which requests get a token. */
async function tokenServer(
  accepts: (form: URLSearchParams, request: IncomingMessage) => boolean,
): Promise<{ url: string; forms: URLSearchParams[] }> {
  const forms: URLSearchParams[] = [];
  const url = await serveHttp((request, response) => {
    let text = '';
    request.on('data', (piece) => {
      text += piece;
    });
    request.on('end', () => {
      const form = new URLSearchParams(text);
      forms.push(form);
      response.statusCode = accepts(form, request) ? 200 : 401;
      const token = { access_token: `token${forms.length}`, token_type: 'bearer', expires_in: 60 };
      response.end(JSON.stringify(response.statusCode === 200 ? token : { error: 'invalid_client' }));
    });
  });
  return { url, forms };
}

function manualClock(): Clock & { ms: number } {
  return {
    ms: 0,
    now: () => 1_700_000_000_000,
    monotonic() {
      return this.ms;
    },
    sleep: () => Promise.resolve(),
  };
}

describe('OAuth 2', () => {
  it('one token serves many requests, until shortly before its end', async () => {
    const { url, seen } = await witness();
    const secret = Buffer.from('id:s+e%3Acret').toString('base64');
    const tokens = await tokenServer((_, request) => request.headers.authorization === `Basic ${secret}`);
    const clock = manualClock();
    const get = open({ oauth2: { ...OAUTH2, tokenUrl: tokens.url } }, clock);
    await Promise.all([get(url), get(url), get(url)]);
    clock.ms = 49_000;
    await get(url);
    clock.ms = 51_000;
    await get(url);
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([
      ...Array(4).fill('Bearer token1'),
      'Bearer token2',
    ]);
    expect(Object.fromEntries(tokens.forms[0])).toEqual({
      grant_type: 'client_credentials',
      scope: 'x y',
      tenant: 't',
    });
  });

  it('a server that takes the secret only among the parameters is remembered', async () => {
    const { url, seen } = await witness();
    const tokens = await tokenServer((form) => form.get('client_secret') === 's e:cret');
    const clock = manualClock();
    const get = open({ oauth2: { ...OAUTH2, tokenUrl: tokens.url } }, clock);
    await get(url);
    clock.ms = 100_000;
    await get(url);
    expect(tokens.forms.map((form) => form.has('client_secret'))).toEqual([false, true, true]);
    expect(seen).toHaveLength(2);
  });

  it("a refusal is the request's failure, in the server's words", async () => {
    const { url } = await witness();
    const tokens = await tokenServer(() => false);
    const get = open({ oauth2: { ...OAUTH2, tokenUrl: tokens.url } });
    await expect(get(url)).rejects.toThrow('cannot fetch token: invalid_client');
  });

  it('a signed assertion, for the JWT bearer grant', async () => {
    const { url, seen } = await witness();
    const tokens = await tokenServer((form) => form.get('grant_type') === JWT_BEARER_GRANT);
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const clientCertificateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const oauth2 = {
      ...OAUTH2,
      tokenUrl: tokens.url,
      grantType: JWT_BEARER_GRANT,
      clientCertificateKey,
      clientCertificateKeyId: 'kid',
      signatureAlgorithm: 'RS512',
      claims: { extra: 'z' },
      audience: 'aud',
    };
    await open({ oauth2 }, manualClock())(url);
    expect(seen[0].headers.authorization).toBe('Bearer token1');
    const [header, claims, signature] = tokens.forms[0].get('assertion')!.split('.');
    const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(decode(header)).toEqual({ alg: 'RS512', typ: 'JWT', kid: 'kid' });
    expect(decode(claims)).toEqual({
      iss: 'id',
      sub: 'id',
      aud: 'aud',
      iat: 1_699_999_990,
      exp: 1_700_003_590,
      scope: 'x y',
      extra: 'z',
    });
    const verify = createVerify('RSA-SHA512').update(`${header}.${claims}`);
    expect(verify.verify(pair.publicKey, signature, 'base64url')).toBe(true);
  });
});

describe('TLS', () => {
  const cert = readFileSync(join(testdata, 'cert.pem'), 'utf8');
  const key = readFileSync(join(testdata, 'key.pem'), 'utf8');

  async function secureServer(options: ServerOptions = {}): Promise<string> {
    const server = createServer({ cert, key, ...options }, (_, response) => response.end('ok'));
    return `https://localhost:${await listen(server)}/`;
  }

  it('an authority from a file that is renewed counts from the next request on', async () => {
    const url = await secureServer();
    const caFile = write('ca.pem', '');
    const get = open({ tlsConfig: { ...DEFAULT_TLS_CONFIG, caFile, serverName: 'metrics.test' } });
    await expect(get(url)).rejects.toThrow('TLS: ');
    write('ca.pem', cert);
    expect(await get(url)).toBe('ok');
  });

  it('a client certificate, from files', async () => {
    const url = await secureServer({ requestCert: true, ca: cert, rejectUnauthorized: true });
    const tls = { ...DEFAULT_TLS_CONFIG, insecureSkipVerify: true };
    await expect(open({ tlsConfig: tls })(url)).rejects.toThrow();
    const files = { certFile: write('cert.pem', cert), keyFile: write('key.pem', key) };
    expect(await open({ tlsConfig: { ...tls, ...files } })(url)).toBe('ok');
  });

  it('no older version than is allowed', async () => {
    const url = await secureServer({ maxVersion: 'TLSv1.2' });
    const tls = { ...DEFAULT_TLS_CONFIG, insecureSkipVerify: true };
    expect(await open({ tlsConfig: tls })(url)).toBe('ok');
    await expect(open({ tlsConfig: { ...tls, minVersion: 'TLS13' } })(url)).rejects.toThrow('TLS');
  });

  it('no newer version than is allowed', async () => {
    const url = await secureServer({ minVersion: 'TLSv1.3' });
    const tls = { ...DEFAULT_TLS_CONFIG, insecureSkipVerify: true };
    expect(await open({ tlsConfig: tls })(url)).toBe('ok');
    await expect(open({ tlsConfig: { ...tls, maxVersion: 'TLS12' } })(url)).rejects.toThrow('TLS');
  });

  it.each([true, false])('HTTP/1.1, whatever enable_http2 says (%s)', async (enableHttp2) => {
    const spoken: (string | false | null)[] = [];
    const server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
      spoken.push(request.httpVersion);
      response.end('ok');
    });
    const url = `https://localhost:${await listen(server)}/`;
    const tlsConfig = { ...DEFAULT_TLS_CONFIG, insecureSkipVerify: true };
    expect(await open({ tlsConfig, enableHttp2 })(url)).toBe('ok');
    expect(spoken).toEqual(['1.1']);
  });
});

describe('proxies', () => {
  it('everything goes through proxy_url, loopback too, but for what no_proxy names', async () => {
    const { url, seen } = await witness();
    const proxy = await witness();
    expect(await open({ proxyUrl: proxy.url })(url)).toBe('ok');
    expect(proxy.seen[0].url).toBe(`${url}/`);
    expect(seen).toHaveLength(0);
    await open({ proxyUrl: proxy.url, noProxy: '127.0.0.1' })(url);
    expect(seen).toHaveLength(1);
  });

  it('a tunnel to a target with TLS is asked for with headers of its own', async () => {
    const server = createServer(
      { cert: readFileSync(join(testdata, 'cert.pem')), key: readFileSync(join(testdata, 'key.pem')) },
      (request, response) => response.end(`ok ${request.headers['x-tunnel']}`),
    );
    const port = await listen(server);
    const proxy = createHttpServer();
    const asked: (string | undefined)[] = [];
    proxy.on('connect', (request, client: Socket) => {
      asked.push(request.url, request.headers['x-tunnel'] as string);
      const onward = connect(port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(client).pipe(onward);
      });
      for (const socket of [onward, client]) socket.on('error', () => {});
    });
    const get = open({
      proxyUrl: `http://127.0.0.1:${await listen(proxy)}`,
      proxyConnectHeader: { 'X-Tunnel': ['a', 'b'] },
      tlsConfig: { ...DEFAULT_TLS_CONFIG, insecureSkipVerify: true },
    });
    expect(await get(`https://metrics.test:${port}/`)).toBe('ok undefined');
    expect(asked).toEqual([`metrics.test:${port}`, 'a, b']);
  });

  it('that of the environment, where that is asked for', async () => {
    const proxy = await witness();
    const env = { HTTP_PROXY: proxy.url, NO_PROXY: 'direct.invalid' };
    const get = open({ proxyFromEnvironment: true }, undefined, env);
    expect(await get('http://metrics.test:9/x')).toBe('ok');
    expect(proxy.seen[0].url).toBe('http://metrics.test:9/x');
    await expect(get('http://direct.invalid/')).rejects.toThrow();
    await expect(open({}, undefined, env)('http://metrics.invalid/')).rejects.toThrow();
    expect(proxy.seen).toHaveLength(1);
  });

  it('redirects are not followed where they are off', async () => {
    const { url } = await witness();
    const from = await serveHttp((_, response) => response.writeHead(302, { Location: url }).end());
    expect(await open({})(from)).toBe('ok');
    await expect(open({ followRedirects: false })(from)).rejects.toThrow('302');
  });
});
