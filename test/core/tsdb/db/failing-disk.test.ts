/**
 * Every call that writes fails, at every place, once or for a while: nothing acknowledged is lost, in the same process
 * and in the next, and when the disk works again so does the database. TSMON_DISK_STRIDE=1 tries every place.
 */
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { Matcher, Outcome } from '../../../../src/core/model/index.ts';
import { DirectorySource } from '../../../../src/core/source/directory.ts';
import type { Source } from '../../../../src/core/source/source.ts';
import { Database } from '../../../../src/core/tsdb/db/index.ts';
import { listSegments, segmentName } from '../../../../src/core/tsdb/wal/index.ts';
import { append, contents, histogram, series, type Value } from '../head/samples.ts';

/** Counts down; the call that reaches 0 fails, and `lasting` ones after it too. */
const fault = vi.hoisted(() => ({
  after: -1,
  lasting: 0,
  code: 'ENOSPC',
  /** Whether half of what is written is there nevertheless. */
  partial: false,
  /** Calls so far, and those of them that failed. */
  calls: 0,
  met: 0,
}));

const guard = vi.hoisted(() => (syscall: string): void => {
  fault.calls++;
  if (fault.after < 0 || fault.after-- > 0) return;
  // The next call is the one after the last that fails, or fails too.
  fault.after = fault.lasting-- > 0 ? 0 : -1;
  fault.met++;
  throw Object.assign(new Error(`${fault.code}: injected, ${syscall}`), { code: fault.code, syscall });
});

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  const guarded =
    <T extends unknown[], R>(syscall: string, call: (...args: T) => R) =>
    (...args: T): R => {
      guard(syscall);
      return call(...args);
    };
  return {
    ...fs,
    openSync: (path: string, flags?: string | number, mode?: number) => {
      // Reading needs no room.
      if (flags !== undefined && flags !== 'r') guard('open');
      return fs.openSync(path, flags ?? 'r', mode);
    },
    writeSync: (fd: number, bytes: Uint8Array, offset: number, length: number, position: number) => {
      if (fault.partial && fault.after === 0 && length > 1) {
        fs.writeSync(fd, bytes, offset, length >> 1, position);
      }
      guard('write');
      return fs.writeSync(fd, bytes, offset, length, position);
    },
    writeFileSync: guarded('write', fs.writeFileSync),
    // Done, it would be most of this test's time.
    fsyncSync: guarded('fsync', () => {}),
    ftruncateSync: guarded('ftruncate', fs.ftruncateSync),
    truncateSync: guarded('truncate', fs.truncateSync),
    mkdirSync: guarded('mkdir', fs.mkdirSync),
    renameSync: guarded('rename', fs.renameSync),
    unlinkSync: guarded('unlink', fs.unlinkSync),
    rmSync: guarded('rm', fs.rmSync),
  };
});

vi.mock('node:fs/promises', async (importOriginal) => {
  const promises = await importOriginal<typeof import('node:fs/promises')>();
  return {
    ...promises,
    rm: async (path: string, options?: object) => {
      guard('rm');
      await promises.rm(path, options);
    },
  };
});

// Taking the lock starts a process, and is not what is tried here.
vi.mock('../../../../src/core/tsdb/lock.ts', () => ({
  lockDirectory: () => ({ notices: [], release: () => {} }),
}));

const STRIDE = Number(process.env['TSMON_DISK_STRIDE'] ?? 0);
/** Calls that fail where nothing else is asked for. */
const PLACES = 12;
/** Calls after the first one that fail while the disk is full, or gone. */
const LASTING = 50;
const T0 = 1_700_006_400_000;
const RANGE = 60_000;
const STEP = 5000;
const STEPS = 66;

let dir: string;
let now: number;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-db-faults-'));
  fault.after = -1;
});
afterEach(() => {
  fault.after = -1;
  rmSync(dir, { recursive: true });
});

const clock = { now: () => now, monotonic: () => now } as Clock;
const open = () =>
  Database.open(dir, {
    clock,
    minBlockRange: RANGE,
    maxBlockRange: 9 * RANGE,
    outOfOrderWindow: 2 * RANGE,
    segmentBytes: 32 * 1024,
    chunkFileBytes: 4000,
  });

/**
 * Hours of a database, small: appends, cuts blocks, compacts, deletes, and starts again. Keeps what was acknowledged, and
 * counts faults.
 */
class Story {
  readonly expected: Record<string, string[]> = {};
  failures = 0;
  db!: Database;

