import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labelsFromObject } from '../../../src/core/model/labels.ts';
import { parseQuery } from '../../../src/core/promql/parser/index.ts';
import type { QueryTimes } from '../../../src/core/server/index.ts';
import { isLight } from '../../../src/core/server/workers/light-query.ts';
import { Database } from '../../../src/core/tsdb/db/index.ts';

describe('a query is light', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-light-'));
  const now = Date.UTC(2026, 0, 1, 1);
  let database: Database;

  beforeAll(async () => {
    database = await Database.open(dir, {
      clock: { now: () => now, monotonic: () => 0, sleep: async () => {} },
    });
    const appender = database.appender();
    for (let i = 0; i < 2000; i++) {
      const ref = appender.ref(labelsFromObject({ __name__: i < 10 ? 'few' : 'many', i: String(i) }));
      for (const t of [now - 3_600_000, now]) {
        appender.append(Uint32Array.of(ref), Float64Array.of(t), Float64Array.of(i), 0, 1, new Uint8Array(1));
      }
    }
    appender.commit();
  });

  afterAll(async () => {
    await database.close();
    rmSync(dir, { recursive: true });
  });

  const instant: QueryTimes = { kind: 'instant', t: now };
  const blocksEnd = now - 3_600_000;
  const range: QueryTimes = { kind: 'range', start: now - 1_800_000, end: now, stepMs: 15_000 };

  it.each<[query: string, times: QueryTimes, light: boolean]>([
    ['vector(1)', instant, true],
    ['few', instant, true],
    ['few', range, true],
    ['sum(rate(few[5m])) / few', range, true],
    ['many', instant, false],
    ['many', range, false],
    ['many{i="17"}', range, true],
    ['many{i=~"17.?"}', range, true],
    ['many{i!~".*7"}', range, false],
    ['rate(many[5m])', instant, false],
    ['count(present_over_time(many[10s]))', instant, false],
    ['{__name__=~"few"}', instant, false],
    ['{i!=""}', instant, false],
    ['few[2h]', instant, false],
    ['few offset 2h', instant, false],
    ['few offset 5m', instant, true],
    ['few @ 0', instant, false],
    ['max_over_time(few[5m:1s])', instant, false],
    ['few', { kind: 'instant', t: now - 7_200_000 }, false],
    ['nothing', range, true],
  ])('%s %j: %s', (query, times, light) => {
    expect(isLight(parseQuery(query), times, 300_000, database.head, blocksEnd)).toBe(light);
  });
});
