import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { withSlash } from '../../../src/core/discovery/kubernetes/api-server.ts';
import { KubernetesDiscoverer, openKubernetes } from '../../../src/core/discovery/kubernetes/index.ts';
import type { KubernetesDiscoveryConfig } from '../../../src/core/discovery/sd-config.ts';
import { DEFAULT_HTTP_CLIENT_CONFIG } from '../../../src/core/http/http-config.ts';
import { serveHttp } from '../http/servers.ts';
import { cluster, endpoints, node, pod, podRef, service } from './kube-objects.ts';
import { type KubeObject, KubeServer } from './kube-server.ts';
import { fastClock, Running, testResources } from './running.ts';

const ATTACHED = { node: false, namespace: false, deployment: false, job: false, cronjob: false };
const SETTINGS: KubernetesDiscoveryConfig = {
  mechanism: 'kubernetes',
  apiServer: '',
  role: 'pod',
  kubeconfigFile: '',
  namespaces: { ownNamespace: false, names: [] },
  selectors: [],
  attachMetadata: ATTACHED,
  http: DEFAULT_HTTP_CLIENT_CONFIG,
};

async function started(
  server: KubeServer,
  more: Partial<KubernetesDiscoveryConfig> = {},
  namespaces: readonly string[] = [],
) {
  const url = await serveHttp(server.listener);
  const access = { server: withSlash(url), http: DEFAULT_HTTP_CLIENT_CONFIG, namespaces };
  const client = testResources().openClient(access.http);
  const discoverer = new KubernetesDiscoverer({ ...SETTINGS, ...more }, access, client);
  return new Running(discoverer, fastClock(100));
}

const names = (running: Running) => running.values('__meta_kubernetes_pod_name');

