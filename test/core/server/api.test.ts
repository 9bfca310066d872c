import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { labelsFromObject } from '../../../src/core/model/labels.ts';
import { parseRelabelRules } from '../../../src/core/relabel/index.ts';
import type { ActiveTarget, QueryRunner, RuleGroupView } from '../../../src/core/server/index.ts';
import { MemorySource } from '../../../src/core/source/memory.ts';
import type { Appender, Source } from '../../../src/core/source/source.ts';
import { kept, NO_STATS, startTestServer, type TestServer } from './test-server.ts';

const servers: TestServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function start(...args: Partial<Parameters<typeof startTestServer>>): Promise<TestServer> {
  const [source = kept(new MemorySource()), parts, settings] = args;
  const server = await startTestServer(source, parts, settings);
  servers.push(server);
  return server;
}

async function get(
  server: TestServer,
  path: string,
): Promise<{ status: number; body: Record<string, never> }> {
  const response = await fetch(`${server.url}/api/v1/${path}`);
  return { status: response.status, body: (await response.json()) as Record<string, never> };
}

describe('queries', () => {
  it('wait for their turn, and for no longer than their time', async () => {
    let running = 0;
    let most = 0;
    const runner: QueryRunner = {
      run: async () => {
        most = Math.max(most, ++running);
        await sleep(100);
        running--;
        return { result: [Buffer.from('{}')], stats: NO_STATS };
      },
    };
    const server = await start(undefined, { runner }, { queryMaxConcurrency: 2 });
    const answers = await Promise.all([1, 2, 3, 4].map(() => get(server, 'query?query=1')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(most).toBe(2);
    const impatient = await Promise.all([1, 2, 3].map(() => get(server, 'query?query=1&timeout=30ms')));
    expect(impatient.map(({ status }) => status).sort()).toEqual([200, 200, 503]);
    expect(impatient.find(({ status }) => status === 503)?.body).toEqual({
      status: 'error',
      errorType: 'timeout',
      error: 'query timed out in query queue',
    });
  });

  it('are cancelled when nobody waits any more', async () => {
    const cancelled = new Promise<boolean>((resolve) => {
      const runner: QueryRunner = {
        run: (_, signal) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              resolve(true);
              reject(new Error('cancelled'));
            });
          }),
      };
      void start(undefined, { runner }).then((server) =>
        fetch(`${server.url}/api/v1/query?query=1`, { signal: AbortSignal.timeout(100) }).catch(() => {}),
      );
    });
    expect(await cancelled).toBe(true);
  });

  it('tell how long each part of them took', async () => {
    const source = new MemorySource();
    for (const i of ['b', 'a']) {
      source.series(labelsFromObject({ __name__: 'm', i })).addFloat(1000, Float64Array.of(1), 0);
    }
    const slow: Source = {
      select: async (...args) => {
        await sleep(20);
        return source.select(...args);
      },
    } as Source;
    Object.setPrototypeOf(slow, source);
    const server = await start(kept(slow));
    const { body } = await get(server, 'query_range?query=m&start=1&end=2&step=1&stats=all');
    const { timings } = (body['data'] as { stats: { timings: Record<string, number> } }).stats;
    expect(timings.queryPreparationTime).toBeGreaterThan(0.015);
    expect(timings.innerEvalTime).toBeGreaterThan(0);
    expect(timings.resultSortTime).toBeGreaterThan(0);
    const parts = timings.queryPreparationTime + timings.innerEvalTime + timings.resultSortTime;
    expect(parts).toBeCloseTo(timings.evalTotalTime, 6);
  });

  it('of more samples than are allowed say so', async () => {
    const source = new MemorySource();
    for (let i = 0; i < 10; i++) {
      source.series(labelsFromObject({ __name__: 'm', i: String(i) })).addFloat(1000, Float64Array.of(i), 0);
    }
    const { InlineRunner } = await import('../../../src/core/server/index.ts');
    const { systemClock } = await import('../../../src/core/clock.ts');
    const runner = new InlineRunner({ source: kept(source), engine: { maxSamples: 5 }, clock: systemClock });
    const { status, body } = await get(await start(kept(source), { runner }), 'query?query=m&time=1');
    expect([status, body['errorType']]).toEqual([422, 'execution']);
    expect(body['error']).toContain('too many samples');
  });
});

