/** Clocks are set forward and back: whatever the time is now can be stored at once, and nothing is lost by it. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { Outcome } from '../../../../src/core/model/index.ts';
import { DirectorySource } from '../../../../src/core/source/directory.ts';
import type { Source } from '../../../../src/core/source/source.ts';
import { readBlockMeta } from '../../../../src/core/tsdb/block/index.ts';
import { Database } from '../../../../src/core/tsdb/db/index.ts';
import { append, contents, series } from '../head/samples.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const T0 = 1_700_006_400_000;
const STEP = 60_000;

let dir: string;
let now: number;
let db: Database;
let expected: Record<string, string[]>;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-db-clock-'));
  now = T0;
  expected = {};
});
afterEach(async () => {
  await db.close();
  rmSync(dir, { recursive: true });
});

const clock = { now: () => now, monotonic: () => now } as Clock;

async function open(): Promise<void> {
  db = await Database.open(dir, { clock, retentionMs: 400 * DAY });
}

/** Goes on for a while; the first moment after the clock was set included. */
async function go(duration: number): Promise<void> {
  const appender = db.appender();
  for (const end = now + duration; now < end; now += STEP) {
    const samples = ['a', 'b', `phase ${Math.floor(end / DAY)}`].map(
      (name) => [series(name), now, now / STEP] as const,
    );
    expect(append(appender, samples)).toEqual(samples.map(() => Outcome.ok));
    appender.commit();
    for (const [labels, t, v] of samples) (expected[labels.toString()] ??= []).push(`${t} ${v}`);
    if (Math.floor(now / STEP) % 30 === 0) await db.maintain();
  }
}

async function check(): Promise<void> {
  for (const rows of Object.values(expected))
    rows.sort((x, y) => Number.parseInt(x, 10) - Number.parseInt(y, 10));
  const sources: Source[] = [db.reader(), new DirectorySource(dir)];
  for (const source of sources) {
    expect(contents(await source.select([], { mint: 0, maxt: T0 * 2 }))).toEqual(expected);
    await source.close();
  }
}

function metas() {
  const names = readdirSync(dir).filter((name) => name.length === 26);
  return names.map((name) => readBlockMeta(join(dir, name)));
}

describe('a database whose clock is set', () => {
  it('a year ahead and back, over and over', async () => {
    await open();
    await go(4 * HOUR);
    for (const jump of [
      365 * DAY,
      -365 * DAY,
      30 * DAY,
      -29 * DAY,
      HOUR,
      -2 * HOUR,
      180 * DAY,
      -181 * DAY + 5 * HOUR,
    ]) {
      // Half a minute off, so that no time is met twice.
      now += jump + 17_000;
      await go(2.5 * HOUR);
      await check();
    }
    await db.close();
    await open();
    await check();
    await go(3 * HOUR);
    await check();
    // What came while the newest sample was ahead is not kept in memory for ever.
    expect(db.head.maxLateTime - db.head.minLateTime).toBeLessThan(10 * HOUR);
  });

  it('back, for long: what is late becomes blocks', async () => {
    await open();
    await go(2 * HOUR);
    now += 100 * DAY;
    await go(HOUR);
    now -= 100 * DAY;
    await go(20 * HOUR);
    await check();
    const late = metas().filter(({ minTime }) => minTime > T0 + 2 * HOUR && minTime < T0 + DAY);
    expect(late.length).toBeGreaterThan(2);
    expect(db.head.late.rows().length).toBeLessThan(4);
    await db.close();
    await open();
    await check();
  });
});
