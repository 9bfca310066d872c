/**
 * Every file of a small directory, cut short and with a flipped byte at every place: the database opens and says what
 * is wrong, has what precedes the damage and what is in other files, and nothing else; what it leaves opens without a
 * word. TSMON_DAMAGE_STRIDE=1 tries every place.
 */
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { Matcher, Outcome } from '../../../../src/core/model/index.ts';
import { DirectorySource } from '../../../../src/core/source/directory.ts';
import type { Source } from '../../../../src/core/source/source.ts';
import { Database } from '../../../../src/core/tsdb/db/index.ts';
import { LogReader } from '../../../../src/core/tsdb/wal/index.ts';
import { append, contents, histogram, series, type Value } from '../head/samples.ts';

// Taking the lock starts a process, and a sync waits for the disk, which thousands of times over would be most of this
// test's time.
vi.mock('../../../../src/core/tsdb/lock.ts', () => ({
  lockDirectory: () => ({ notices: [], release: () => {} }),
}));
vi.mock('node:fs', async (importOriginal) => ({
  ...(await importOriginal<typeof import('node:fs')>()),
  fsyncSync: () => {},
}));

const RANGE = 60_000;
const T0 = 1_700_006_400_000;
const STEP = 4000;
const STEPS = 75;
const STRIDE = Number(process.env['TSMON_DAMAGE_STRIDE'] ?? 0);
/** Places in a file that are tried where nothing else is asked for. */
const PLACES = 24;
/** So near to data, or to a file's end, every zero of the padding is tried with the whole database, else one in so many. */
const NEAR = 64;

let root: string;
let dir: string;
let now = T0;
/** The files of the directory, whole. */
let files: Map<string, Buffer>;
/** What it has. */
let expected: Record<string, string[]>;
let expectedText: string;
/** The end of the newest block of what came in order, ms. */
let inBlocks: number;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'tsmon-db-damage-'));
  dir = join(root, 'data');
  const { db } = await open();
  const appender = db.appender();
  for (let step = 0; step < STEPS; step++) {
    now = T0 + step * STEP;
    const samples: [string, number, Value][] = [
      ['native', now, histogram(step)],
      ['s0', now, step],
      ['s1', now, step * 2],
    ];
    if (step > 50 && step % 2 === 0) samples.push(['s0', now - 50_500, step]);
    if (step % 25 === 10) samples.push([`short${step}`, now, step]);
    const rows = samples.map(([name, t, v]) => [series(name), t, v] as const);
    expect(append(appender, rows)).toEqual(rows.map(() => Outcome.ok));
    appender.commit();
    // Now and then, so that the log has several segments and a checkpoint.
    if (step === 32 || step === 53) await db.maintain();
    if (step === 55) await db.delete([new Matcher('=', '__name__', 's1')], T0 + 30_000, T0 + 40_000);
    if (step % 10 === 9) db.head.cutWal();
  }
  await db.close();
  const reopened = await open();
  expect(reopened.notices).toEqual([]);
  expected = await read(reopened.db.reader());
  expectedText = JSON.stringify(expected);
  inBlocks = reopened.db.head.minTime;
  await reopened.db.close();
  files = new Map(namesOfFiles().map((name) => [name, readFileSync(join(dir, name))]));
});
afterAll(() => rmSync(root, { recursive: true }));

const clock = { now: () => now, monotonic: () => now } as Clock;

async function open(): Promise<{ db: Database; notices: string[] }> {
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
function beside(): DirectorySource {
  return new DirectorySource(dir, { onDamage: () => {} });
}

async function read(source: Source): Promise<Record<string, string[]>> {
  try {
    return contents(await source.select([], { mint: 0, maxt: T0 * 2 }));
  } finally {
    await source.close();
  }
}

function namesOfFiles(): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1));
}

/** Has the files of the whole directory again, and `name` with these bytes. */
function restore(name: string, bytes: Uint8Array): void {
  for (const other of namesOfFiles()) if (!files.has(other)) unlinkSync(join(dir, other));
  for (const [other, whole] of files) {
    mkdirSync(dirname(join(dir, other)), { recursive: true });
    writeFileSync(join(dir, other), other === name ? bytes : whole);
  }
}