describe('targets', () => {
  const target = (pool: string, instance: string): ActiveTarget => ({
    pool,
    discoveredLabels: labelsFromObject({ __address__: instance }),
    labels: labelsFromObject({ instance, job: pool }),
    scrapeUrl: `http://${instance}/metrics`,
    globalUrl: `http://${instance}/metrics`,
    lastError: '',
    lastScrape: 0,
    lastScrapeDurationMs: 5,
    health: 'unknown',
    scrapeInterval: '15s',
    scrapeTimeout: '10s',
    metadata: () => new Map([['up', { type: 'gauge', help: 'Up.', unit: '' }]]),
  });
  const targets = {
    pools: () => ['a', 'b'],
    active: () => [target('a', 'x:1'), target('b', 'y:1')],
    dropped: () => [{ pool: 'b', discoveredLabels: labelsFromObject({ __address__: 'z:1' }) }],
    droppedCounts: () =>
      new Map([
        ['a', 0],
        ['b', 7],
      ]),
    relabelRules: (pool: string) =>
      pool === 'a'
        ? parseRelabelRules([
            { target_label: 'env', replacement: 'dev' },
            { source_labels: ['__address__'], regex: 'x:.*', action: 'drop' },
            { target_label: 'never', replacement: 'x' },
          ])
        : undefined,
  };

  it('are shown all, however many there are', async () => {
    const instances = Array.from({ length: 2000 }, (_, i) => `host-${i}:9100`);
    const many = { ...targets, active: () => instances.map((instance) => target('a', instance)) };
    const { body } = await get(await start(undefined, { targets: many }), 'targets');
    const { activeTargets, ...rest } = body['data'] as {
      activeTargets: { labels: { instance: string } }[];
    };
    expect(activeTargets.map(({ labels }) => labels.instance)).toEqual(instances);
    expect(rest).toEqual({
      droppedTargets: [{ discoveredLabels: { __address__: 'z:1' }, scrapePool: 'b' }],
      droppedTargetCounts: { a: 0, b: 7 },
    });
  });

  it('are shown by state and pool', async () => {
    const server = await start(undefined, { targets });
    const { body } = await get(server, 'targets?scrapePool=b');
    expect(body['data']).toEqual({
      activeTargets: [
        {
          discoveredLabels: { __address__: 'y:1' },
          labels: { instance: 'y:1', job: 'b' },
          scrapePool: 'b',
          scrapeUrl: 'http://y:1/metrics',
          globalUrl: 'http://y:1/metrics',
          lastError: '',
          lastScrape: '0001-01-01T00:00:00Z',
          lastScrapeDuration: 0.005,
          health: 'unknown',
          scrapeInterval: '15s',
          scrapeTimeout: '10s',
        },
      ],
      droppedTargets: [{ discoveredLabels: { __address__: 'z:1' }, scrapePool: 'b' }],
      droppedTargetCounts: { a: 0, b: 7 },
    });
    const active = (await get(server, 'targets?state=ACTIVE')).body['data'] as Record<string, unknown[]>;
    expect([active['activeTargets'].length, active['droppedTargets']]).toEqual([2, []]);
  });

  it('tell what they expose', async () => {
    const server = await start(undefined, { targets });
    const ofOne = await get(server, 'targets/metadata?match_target={job="b"}&metric=up');
    expect(ofOne.body['data']).toEqual([
      { target: { instance: 'y:1', job: 'b' }, type: 'gauge', help: 'Up.', unit: '' },
    ]);
    expect((await get(server, 'targets/metadata?limit=1')).body['data']).toHaveLength(1);
    expect((await get(server, 'metadata')).body['data']).toEqual({
      up: [{ type: 'gauge', unit: '', help: 'Up.' }],
    });
  });

  it('show what relabelling does, step by step', async () => {
    const server = await start(undefined, { targets });
    const labels = encodeURIComponent('{"__address__":"x:1"}');
    const { body } = await get(server, `targets/relabel_steps?scrapePool=a&labels=${labels}`);
    const { steps } = body['data'] as { steps: { keep: boolean; output: object }[] };
    expect(steps.map(({ keep, output }) => [keep, output])).toEqual([
      [true, { __address__: 'x:1', env: 'dev' }],
      [false, {}],
    ]);
    expect((await get(server, `targets/relabel_steps?scrapePool=nope&labels=${labels}`)).status).toBe(404);
    for (const bad of ['', '[]', '{', '{"a":1}']) {
      const path = `targets/relabel_steps?scrapePool=a&labels=${encodeURIComponent(bad)}`;
      expect((await get(server, path)).status, bad).toBe(400);
    }
  });
});

