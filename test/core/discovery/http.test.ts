import type { ServerResponse } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { HttpDiscoverer } from '../../../src/core/discovery/http.ts';
import { DEFAULT_HTTP_CLIENT_CONFIG } from '../../../src/core/http/http-config.ts';
import { serveHttp } from '../http/servers.ts';
import { Running, testResources } from './running.ts';

function discover(url: string, refreshIntervalMs = 1000): Running {
  const config = { mechanism: 'http', url, refreshIntervalMs, http: DEFAULT_HTTP_CLIENT_CONFIG } as const;
  return new Running(new HttpDiscoverer(config, testResources()));
}

function json(response: ServerResponse, document: unknown): void {
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(document));
}

describe('HttpDiscoverer', () => {
  it('takes the groups of the last good answer, and ends those that are gone', async () => {
    let answer: (response: ServerResponse) => void = (response) =>
      json(response, [{ targets: ['a:1'], labels: { x: 'y' } }, { targets: ['b:1', 'b:2'] }]);
    const url = await serveHttp((_request, response) => answer(response));
    const running = discover(url, 20);
    await vi.waitFor(() => expect(running.addresses()).toEqual(['a:1', 'b:1', 'b:2']));
    expect(running.groups.get(`${url}:0`)!.labels.toObject()).toEqual({ __meta_url: url, x: 'y' });

    for (const [bad, reason] of [
      [(response: ServerResponse) => response.writeHead(503).end('later'), 'HTTP status 503: later'],
      [(response: ServerResponse) => response.end('[]'), 'unsupported content type ""'],
      [(response: ServerResponse) => json(response, { targets: [] }), 'is not a list of target groups'],
      [(response: ServerResponse) => json(response, [null]), 'nil target group item found (index 0)'],
      [
        (response: ServerResponse) =>
          response.writeHead(200, { 'Content-Type': 'application/json' }).end('[{'),
        'the answer is not JSON',
      ],
      [(response: ServerResponse) => response.socket!.destroy(), 'closed without an answer'],
    ] as const) {
      running.failures.length = 0;
      answer = bad;
      await vi.waitFor(() => expect(running.failures.at(-1)).toContain(reason));
      expect(running.addresses()).toEqual(['a:1', 'b:1', 'b:2']);
    }
    expect(running.counts['httpFailures']).toBeGreaterThan(5);

    answer = (response) => json(response, [{ targets: ['a:2'] }]);
    await vi.waitFor(() => expect(running.addresses()).toEqual(['a:2']));
    answer = (response) => json(response, []);
    await vi.waitFor(() => expect(running.addresses()).toEqual([]));
  });

  it('gives up on an answer that is slower than the interval', async () => {
    const url = await serveHttp(() => {});
    const running = discover(url, 1);
    await vi.waitFor(() => expect(running.failures[0]).toContain('timed out after 1s'), 5000);
  });

  it('takes 50,000 targets, again and again', async () => {
    const groups = Array.from({ length: 500 }, (_, i) => ({
      targets: Array.from({ length: 100 }, (_, j) => `10.0.${i % 256}.${j}:${9000 + i}`),
      labels: { group: String(i), __meta_datacenter: 'east' },
    }));
    let round = 0;
    const url = await serveHttp((_request, response) => {
      round++;
      json(
        response,
        groups.map(({ targets, labels }) => ({ targets, labels: { ...labels, round: String(round) } })),
      );
    });
    const running = discover(url, 50);
    await vi.waitFor(() => expect(running.updates).toBeGreaterThan(3), 20_000);
    expect(running.least).toBe(50_000);
    expect(new Set(running.addresses()).size).toBe(50_000);
    expect(running.failures).toEqual([]);
  });
});
