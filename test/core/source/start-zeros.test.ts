/** Series that say when they began, in a head and in a log: the zero goes before all that the series has, or nowhere. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Clock } from '../../../src/core/clock.ts';
import { Batch, createParser, SeriesTable } from '../../../src/core/exposition/index.ts';
import { Matcher, SampleColumns } from '../../../src/core/model/index.ts';
import { BatchAppender } from '../../../src/core/source/batch-appender.ts';
import { DirectorySource } from '../../../src/core/source/directory.ts';
import type { Appender } from '../../../src/core/source/source.ts';
import { LogAppender } from '../../../src/core/tsdb/append/index.ts';
import { Database } from '../../../src/core/tsdb/db/index.ts';

const T0 = 1_700_006_400_000;
const HOUR = 3_600_000;
const clock: Clock = {
  now: () => T0 + HOUR,
  monotonic: () => 0,
  sleep: (_ms, signal) => new Promise((resolve) => signal?.addEventListener('abort', () => resolve())),
};

/** What each scrape has: time, value, and when it all began. */
const SCRAPES: readonly (readonly [t: number, v: number, st: number])[] = [
  [T0, 5, T0 - 60_000],
  [T0 + 1000, 6, T0 - 60_000],
  // Began anew between two scrapes.
  [T0 + 2000, 1, T0 + 1500],
  // At the time of the one before, later than the sample, and in the past.
  [T0 + 3000, 2, T0 + 2000],
  [T0 + 4000, 3, T0 + 5000],
  [T0 + 5000, 4, T0 + 500],
];
const EXPECTED = [
  [T0 - 60_000, 0],
  [T0, 5],
  [T0 + 1000, 6],
  [T0 + 1500, 0],
  [T0 + 2000, 1],
  [T0 + 3000, 2],
  [T0 + 4000, 3],
  [T0 + 5000, 4],
];

function directory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-zeros-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Feeds each scrape as a process of its own would; `open` gives an appender that knows what was stored. */
function feed(appender: Appender): BatchAppender {
  const table = new SeriesTable();
  const parser = createParser('jsonl', table);
  const rows = new BatchAppender(appender, table, clock, { startZeros: true });
  for (const [t, v, st] of SCRAPES) {
    const batch = new Batch();
    const line = (name: string, more: object) =>
      `${JSON.stringify({ metric: { __name__: name }, timestamps: [t], ...more })}\n`;
    const text = [
      line('c_total', { values: [v], start_timestamps: [st] }),
      line('h', {
        histograms: [{ schema: 0, count: v, sum: v, positive_spans: [[0, 1]], positive_buckets: [v] }],
        start_timestamps: [st],
      }),
      line('g', { values: [v] }),
      // Too long ago.
      line('old', { values: [v], start_timestamps: [t - 5 * HOUR] }),
    ];
    parser.write(new TextEncoder().encode(text.join('')), batch);
    parser.end(batch);
    rows.append(batch);
    appender.commit();
  }
  return rows;
}

async function stored(dir: string, name: string): Promise<number[][]> {
  const source = new DirectorySource(dir);
  const set = await source.select([new Matcher('=', '__name__', name)], { mint: 0, maxt: T0 * 2 });
  expect(set.length).toBe(1);
  const columns = new SampleColumns();
  set.read(0, columns);
  const found = [...columns.t.subarray(0, columns.length)].map((t, i) => [
    t,
    columns.histograms?.[i]?.count ?? columns.v[i],
  ]);
  await source.close();
  return found;
}

it.each([0, 2 * HOUR])('in a head that takes samples as late as %s ms', async (outOfOrderWindow) => {
  const dir = directory();
  const db = await Database.open(dir, { clock, outOfOrderWindow });
  const { counts } = feed(db.appender());
  await db.close();
  expect(await stored(dir, 'c_total')).toEqual(EXPECTED);
  expect(await stored(dir, 'h')).toEqual(EXPECTED);
  expect(await stored(dir, 'g')).toEqual(SCRAPES.map(([t, v]) => [t, v]));
  expect(await stored(dir, 'old')).toEqual(SCRAPES.map(([t, v]) => [t, v]));
  expect([counts.refused, counts.startTimestamps]).toEqual([0, 0]);
});

it('in a log', async () => {
  const dir = directory();
  const log = new LogAppender(dir, { clock });
  const { counts } = feed(log);
  log.close();
  expect(await stored(dir, 'c_total')).toEqual(EXPECTED);
  expect(await stored(dir, 'h')).toEqual(EXPECTED);
  expect(await stored(dir, 'old')).toEqual(SCRAPES.map(([t, v]) => [t, v]));
  expect([counts.refused, counts.startTimestamps]).toEqual([0, 0]);
});
