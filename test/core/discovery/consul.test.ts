import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { ConsulDiscoverer } from '../../../src/core/discovery/consul/index.ts';
import { discoverOnce } from '../../../src/core/discovery/index.ts';
import type { ConsulDiscoveryConfig } from '../../../src/core/discovery/sd-config.ts';
import { DEFAULT_HTTP_CLIENT_CONFIG } from '../../../src/core/http/http-config.ts';
import { serveHttp } from '../http/servers.ts';
import { ConsulServer, entry } from './consul-server.ts';
import { fastClock, Running, testResources } from './running.ts';

function settings(url: string, more: Partial<ConsulDiscoveryConfig> = {}): ConsulDiscoveryConfig {
  return {
    mechanism: 'consul',
    server: new URL(url).host,
    pathPrefix: '',
    token: '',
    datacenter: '',
    namespace: '',
    partition: '',
    tagSeparator: ',',
    scheme: 'http',
    username: '',
    password: '',
    allowStale: true,
    refreshIntervalMs: 10,
    services: [],
    tags: [],
    nodeMeta: {},
    filter: '',
    healthFilter: '',
    http: DEFAULT_HTTP_CLIENT_CONFIG,
    ...more,
  };
}

async function started(more: Partial<ConsulDiscoveryConfig> = {}, env: Record<string, string> = {}) {
  const server = new ConsulServer();
  server.set('web', entry('a', 1), entry('b', 2));
  server.set('db', entry('c', 3, { Tags: ['x'] }));
  const url = await serveHttp(server.listener);
  const config = settings(url, more);
  // Fifteen seconds of waiting after a failure are fifteen milliseconds.
  const running = new Running(new ConsulDiscoverer(config, testResources(env)), fastClock(1000));
  return { server, running, config };
}

