/** What a database says of itself: counters, and what its head has most of. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { labelsFromObject } from '../../../../src/core/model/index.ts';
import { Database } from '../../../../src/core/tsdb/db/index.ts';
import { append, histogram, series, type Value } from '../head/samples.ts';

const T0 = 1_700_006_400_000;
const RANGE = 60_000;

let dir: string;
let now: number;
let db: Database;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-db-statistics-'));
  now = T0;
  db = await open();
});
afterEach(async () => {
  await db.close();
  rmSync(dir, { recursive: true });
});

const clock = { now: () => now, monotonic: () => now } as Clock;
const open = () =>
  Database.open(dir, {
    clock,
    minBlockRange: RANGE,
    maxBlockRange: 9 * RANGE,
    outOfOrderWindow: RANGE,
    segmentBytes: 32 * 1024,
    retentionMs: 10 * RANGE,
  });

/** By name, with the labels other than the name in braces. */
function values(): Record<string, number> {
  const out: Record<string, number> = {};
  for (const { samples } of db.families()) {
    for (const { labels, v } of samples) {
      const type = labels.get('type');
      out[labels.get('__name__')! + (type ? `{${type}}` : '')] = v;
    }
  }
  return out;
}

function put(...samples: [string, number, Value][]): void {
  const appender = db.appender();
  append(
    appender,
    samples.map(([name, t, v]) => [series(name), t, v] as const),
  );
  appender.commit();
}

it('counts what comes, what is refused and what becomes of it', async () => {
  for (let step = 0; step < 1500; step++) {
    now = T0 + step * 1000;
    put(['a', now, step], ['native', now, histogram(step)]);
    if (step < 10) put(['short', now, step]);
    if (step === 100)
      put(['a', now - 30_500, 1], ['a', now - RANGE * 1.5, 1], ['native', now - 500, histogram(1)]);
    if (step % 20 === 19) await db.maintain();
  }
  const seen = values();
  expect(seen).toMatchObject({
    prometheus_tsdb_head_series: 2,
    prometheus_tsdb_head_series_created_total: 3,
    prometheus_tsdb_head_series_removed_total: 1,
    'prometheus_tsdb_head_samples_appended_total{float}': 1511,
    'prometheus_tsdb_head_samples_appended_total{histogram}': 1501,
    'prometheus_tsdb_head_out_of_order_samples_appended_total{float}': 1,
    'prometheus_tsdb_head_out_of_order_samples_appended_total{histogram}': 1,
    'prometheus_tsdb_too_old_samples_total{float}': 1,
    'prometheus_tsdb_out_of_order_samples_total{float}': 0,
    prometheus_tsdb_head_max_time: now,
    prometheus_tsdb_head_active_appenders: 0,
    prometheus_tsdb_retention_limit_seconds: 600,
    prometheus_tsdb_compactions_failed_total: 0,
    tsmon_tsdb_blocks_broken: 0,
  });
  expect(seen['prometheus_tsdb_blocks_loaded']).toBe(db.blockList().length);
  expect(seen['prometheus_tsdb_head_chunks_created_total']).toBe(
    seen['prometheus_tsdb_head_chunks'] + seen['prometheus_tsdb_head_chunks_removed_total'],
  );
  expect(seen['prometheus_tsdb_head_chunks_removed_total']).toBeGreaterThan(20);
  for (const name of [
    'compactions_total',
    'head_truncations_total',
    'checkpoint_creations_total',
    'time_retentions_total',
    'reloads_total',
    'wal_segment_current',
  ]) {
    expect(seen[`prometheus_tsdb_${name}`], name).toBeGreaterThan(0);
  }
  const sizes = db.blockList().map(({ sizeBytes }) => sizeBytes);
  expect(seen['prometheus_tsdb_storage_blocks_bytes']).toBe(sizes.reduce((sum, size) => sum + size, 0));
  const before = seen['prometheus_tsdb_head_chunks'];
  await db.close();
  db = await open();
  // The log may begin its chunks elsewhere, but not miss any.
  expect(values()['prometheus_tsdb_head_chunks']).toBeGreaterThanOrEqual(before - 2);
  expect(values()['prometheus_tsdb_data_replay_duration_seconds']).toBe(0);
});

it('tells what the head has most of', async () => {
  const appender = db.appender();
  const rows = Array.from({ length: 50 }, (_, n) => {
    const labels = labelsFromObject({ __name__: n < 30 ? 'big' : 'small', id: String(n), job: 'x' });
    return [labels, now, n] as const;
  });
  append(appender, rows);
  appender.commit();
  const found = await db.cardinality(2);
  expect(found).toEqual({
    series: 50,
    labelPairs: 53,
    chunks: 50,
    minTime: now,
    maxTime: now,
    seriesByMetricName: [
      { name: 'big', value: 30 },
      { name: 'small', value: 20 },
    ],
    labelValuesByName: [
      { name: 'id', value: 50 },
      { name: '__name__', value: 2 },
    ],
    bytesByLabelName: [
      { name: '__name__', value: 30 * (9 + 4) + 20 * (9 + 6) },
      { name: 'job', value: 50 * (4 + 2) },
    ],
    seriesByLabelPair: [
      { name: 'job=x', value: 50 },
      { name: '__name__=big', value: 30 },
    ],
  });
  expect((await db.cardinality(0)).seriesByMetricName).toEqual([]);
});