describe('openKubernetes', () => {
  it('finds its way by a kubeconfig file, and proves who it is with the token there as it is now', async () => {
    const server = new KubeServer();
    server.put(pod('one', '10.0.0.1'));
    const url = await serveHttp(server.listener);
    const dir = mkdtempSync(join(tmpdir(), 'tsmon-kubeconfig-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const file = join(dir, 'config');
    writeFileSync(join(dir, 'token'), 'first\n');
    writeFileSync(
      file,
      JSON.stringify({
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
        clusters: [{ name: 'c', cluster: { server: url } }],
        users: [{ name: 'u', user: { tokenFile: 'token' } }],
      }),
    );
    const discoverer = await openKubernetes({ ...SETTINGS, kubeconfigFile: file }, testResources());
    const running = new Running(discoverer, fastClock(100));
    await vi.waitFor(() => expect(server.openWatches).toBe(1));
    expect([...server.authorizations]).toEqual(['Bearer first']);
    writeFileSync(join(dir, 'token'), 'renewed');
    server.cut();
    await vi.waitFor(() => expect([...server.authorizations]).toEqual(['Bearer first', 'Bearer renewed']));
    expect(names(running)).toEqual(['one']);
  });
});

describe('KubernetesDiscoverer', () => {
  it('lists in pages, then hears of every change', async () => {
    const server = new KubeServer();
    server.pageSize = 3;
    for (let i = 0; i < 10; i++) server.put(pod(`p${i}`, `10.0.0.${i}`));
    const running = await started(server);
    await vi.waitFor(() => expect(names(running)).toHaveLength(10));
    expect(running.updates).toBe(1);
    expect(server.requests.filter((request) => request === 'list pods')).toHaveLength(4);
    await vi.waitFor(() => expect(server.openWatches).toBe(1));

    server.put(pod('new', '10.0.1.1'));
    await vi.waitFor(() => expect(names(running)).toContain('new'));
    server.put(pod('new', ''));
    await vi.waitFor(() => expect(names(running)).not.toContain('new'));
    server.put(pod('new', '10.0.1.2'));
    await vi.waitFor(() => expect(running.values('__meta_kubernetes_pod_ip')).toContain('10.0.1.2'));
    server.remove('Pod', 'new', 'shop');
    await vi.waitFor(() => expect(names(running)).toHaveLength(10));
    expect(running.counts).toEqual({
      // Pages of the list, and the watch.
      'kubernetesRequests 200': 5,
      'kubernetesEvents pod add': 11,
      'kubernetesEvents pod update': 2,
      'kubernetesEvents pod delete': 1,
    });
    expect(running.failures).toEqual([]);
  });

  it('goes on where a watch was cut or ended, and misses nothing in between', async () => {
    const server = new KubeServer();
    server.put(pod('one', '10.0.0.1'), pod('two', '10.0.0.2'));
    const running = await started(server);
    for (const end of [() => server.cut(), () => server.endWatches()]) {
      await vi.waitFor(() => expect(server.openWatches).toBe(1));
      end();
      server.put(pod('three', '10.0.0.3'));
      server.remove('Pod', 'two', 'shop');
      await vi.waitFor(() => expect(names(running)).toEqual(['one', 'three']));
      await vi.waitFor(() => expect(server.openWatches).toBe(1));
      server.put(pod('two', '10.0.0.2'));
      server.remove('Pod', 'three', 'shop');
      await vi.waitFor(() => expect(names(running)).toEqual(['one', 'two']));
    }
    expect(server.requests.filter((request) => request.startsWith('list'))).toHaveLength(1);
    expect(running.least).toBeGreaterThan(0);
    expect(running.failures).toEqual([]);
  });

  it('begins a watch at the last bookmark', async () => {
    const server = new KubeServer();
    server.put(pod('one', '10.0.0.1'));
    const running = await started(server);
    await vi.waitFor(() => expect(server.openWatches).toBe(1));
    server.put(service('unrelated', {}), service('another', {}));
    server.bookmark();
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.cut();
    await vi.waitFor(() => expect(server.openWatches).toBe(1));
    expect(server.requests.at(-1)).toBe('watch pods 5');
    expect(running.failures).toEqual([]);
  });

  it.each([
    ['in the watch', (server: KubeServer) => server.forget()],
    [
      'when it comes back',
      (server: KubeServer) => {
        server.cut();
        server.forget();
      },
    ],
  ])('lists anew after 410 Gone %s, and takes over only the difference', async (_when, forget) => {
    const server = new KubeServer();
    server.put(pod('stays', '10.0.0.1'), pod('goes', '10.0.0.2'), pod('moves', '10.0.0.3'));
    const running = await started(server);
    await vi.waitFor(() => expect(server.openWatches).toBe(1));
    const updates = running.updates;
    server.endWatches();
    server.remove('Pod', 'goes', 'shop');
    server.put(pod('moves', '10.0.0.4'), pod('comes', '10.0.0.5'));
    forget(server);
    await vi.waitFor(() => expect(names(running)).toEqual(['comes', 'moves', 'stays']));
    expect(running.values('__meta_kubernetes_pod_ip')).toEqual(['10.0.0.1', '10.0.0.4', '10.0.0.5']);
    expect(running.updates).toBeGreaterThan(updates);
    expect(running.least).toBeGreaterThan(0);
    expect(running.counts['kubernetesEvents pod add']).toBe(4);
  });

  it('keeps its targets while the server fails or is slow', async () => {
    const server = new KubeServer();
    server.put(pod('one', '10.0.0.1'));
    const running = await started(server);
    await vi.waitFor(() => expect(server.openWatches).toBe(1));
    server.failing = 503;
    server.cut();
    await vi.waitFor(() => expect(running.counts['kubernetesFailures']).toBeGreaterThan(1));
    expect(running.failures[0]).toMatch(/api\/v1\/pods: .*\(HTTP status 503\)$/);
    expect(names(running)).toEqual(['one']);
    server.failing = undefined;
    server.delayMs = 100;
    server.put(pod('two', '10.0.0.2'));
    await vi.waitFor(() => expect(names(running)).toEqual(['one', 'two']), 5000);
  });

  it('tells at once that it may not list, with what the server says', async () => {
    const server = new KubeServer();
    server.failing = 403;
    const running = await started(server);
    await vi.waitFor(() => expect(running.failures[0]).toContain('the server says no (HTTP status 403)'));
    expect(running.updates).toBe(0);
  });

  it('joins endpoints with services, pods, nodes and namespaces, and follows each of them', async () => {
    const server = new KubeServer();
    server.put(...cluster());
    const running = await started(server, {
      role: 'endpoints',
      attachMetadata: { ...ATTACHED, node: true, namespace: true },
    });
    const one = (name: string) => () =>
      running.groups
        .get('endpoints/shop/web')
        ?.targets.find((target) => target.get('__address__') === '127.2.0.1:8080')
        ?.get(name);
    const shared = (name: string) => running.groups.get('endpoints/shop/web')?.labels.get(name);
    await vi.waitFor(() => expect(one('__meta_kubernetes_pod_uid')()).toBe('uid-of-web-1'));
    expect(shared('__meta_kubernetes_service_label_tier')).toBe('front');
    expect(shared('__meta_kubernetes_namespace_label_team')).toBe('blue');
    expect(one('__meta_kubernetes_node_label_kubernetes_io_os')()).toBe('linux');
    await vi.waitFor(() => expect(server.openWatches).toBe(5));

    const moved = pod('web-1', '127.2.0.1');
    moved['status'] = { ...(moved['status'] as object), phase: 'Failed' };
    server.put(moved);
    await vi.waitFor(() => expect(one('__meta_kubernetes_pod_phase')()).toBe('Failed'));
    const labelled = node('one', [['InternalIP', '127.1.0.1']]);
    labelled.metadata.labels = { gpu: 'yes' };
    server.put(labelled);
    await vi.waitFor(() => expect(one('__meta_kubernetes_node_label_gpu')()).toBe('yes'));
    const changed = service('web', {});
    changed.metadata.labels = { tier: 'back' };
    server.put(changed);
    await vi.waitFor(() => expect(shared('__meta_kubernetes_service_label_tier')).toBe('back'));
    server.put({ kind: 'Namespace', metadata: { name: 'shop', labels: { team: 'red' } } });
    await vi.waitFor(() => expect(shared('__meta_kubernetes_namespace_label_team')).toBe('red'));
    server.remove('Pod', 'web-1', 'shop');
    await vi.waitFor(() => expect(one('__meta_kubernetes_pod_uid')()).toBe(''));
    // A pod that its endpoints named before it was known.
    server.put(pod('gone', '127.2.0.9'));
    await vi.waitFor(() => expect(running.values('__meta_kubernetes_pod_name')).toContain('gone'));
    server.put(
      endpoints('web', [
        { addresses: [{ ip: '127.2.0.2', targetRef: podRef('web-2') }], ports: [{ port: 1 }] },
      ]),
    );
    await vi.waitFor(() => expect(one('__meta_kubernetes_pod_uid')()).toBeUndefined());
    server.remove('Endpoints', 'web', 'shop');
    await vi.waitFor(() => expect(running.groups.size).toBe(0));
    expect(running.failures).toEqual([]);
  });

  it.each(['pod', 'endpoints'] as const)('names the controllers of pods, in the role %s', async (role) => {
    const server = new KubeServer();
    const owned = (object: KubeObject, kind: string, name: string): KubeObject => {
      object.metadata['ownerReferences'] = [{ kind, name, controller: true }];
      return object;
    };
    const of = (kind: string, name: string) => ({ kind, metadata: { name, namespace: 'shop' } });
    server.put(
      service('web', {}),
      pod('served', '10.0.0.1'),
      owned(of('ReplicaSet', 'web-5d9'), 'Deployment', 'web'),
      owned(pod('nightly', '10.0.0.2'), 'Job', 'nightly-1'),
      owned(of('Job', 'nightly-1'), 'CronJob', 'nightly'),
      owned(pod('once', '10.0.0.3'), 'Job', 'once-1'),
      of('Job', 'once-1'),
      endpoints('web', [
        {
          addresses: ['served', 'nightly', 'once'].map((name, i) => ({
            ip: `10.0.0.${i + 1}`,
            targetRef: podRef(name),
          })),
          ports: [{ port: 8080 }],
        },
      ]),
    );
    const attachMetadata = { ...ATTACHED, deployment: true, job: true, cronjob: true };
    const running = await started(server, { role, attachMetadata });
    const told = (name: string) => running.values(`__meta_kubernetes_pod_${name}_name`).filter(Boolean);
    await vi.waitFor(() => expect(new Set(told('deployment'))).toEqual(new Set(['web'])));
    expect(new Set(told('job'))).toEqual(new Set(['nightly-1', 'once-1']));
    await vi.waitFor(() => expect(new Set(told('cronjob'))).toEqual(new Set(['nightly'])));
    server.put(owned(of('ReplicaSet', 'web-5d9'), 'Deployment', 'shop-window'));
    await vi.waitFor(() => expect(new Set(told('deployment'))).toEqual(new Set(['shop-window'])));
    expect(running.failures).toEqual([]);
  });

  it('looks into the namespaces that are named, with the selectors', async () => {
    const server = new KubeServer();
    server.put(...cluster());
    const third = pod('third', '10.0.0.1');
    third.metadata.namespace = 'third';
    server.put(third);
    const selectors = [{ role: 'pod', label: 'app=web', field: 'status.phase=Running' }] as const;
    const running = await started(server, { selectors }, ['shop', 'third']);
    await vi.waitFor(() => expect(names(running)).toEqual(['third', 'web-1', 'web-2', 'web-6']));
    await vi.waitFor(() => expect(server.openWatches).toBe(2));
    expect(server.requests.filter((request) => request.startsWith('list')).sort()).toEqual([
      'list shop/pods',
      'list third/pods',
    ]);
    server.forget();
    await vi.waitFor(() => expect(server.openWatches).toBe(2), 5000);
    expect(names(running)).toHaveLength(4);
  });

  it('ends up with what the server has, whatever happens on the way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.constantFrom(
              'put',
              'put',
              'put',
              'remove',
              'remove',
              'cut',
              'end',
              'forget',
              'fail',
              'pause',
              'bookmark',
            ),
            fc.nat(5),
          ),
          { minLength: 10, maxLength: 40 },
        ),
        async (steps) => {
          const server = new KubeServer();
          server.pageSize = 2;
          server.put(pod('p0', '10.0.0.0'), pod('always', '10.1.0.0'));
          const truth = new Map([
            ['p0', '10.0.0.0'],
            ['always', '10.1.0.0'],
          ]);
          const running = await started(server);
          await vi.waitFor(() => expect(running.updates).toBe(1));
          for (const [i, [step, n]] of steps.entries()) {
            const name = `p${n}`;
            if (step === 'put') {
              truth.set(name, `10.0.${i}.${n}`);
              server.put(pod(name, `10.0.${i}.${n}`));
            } else if (step === 'remove' && truth.delete(name)) server.remove('Pod', name, 'shop');
            else if (step === 'cut') server.cut();
            else if (step === 'end') server.endWatches();
            else if (step === 'forget') server.forget();
            else if (step === 'bookmark') server.bookmark();
            else if (step === 'fail') server.failing = server.failing === undefined ? 500 : undefined;
            else if (step === 'pause') await new Promise((resolve) => setTimeout(resolve, n * 4));
          }
          server.failing = undefined;
          await vi.waitFor(
            () => expect(running.values('__meta_kubernetes_pod_ip')).toEqual([...truth.values()].sort()),
            10_000,
          );
          expect(running.least).toBeGreaterThan(0);
          await running.stop();
        },
      ),
      { numRuns: 15 },
    );
  }, 60_000);
});