type Damage = 'cut' | 'flip';

/** What becomes of the bytes of a file; cut are those from `at` on, flipped is one bit. */
function damaged(bytes: Uint8Array, how: Damage, at: number): Uint8Array {
  if (how === 'cut') return bytes.subarray(0, at);
  const copy = Buffer.from(bytes);
  copy[at] ^= 1 << (at % 8);
  return copy;
}

interface Lost {
  name: string;
  t: number;
}

/** The samples that `there` lacks; fails where it has others. */
function missing(there: Record<string, string[]>, place: string): Lost[] {
  if (JSON.stringify(there) === expectedText) return [];
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

function expectSame(one: Record<string, string[]>, other: Record<string, string[]>, place: string): void {
  if (JSON.stringify(one) !== JSON.stringify(other)) expect(one, place).toEqual(other);
}

/** Damages a file in one way, and lives with it. Returns whether anything was said of it. */
async function tryDamage({ path, mayLose }: Case, how: Damage, at: number): Promise<boolean> {
  const name = path([...files.keys()]);
  const place = `${name} ${how} at ${at}`;
  restore(name, damaged(files.get(name)!, how, at));
  const seen = await read(beside());
  missing(seen, place);
  const { db, notices } = await open().catch((error: Error) => expect.fail(`${place}: ${error.message}`));
  const there = await read(db.reader());
  // A log that was cut off between two records looks whole, and the head's chunks are then not read beside it.
  if (how === 'flip' || notices.length > 0) expectSame(seen, there, place);
  const lost = missing(there, place);
  const unexpected = lost.find((sample) => !mayLose(sample));
  if (unexpected !== undefined) expect.fail(`${place}: lost ${JSON.stringify(unexpected)}`);
  if (lost.length > 0 && !notices.some((notice) => notice.includes(name.split('/')[0]))) {
    // A log that is cut off between two records is a log. So is a meta.json that has other times.
    const unseen = how === 'cut' ? name.startsWith('w') : name.endsWith('meta.json');
    if (!unseen) expect.fail(`${place}: ${lost.length} lost, ${notices}`);
  }
  // It goes on, and what it leaves is whole but for blocks, which stay as they are.
  now += 1000;
  const appender = db.appender();
  if (append(appender, [[series('s0'), now, 1]])[0] !== Outcome.ok) expect.fail(`${place}: refuses samples`);
  appender.commit();
  await db.close();
  const again = await open();
  const more = again.notices.filter((notice) => !/^block /.test(notice));
  if (more.length > 0) expect.fail(`${place}: ${more}`);
  const after = await read(again.db.reader());
  if (after[series('s0').toString()].pop() !== `${now} 1`) expect.fail(`${place}: a new sample is lost`);
  expectSame(after, there, place);
  await again.db.close();
  now -= 1000;
  return notices.length > 0;
}

const first = (pattern: RegExp) => (names: string[]) => names.filter((name) => pattern.test(name)).sort()[0];
const last = (pattern: RegExp) => (names: string[]) =>
  names
    .filter((name) => pattern.test(name))
    .sort()
    .at(-1)!;

/** Half a second off is what came out of order. */
const isLate = ({ t }: Lost) => t % 1000 === 500;
const isInBlocks = ({ t }: Lost) => t < inBlocks;

/** The file, which is the only one of `pattern` or the first of them, and what may be missing when it is damaged. */
interface Case {
  what: string;
  path: (names: string[]) => string;
  mayLose: (sample: Lost) => boolean;
}

/** It has no checksum: a block that says it has more than it does is believed. */
const isBelieved = () => true;
const ofLog = (sample: Lost) => !isInBlocks(sample) || isLate(sample);
const CASES: Case[] = [
  { what: 'a segment in the middle of the log', path: first(/^wal\/\d+$/), mayLose: ofLog },
  { what: 'the last segment of the log', path: last(/^wal\/\d+$/), mayLose: ofLog },
  { what: 'a checkpoint', path: first(/^wal\/checkpoint.\d+\/\d+$/), mayLose: ofLog },
  { what: 'the log of late samples', path: last(/^wbl\/\d+$/), mayLose: isLate },
  { what: 'a file of head chunks', path: first(/^chunks_head\/\d+$/), mayLose: () => false },
  { what: "a block's index", path: first(/^[0-9A-Z]{26}\/index$/), mayLose: isInBlocks },
  { what: "a block's chunks", path: first(/^[0-9A-Z]{26}\/chunks\/\d+$/), mayLose: isInBlocks },
  { what: "a block's tombstones", path: first(/^[0-9A-Z]{26}\/tombstones$/), mayLose: isInBlocks },
  { what: "a block's meta.json", path: first(/^[0-9A-Z]{26}\/meta.json$/), mayLose: isBelieved },
];

/** Where the zeros begin that a page ends in. */
function dataEnd(bytes: Uint8Array): number {
  return bytes.findLastIndex((byte) => byte !== 0) + 1;
}

/** What one reads of a segment: how many records, where they end, and how often there was damage. */
function readSegment(bytes: Uint8Array): { records: number; end: number; faults: number } {
  const path = join(root, 'segment');
  writeFileSync(path, bytes);
  const fd = openSync(path, 'r');
  const reader = new LogReader([{ path, fd, sizeBytes: bytes.length, segment: 0, checkpoint: undefined }]);
  const found = { records: 0, end: 0, faults: 0 };
  reader.each(
    () => found.records++,
    () => found.faults++,
  );
  closeSync(fd);
  return { ...found, end: reader.dataEnd };
}

/**
 * Damage among thousands of zeros that is no other than its neighbours' for whoever reads the log: all records are read,
 * and what follows them is damaged or not.
 */
function tryPadding(bytes: Uint8Array, how: Damage, at: number): void {
  const whole = readSegment(bytes);
  const found = readSegment(damaged(bytes, how, at));
  const { records, end } = whole;
  const faults = how === 'cut' ? 0 : 1;
  if (found.records !== records || found.end !== end || found.faults !== faults) {
    expect(found, `${how} at ${at}`).toEqual({ records, end, faults });
  }
}

/** Places of a file to be damaged. `padding`: only for who reads the log, since all is done next to it. */
function* placesIn(bytes: Uint8Array): Generator<{ at: number; padding: boolean }> {
  const end = Math.min(dataEnd(bytes) + NEAR, bytes.length);
  const stride = STRIDE > 0 ? STRIDE : Math.ceil(end / PLACES);
  let at = Math.floor(Math.random() * Math.min(stride, end));
  for (; at < end; at += stride) yield { at, padding: false };
  for (; at < bytes.length; at += Math.max(stride, STRIDE > 0 ? 1 : NEAR)) {
    yield { at, padding: at < bytes.length - NEAR && at % NEAR !== 0 };
  }
}

describe('a directory of which one file is damaged', () => {
  it.each(CASES)(
    '$what',
    async (one) => {
      const bytes = files.get(one.path([...files.keys()]))!;
      expect(bytes.length).toBeGreaterThan(8);
      let told = 0;
      let tried = 0;
      let padded = 0;
      for (const { at, padding } of placesIn(bytes)) {
        for (const how of ['cut', 'flip'] as const) {
          if (padding) {
            tryPadding(bytes, how, at);
            padded++;
            continue;
          }
          if (await tryDamage(one, how, at)) told++;
          tried++;
        }
      }
      if (STRIDE > 0) process.stdout.write(`${one.what}: ${tried} tried, ${told} told, ${padded} zeros\n`);
      expect(tried).toBeGreaterThan(1);
      // Not every bit counts: nor does every cut, in what is padded.
      expect(told).toBeGreaterThan(tried / 4);
    },
    STRIDE > 0 ? 0 : 600_000,
  );
});
