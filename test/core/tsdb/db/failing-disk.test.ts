/**
 * Every call that writes fails, at every place, once or for a while: nothing acknowledged is lost, in the same process
 * and in the next, and when the disk works again so does the database. TSMON_DISK_STRIDE=1 tries every place.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { Matcher, Outcome } from '../../../../src/core/model/index.ts';
import { DirectorySource } from '../../../../src/core/source/directory.ts';
import type { Source } from '../../../../src/core/source/source.ts';
import { Database } from '../../../../src/core/tsdb/db/index.ts';
import { append, contents, histogram, series, type Value } from '../head/samples.ts';

/** Counts down; the call that reaches 0 fails, and `lasting` ones after it too. */
const fault = vi.hoisted(() => ({ after: -1, lasting: 0, code: 'ENOSPC', partial: false, calls: 0 }));

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  const fails = (): boolean => {
    fault.calls++;
    if (fault.after < 0) return false;
    if (fault.after > 0) {
      fault.after--;
      return false;
    }
    if (fault.lasting === 0) fault.after = -1;
    else fault.lasting--;
    return true;
  };
  const guard = (syscall: string) => {
    if (!fails()) return;
    throw Object.assign(new Error(`${fault.code}: injected, ${syscall}`), { code: fault.code, syscall });
  };
  return {
    ...fs,
    openSync: (path: string, flags?: string | number, mode?: number) => {
      // Reading needs no room, and the lock is not what is tried here.
      if (flags !== undefined && flags !== 'r' && !path.endsWith('lock')) guard('open');
      return fs.openSync(path, flags ?? 'r', mode);
    },
    writeSync: (fd: number, bytes: Uint8Array, offset: number, length: number, position: number) => {
      if (typeof bytes === 'string') return fs.writeSync(fd, bytes);
      if (fault.partial && fault.after === 0 && length > 1) {
        fs.writeSync(fd, bytes, offset, length >> 1, position);
      }
      guard('write');
      return fs.writeSync(fd, bytes, offset, length, position);
    },
    writeFileSync: (file: number, data: string) => {
      guard('write');
      fs.writeFileSync(file, data);
    },
    fsyncSync: (fd: number) => {
      guard('fsync');
      fs.fsyncSync(fd);
    },
    ftruncateSync: (fd: number, length: number) => {
      if (length > 0) guard('ftruncate');
      fs.ftruncateSync(fd, length);
    },
    mkdirSync: (path: string, options?: object) => {
      guard('mkdir');
      return fs.mkdirSync(path, options);
    },
    renameSync: (from: string, to: string) => {
      guard('rename');
      fs.renameSync(from, to);
    },
  };
});

const STRIDE = Number(process.env['TSMON_DISK_STRIDE'] ?? 151);
const T0 = 1_700_006_400_000;
const RANGE = 60_000;
const STEPS = 330;

let dir: string;
let now: number;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-db-faults-'));
  fault.after = -1;
});
afterEach(() => rmSync(dir, { recursive: true }));

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

/** Hours of a database, small: appends, cuts blocks, compacts, deletes. Keeps what was acknowledged, and counts faults. */
class Story {
  readonly expected: Record<string, string[]> = {};
  failures = 0;
  db: Database | undefined;

  async tell(): Promise<void> {
    now = T0;
    await this.attempt(async () => {
      this.db = await open();
    });
    this.db ??= await open();
    const { db } = this;
    for (let step = 0; step < STEPS; step++) {
      now = T0 + step * 1000;
      const samples: [string, number, Value][] = [
        ['a', now, step],
        ['h', now, histogram(step)],
        [`s${Math.floor(step / 50)}`, now, step],
      ];
      if (step > 60 && step % 2 === 1) samples.push(['a', now - 30_500 - step, step]);
      await this.attempt(() => {
        const appender = db.appender();
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
      if (step % 31 === 30) await this.attempt(() => db.maintain());
      if (step === 200) await this.attempt(() => this.delete());
    }
    for (const rows of Object.values(this.expected)) {
      rows.sort((x, y) => Number.parseInt(x, 10) - Number.parseInt(y, 10));
    }
  }

  private async delete(): Promise<void> {
    const name = series('s1').toString();
    const [mint, maxt] = [T0 + 60_000, T0 + 70_000];
    const rows = this.expected[name];
    const left = rows.filter((row) => Number.parseInt(row, 10) < mint || Number.parseInt(row, 10) > maxt);
    // While it is not acknowledged it may be done in part.
    this.unsure = { name, rows: new Set(rows) };
    await this.db!.delete([new Matcher('=', '__name__', 's1')], mint, maxt);
    this.unsure = undefined;
    this.expected[name] = left;
  }

  private unsure: { name: string; rows: Set<string> } | undefined = undefined;

  /** Whether this is what was acknowledged. Samples of batches that failed may be there, since some are in the log. */
  check(there: Record<string, string[]>): void {
    for (const [name, rows] of Object.entries(this.expected)) {
      if (name === this.unsure?.name) {
        expect((there[name] ?? []).filter((row) => !this.unsure!.rows.has(row))).toEqual([]);
        continue;
      }
      const known = new Set(there[name]);
      expect(
        rows.filter((row) => !known.has(row)),
        name,
      ).toEqual([]);
      expect(there[name].length - rows.length, name).toBeLessThanOrEqual(this.failures);
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
    ['one call fails', 'ENOSPC', false, 0],
    ['one write is cut short', 'ENOSPC', true, 0],
    ['many calls fail', 'EIO', true, 40],
  ])(
    'loses nothing where %s',
    async (_, code, partial, lasting) => {
      fault.calls = 0;
      const calm = new Story();
      await calm.tell();
      expect(calm.failures).toBe(0);
      expect(await read(calm.db!.reader())).toEqual(calm.expected);
      await calm.db!.close();
      const { calls } = fault;
      expect(calls).toBeGreaterThan(500);
      let met = 0;
      for (let after = Math.floor(Math.random() * STRIDE); after < calls; after += STRIDE) {
        rmSync(dir, { recursive: true });
        Object.assign(fault, { after, lasting, code, partial });
        const story = new Story();
        await story.tell();
        fault.after = -1;
        met += Math.min(story.failures, 1);
        const place = `at call ${after}`;
        // The disk works again: so does everything.
        await story.db!.maintain().catch((error: Error) => expect.fail(`${place}: ${error.message}`));
        const inMemory = await read(story.db!.reader());
        story.check(inMemory);
        await story.db!.close();
        story.check(await read(new DirectorySource(dir)));
        const next = await open();
        story.check(await read(next.reader()));
        await next.close();
      }
      // Some faults are nobody's business: what could not be written then is written later.
      expect(met).toBeGreaterThan(0);
    },
    STRIDE === 1 ? 0 : 300_000,
  );
});
