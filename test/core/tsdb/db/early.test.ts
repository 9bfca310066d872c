/** A database that is used while its log is still being read. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { Matcher, Outcome } from '../../../../src/core/model/index.ts';
import { DirectorySource } from '../../../../src/core/source/directory.ts';
import type { Source } from '../../../../src/core/source/source.ts';
import { Database } from '../../../../src/core/tsdb/db/index.ts';
import { append, contents, histogram, series } from '../head/samples.ts';

const T0 = 1_700_006_400_000;
const SERIES = 3000;
const ROUNDS = 60;

let dir: string;
let now: number;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-db-early-'));
  now = T0;
  const db = await Database.open(dir, { clock });
  fill(db);
  await db.close();
});
afterEach(() => rmSync(dir, { recursive: true }));

const clock = { now: () => now, monotonic: () => performance.now() } as Clock;

function fill(db: Database): void {
  const appender = db.appender();
  const refs = Uint32Array.from({ length: SERIES }, (_, n) => appender.ref(series(`s${n}`)));
  const outcomes = new Uint8Array(SERIES);
  for (let round = 0; round < ROUNDS; round++) {
    now = T0 + round * 1000;
    const ts = new Float64Array(SERIES).fill(now);
    expect(appender.append(refs, ts, new Float64Array(SERIES).fill(round), 0, SERIES, outcomes)).toBe(SERIES);
    appender.commit();
  }
}

async function read(source: Source, ...names: string[]): Promise<Record<string, string[]>> {
  try {
    const matcher = new Matcher('=~', '__name__', names.join('|'));
    return contents(await source.select([matcher], { mint: 0, maxt: T0 * 2 }));
  } finally {
    await source.close();
  }
}

describe('while the log is being read', () => {
  it('samples are taken, and in the head and the log in the end', async () => {
    const db = Database.begin(dir, { clock });
    expect(() => db.reader()).toThrow('the log is still being read');
    await expect(db.cardinality()).rejects.toMatchObject({ code: 'not_ready' });
    const one = db.appender();
    const other = db.appender();
    let turns = 0;
    let ready = false;
    void db.ready.then(() => {
      ready = true;
    });
    const ref = one.ref(series('s1'));
    expect(one.ref(series('s1'))).toBe(ref);
    const gone = one.ref(series('gone'));
    one.forget(gone);
    while (!ready) {
      // A scrape a turn of the event loop.
      now += 1000;
      const rows = [
        [series('s1'), now, turns],
        [series('new'), now, turns === 0 ? 'stale' : turns],
        [series('native'), now, histogram(turns + 1)],
      ] as const;
      expect(append(one, rows)).toEqual([0, 0, 0]);
      one.setMetadata(ref, { type: 'counter', help: 'How many.', unit: '' });
      one.commit();
      append(other, [[series('new'), now + 10, turns]]);
      other.commit();
      append(other, [[series('s2'), now, turns]]);
      other.rollback();
      turns++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(turns).toBeGreaterThan(2);
    // A transaction that began before, and the refs that were given out, go on.
    append(one, [[series('after'), now, 1]]);
    expect(one.ref(series('s1'))).toBe(ref);
    one.commit();
    append(other, [[series('s1'), now + 20, 7]]);
    other.commit();
    const there = await read(db.reader(), 's1', 's2', 'new', 'native', 'after');
    expect(there[series('s2').toString()].length).toBe(ROUNDS);
    expect(there[series('s1').toString()].length).toBe(ROUNDS + turns + 1);
    expect(there[series('s1').toString()].at(-1)).toBe(`${now + 20} 7`);
    expect(there[series('new').toString()].length).toBe(turns * 2);
    expect(there[series('new').toString()][0]).toMatch(/ stale$/);
    expect(there[series('native').toString()].length).toBe(turns);
    expect(there[series('after').toString()]).toEqual([`${now} 1`]);
    const { bytesRead, bytesTotal, segment, lastSegment } = db.replayProgress;
    expect(bytesRead).toBe(bytesTotal);
    expect(bytesTotal).toBeGreaterThan(0);
    expect(segment).toBe(lastSegment);
    await db.close();
    expect(await read(new DirectorySource(dir), 's1', 's2', 'new', 'native', 'after')).toEqual(there);
  });

  it('a transaction may span the end of it', async () => {
    const db = Database.begin(dir, { clock });
    const appender = db.appender();
    now += 1000;
    append(appender, [[series('s1'), now, 1]]);
    await db.ready;
    append(appender, [[series('s1'), now + 1, 2]]);
    expect((await read(db.reader(), 's1'))[series('s1').toString()].length).toBe(ROUNDS);
    appender.commit();
    expect((await read(db.reader(), 's1'))[series('s1').toString()].length).toBe(ROUNDS + 2);
    await db.close();
  });

  it('what is ahead of the clock is refused, and too much of anything', async () => {
    const db = Database.begin(dir, { clock });
    const appender = db.appender();
    expect(append(appender, [[series('s1'), now + 601_000, 1]])).toEqual([Outcome.tooFarAhead]);
    const many = 5_000_001;
    const refs = new Uint32Array(many);
    const columns = new Float64Array(many);
    const outcomes = new Uint8Array(many);
    appender.append(refs, columns, columns, 0, many, outcomes);
    expect(() => appender.append(refs, columns, columns, 0, many, outcomes)).toThrow(
      'the log is still being read',
    );
    appender.rollback();
    expect(appender.append(refs, columns, columns, 0, 1, outcomes)).toBe(1);
    appender.rollback();
    await db.close();
  });

  it('work waits, and the end of everything does not', async () => {
    const db = Database.begin(dir, { clock });
    const deletion = db.delete([new Matcher('=', '__name__', 's1')], 0, T0 * 2);
    const maintenance = db.maintain();
    expect(await deletion).toBe(1);
    await maintenance;
    expect(await read(db.reader(), 's1')).toEqual({});
    await db.close();

    const next = Database.begin(dir, { clock });
    const waiting = next.maintain();
    await next.close();
    await expect(waiting).rejects.toThrow();
    await expect(next.ready).rejects.toThrow();
    // The lock is free again.
    const last = await Database.open(dir, { clock });
    expect(last.stats().series).toBe(SERIES);
    await last.close();
  });
});
