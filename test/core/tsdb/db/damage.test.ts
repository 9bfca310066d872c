/**
 * Every file of a small directory, cut short and with a flipped byte at every place: the database opens and says what
 * is wrong, has what precedes the damage and what is in other files, and nothing else; what it leaves opens without a
 * word. TSMON_DAMAGE_STRIDE=1 tries every place.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { Matcher, Outcome } from '../../../../src/core/model/index.ts';
import { DirectorySource } from '../../../../src/core/source/directory.ts';
import { verifyDirectory } from '../../../../src/core/tsdb/compaction/index.ts';
import { Database } from '../../../../src/core/tsdb/db/index.ts';
import { append, contents, histogram, series, type Value } from '../head/samples.ts';

// Taking the lock starts a process, which thousands of times over would be most of this test's time.
vi.mock('../../../../src/core/tsdb/lock.ts', () => ({
  lockDirectory: () => ({ notices: [], release: () => {} }),
}));

const RANGE = 60_000;
const T0 = 1_700_006_400_000;
const STRIDE = Number(process.env['TSMON_DAMAGE_STRIDE'] ?? 0);
/** Places in a file that are tried where nothing else is asked for. */
const PLACES = 10;
const SERIES = 3;

let root: string;
let whole: string;
let now = T0;
/** What the whole directory has. */
let expected: Record<string, string[]>;
/** The end of the newest block of what came in order, ms. */
let inBlocks: number;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'tsmon-db-damage-'));
  whole = join(root, 'whole');
  const { db } = await open(whole);
  const appender = db.appender();
  for (let step = 0; step < 300; step++) {
    now = T0 + step * 1000;
    const samples: [string, number, Value][] = [['native', now, histogram(step)]];
    for (let n = 0; n < SERIES; n++) samples.push([`s${n}`, now, step * (n + 1)]);
    if (step > 200 && step % 9 === 0) samples.push(['s0', now - 50_500, step]);
    if (step % 100 === 40) samples.push([`short${step}`, now, step]);
    const rows = samples.map(([name, t, v]) => [series(name), t, v] as const);
    expect(append(appender, rows)).toEqual(rows.map(() => Outcome.ok));
    appender.commit();
    // Now and then, so that the log has several segments and a checkpoint.
    if (step === 130 || step === 210) await db.maintain();
    if (step === 220) await db.delete([new Matcher('=', '__name__', 's1')], T0 + 30_000, T0 + 40_000);
    if (step % 40 === 39) db.head.cutWal();
  }
  await db.close();
  const reopened = await open(whole);
  expect(reopened.notices).toEqual([]);
  expected = await read(reopened.db);
  inBlocks = reopened.db.head.minTime;
  await reopened.db.close();
});
afterAll(() => rmSync(root, { recursive: true }));

const clock = { now: () => now, monotonic: () => now } as Clock;

async function open(dir: string): Promise<{ db: Database; notices: string[] }> {
  const notices: string[] = [];
  const db = await Database.open(dir, {
    clock,
    minBlockRange: RANGE,
    maxBlockRange: 9 * RANGE,
    outOfOrderWindow: 2 * RANGE,
    segmentBytes: 32 * 1024,
    onNotice: (notice) => notices.push(notice),
  });
  return { db, notices };
}

/** As those see it who read beside a writer. */
async function readBeside(dir: string): Promise<Record<string, string[]>> {
  const source = new DirectorySource(dir, { onDamage: () => {} });
  try {
    return contents(await source.select([], { mint: 0, maxt: T0 * 2 }));
  } finally {
    await source.close();
  }
}

/** Damaged series are told by way of `onDamage`, which goes to the notices. */
async function read(db: Database): Promise<Record<string, string[]>> {
  const reader = db.reader();
  try {
    return contents(await reader.select([], { mint: 0, maxt: T0 * 2 }));
  } finally {
    await reader.close();
  }
}

/** The samples that `there` lacks; fails where it has others. */
function missing(there: Record<string, string[]>, place: string): { name: string; t: number }[] {
  for (const [name, rows] of Object.entries(there)) {
    const known = new Set(expected[name]);
    const invented = rows.filter((row) => !known.has(row));
    if (invented.length > 0) expect.fail(`${place}: ${name} has ${invented.slice(0, 3)}`);
  }
  return Object.entries(expected).flatMap(([name, rows]) => {
    const known = new Set(there[name]);
    return rows.filter((row) => !known.has(row)).map((row) => ({ name, t: Number.parseInt(row, 10) }));
  });
}

/** Whether a file that has no checksum is found to be wrong by verifying the directory. */
function isBlamed(dir: string, name: string): boolean {
  return name.endsWith('meta.json') && verifyDirectory(dir).some(({ file }) => file === join(dir, name));
}

type Missing = ReturnType<typeof missing>;

/**
 * The file, which is the only one of `pattern` or the first of them, and what may be missing when it is damaged at
 * `at`, of all that is missing then.
 */
interface Case {
  what: string;
  path: (names: string[]) => string;
  check: (missing: Missing, place: string) => void;
}