  async tell(): Promise<void> {
    now = T0;
    await this.start();
    for (let step = 0; step < STEPS; step++) {
      now = T0 + step * STEP;
      const samples: [string, number, Value][] = [
        ['a', now, step],
        ['h', now, histogram(step)],
        [`s${Math.floor(step / 10)}`, now, step],
      ];
      if (step > 12 && step % 2 === 1) samples.push(['a', now - 30_500 - step, step]);
      await this.attempt(() => {
        const appender = this.db.appender();
        const outcomes = append(
          appender,
          samples.map(([name, t, v]) => [series(name), t, v] as const),
        );
        expect(outcomes).toEqual(samples.map(() => Outcome.ok));
        appender.commit();
        for (const [name, t, v] of samples) {
          const rows = (this.expected[series(name).toString()] ??= []);
          rows.push(`${t} ${typeof v === 'object' ? `histogram ${v.count}` : v}`);
        }
      });
      if (step % 6 === 5) await this.attempt(() => this.db.maintain());
      if (step === 40) await this.attempt(() => this.delete());
      if (step === 45) {
        await this.attempt(() => this.db.close());
        const log = join(dir, 'wal');
        appendFileSync(join(log, segmentName(listSegments(log).at(-1)!)), 'damage');
        await this.start();
        expect(readdirSync(log).filter((name) => name.includes('damaged')).length).toBeLessThanOrEqual(
          fault.met > 1 ? 2 : 1,
        );
      }
    }
    for (const rows of Object.values(this.expected)) {
      rows.sort((x, y) => Number.parseInt(x, 10) - Number.parseInt(y, 10));
    }
  }

  /** Tries until the disk lets it. */
  private async start(): Promise<void> {
    for (let started = false; !started; ) {
      await this.attempt(async () => {
        this.db = await open();
        started = true;
      });
    }
  }

  private async delete(): Promise<void> {
    const name = series('s1').toString();
    const [mint, maxt] = [T0 + 60_000, T0 + 70_000];
    const rows = this.expected[name] ?? [];
    const left = rows.filter((row) => Number.parseInt(row, 10) < mint || Number.parseInt(row, 10) > maxt);
    // While it is not acknowledged it may be done in part.
    this.unsure = { name, rows: new Set(rows) };
    await this.db.delete([new Matcher('=', '__name__', 's1')], mint, maxt);
    this.unsure = undefined;
    this.expected[name] = left;
  }

  private unsure: { name: string; rows: Set<string> } | undefined = undefined;

  /** Whether this is what was acknowledged. Samples of batches that failed may be there, since some are in the log. */
  check(there: Record<string, string[]>, place: string): void {
    for (const [name, rows] of Object.entries(this.expected)) {
      if (name === this.unsure?.name) {
        const others = (there[name] ?? []).filter((row) => !this.unsure!.rows.has(row));
        expect(others.length, `${place}: ${others}`).toBeLessThanOrEqual(this.failures);
        continue;
      }
      const known = new Set(there[name]);
      expect(
        rows.filter((row) => !known.has(row)),
        `${place}: ${name}`,
      ).toEqual([]);
      expect((there[name] ?? []).length - rows.length, `${place}: ${name}`).toBeLessThanOrEqual(
        this.failures,
      );
    }
  }

  private async attempt(work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== fault.code) throw error;
      this.failures++;
    }
  }
}

async function read(source: Source): Promise<Record<string, string[]>> {
  try {
    return contents(await source.select([], { mint: 0, maxt: T0 * 2 }));
  } finally {
    await source.close();
  }
}

describe('a database on a failing disk', () => {
  it.each([
    ['one call fails for want of space', 'ENOSPC', false, 0],
    ['one write is cut short', 'ENOSPC', true, 0],
    ['one call fails', 'EIO', false, 0],
    ['the disk is full for a while', 'ENOSPC', true, LASTING],
    ['the disk is gone for a while', 'EIO', false, LASTING],
  ])(
    'loses nothing where %s',
    async (what, code, partial, lasting) => {
      fault.calls = 0;
      const calm = new Story();
      await calm.tell();
      const { calls } = fault;
      expect(calm.failures).toBe(0);
      expect(await read(calm.db.reader())).toEqual(calm.expected);
      await calm.db.close();
      expect(calls).toBeGreaterThan(300);
      const stride = STRIDE > 0 ? STRIDE : Math.ceil(calls / PLACES);
      let tried = 0;
      let failures = 0;
      for (let after = Math.floor(Math.random() * stride); after < calls; after += stride) {
        const place = `at call ${after}`;
        rmSync(dir, { recursive: true });
        Object.assign(fault, { after, lasting, code, partial, met: 0 });
        const story = new Story();
        await story.tell().catch((error: Error) => {
          throw new Error(`${place}: ${error.message}`, { cause: error });
        });
        fault.after = -1;
        if (fault.met === 0) expect(after, 'a call that was never made').toBeGreaterThan(calls - 5);
        // The disk works again: so does everything, and not only after a start.
        expect(story.failures, place).toBeLessThanOrEqual(fault.met);
        await story.db.maintain().catch((error: Error) => expect.fail(`${place}: ${error.message}`));
        story.check(await read(story.db.reader()), place);
        await story.db.close();
        story.check(await read(new DirectorySource(dir)), place);
        const next = await open();
        story.check(await read(next.reader()), place);
        await next.close();
        tried++;
        failures += Math.min(story.failures, 1);
      }
      if (STRIDE > 0) process.stdout.write(`${what}: ${tried} of ${calls} calls, ${failures} were told\n`);
      // Some faults are nobody's business: what could not be written then is written later.
      expect(failures).toBeGreaterThan(0);
    },
    STRIDE > 0 ? 0 : 300_000,
  );
});
