import { closeSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { Matcher, Outcome } from '../../../../src/core/model/index.ts';
import { DirectorySource } from '../../../../src/core/source/directory.ts';
import type { Appender, Source } from '../../../../src/core/source/source.ts';
import { readBlockMeta } from '../../../../src/core/tsdb/block/index.ts';
import {
  Database,
  type DatabaseOptions,
  inlineTasks,
  type TaskRunner,
} from '../../../../src/core/tsdb/db/index.ts';
import {
  HeadChunkScanner,
  headChunkFileName,
  openHeadChunkFiles,
} from '../../../../src/core/tsdb/head/index.ts';
import { append, contents, histogram, series, type Value } from '../head/samples.ts';

const HOUR = 3_600_000;
/** A multiple of two hours. */
const T0 = 1_700_006_400_000;
const STEP = 60_000;

let dir: string;
let now: number;
let open: Database[];
let notices: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-db-'));
  now = T0;
  open = [];
  notices = [];
});
afterEach(async () => {
  for (const db of open) await db.close();
  rmSync(dir, { recursive: true });
});

const clock = { now: () => now, monotonic: () => now } as Clock;

async function start(options: Partial<DatabaseOptions> = {}): Promise<Database> {
  const db = await Database.open(dir, { clock, onNotice: (notice) => notices.push(notice), ...options });
  open.push(db);
  return db;
}

async function restart(db: Database, options: Partial<DatabaseOptions> = {}): Promise<Database> {
  await db.close();
  open.splice(open.indexOf(db), 1);
  return start(options);
}

function put(db: Database, samples: [string, number, Value][]): number[] {
  const appender: Appender = db.appender();
  const outcomes = append(
    appender,
    samples.map(([name, t, v]) => [series(name), t, v] as const),
  );
  appender.commit();
  return outcomes;
}

async function read(db: Database, mint = 0, maxt = T0 * 2): Promise<Record<string, string[]>> {
  const reader: Source = db.reader((error) => {
    throw error;
  });
  try {
    return contents(await reader.select([], { mint, maxt }));
  } finally {
    await reader.close();
  }
}

/** What a reader of the directory finds there. */
async function readDirectory(from = dir): Promise<Record<string, string[]>> {
  const source = new DirectorySource(from);
  try {
    return contents(await source.select([], { mint: 0, maxt: T0 * 2 }));
  } finally {
    await source.close();
  }
}

/** Appends a sample a minute to some series, up to `end`; keeps what is expected. */
class Feed {
  readonly expected: Record<string, string[]> = {};
  t = T0;

  constructor(t = T0) {
    this.t = t;
  }

  async upTo(db: Database, end: number, names = ['a', 'b', 'native']): Promise<void> {
    for (; this.t < end; this.t += STEP) {
      now = this.t;
      const step = (this.t - T0) / STEP;
      const samples = names.map((name): [string, number, Value] => [
        name,
        this.t,
        name === 'native' ? histogram(step) : step * 1.5,
      ]);
      expect(put(db, samples)).toEqual(samples.map(() => Outcome.ok));
      for (const [name, t, v] of samples) {
        const text = typeof v === 'object' ? `histogram ${v.count}` : String(v);
        (this.expected[series(name).toString()] ??= []).push(`${t} ${text}`);
      }
      if (step % 30 === 0) await db.maintain();
    }
  }
}

function blockNames(): string[] {
  return readdirSync(dir).filter((name) => name.length === 26);
}

function metas() {
  return blockNames()
    .map((name) => readBlockMeta(join(dir, name)))
    .sort((a, b) => a.minTime - b.minTime);
}