describe('rules', () => {
  const groups: RuleGroupView[] = ['a', 'b', 'c', 'd', 'e'].map((name) => ({
    name,
    file: 'rules.yml',
    intervalMs: 1000,
    limit: 0,
    evaluationTimeMs: 0,
    lastEvaluation: 0,
    rules: [
      {
        kind: 'alerting',
        name: 'Alert',
        query: 'up',
        labels: labelsFromObject({}),
        health: 'ok',
        lastError: '',
        evaluationTimeMs: 1,
        lastEvaluation: 1500,
        state: 'firing',
        holdMs: 0,
        keepFiringForMs: 0,
        annotations: {},
        alerts: () => [
          {
            labels: labelsFromObject({ alertname: 'Alert', group: name }),
            annotations: {},
            state: 'firing',
            activeAt: 1000,
            keepFiringSince: 0,
            value: 0.00123,
          },
        ],
      },
    ],
  }));

  it('come in pages', async () => {
    const server = await start(undefined, { rules: { groups: () => groups } });
    const seen: string[] = [];
    let token = '';
    for (let page = 0; page < 3; page++) {
      const { body } = await get(
        server,
        `rules?group_limit=2${token === '' ? '' : `&group_next_token=${token}`}`,
      );
      const data = body['data'] as { groups: { name: string }[]; groupNextToken?: string };
      seen.push(data.groups.map(({ name }) => name).join(''));
      token = data.groupNextToken ?? '';
    }
    expect(seen).toEqual(['ab', 'cd', 'e']);
    expect(token).toBe('');
  });

  it('have alerts', async () => {
    const server = await start(undefined, { rules: { groups: () => groups.slice(0, 1) } });
    expect((await get(server, 'alerts')).body['data']).toEqual({
      alerts: [
        {
          labels: { alertname: 'Alert', group: 'a' },
          annotations: {},
          state: 'firing',
          activeAt: '1970-01-01T00:00:01Z',
          value: '1.23e-03',
        },
      ],
    });
  });
});

describe('admin and lifecycle', () => {
  it('are off unless asked for', async () => {
    const server = await start();
    const post = async (path: string) => {
      const response = await fetch(server.url + path, { method: 'POST' });
      return [response.status, await response.text()];
    };
    const [status, text] = await post('/api/v1/admin/tsdb/snapshot');
    expect(status).toBe(500);
    expect(text).toContain('admin APIs disabled');
    expect(await post('/-/reload')).toEqual([403, 'Lifecycle API is not enabled.']);
    expect(await post('/-/quit')).toEqual([403, 'Lifecycle API is not enabled.']);
    expect((await post('/api/v1/write'))[0]).toBe(404);
  });

  it('do what is asked', async () => {
    const done: string[] = [];
    let fault: Error | undefined;
    const server = await start(
      undefined,
      {
        admin: {
          deleteSeries: async (matchers, mint, maxt) => done.push(`delete ${matchers} ${mint} ${maxt}`),
          cleanTombstones: async () => {
            done.push('clean');
          },
          snapshot: async (withHead) => `snapshot-${withHead}`,
        },
        lifecycle: {
          reload: async () => {
            if (fault !== undefined) throw fault;
            done.push('reload');
          },
          quit: () => done.push('quit'),
        },
      },
      { enableLifecycle: true },
    );
    const post = (path: string) => fetch(server.url + path, { method: 'POST' });
    await post('/api/v1/admin/tsdb/delete_series?match[]=a&match[]={}&match[]=b&start=1&end=2');
    await post('/api/v1/admin/tsdb/clean_tombstones');
    const snapshot = await (await post('/api/v1/admin/tsdb/snapshot?skip_head=true')).json();
    expect(snapshot).toEqual({ status: 'success', data: { name: 'snapshot-false' } });
    expect((await post('/-/reload')).status).toBe(200);
    fault = new Error('line 3 is wrong');
    const failed = await post('/-/reload');
    expect([failed.status, await failed.text()]).toEqual([500, 'failed to reload config: line 3 is wrong\n']);
    await post('/-/quit');
    expect(done).toEqual([
      'delete __name__="a" 1000 2000',
      'delete __name__="b" 1000 2000',
      'clean',
      'reload',
      'quit',
    ]);
  });
});

