/** A database whose heavy work is done by a thread: the same blocks, and what goes wrong there is no one's end. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { CorruptionError } from '../../../../src/core/errors.ts';
import { Matcher, Outcome } from '../../../../src/core/model/index.ts';
import {
  Database,
  type TaskKind,
  type TaskRunner,
  WORKER_ENDED,
  WorkerTasks,
} from '../../../../src/core/tsdb/db/index.ts';
import { append, contents, histogram, series, type Value } from '../head/samples.ts';
import { buildTaskWorker } from './worker.ts';

const RANGE = 60_000;
const T0 = 1_700_006_400_000;

let bundles: string;
let entry: string;
let dir: string;
let now: number;
let workers: WorkerTasks[];
beforeAll(() => {
  bundles = mkdtempSync(join(tmpdir(), 'tsmon-worker-'));
  entry = buildTaskWorker(bundles);
});
afterAll(() => rmSync(bundles, { recursive: true }));
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-db-worker-'));
  now = T0;
  workers = [];
});
afterEach(async () => {
  for (const worker of workers) await worker.close();
  rmSync(dir, { recursive: true });
});

const clock = { now: () => now, monotonic: () => now } as Clock;

function worker(file = entry): WorkerTasks {
  const tasks = new WorkerTasks(file);
  workers.push(tasks);
  return tasks;
}

function open(name: string, tasks: TaskRunner | undefined, notices: string[] = []): Promise<Database> {
  return Database.open(join(dir, name), {
    clock,
    minBlockRange: RANGE,
    maxBlockRange: 9 * RANGE,
    outOfOrderWindow: RANGE,
    segmentBytes: 32 * 1024,
    onNotice: (notice) => notices.push(notice),
    ...(tasks !== undefined && { tasks }),
  });
}

/** Some minutes: what is in order, late, deleted, and looked after now and then. */
async function live(db: Database, from: number, steps: number): Promise<void> {
  const appender = db.appender();
  for (let step = from; step < from + steps; step++) {
    now = T0 + step * 1000;
    const samples: [string, number, Value][] = [
      ['a', now, step],
      ['native', now, histogram(step)],
    ];
    if (step > 60 && step % 3 === 0) samples.push(['a', now - 20_500, step]);
    const outcomes = append(
      appender,
      samples.map(([name, t, v]) => [series(name), t, v] as const),
    );
    expect(outcomes).toEqual(samples.map(() => Outcome.ok));
    appender.commit();
    if (step % 20 === 19) await db.maintain();
  }
}

async function read(db: Database): Promise<Record<string, string[]>> {
  const reader = db.reader((error) => {
    throw error;
  });
  try {
    return contents(await reader.select([], { mint: 0, maxt: T0 * 2 }));
  } finally {
    await reader.close();
  }
}

const blocksOf = (db: Database) =>
  db.blockList().map(({ meta: { minTime, maxTime, stats } }) => [minTime, maxTime, stats]);

describe('a database with a thread for its work', () => {
  it('becomes what it becomes without', async () => {
    const plain = await open('plain', undefined);
    const threaded = await open('threaded', worker());
    for (const db of [plain, threaded]) {
      await live(db, 0, 400);
      expect(await db.delete([new Matcher('=', '__name__', 'a')], T0 + 50_000, T0 + 90_000)).toBeGreaterThan(
        0,
      );
      await db.cleanTombstones();
      await db.snapshot(join(db.dir, 'copy'));
    }
    expect(await read(threaded)).toEqual(await read(plain));
    expect(blocksOf(threaded)).toEqual(blocksOf(plain));
    expect(readdirSync(join(threaded.dir, 'wal'))).toEqual(readdirSync(join(plain.dir, 'wal')));
    expect(readdirSync(join(threaded.dir, 'copy')).length).toBe(readdirSync(join(plain.dir, 'copy')).length);
    await plain.close();
    await threaded.close();
  });

  it('learns what was damaged, as if it had looked itself', async () => {
    const block = join(dir, '01HHHHHHHHHHHHHHHHHHHHHHHH');
    mkdirSync(block);
    writeFileSync(join(block, 'meta.json'), '{');
    const tasks = worker();
    const found = await tasks
      .run('compact', { dir, ulids: ['01HHHHHHHHHHHHHHHHHHHHHHHH'], nowMs: T0, evenEmpty: false })
      .catch((error: unknown) => error);
    expect(found).toBeInstanceOf(CorruptionError);
    expect((found as CorruptionError).place.file).toContain(block);
  });

  it('leaves a damaged block as it is, and goes on', async () => {
    const notices: string[] = [];
    const db = await open('data', worker(), notices);
    await live(db, 0, 200);
    const [{ meta }] = db.blockList();
    truncateSync(join(db.dir, meta.ulid, 'chunks/000001'), 20);
    await live(db, 200, 400);
    expect(notices.join('\n')).toMatch(new RegExp(`${meta.ulid}.* cannot be compacted: .*chunks/000001`));
    expect(db.blockList().some(({ meta: { compaction } }) => compaction.level > 1)).toBe(true);
    await db.close();
  });

  it('outlives a thread that dies in the middle of anything', async () => {
    // Leaves behind what a thread leaves that is gone of a sudden, at every third task.
    const dying = join(bundles, 'dying.cjs');
    writeFileSync(
      dying,
      `const { parentPort } = require('node:worker_threads');
       const { mkdirSync, writeFileSync } = require('node:fs');
       parentPort.on('message', ({ kind, input }) => {
         const left = kind === 'checkpoint' ? input.log + '/checkpoint.00000099.tmp' : input.dir + '/01HHHHHHHHHHHHHHHHHHHHHHHH.tmp-for-creation';
         mkdirSync(left, { recursive: true });
         writeFileSync(left + '/some', 'bytes');
         throw new Error('out of luck');
       });`,
    );
    const good = worker();
    const bad = worker(dying);
    let tasks = 0;
    const seen = new Set<TaskKind>();
    const runner: TaskRunner = {
      run: (kind, input) => {
        if (tasks++ % 3 !== 1) return good.run(kind, input);
        seen.add(kind);
        return bad.run(kind, input);
      },
    };
    const plain = await open('plain', undefined);
    await live(plain, 0, 600);
    const db = await open('data', {
      run: (kind, input) => runner.run(kind, input),
    });
    const maintain = db.maintain.bind(db);
    let failures = 0;
    db.maintain = () =>
      maintain().catch((error: NodeJS.ErrnoException) => {
        expect(error.code).toBe(WORKER_ENDED);
        expect(error.message).toContain('out of luck');
        failures++;
      });
    await live(db, 0, 600);
    expect(failures).toBeGreaterThan(3);
    expect(seen.size).toBeGreaterThan(1);
    expect(await read(db)).toEqual(await read(plain));
    await maintain().catch(() => {});
    expect(readdirSync(db.dir).filter((name) => name.endsWith('.tmp-for-creation'))).toEqual([]);
    expect(readdirSync(join(db.dir, 'wal')).filter((name) => name.includes('.tmp'))).toEqual([]);
    await db.close();
    await plain.close();
  });
});
