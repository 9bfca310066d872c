/** Limits that change while the database is open, as a reload changes them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { labelsFromObject, Outcome } from '../../../../src/core/model/index.ts';
import { Database } from '../../../../src/core/tsdb/db/index.ts';
import { append, series } from '../head/samples.ts';

const T0 = 1_700_006_400_000;
const LIMITS = { retentionMs: 0, retentionBytes: 0, outOfOrderWindow: 0, maxExemplars: 4 };
const clock = { now: () => T0, monotonic: () => T0 } as Clock;

let dir: string;
let db: Database;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-limits-'));
  db = await Database.open(dir, { clock, ...LIMITS });
});
afterEach(async () => {
  await db.close();
  rmSync(dir, { recursive: true });
});

function put(t: number): number {
  const appender = db.appender();
  const [outcome] = append(appender, [[series('m'), t, 1]]);
  appender.commit();
  return outcome;
}

it('late samples are taken from the moment on that there is a window, and as far back as it reaches', () => {
  expect(put(T0)).toBe(Outcome.ok);
  expect(put(T0 - 60_000)).toBe(Outcome.outOfOrder);
  db.setLimits({ ...LIMITS, outOfOrderWindow: 120_000 });
  expect(put(T0 - 60_000)).toBe(Outcome.ok);
  expect(put(T0 - 180_000)).toBe(Outcome.tooOld);
  db.setLimits(LIMITS);
  expect(put(T0 - 30_000)).toBe(Outcome.outOfOrder);
});

it('fewer exemplars are the newest of those there were, more have room', async () => {
  const appender = db.appender();
  const add = (n: number) => {
    const ref = appender.ref(series(`m${n % 3}`));
    append(appender, [[series(`m${n % 3}`), T0 + n, n]]);
    appender.appendExemplar(ref, { labels: labelsFromObject({ n: String(n) }), v: n, t: T0 + n });
    appender.commit();
  };
  const kept = async () => {
    const reader = db.reader();
    const found = await reader.exemplars([[]], { mint: 0, maxt: T0 * 2 });
    await reader.close();
    return found.flatMap(({ exemplars }) => exemplars.map(({ v }) => v)).sort((a, b) => a - b);
  };
  for (let n = 0; n < 6; n++) add(n);
  expect(await kept()).toEqual([2, 3, 4, 5]);
  db.setLimits({ ...LIMITS, maxExemplars: 2 });
  expect(await kept()).toEqual([4, 5]);
  add(6);
  expect(await kept()).toEqual([5, 6]);
  db.setLimits({ ...LIMITS, maxExemplars: 5 });
  for (let n = 7; n < 11; n++) add(n);
  expect(await kept()).toEqual([6, 7, 8, 9, 10]);
  db.setLimits({ ...LIMITS, maxExemplars: 0 });
  expect(await kept()).toEqual([]);
});

it('limits that are set while the log is read hold when it was', async () => {
  expect(put(T0)).toBe(Outcome.ok);
  await db.close();
  db = Database.begin(dir, { clock, ...LIMITS });
  db.setLimits({ ...LIMITS, outOfOrderWindow: 120_000 });
  await db.ready;
  expect(put(T0 - 60_000)).toBe(Outcome.ok);
});