describe('a database', () => {
  it('cuts blocks where Prometheus cuts them, and loses nothing over starts', async () => {
    let db = await start({ chunkFileBytes: 20_000, segmentBytes: 32 * 1024 });
    const feed = new Feed();
    for (let hours = 1; hours <= 16; hours++) {
      await feed.upTo(db, T0 + hours * HOUR);
      expect(await read(db)).toEqual(feed.expected);
      expect(await readDirectory()).toEqual(feed.expected);
      if (hours % 3 === 0) {
        db = await restart(db, { chunkFileBytes: 20_000, segmentBytes: 32 * 1024 });
        expect(await read(db)).toEqual(feed.expected);
      }
    }
    // 16 h: the head has the last two; the newest block is left alone, and the older ones became longer.
    expect(metas().map(({ minTime, maxTime }) => [(minTime - T0) / HOUR, (maxTime - T0) / HOUR])).toEqual([
      [0, 6],
      [6, 12],
      [12, 14],
    ]);
    expect(metas().map(({ compaction }) => compaction.level)).toEqual([2, 2, 1]);
    expect(existsSync(join(dir, 'wal', '00000000'))).toBe(false);
    expect(readdirSync(join(dir, 'wal')).some((name) => name.startsWith('checkpoint.'))).toBe(true);
    expect(readdirSync(join(dir, 'chunks_head')).length).toBeLessThan(4);
    expect(notices).toEqual([]);
  });

  it('makes blocks of their own of what came out of order', async () => {
    const options = { outOfOrderWindow: 5 * HOUR };
    let db = await start(options);
    const feed = new Feed();
    await feed.upTo(db, T0 + 3 * HOUR);
    const late: [string, number, Value][] = [];
    for (let n = 0; n < 100; n++) late.push(['a', T0 + ((n * 37) % 100) * STEP + 7, n]);
    late.push(['native', T0 + 5, histogram(5)], ['never', T0 - HOUR, 9]);
    expect(put(db, late)).toEqual(late.map(() => Outcome.ok));
    for (const [name, t, v] of late) {
      const rows = (feed.expected[series(name).toString()] ??= []);
      rows.push(`${t} ${typeof v === 'object' ? `histogram ${v.count}` : v}`);
      rows.sort((x, y) => Number.parseInt(x, 10) - Number.parseInt(y, 10));
    }
    expect(await read(db)).toEqual(feed.expected);
    expect(await readDirectory()).toEqual(feed.expected);
    db = await restart(db, options);
    expect(await read(db)).toEqual(feed.expected);
    await feed.upTo(db, T0 + 4 * HOUR);
    expect(await read(db)).toEqual(feed.expected);
    expect(await readDirectory()).toEqual(feed.expected);
    const hinted = metas().filter(({ compaction }) => compaction.hints?.includes('from-out-of-order'));
    expect(hinted.length).toBeGreaterThan(0);
    db = await restart(db, options);
    await feed.upTo(db, T0 + 9 * HOUR);
    expect(await read(db)).toEqual(feed.expected);
    // Overlapping blocks were merged.
    for (let i = 1; i < metas().length; i++)
      expect(metas()[i].minTime).toBeGreaterThanOrEqual(metas()[i - 1].maxTime);
    expect(notices).toEqual([]);
  });

  it('does not take for stored what is only late as far as blocks reach', async () => {
    const ranges = { minBlockRange: 60_000, maxBlockRange: 540_000, outOfOrderWindow: 300_000 };
    let db = await start(ranges);
    for (let s = 0; s <= 200; s++) {
      now = T0 + s * 1000;
      put(db, [['a', now, s]]);
    }
    // Blocks of what came in order end at two minutes, those of late samples at four.
    put(db, [
      ['a', T0 + 130_500, 1],
      ['a', T0 + 190_500, 2],
    ]);
    await db.maintain();
    const before = await read(db);
    expect(before[series('a').toString()].length).toBe(203);
    expect(await readDirectory()).toEqual(before);
    db = await restart(db, ranges);
    expect(await read(db)).toEqual(before);
  });

  it('deletes from the head and from blocks, for good', async () => {
    let db = await start();
    const feed = new Feed();
    await feed.upTo(db, T0 + 4 * HOUR);
    expect(metas().length).toBe(1);
    const matchers = [new Matcher('=~', '__name__', 'a|native')];
    expect(await db.delete(matchers, T0 + HOUR, T0 + 3 * HOUR)).toBe(4);
    for (const name of ['a', 'native']) {
      const key = series(name).toString();
      feed.expected[key] = feed.expected[key].filter((row) => {
        const t = Number.parseInt(row, 10);
        return t < T0 + HOUR || t > T0 + 3 * HOUR;
      });
    }
    expect(await read(db)).toEqual(feed.expected);
    expect(await readDirectory()).toEqual(feed.expected);
    db = await restart(db);
    expect(await read(db)).toEqual(feed.expected);
    await db.cleanTombstones();
    expect(metas().every(({ stats }) => stats?.numTombstones === undefined)).toBe(true);
    expect(await read(db)).toEqual(feed.expected);
    await feed.upTo(db, T0 + 8 * HOUR);
    expect(await read(db)).toEqual(feed.expected);
    expect(await db.delete([new Matcher('=', '__name__', 'b')], 0, T0 * 2)).toBeGreaterThan(2);
    delete feed.expected[series('b').toString()];
    expect(await read(db)).toEqual(feed.expected);
    expect(await db.delete([new Matcher('=', '__name__', 'nothing')], 0, T0 * 2)).toBe(0);
  });

  it('deletes also from a block whose writing failed when it was in its place', async () => {
    let fails = false;
    const tasks: TaskRunner = {
      run: async (kind, input) => {
        const result = await inlineTasks.run(kind, input);
        if (fails) throw new Error('the directory could not be synced');
        return result;
      },
    };
    const db = await start({ tasks });
    const feed = new Feed();
    await feed.upTo(db, T0 + 3 * HOUR);
    now = T0 + 3 * HOUR + STEP;
    put(db, [['a', now, 1]]);
    fails = true;
    await expect(db.maintain()).rejects.toThrow('synced');
    fails = false;
    expect(metas().length).toBe(1);
    await db.delete([new Matcher('=', '__name__', 'b')], 0, T0 * 2);
    delete feed.expected[series('b').toString()];
    feed.expected[series('a').toString()].push(`${now} 1`);
    expect(await read(db)).toEqual(feed.expected);
    await db.maintain();
    expect(await read(db)).toEqual(feed.expected);
    expect(await readDirectory()).toEqual(feed.expected);
  });

  it('does not give back from the log what was all that the newest block had', async () => {
    let db = await start();
    put(db, [['a', T0, 1]]);
    await db.compact();
    await db.delete([new Matcher('=', '__name__', 'a')], 0, T0 * 2);
    await db.cleanTombstones();
    expect(await readDirectory()).toEqual({});
    db = await restart(db);
    expect(await read(db)).toEqual({});
  });

  it('does not give back what merging late samples in left nothing of', async () => {
    let db = await start({ outOfOrderWindow: HOUR });
    put(db, [['a', T0, 1]]);
    put(db, [['a', T0 + 2 * STEP, 2]]);
    put(db, [['b', T0 + STEP, 3]]);
    await db.compact();
    await db.delete([new Matcher('=~', '__name__', 'a|b')], 0, T0 * 2);
    await db.cleanTombstones();
    put(db, [['b', T0 + 90_000, 4]]);
    await db.delete([new Matcher('=~', '__name__', 'a|b')], 0, T0 * 2);
    await db.compact();
    expect(await readDirectory()).toEqual({});
    expect(metas().map(({ stats }) => stats?.numSeries)).toEqual([0]);
    db = await restart(db);
    expect(await read(db)).toEqual({});
  });

  it('does not give back what was deleted when the block that had been it goes for its size', async () => {
    let db = await start();
    put(db, [
      ['a', T0, 1],
      ['b', T0, 2],
    ]);
    await db.compact();
    await db.delete([new Matcher('=', '__name__', 'a')], 0, T0 * 2);
    db.setLimits({ retentionMs: 0, retentionBytes: 1, outOfOrderWindow: 0, maxExemplars: 0 });
    await db.maintain();
    expect(await readDirectory()).toEqual({});
    const [{ ulid }] = metas();
    await db.maintain();
    expect(metas().map((meta) => meta.ulid)).toEqual([ulid]);
    db = await restart(db);
    expect(await read(db)).toEqual({});
  });

  it('leaves no chunk of late samples to be taken by Prometheus once something was deleted', async () => {
    const options = { outOfOrderWindow: 10 * HOUR };
    now = T0 + 4 * HOUR;
    let db = await start(options);
    // A finished chunk that is needed, so that the file stays.
    for (let n = 0; n < 130; n++) put(db, [['c', T0 + 3 * HOUR + n * 1000, n]]);
    const late = (name: string, from: number) => {
      for (let n = 0; n < 70; n++) put(db, [[name, from + n * 1000, n]]);
    };
    const owners = () => {
      const found = new Set<number>();
      const chunks = join(dir, 'chunks_head');
      for (const [number, fd] of openHeadChunkFiles(chunks)) {
        const scanner = new HeadChunkScanner(join(chunks, headChunkFileName(number)), fd);
        while (scanner.next()) if (scanner.outOfOrder) found.add(scanner.ref);
        expect(scanner.fault).toBeUndefined();
        closeSync(fd);
      }
      return [...found].sort();
    };
    late('a', T0);
    late('b', T0);
    db = await restart(db, options);
    expect(owners()).toEqual([2, 3]);
    const before = await read(db);
    await db.delete([new Matcher('=', '__name__', 'a')], T0, T0 + 20_000);
    expect(owners()).toEqual([0]);
    const a = series('a').toString();
    const left = { ...before, [a]: before[a].slice(21) };
    expect(await read(db)).toEqual(left);
    late('b', T0 + HOUR);
    db = await restart(db, options);
    expect(owners()).toEqual([0, 4]);
    expect((await read(db))[a]).toEqual(left[a]);
    // As another server may leave them, which has made blocks of them.
    await db.close();
    rmSync(join(dir, 'wbl'), { recursive: true });
    db = await restart(db, options);
    expect(owners()).toEqual([0, 4]);
    await db.delete([new Matcher('=', '__name__', 'c')], T0, T0 + 4 * HOUR);
    expect(owners()).toEqual([0]);
  });

  it('goes on under the first ref of a series that the log has under two, as Prometheus does', async () => {
    let db = await start();
    put(db, [['a', T0, 0]]);
    await db.compact();
    put(db, [['a', T0 + 1000, 1]]);
    db = await restart(db);
    expect(db.head.series.aliases).toEqual(new Map([[0, [2]]]));
    for (let n = 2; n < 200; n++) put(db, [['a', T0 + n * 1000, n]]);
    // Both records are needed as long as the series lives.
    expect([...db.head.refsToKeep(Number.POSITIVE_INFINITY)]).toEqual([1, 2]);
    db = await restart(db);
    const refs: number[] = [];
    const chunks = join(dir, 'chunks_head');
    for (const [number, fd] of openHeadChunkFiles(chunks)) {
      const scanner = new HeadChunkScanner(join(chunks, headChunkFileName(number)), fd);
      while (scanner.next()) refs.push(scanner.ref);
      closeSync(fd);
    }
    expect(refs).toEqual([1]);
    expect((await read(db))[series('a').toString()].length).toBe(200);
  });

  it('gives what comes late for a time in which something was deleted, also after a restart', async () => {
    const options = { outOfOrderWindow: 10 * HOUR };
    let db = await start(options);
    put(db, [['a', T0, 1]]);
    put(db, [['b', T0 + 5 * STEP, 2]]);
    put(db, [['a', T0 + STEP, 3]]);
    await db.delete([new Matcher('=', '__name__', 'a')], 0, T0 * 2);
    now = T0 + 4 * HOUR;
    put(db, [['b', now, 4]]);
    await db.maintain();
    put(db, [['a', T0 + 30_000, 5]]);
    const left = {
      [series('a').toString()]: [`${T0 + 30_000} 5`],
      [series('b').toString()]: [`${T0 + 5 * STEP} 2`, `${now} 4`],
    };
    expect(await read(db)).toEqual(left);
    db = await restart(db, options);
    expect(await read(db)).toEqual(left);
    await db.compact();
    expect(await readDirectory()).toEqual(left);
  });

  it('does not give back a late sample that was deleted, though blocks reach beyond it', async () => {
    let db = await start({ outOfOrderWindow: HOUR });
    put(db, [['a', T0 + 2 * STEP, 1]]);
    await db.compact();
    put(db, [['b', T0 + STEP, 2]]);
    put(db, [['a', T0 + 3 * STEP, 3]]);
    await db.delete([new Matcher('=', '__name__', 'b')], 0, T0 * 2);
    const left = { [series('a').toString()]: [`${T0 + 2 * STEP} 1`, `${T0 + 3 * STEP} 3`] };
    expect(await read(db)).toEqual(left);
    db = await restart(db, { outOfOrderWindow: HOUR });
    expect(await read(db)).toEqual(left);
    await db.compact();
    expect(await readDirectory()).toEqual(left);
  });

  it('does not give back what was deleted to who reads beside it, once late samples were merged in', async () => {
    const db = await start({ outOfOrderWindow: HOUR });
    put(db, [
      ['a', T0, 1],
      ['a', T0 + 2 * STEP, 2],
      ['a', T0 + STEP, 3],
    ]);
    await db.compact();
    expect(metas().map(({ compaction }) => compaction.level)).toEqual([2]);
    await db.delete([new Matcher('=', '__name__', 'a')], T0 + 2 * STEP, T0 + 2 * STEP);
    const left = { [series('a').toString()]: [`${T0} 1`, `${T0 + STEP} 3`] };
    expect(await readDirectory()).toEqual(left);
    await db.cleanTombstones();
    expect(metas().map(({ compaction }) => compaction.level)).toEqual([3]);
    expect(await readDirectory()).toEqual(left);
  });

  it('forgets series that are gone, and takes them again', async () => {
    const db = await start();
    const feed = new Feed();
    await feed.upTo(db, T0 + HOUR, ['a', 'short']);
    const appender: Appender = db.appender();
    const kept = appender.ref(series('short'));
    await feed.upTo(db, T0 + 6 * HOUR, ['a']);
    expect(db.stats().series).toBe(1);
    // A ref that somebody still holds means the same series, whoever has its row by now.
    put(db, [['other', T0 + 6 * HOUR, 1]]);
    const outcomes = new Uint8Array(1);
    now = T0 + 6 * HOUR;
    appender.append(Uint32Array.of(kept), Float64Array.of(now), Float64Array.of(42), 0, 1, outcomes);
    appender.commit();
    const found = await read(db, now, now);
    expect(found).toEqual({
      [series('other').toString()]: [`${now} 1`],
      [series('short').toString()]: [`${now} 42`],
    });
    const again = await restart(db);
    expect(await read(again, now, now)).toEqual(found);
    expect((await read(again))[series('short').toString()].length).toBe(61);
  });

  it('keeps to its retention, by time and by size', async () => {
    let db = await start({ retentionMs: 8 * HOUR });
    const feed = new Feed();
    await feed.upTo(db, T0 + 24 * HOUR);
    const [oldest] = metas();
    expect(oldest.maxTime).toBeGreaterThan(metas().at(-1)!.maxTime - 8 * HOUR);
    expect(oldest.minTime).toBeGreaterThan(T0);
    db = await restart(db, { retentionBytes: db.stats().blockBytes + db.stats().logBytes });
    await db.maintain();
    const left = metas().length;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(10);
    db = await restart(db, { retentionBytes: 1 });
    await db.maintain();
    // Only that it was there is left of the newest.
    expect(metas().map(({ stats }) => stats?.numSeries)).toEqual([0]);
    expect((await read(db))[series('a').toString()].length).toBeGreaterThan(60);
  });

  it('goes on without a block that is broken, and says so once', async () => {
    let db = await start({ maxBlockRange: 2 * HOUR });
    const feed = new Feed();
    await feed.upTo(db, T0 + 8 * HOUR);
    expect(metas().length).toBe(3);
    const broken = metas()[1];
    await db.close();
    writeFileSync(join(dir, broken.ulid, 'index'), 'nothing');
    db = await start({ maxBlockRange: 2 * HOUR });
    const rows = (await read(db))[series('a').toString()].map((row) => Number.parseInt(row, 10));
    expect(rows.every((t) => t < broken.minTime || t >= broken.maxTime)).toBe(true);
    expect(rows.length).toBeGreaterThan(200);
    await db.maintain();
    await db.maintain();
    expect(notices).toEqual([expect.stringContaining(`block ${broken.ulid} is left out`)]);
    expect(existsSync(join(dir, broken.ulid))).toBe(true);
    expect(db.stats().brokenBlocks).toBe(1);
  });

  it('lets readers finish with what they began', async () => {
    const db = await start({ chunkFileBytes: 10_000 });
    const feed = new Feed();
    await feed.upTo(db, T0 + 2.9 * HOUR);
    const expected = structuredClone(feed.expected);
    const reader: Source = db.reader();
    const set = await reader.select([], { mint: 0, maxt: T0 * 2 });
    await feed.upTo(db, T0 + 12 * HOUR);
    expect(contents(set)).toEqual(expected);
    const blocks: Source = db.reader();
    const fromBlocks = await blocks.select([], { mint: 0, maxt: T0 * 2 });
    const then = structuredClone(feed.expected);
    await feed.upTo(db, T0 + 30 * HOUR);
    expect(contents(fromBlocks)).toEqual(then);
    await reader.close();
    await blocks.close();
    expect(await read(db)).toEqual(feed.expected);
  });

  it('takes a snapshot that is a database of its own', async () => {
    const db = await start({ outOfOrderWindow: HOUR });
    const feed = new Feed();
    await feed.upTo(db, T0 + 5 * HOUR);
    put(db, [['a', T0 + 4.5 * HOUR + 1, 7]]);
    const expected = await read(db);
    const into = join(dir, 'snapshot');
    await db.snapshot(into);
    await feed.upTo(db, T0 + 6 * HOUR);
    expect(await readDirectory(into)).toEqual(expected);
    await db.delete([], 0, T0 * 2);
    expect(await readDirectory(into)).toEqual(expected);
    await db.snapshot(join(dir, 'blocks only'), { skipHead: true });
    expect(Object.keys(await readDirectory(join(dir, 'blocks only')))).toEqual([]);
  });

  it('is open to one writer only', async () => {
    const db = await start();
    await expect(Database.open(dir, { clock })).rejects.toThrow(/is writing to this directory/);
    await restart(db);
  });

  it('can be copied at any moment: what was committed is there', async () => {
    const db = await start({ segmentBytes: 32 * 1024 });
    const feed = new Feed();
    await feed.upTo(db, T0 + 5 * HOUR);
    const copy = mkdtempSync(join(tmpdir(), 'tsmon-db-copy-'));
    try {
      cpSync(dir, copy, { recursive: true });
      rmSync(join(copy, 'lock'));
      const other = await Database.open(copy, { clock });
      try {
        expect(await read(other)).toEqual(feed.expected);
      } finally {
        await other.close();
      }
    } finally {
      rmSync(copy, { recursive: true });
    }
  });

  it('makes blocks of everything when asked, and goes on', async () => {
    const db = await start({ outOfOrderWindow: HOUR });
    const feed = new Feed();
    await feed.upTo(db, T0 + HOUR);
    await db.compact();
    expect(db.stats().series).toBe(0);
    expect(await read(db)).toEqual(feed.expected);
    await feed.upTo(db, T0 + 2 * HOUR);
    expect(await read(db)).toEqual(feed.expected);
    expect(await readDirectory()).toEqual(feed.expected);
  });
});
