/** HTTP/2: the limits and the guards that HTTP/1.1 has hold there, too. */
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import bcrypt from 'bcryptjs';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebConfig } from '../../../src/core/config/web-config.ts';
import {
  PLAIN_WEB,
  type QueryRunner,
  type ServerParts,
  type ServerSettings,
  silentLogger,
  WebSecurity,
} from '../../../src/core/server/index.ts';
import { MemorySource } from '../../../src/core/source/memory.ts';
import { kept, NO_STATS, startTestServer, TLS } from './test-server.ts';

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function client(
  config: Partial<WebConfig> = {},
  parts: Partial<ServerParts> = {},
  settings: Partial<ServerSettings> = {},
): Promise<ClientHttp2Session> {
  const security = new WebSecurity({
    file: '',
    load: () => ({ ...PLAIN_WEB, tls: TLS, ...config }),
    logger: silentLogger,
  });
  const server = await startTestServer(kept(new MemorySource()), parts, { security, ...settings });
  const session = connect(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false });
  session.on('error', () => {});
  endings.push(
    () => server.close(),
    () => session.destroy(),
  );
  return session;
}

interface Answer {
  status: number | undefined;
  headers: Record<string, unknown>;
  text: string;
}

/** The answer; without a status where the stream ended without one. */
function ask(session: ClientHttp2Session, headers: Record<string, string>, body?: string): Promise<Answer> {
  return new Promise((resolve) => {
    const stream = session.request(headers, { endStream: body === undefined });
    const answer: Answer = { status: undefined, headers: {}, text: '' };
    stream.on('response', (got) => {
      answer.status = got[':status'];
      answer.headers = got;
    });
    stream.on('data', (bytes) => {
      answer.text += String(bytes);
    });
    stream.on('error', () => {});
    stream.on('close', () => resolve(answer));
    if (body !== undefined) stream.end(body);
  });
}

describe('HTTP/2', () => {
  it('asks every stream who it is', async () => {
    const session = await client({ basicAuthUsers: { alice: bcrypt.hashSync('secret', 4) } });
    const authorization = `Basic ${Buffer.from('alice:secret').toString('base64')}`;
    const answers = await Promise.all([
      ask(session, { ':path': '/-/healthy', authorization }),
      ask(session, { ':path': '/-/healthy' }),
      ask(session, { ':path': '/metrics' }),
      ask(session, { ':path': '/-/healthy', ':authority': 'alice:secret@127.0.0.1' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 401, 401]);
  });

  it('takes no path for what it is not', async () => {
    const session = await client();
    for (const path of ['/../x', '//x', '/%2e%2e/x', '/a/./b'])
      expect((await ask(session, { ':path': path })).status, path).toBe(301);
    for (const path of ['*', 'x', '/a b', '/%zz', '/%0d%0aset-cookie:a', 'file:///etc/passwd']) {
      const { status, headers } = await ask(session, { ':path': path });
      expect([400, undefined], path).toContain(status);
      expect(headers).not.toHaveProperty('set-cookie');
    }
    expect((await ask(session, { ':path': '/-/healthy' })).status).toBe(200);
  });

  it('has as many streams at a time as it says', async () => {
    const session = await client();
    if (session.remoteSettings.maxConcurrentStreams === undefined)
      await new Promise((resolve) => session.once('remoteSettings', resolve));
    expect(session.remoteSettings.maxConcurrentStreams).toBe(100);
  });

  it('ends a request that does not come in, and not one whose answer takes long', async () => {
    const slow: QueryRunner = {
      run: async () => {
        await sleep(1500);
        return { result: [Buffer.from('{}')], stats: NO_STATS };
      },
    };
    const session = await client({}, { runner: slow }, { readTimeoutMs: 500 });
    const never = new Promise<number>((resolve) => {
      const type = { 'content-type': 'application/x-www-form-urlencoded' };
      const stream = session.request({ ':method': 'POST', ':path': '/api/v1/query', ...type });
      stream.resume();
      stream.on('error', () => {});
      stream.on('close', () => resolve(stream.rstCode));
      stream.write('query=');
    });
    const answer = ask(session, { ':path': '/api/v1/query?query=1' });
    expect(await never).toBe(constants.NGHTTP2_CANCEL);
    expect((await answer).status).toBe(200);
    // What is idle goes.
    await new Promise((resolve) => session.once('close', resolve));
  });
});
