import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { DockerDiscoverer } from '../../../src/core/discovery/docker/index.ts';
import { SwarmDiscoverer } from '../../../src/core/discovery/dockerswarm/index.ts';
import type { DockerDiscoveryConfig } from '../../../src/core/discovery/sd-config.ts';
import { DEFAULT_HTTP_CLIENT_CONFIG } from '../../../src/core/http/http-config.ts';
import { serveHttp } from '../http/servers.ts';
import { dockerListener } from './docker-server.ts';
import { Running, testResources } from './running.ts';

function settings(host: string, more: Partial<DockerDiscoveryConfig> = {}): DockerDiscoveryConfig {
  return {
    mechanism: 'docker',
    host,
    port: 80,
    filters: [],
    hostNetworkingHost: 'localhost',
    refreshIntervalMs: 20,
    matchFirstNetwork: true,
    http: DEFAULT_HTTP_CLIENT_CONFIG,
    ...more,
  };
}

describe('DockerDiscoverer', () => {
  it('has a target for each network and TCP port, with what is said of both', async () => {
    const asked: string[] = [];
    const url = await serveHttp(dockerListener(asked, '1.41'));
    const filters = [{ name: 'status', values: ['running', 'paused'] }];
    const running = new Running(new DockerDiscoverer(settings(url, { filters }), testResources()));
    await vi.waitFor(() => expect(running.addresses()).toHaveLength(6));
    // Sharing a network, the port of the other container is not among one's own.
    expect(running.addresses()).toEqual([
      '127.18.0.2:1234',
      '127.18.0.2:8080',
      '127.18.0.2:8080',
      '127.18.0.2:9090',
      '127.18.0.4:80',
      'localhost',
    ]);
    expect(running.values('__meta_docker_network_label_com_x_y')).toEqual(['', 'z']);
    expect(asked.slice(0, 2)).toEqual([
      '/v1.41/containers/json {"status":["running","paused"]}',
      '/v1.41/networks',
    ]);
  });

  it('asks through a Unix socket, in the newest version that both have', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tsmon-docker-'));
    const asked: string[] = [];
    const server = createServer(dockerListener(asked, '1.99'));
    await new Promise<void>((resolve) => server.listen(join(dir, 'docker.sock'), resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
      rmSync(dir, { recursive: true });
    });
    const config = settings(`unix://${join(dir, 'docker.sock')}`, { matchFirstNetwork: false });
    const running = new Running(new DockerDiscoverer(config, testResources()));
    await vi.waitFor(() => expect(running.addresses()).toContain('127.17.0.2:9090'));
    expect(asked[0]).toBe('/v1.44/containers/json');
  });

  it('keeps its targets while the engine is away', async () => {
    const listener = dockerListener();
    let away = false;
    const url = await serveHttp((request, response) => {
      if (away) response.socket!.destroy();
      else listener(request, response);
    });
    const running = new Running(new DockerDiscoverer(settings(url), testResources()));
    await vi.waitFor(() => expect(running.addresses()).toHaveLength(6));
    away = true;
    await vi.waitFor(() => expect(running.failures.length).toBeGreaterThan(1));
    expect(running.addresses()).toHaveLength(6);
    away = false;
    const updates = running.updates;
    await vi.waitFor(() => expect(running.updates).toBeGreaterThan(updates));
  });

  it('refuses a host that it cannot reach', () => {
    expect(() => new DockerDiscoverer(settings('npipe:////./pipe/docker'), testResources())).toThrow(
      'cannot reach Docker at "npipe:////./pipe/docker"',
    );
  });
});

describe('SwarmDiscoverer', () => {
  it.each([
    ['nodes', ['127.30.0.1:7', '127.30.0.2:7', '[::1]:7'], ['/nodes']],
    [
      'services',
      ['127.40.0.2:80', '127.40.0.2:9091', '127.40.0.3:7', '127.41.0.2:80', '127.41.0.2:9091'],
      ['/services', '/networks'],
    ],
  ] as const)('finds %s', async (role, addresses, paths) => {
    const asked: string[] = [];
    const url = await serveHttp(dockerListener(asked));
    const { filters, http } = settings(url);
    const running = new Running(
      new SwarmDiscoverer(
        { mechanism: 'dockerswarm', host: url, role, port: 7, filters, http, refreshIntervalMs: 60_000 },
        testResources(),
      ),
    );
    await vi.waitFor(() => expect(running.addresses()).toEqual([...addresses]));
    expect(asked).toEqual(paths.map((path) => `/v1.44${path}`));
    expect(running.values('__meta_dockerswarm_node_manager_leader')).toEqual(
      role === 'nodes' ? ['', 'false', 'true'] : [''],
    );
  });
});
