import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { resolveAccess } from '../../../src/core/discovery/kubernetes/access.ts';
import { DEFAULT_HTTP_CLIENT_CONFIG } from '../../../src/core/http/http-config.ts';

const dir = mkdtempSync(join(tmpdir(), 'tsmon-kube-'));
afterAll(() => rmSync(dir, { recursive: true }));

const NOTHING = {
  apiServer: '',
  kubeconfigFile: '',
  http: DEFAULT_HTTP_CLIENT_CONFIG,
  namespaces: { ownNamespace: false, names: [] },
};

describe('inside a cluster', () => {
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };

  it('uses the service account of the pod', async () => {
    writeFileSync(join(dir, 'namespace'), 'mine\n');
    const namespaces = { ownNamespace: true, names: ['a', 'mine'] };
    const access = await resolveAccess({ ...NOTHING, namespaces }, env, dir);
    expect(access.server.href).toBe('https://[fd00::1]/');
    expect(access.http.authorization?.credentialsFile).toBe(join(dir, 'token'));
    expect(access.http.tlsConfig.caFile).toBe(join(dir, 'ca.crt'));
    expect(access.namespaces).toEqual(['a', 'mine']);
  });

  it('says so where it is not in one', async () => {
    await expect(resolveAccess(NOTHING, {}, dir)).rejects.toThrow('this is not inside a cluster');
    const namespaces = { ownNamespace: true, names: [] };
    await expect(resolveAccess({ ...NOTHING, namespaces }, env, join(dir, 'none'))).rejects.toThrow(
      'cannot tell the own namespace',
    );
  });
});

it('keeps the path of an API server behind a proxy', async () => {
  const access = await resolveAccess({ ...NOTHING, apiServer: 'https://rancher/k8s/clusters/c1' }, {}, dir);
  expect(new URL('api/v1/pods', access.server).href).toBe('https://rancher/k8s/clusters/c1/api/v1/pods');
});

describe('a kubeconfig file', () => {
  function write(user: object, cluster: object = {}, more: object = {}): string {
    const file = join(dir, 'kubeconfig');
    writeFileSync(
      file,
      stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'ctx',
        contexts: [
          { name: 'other', context: { cluster: 'x', user: 'y' } },
          { name: 'ctx', context: { cluster: 'c', user: 'u' } },
        ],
        clusters: [{ name: 'c', cluster: { server: 'https://api:6443', ...cluster } }],
        users: [{ name: 'u', user }],
        ...more,
      }),
    );
    return file;
  }
  const read = (file: string) => resolveAccess({ ...NOTHING, kubeconfigFile: file }, {}, dir);

  it.each<[string, object, object]>([
    ['a token', { token: 'T' }, { authorization: { type: 'Bearer', credentials: 'T', credentialsFile: '' } }],
    [
      'a token file, which counts first',
      { token: 'T', tokenFile: 'tok' },
      { authorization: { type: 'Bearer', credentials: '', credentialsFile: join(dir, 'tok') } },
    ],
    [
      'a name and a password',
      { username: 'n', password: 'p' },
      { basicAuth: { username: 'n', usernameFile: '', password: 'p', passwordFile: '' } },
    ],
  ])('with %s', async (_what, user, expected) => {
    const { server, http } = await read(write(user));
    expect(server.href).toBe('https://api:6443/');
    expect(http).toMatchObject(expected);
  });

  it('with certificates inline and in files beside it', async () => {
    const data = (text: string) => Buffer.from(text).toString('base64');
    const { http } = await read(
      write(
        { 'client-certificate-data': data('CERT'), 'client-certificate': 'unused', 'client-key': 'key.pem' },
        {
          'certificate-authority-data': data('CA'),
          'tls-server-name': 'inner',
          'insecure-skip-tls-verify': true,
          'proxy-url': 'http://proxy:1',
        },
      ),
    );
    expect(http.proxyUrl).toBe('http://proxy:1');
    expect(http.tlsConfig).toMatchObject({
      ca: 'CA',
      cert: 'CERT',
      certFile: '',
      keyFile: join(dir, 'key.pem'),
      serverName: 'inner',
      insecureSkipVerify: true,
    });
  });

  it.each(['exec', 'auth-provider'])('refuses to run programs (%s)', async (key) => {
    const file = write({ [key]: { command: 'aws' } });
    await expect(read(file)).rejects.toThrow(
      `gets its credentials from a program (${key}), which is not run`,
    );
  });

  it('refuses one that leads nowhere', async () => {
    await expect(read(write({}, {}, { 'current-context': 'gone' }))).rejects.toThrow(
      'there is no context "gone"',
    );
    await expect(read(write({}, { server: '' }))).rejects.toThrow('the cluster\'s server "" is not a URL');
    await expect(read(join(dir, 'absent'))).rejects.toThrow('ENOENT');
    writeFileSync(join(dir, 'broken'), '{');
    await expect(read(join(dir, 'broken'))).rejects.toThrow(join(dir, 'broken'));
  });
});
