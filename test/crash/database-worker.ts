/**
 * The process that database-kill.test.ts kills: appends one batch after another to a database, keeps the database in
 * order between them, and says on stdout what is acknowledged. Time is simulated, a second a batch, so that blocks are
 * cut, compacted and checkpoints written many times in a life, in a thread where one is given.
 */
import { writeSync } from 'node:fs';
import type { Clock } from '../../src/core/clock.ts';
import { labelsFromObject, Matcher } from '../../src/core/model/index.ts';
import { Database, WorkerTasks } from '../../src/core/tsdb/db/index.ts';
import { BATCH_SERIES, DELETE_EVERY, deletedRange, LATE_MS } from './database-batches.ts';

const [dir, first, start, taskWorker] = process.argv.slice(2);
const base = Number(start);
let now = base + Number(first) * 1000;
const clock = { now: () => now, monotonic: () => performance.now() } as Clock;

const db = await Database.open(dir, {
  clock,
  minBlockRange: 60_000,
  maxBlockRange: 9 * 60_000,
  outOfOrderWindow: 120_000,
  segmentBytes: 32 * 1024,
  chunkFileBytes: 16 * 1024,
  onNotice: (notice) => process.stderr.write(`${notice}\n`),
  ...(taskWorker !== undefined && { tasks: new WorkerTasks(taskWorker) }),
});
const appender = db.appender();
const refs = new Uint32Array(BATCH_SERIES + 3);
const ts = new Float64Array(refs.length);
const vs = new Float64Array(refs.length);
const outcomes = new Uint8Array(refs.length);
for (let batch = Number(first); ; batch++) {
  now = base + batch * 1000;
  for (let n = 0; n < BATCH_SERIES; n++)
    refs[n] = appender.ref(labelsFromObject({ __name__: 'm', n: String(n) }));
  refs[BATCH_SERIES] = appender.ref(labelsFromObject({ __name__: 'once', batch: String(batch) }));
  refs[BATCH_SERIES + 1] = appender.ref(labelsFromObject({ __name__: 'deleted' }));
  refs[BATCH_SERIES + 2] = appender.ref(labelsFromObject({ __name__: 'late' }));
  ts.fill(now);
  vs.fill(batch);
  // The series has a newest sample that all others are older than.
  ts[BATCH_SERIES + 2] = batch === 0 ? now : now - LATE_MS;
  const ok = appender.append(refs, ts, vs, 0, refs.length, outcomes);
  appender.commit();
  // The first late ones have no later one before them, and go in order or are too old.
  if (ok !== refs.length && batch > LATE_MS / 1000)
    throw new Error(`batch ${batch}: ${ok} samples, ${outcomes}`);
  writeSync(1, `batch ${batch}\n`);
  if (batch % DELETE_EVERY === DELETE_EVERY - 1) {
    const [mint, maxt] = deletedRange(batch, base);
    await db.delete([new Matcher('=', '__name__', 'deleted')], mint, maxt);
    writeSync(1, `deleted ${batch}\n`);
  }
  if (batch % 10 === 9) await db.maintain();
  if (batch % 211 === 210) {
    await db.close();
    process.exit(0);
  }
}