describe('ConsulDiscoverer', () => {
  it('hears of changes by long polls', async () => {
    const { server, running } = await started();
    await vi.waitFor(() => expect(running.addresses()).toEqual(['a:1', 'b:2', 'c:3']));
    expect(running.updates).toBe(1);
    expect(running.groups.get('web')!.labels.toObject()).toEqual({
      __meta_consul_dc: 'east',
      __meta_consul_service: 'web',
    });
    await vi.waitFor(() => expect(server.polls).toBe(3));
    const asked = server.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    // Nothing is asked while nothing changes.
    expect(server.requests.length).toBe(asked);

    server.set('web', entry('a', 1));
    await vi.waitFor(() => expect(running.addresses()).toEqual(['a:1', 'c:3']));
    server.set('new', entry('d', 4));
    await vi.waitFor(() => expect(running.addresses()).toEqual(['a:1', 'c:3', 'd:4']));
    server.set('db');
    await vi.waitFor(() => expect(running.addresses()).toEqual(['a:1', 'd:4']));
    await vi.waitFor(() => expect(server.polls).toBe(3));
    expect(running.failures).toEqual([]);
  });

  it('keeps its targets while connections are cut, answers fail or are slow, and goes on after', async () => {
    const { server, running } = await started();
    await vi.waitFor(() => expect(server.polls).toBe(3));
    server.cut();
    await vi.waitFor(() => expect(server.polls).toBe(3));
    server.failing = true;
    server.cut();
    await vi.waitFor(() =>
      expect(running.failures.join()).toContain('HTTP status 500: rpc error: No cluster leader'),
    );
    expect(running.addresses()).toEqual(['a:1', 'b:2', 'c:3']);
    server.failing = false;
    server.delayMs = 50;
    server.set('web', entry('z', 9));
    await vi.waitFor(() => expect(running.addresses()).toEqual(['c:3', 'z:9']));
    expect(running.least).toBe(2);
  });

  it('asks for everything anew where the index goes back', async () => {
    const { server, running } = await started();
    await vi.waitFor(() => expect(server.polls).toBe(3));
    server.services.set('web', [entry('restored', 7)]);
    server.reset(2);
    await vi.waitFor(() => expect(running.addresses()).toEqual(['c:3', 'restored:7']));
    await vi.waitFor(() => expect(server.polls).toBe(3));
    server.set('web', entry('after', 8));
    await vi.waitFor(() => expect(running.addresses()).toEqual(['after:8', 'c:3']));
  });

  it('waits for a server that is not there yet', async () => {
    const server = new ConsulServer();
    server.failing = true;
    server.set('web', entry('a', 1));
    const url = await serveHttp(server.listener);
    const running = new Running(new ConsulDiscoverer(settings(url), testResources()), fastClock(1000));
    await vi.waitFor(() => expect(running.failures.length).toBeGreaterThan(2));
    expect(running.updates).toBe(0);
    server.failing = false;
    await vi.waitFor(() => expect(running.addresses()).toEqual(['a:1']));
  });

  it('asks for what the settings name, and nothing else', async () => {
    const { server, running } = await started({
      services: ['web'],
      datacenter: 'west',
      namespace: 'n',
      partition: 'p',
      token: 'secret',
      nodeMeta: { rack: '7' },
      healthFilter: 'Service.Port == 1',
      allowStale: false,
      pathPrefix: '/',
    });
    await vi.waitFor(() => expect(running.addresses()).toEqual(['a:1', 'b:2']));
    expect(running.values('__meta_consul_dc')).toEqual(['west']);
    expect(server.requests[0]).toBe(
      '/v1/health/service/web?dc=west&ns=n&partition=p&filter=Service.Port+%3D%3D+1&node-meta=rack%3A7',
    );
    expect(server.requests.some((path) => path.includes('/catalog/'))).toBe(false);
    expect([...server.tokens]).toEqual(['secret']);
  });

  it('follows services with all of the tags', async () => {
    const { server, running } = await started({ tags: ['x'] }, { CONSUL_HTTP_TOKEN: 'from-env' });
    await vi.waitFor(() => expect(running.addresses()).toEqual(['c:3']));
    server.set('web', entry('a', 1, { Tags: ['x', 'y'] }), entry('b', 2));
    await vi.waitFor(() => expect(running.addresses()).toEqual(['a:1', 'c:3']));
    expect([...server.tokens]).toEqual(['from-env']);
  });

  it('has found all when it is asked once', async () => {
    const server = new ConsulServer();
    for (let i = 0; i < 50; i++) server.set(`service-${i}`, entry('h', i + 1));
    server.delayMs = 20;
    const url = await serveHttp(server.listener);
    const open = async () => new ConsulDiscoverer(settings(url), testResources());
    const [found] = await discoverOnce([[{ mechanism: 'consul', key: '', open }]], systemClock, 10_000);
    expect(found.failures).toEqual([]);
    expect(found.groups).toHaveLength(50);
  });

  it('ends up with what the catalog has, whatever happens on the way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.constantFrom('set', 'set', 'set', 'remove', 'cut', 'reset', 'fail', 'pause'),
            fc.nat(4),
          ),
          {
            minLength: 10,
            maxLength: 30,
          },
        ),
        async (steps) => {
          const { server, running } = await started();
          await vi.waitFor(() => expect(running.updates).toBe(1));
          for (const [i, [step, n]] of steps.entries()) {
            const name = `service-${n}`;
            if (step === 'set') server.set(name, entry(`h${i}`, n + 1));
            else if (step === 'remove') server.set(name);
            else if (step === 'cut') server.cut();
            // Never to what it will reach again: who has not asked in between cannot tell these apart.
            else if (step === 'reset') server.reset(9_900 - 100 * i);
            else if (step === 'fail') server.failing = !server.failing;
            else await new Promise((resolve) => setTimeout(resolve, n * 4));
          }
          server.failing = false;
          const truth = [...server.services.values()].flatMap((entries) =>
            entries.map(({ Service }) => `${Service['Address']}:${Service['Port']}`),
          );
          await vi.waitFor(() => expect(running.addresses()).toEqual(truth.sort()), 10_000);
          expect(running.least).toBeGreaterThan(0);
          await running.stop();
        },
      ),
      { numRuns: 15 },
    );
  }, 60_000);
});