function none(missing: Missing, place: string): void {
  if (missing.length > 0)
    expect.fail(`${place}: ${missing.length} samples are missing, like ${JSON.stringify(missing[0])}`);
}

/** Only what blocks have. */
function ofBlocks(missing: Missing, place: string): void {
  none(
    missing.filter(({ t }) => t >= inBlocks),
    place,
  );
}

/** Only what came out of order, half a second off. */
function late(missing: Missing, place: string): void {
  none(
    missing.filter(({ t }) => t % 1000 !== 500),
    place,
  );
}

/** Only what blocks do not have. */
function ofLog(missing: Missing, place: string): void {
  none(
    missing.filter(({ t }) => t < inBlocks && t % 1000 !== 500),
    place,
  );
}

const first = (pattern: RegExp) => (names: string[]) => names.filter((name) => pattern.test(name)).sort()[0];
const last = (pattern: RegExp) => (names: string[]) =>
  names
    .filter((name) => pattern.test(name))
    .sort()
    .at(-1)!;

const CASES: Case[] = [
  { what: 'a segment in the middle of the log', path: first(/^wal\/\d+$/), check: ofLog },
  { what: 'the last segment of the log', path: last(/^wal\/\d+$/), check: ofLog },
  { what: 'a checkpoint', path: first(/^wal\/checkpoint.\d+\/\d+$/), check: ofLog },
  { what: 'the log of late samples', path: last(/^wbl\/\d+$/), check: late },
  { what: 'a file of head chunks', path: first(/^chunks_head\/\d+$/), check: none },
  { what: "a block's index", path: first(/^[0-9A-Z]{26}\/index$/), check: ofBlocks },
  { what: "a block's chunks", path: first(/^[0-9A-Z]{26}\/chunks\/\d+$/), check: ofBlocks },
  { what: "a block's tombstones", path: first(/^[0-9A-Z]{26}\/tombstones$/), check: ofBlocks },
  { what: "a block's meta.json", path: first(/^[0-9A-Z]{26}\/meta.json$/), check: ofBlocks },
];

describe('a directory of which one file is damaged', () => {
  it.each(CASES)(
    '$what',
    async ({ path, check }) => {
      const name = path(readdirSync(whole, { recursive: true, encoding: 'utf8' }));
      const bytes = readFileSync(join(whole, name));
      expect(bytes.length).toBeGreaterThan(8);
      const stride = STRIDE > 0 ? STRIDE : Math.ceil(bytes.length / PLACES);
      let told = 0;
      let tried = 0;
      for (
        let at = Math.floor(Math.random() * Math.min(stride, bytes.length));
        at < bytes.length;
        at += stride
      ) {
        for (const how of ['cut', 'flip']) {
          const place = `${name} ${how} at ${at}`;
          const dir = join(root, 'damaged');
          rmSync(dir, { recursive: true, force: true });
          cpSync(whole, dir, { recursive: true });
          const damaged = how === 'cut' ? bytes.subarray(0, at) : Buffer.from(bytes);
          if (how === 'flip') damaged[at] ^= 1 << (at % 8);
          writeFileSync(join(dir, name), damaged);
          const beside = await readBeside(dir);
          missing(beside, place);
          const { db, notices } = await open(dir).catch((error: Error) =>
            expect.fail(`${place}: ${error.message}`),
          );
          const there = await read(db);
          // A log that was cut off between two records looks whole, and the head's chunks are then not read beside it.
          if (how === 'flip' || notices.length > 0) expect(beside, place).toEqual(there);
          const lost = missing(there, place);
          check(lost, place);
          if (lost.length > 0 && !notices.some((notice) => notice.includes(name.split('/')[0]))) {
            // A log that is cut off between two records is a log.
            // So is a meta.json that has other times, until somebody looks at the samples.
            const unseen = how === 'cut' ? name.startsWith('w') : isBlamed(dir, name);
            if (!unseen) expect.fail(`${place}: ${lost.length} lost, ${notices}`);
          }
          tried++;
          if (notices.length > 0) told++;
          // It goes on, and what it leaves is whole but for blocks, which stay as they are.
          now += 1000;
          const appender = db.appender();
          expect(append(appender, [[series('s0'), now, 1]])).toEqual([Outcome.ok]);
          appender.commit();
          await db.close();
          const again = await open(dir);
          expect(
            again.notices.filter((notice) => !/^block /.test(notice)),
            place,
          ).toEqual([]);
          const after = await read(again.db);
          const own = after[series('s0').toString()];
          expect(own.pop(), place).toBe(`${now} 1`);
          if (JSON.stringify(after) !== JSON.stringify(there)) expect(after, place).toEqual(there);
          await again.db.close();
          now -= 1000;
        }
      }
      expect(tried).toBeGreaterThan(1);
      // Not every bit counts: nor does every cut, in what is padded.
      expect(told).toBeGreaterThan(tried / 4);
    },
    STRIDE > 0 ? 0 : 600_000,
  );
});
