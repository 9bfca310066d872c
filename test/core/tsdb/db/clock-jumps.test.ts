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
/** How far the clock was set ahead. */
let ahead: number;
let db: Database;
let expected: Record<string, string[]>;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-db-clock-'));
  now = T0;
  ahead = 0;
  expected = {};
});
afterEach(async () => {
  await db.close();
  rmSync(dir, { recursive: true });
});

const clock = { now: () => now, monotonic: () => now - ahead } as Clock;

async function open(retentionMs = 400 * DAY): Promise<void> {
  db = await Database.open(dir, { clock, retentionMs });
}

function set(by: number): void {
  now += by;
  ahead += by;
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
      set(jump + 17_000);
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

  it('ahead for hours: nothing is too old for that, until it is', async () => {
    await open(10 * DAY);
    await go(8 * HOUR);
    set(365 * DAY);
    await go(8 * HOUR);
    expect(db.blockList().some(({ meta }) => meta.maxTime > T0 + 300 * DAY)).toBe(true);
    await check();
    set(-365 * DAY);
    await go(4 * HOUR);
    await check();
    // A year that has passed, or so the clock says for days, is another matter.
    set(366 * DAY);
    for (let hours = 0; hours < 40; hours += 4) await go(4 * HOUR);
    expect(db.blockList().some(({ meta }) => meta.maxTime < T0 + 100 * DAY)).toBe(false);
    expect(db.blockList().length).toBeGreaterThan(3);
  });

  it('a year through, at random', async () => {
    await open(500 * DAY);
    let seed = Math.floor(Math.random() * 2 ** 31);
    const random = (n: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      return (seed >>> 8) % n;
    };
    const from = seed;
    let most = 0;
    try {
      for (let day = 0; day < 365; day += 10) {
        // Days go by of which nothing is seen, and the clock is put to about what it is, or far off for an hour.
        now += 10 * DAY - HOUR;
        await go(HOUR / 2);
        // Back by less than what may be ahead, samples are out of order until the clock is where it was.
        const off =
          [random(600), -random(600) - 11, random(30 * 24 * 60), -random(30 * 24 * 60) - 11][random(4)] *
            STEP +
          13_000 +
          day;
        set(off);
        await go(HOUR / 2);
        set(-off);
        most = Math.max(most, db.head.series.count, db.head.late.count * 10);
      }
      await check();
      // Series of ten days ago are not kept, nor is what was late.
      expect(most).toBeLessThan(120);
    } catch (error) {
      throw new Error(`seed ${from}: ${(error as Error).message}`, { cause: error });
    }
  });

  it.each([1, 5, 9])(
    'back by %i minutes: as Prometheus, it waits for the time to come again',
    async (minutes) => {
      await open();
      await go(3 * HOUR);
      const newest = now - STEP;
      set(-minutes * STEP - 17_000);
      const appender = db.appender();
      for (; now <= newest; now += STEP) {
        // What a series has is newer, and not by so much that the clock must have been wrong; others are taken at once.
        const rows = [series('a'), series(`new ${now}`)].map((labels) => [labels, now, now / STEP] as const);
        expect(append(appender, rows)).toEqual([Outcome.outOfOrder, Outcome.ok]);
        appender.commit();
        expected[rows[1][0].toString()] = [`${now} ${now / STEP}`];
      }
      await go(3 * HOUR);
      await check();
      await db.close();
      await open();
      await check();
    },
  );

  it('ahead by minutes and back, every hour for a week', async () => {
    await open();
    let refused = 0;
    for (let hour = 0; hour < 7 * 24; hour++) {
      await go(HOUR - 2 * STEP);
      const newest = now - STEP;
      set(((hour % 9) - 4) * STEP + 13_000);
      const appender = db.appender();
      for (let n = 0; n < 10 && now <= newest; n++, now += STEP, refused++) {
        expect(append(appender, [[series('a'), now, 1]])).toEqual([Outcome.outOfOrder]);
        appender.commit();
      }
    }
    expect(refused).toBeGreaterThan(100);
    await check();
  });

  it('back, for long: what is late becomes blocks', async () => {
    await open();
    await go(2 * HOUR);
    set(100 * DAY);
    await go(HOUR);
    set(-100 * DAY);
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
