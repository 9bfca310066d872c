/** TLS as web.yml sets it, by `tsmon serve` and by the real Prometheus: who is let in, and by which protocol. */
import { spawn } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { dirname, join } from 'node:path';
import { type ConnectionOptions, connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished, vi } from 'vitest';
import { directory, RunningServer } from '../commands/serve/running.ts';
import { describeWith, peer } from '../peers.ts';
import { freePort } from './prometheus.ts';

const certificates = join(dirname(fileURLToPath(import.meta.url)), '..', 'testdata', 'tls');
const pair = (prefix: string) => ({
  cert: readFileSync(join(certificates, `${prefix}cert.pem`)),
  key: readFileSync(join(certificates, `${prefix}key.pem`)),
});

const CLIENTS: Readonly<Record<string, ConnectionOptions>> = {
  'without a certificate': {},
  'with the one that is known': pair(''),
  'with another': pair('other-'),
};

/** Whether a client gets an answer. */
function isServed(port: number, client: ConnectionOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, path: '/-/healthy', rejectUnauthorized: false, agent: false };
    request({ ...options, ...client }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode === 200));
    })
      .on('error', () => resolve(false))
      .end();
  });
}

function protocolOf(port: number, offered: string[], versions: ConnectionOptions = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(
      { host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: offered, ...versions },
      () => {
        resolve(`${socket.getProtocol()} ${socket.alpnProtocol}`);
        socket.destroy();
      },
    );
    socket.on('error', () => resolve('refused'));
  });
}

/** The ports of both servers with one web.yml, when they answer or refuse to. */
async function both(webConfig: string): Promise<number[]> {
  const dir = directory({ 'prometheus.yml': '', 'web.yml': webConfig });
  for (const name of ['cert.pem', 'key.pem']) cpSync(join(certificates, name), join(dir, name));
  const server = new RunningServer(dir, ['--web.config.file=web.yml']);
  const real = await freePort();
  const child = spawn(
    peer('prometheus')!,
    [
      '--config.file=prometheus.yml',
      '--web.config.file=web.yml',
      '--storage.tsdb.path=real',
      `--web.listen-address=127.0.0.1:${real}`,
    ],
    { cwd: dir, stdio: 'ignore' },
  );
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return vi.waitFor(
    async () => {
      const ours = Number(/ address=\S+:(\d+)/.exec(server.log.join('\n'))?.[1]);
      expect(ours).toBeGreaterThan(0);
      for (const port of [ours, real]) expect(await protocolOf(port, [], pair(''))).not.toBe('refused');
      return [ours, real];
    },
    { timeout: 30_000, interval: 100 },
  );
}

const PAIR = 'cert_file: cert.pem, key_file: key.pem';

describeWith('TLS beside Prometheus', { prometheus: peer('prometheus') }, () => {
  it.each([
    ['NoClientCert', ''],
    ['RequestClientCert', ''],
    ['RequireAnyClientCert', ''],
    ['VerifyClientCertIfGiven', 'client_ca_file: cert.pem'],
    ['RequireAndVerifyClientCert', 'client_ca_file: cert.pem'],
    ['RequireAndVerifyClientCert', 'client_ca_file: cert.pem, client_allowed_sans: [nobody]'],
    ['RequireAndVerifyClientCert', 'client_ca_file: cert.pem, client_allowed_sans: [nobody, metrics.test]'],
  ])('%s lets in the same clients (%s)', async (type, more) => {
    const settings = [PAIR, `client_auth_type: ${type}`, more].filter(Boolean).join(', ');
    const ports = await both(`tls_server_config: {${settings}}\n`);
    const outcomes = await Promise.all(
      ports.map(async (port) => {
        const served: Record<string, boolean> = {};
        for (const [name, client] of Object.entries(CLIENTS)) served[name] = await isServed(port, client);
        return served;
      }),
    );
    expect(outcomes[0]).toEqual(outcomes[1]);
  });

  it.each([
    ['by itself', ''],
    ['TLS 1.2 at most', ', max_version: TLS12'],
    ['TLS 1.3 at least', ', min_version: TLS13'],
    ['one suite', ', max_version: TLS12, cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]'],
  ])('takes the same handshakes: %s', async (_, tls) => {
    const [ours, real] = await both(`tls_server_config: {${PAIR}${tls}}\n`);
    const outcome = (port: number) =>
      Promise.all([
        protocolOf(port, []),
        protocolOf(port, [], { minVersion: 'TLSv1.3' }),
        protocolOf(port, [], { maxVersion: 'TLSv1.2' }),
        protocolOf(port, [], { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }),
        protocolOf(port, [], { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
      ]);
    expect(await outcome(ours)).toEqual(await outcome(real));
  });
});

it.each([
  ['', 'TLSv1.3 h2', 'TLSv1.2 h2'],
  ['http_server_config: {http2: false}', 'TLSv1.3 http/1.1', 'refused'],
])('offers HTTP/2 unless it is told not to (%s)', async (more, any, h2) => {
  const dir = directory({ 'prometheus.yml': '', 'web.yml': `tls_server_config: {${PAIR}}\n${more}\n` });
  for (const name of ['cert.pem', 'key.pem']) cpSync(join(certificates, name), join(dir, name));
  const server = new RunningServer(dir, ['--web.config.file=web.yml']);
  const port = await vi.waitFor(
    () => {
      const found = Number(/ address=\S+:(\d+)/.exec(server.log.join('\n'))?.[1]);
      expect(found).toBeGreaterThan(0);
      return found;
    },
    { timeout: 20_000 },
  );
  expect(await protocolOf(port, ['h2', 'http/1.1'])).toBe(any);
  expect(await protocolOf(port, ['http/1.1'])).toBe('TLSv1.3 http/1.1');
  expect(await protocolOf(port, ['h2'], { maxVersion: 'TLSv1.2' })).toBe(h2);
});