describe('notifications', () => {
  it('are told as they come, to so many listeners', async () => {
    const server = await start();
    server.notifications.add('first');
    const live = `${server.url}/api/v1/notifications/live`;
    const controller = new AbortController();
    const { signal } = controller;
    const response = await fetch(live, { signal });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader.read()).value;
    server.notifications.remove('first');
    text += (await reader.read()).value ?? '';
    const events = text!.split('\n\n').filter(Boolean);
    expect(events.map((event) => JSON.parse(event.replace('data: ', ''))['active'])).toEqual([true, false]);
    const second = await fetch(live, { signal });
    expect(second.status).toBe(200);
    expect((await fetch(live)).status).toBe(204);
    controller.abort();
    await sleep(50);
    server.notifications.add('second');
    expect((await get(server, 'notifications')).body['data']).toMatchObject([
      { text: 'second', active: true },
    ]);
  });
});

describe('what the storage cannot do', () => {
  it('is told to who asked for it, in the form of the API', async () => {
    const fails = async () => {
      throw Object.assign(new Error('ENOSPC: no space left on device, mkdir'), { code: 'ENOSPC' });
    };
    const server = await start(undefined, {
      admin: { deleteSeries: fails, cleanTombstones: fails, snapshot: fails },
    });
    for (const path of ['snapshot', 'clean_tombstones', 'delete_series?match[]=m']) {
      const answer = await fetch(`${server.url}/api/v1/admin/tsdb/${path}`, { method: 'POST' });
      expect(answer.status).toBe(500);
      expect(await answer.json()).toEqual({
        status: 'error',
        errorType: 'internal',
        error: 'ENOSPC: no space left on device, mkdir',
      });
    }
  });
});

describe('remote write', () => {
  it('takes the messages that are allowed alone', async () => {
    const nothing = { commit() {}, rollback() {} } as unknown as Appender;
    const server = await start(undefined, {
      appender: () => nothing,
      acceptedWrites: ['io.prometheus.write.v2.Request'],
    });
    const write = (type: string) =>
      fetch(`${server.url}/api/v1/write`, {
        method: 'POST',
        headers: { 'Content-Type': type, 'Content-Encoding': 'snappy' },
        // A message without series.
        body: new Uint8Array([0]),
      });
    const refused = await write('application/x-protobuf');
    expect(refused.status).toBe(415);
    expect(await refused.text()).toContain('supported: io.prometheus.write.v2.Request\n');
    expect((await write('application/x-protobuf;proto=io.prometheus.write.v2.Request')).status).toBe(204);
  });
});

describe('metrics', () => {
  it('are our own, in the format that is asked for', async () => {
    const server = await start();
    await get(server, 'query?query=1');
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(text).toContain('prometheus_http_requests_total{code="200",handler="/api/v1/query"} 1');
    expect(text).toContain('prometheus_engine_query_duration_seconds_count{slice="inner_eval"} 1');
    expect(text).toMatch(
      /prometheus_engine_query_duration_seconds\{quantile="0.9",slice="inner_eval"\} 0\.\d|e-/,
    );
    const open = await fetch(`${server.url}/metrics`, {
      headers: { accept: 'application/openmetrics-text' },
    });
    expect(open.headers.get('content-type')).toContain('application/openmetrics-text');
    expect(await open.text()).toMatch(/# EOF\n$/);
  });
});
