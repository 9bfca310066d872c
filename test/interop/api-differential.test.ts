/**
 * The HTTP API beside a real Prometheus on the same data: valid and invalid requests, every endpoint, parameters missing, bad
 * and twice; status, type of the error, its text, headers that matter, and values must agree.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { parserOptionsFor } from '../../src/core/promql/parser/index.ts';
import { DirectorySource } from '../../src/core/source/directory.ts';
import { Database } from '../../src/core/tsdb/db/index.ts';
import { kept, startTestServer, type TestServer } from '../core/server/test-server.ts';
import { describeWith, peer } from '../peers.ts';
import { ask, sorted } from './api-outcome.ts';
import { API_REQUESTS, requestText } from './api-requests.ts';
import { RealPrometheus } from './prometheus.ts';
import { writeQueryData } from './query-data.ts';
import { rulesViewOf } from './rules-of-api.ts';

const RULES = `
groups:
- name: first
  interval: 5000w
  rules:
  - {record: 'a:b', expr: vector(1), labels: {q: w}}
  - {alert: High, expr: vector(1) > 0, keep_firing_for: 5s, labels: {severity: page}, annotations: {s: 'v {{ $value }}'}}
- name: second
  interval: 5000w
  limit: 3
  rules:
  - {alert: Waiting, expr: vector(2), for: 1h}
- name: third
  interval: 5000w
  rules:
  - {record: c, expr: vector(3)}
`;

describeWith('the HTTP API beside Prometheus', { prometheus: peer('prometheus') }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-api-'));
  let prometheus: RealPrometheus;
  let source: DirectorySource;
  let database: Database;
  let server: TestServer;

  beforeAll(async () => {
    writeQueryData(join(dir, 'ours'));
    cpSync(join(dir, 'ours'), join(dir, 'real', 'data'), { recursive: true });
    writeFileSync(join(dir, 'real', 'rules.yml'), RULES);
    prometheus = await RealPrometheus.start(
      peer('prometheus')!,
      join(dir, 'real'),
      'rule_files: [rules.yml]\n',
      ['--web.enable-lifecycle'],
    );
    source = new DirectorySource(join(dir, 'ours'));
    database = await Database.open(join(dir, 'written'), { clock: systemClock });
    server = await startTestServer(
      kept(source),
      {
        rules: await rulesViewOf(prometheus.url),
        appender: () => database.appender(),
        admin: {
          deleteSeries: async () => 0,
          cleanTombstones: async () => {},
          snapshot: async () => 'name',
        },
      },
      { enableLifecycle: true, parser: parserOptionsFor([]) },
    );
  });

  afterAll(async () => {
    await server.close();
    await database.close();
    await source.close();
    await prometheus.stop();
    rmSync(dir, { recursive: true });
  });

  it(`agrees on ${API_REQUESTS.length} requests`, async () => {
    const found: string[] = [];
    for (const request of API_REQUESTS) {
      const [ours, real] = await Promise.all([
        ask(server.url, request, READINGS),
        ask(prometheus.url, request, READINGS),
      ]);
      if (request.statusOnly) {
        if (ours.status !== real.status)
          found.push(`${requestText(request)}\n  ${ours.status}, not ${real.status}`);
        continue;
      }
      const [a, b] = [JSON.stringify(ours), JSON.stringify(real)];
      if (a !== b)
        found.push(`${requestText(request)}\n  ours ${a.slice(0, 600)}\n  real ${b.slice(0, 600)}`);
    }
    expect(found.join('\n\n')).toBe('');
  }, 120_000);
});

const READINGS = { json: normal, text: (text: string) => text };

/** Without what differs by nature: series in no order, and how long things took. */
function normal(value: unknown): unknown {
  const { data } = value as { data?: { result?: unknown; resultType?: string; stats?: object } };
  if (data?.resultType === 'vector' && Array.isArray(data.result)) {
    data.result = data.result.map((entry) => JSON.stringify(sorted(entry))).sort();
  }
  if (data?.stats !== undefined) data.stats = Object.keys(data.stats);
  return sorted(value);
}
