/**
 * A database against a model: samples are appended, in order and late, deleted, compacted, and the process dies or
 * stops, in any order; what is read is what the model has. TSMON_DATABASE_RUNS=2000 for a long run; a failure prints
 * its seed.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { Matcher, Outcome } from '../../../../src/core/model/index.ts';
import { DirectorySource } from '../../../../src/core/source/directory.ts';
import type { Appender, Source } from '../../../../src/core/source/source.ts';
import { Database } from '../../../../src/core/tsdb/db/index.ts';
import { append, contents, histogram, series, type Value } from '../head/samples.ts';

// Taking the lock starts a process, and a sync waits for the disk; neither is what is tried here.
vi.mock('../../../../src/core/tsdb/lock.ts', () => ({
  lockDirectory: () => ({ notices: [], release: () => {} }),
}));
vi.mock('node:fs', async (importOriginal) => ({
  ...(await importOriginal<typeof import('node:fs')>()),
  fsyncSync: () => {},
}));

const RUNS = Number(process.env['TSMON_DATABASE_RUNS'] ?? 40);
const T0 = 1_700_006_400_000;
const STEP = 1000;
const RANGE = 60_000;
const WINDOW = 3 * RANGE;
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

type Operation =
  | { kind: 'append'; names: string[]; steps: number; stepMs: number; histograms: boolean; roll: boolean }
  | { kind: 'late'; name: string; back: number; count: number; histograms: boolean }
  | { kind: 'delete'; pattern: string; from: number; length: number }
  | { kind: 'maintain' | 'compact' | 'clean' | 'reopen' | 'crash' };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      names: fc.subarray(NAMES, { minLength: 1 }),
      steps: fc.integer({ min: 1, max: 90 }),
      stepMs: fc.constantFrom(STEP, STEP, STEP, 250, 7919),
      histograms: fc.boolean(),
      roll: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('late' as const),
      name: fc.constantFrom(...NAMES),
      back: fc.integer({ min: 1, max: WINDOW / STEP }),
      count: fc.integer({ min: 1, max: 80 }),
      histograms: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('delete' as const),
      pattern: fc.constantFrom('a|b', '.*', '[c-f]', 'f'),
      from: fc.integer({ min: 0, max: 20 * RANGE }),
      length: fc.oneof(fc.integer({ min: 0, max: 3 * RANGE }), fc.constant(20 * RANGE)),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'maintain' as const,
        'maintain' as const,
        'compact' as const,
        'clean' as const,
        'reopen' as const,
        'crash' as const,
        'crash' as const,
      ),
    }),
  },
);

class Model {
  readonly samples = new Map<string, Map<number, string>>();
  private readonly deleted: { pattern: RegExp; mint: number; maxt: number }[] = [];

  put(name: string, t: number, v: Value): void {
    let samples = this.samples.get(name);
    if (samples === undefined) this.samples.set(name, (samples = new Map()));
    samples.set(t, typeof v === 'object' ? `${v.isFloat ? 'float ' : ''}histogram ${v.count}` : String(v));
  }

  delete(pattern: string, mint: number, maxt: number): void {
    const anchored = new RegExp(`^(?:${pattern})$`);
    this.deleted.push({ pattern: anchored, mint, maxt });
    for (const [name, samples] of this.samples) {
      if (!anchored.test(name)) continue;
      for (const t of samples.keys()) if (t >= mint && t <= maxt) samples.delete(t);
    }
  }

  /** Whether a late sample would fall where something was deleted, which may or may not cover it. */
  isUnclear(name: string, t: number): boolean {
    return this.deleted.some(({ pattern, mint, maxt }) => pattern.test(name) && t >= mint && t <= maxt);
  }

  contents(): Record<string, string[]> {
    const out: Record<string, string[]> = {};
    for (const [name, samples] of this.samples) {
      if (samples.size === 0) continue;
      const rows = [...samples].sort((a, b) => a[0] - b[0]);
      out[series(name).toString()] = rows.map(([t, v]) => `${t} ${v}`);
    }
    return out;
  }
}

class Run {
  private dir = mkdtempSync(join(tmpdir(), 'tsmon-db-model-'));
  private now = T0;
  private db: Database | undefined;
  private readonly model = new Model();
  private counter = 0;
  /** Times of samples before this are for blocks made on request, and may be refused. */
  private floor = Number.NEGATIVE_INFINITY;

  async open(): Promise<void> {
    const clock = { now: () => this.now, monotonic: () => this.now } as Clock;
    this.db = await Database.open(this.dir, {
      clock,
      minBlockRange: RANGE,
      maxBlockRange: 9 * RANGE,
      outOfOrderWindow: WINDOW,
      segmentBytes: 32 * 1024,
      chunkFileBytes: 4000,
    });
  }

  async close(): Promise<void> {
    await this.db?.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  async apply(operation: Operation): Promise<void> {
    const db = this.db!;
    switch (operation.kind) {
      case 'append':
        this.append(operation);
        return;
      case 'late':
        this.late(operation);
        return;
      case 'delete': {
        const mint = this.now - operation.from;
        const matcher = new Matcher('=~', '__name__', operation.pattern);
        await db.delete([matcher], mint, mint + operation.length);
        this.model.delete(operation.pattern, mint, mint + operation.length);
        return;
      }
      case 'maintain':
        await db.maintain();
        return;
      case 'compact':
        await db.compact();
        this.floor = this.now;
        return;
      case 'clean':
        await db.cleanTombstones();
        return;
      case 'reopen':
        await db.close();
        await this.open();
        return;
      case 'crash': {
        // What the kernel has is all that is left of a process; ours goes on, but nobody looks at it any more.
        const left = mkdtempSync(join(tmpdir(), 'tsmon-db-model-'));
        cpSync(this.dir, left, { recursive: true });
        await this.close();
        this.dir = left;
        await this.open();
      }
    }
  }

  async check(): Promise<void> {
    const expected = this.model.contents();
    const reader: Source = this.db!.reader((error) => {
      throw error;
    });
    try {
      expect(contents(await reader.select([], { mint: 0, maxt: T0 * 2 }))).toEqual(expected);
      const { mint, maxt } = { mint: this.now - 2 * RANGE, maxt: this.now - RANGE };
      const part = contents(await reader.select([], { mint, maxt }));
      for (const [name, rows] of Object.entries(part)) {
        const times = rows.map((row) => Number.parseInt(row, 10)).filter((t) => t >= mint && t <= maxt);
        const all = (expected[name] ?? []).map((row) => Number.parseInt(row, 10));
        expect(times).toEqual(all.filter((t) => t >= mint && t <= maxt));
      }
    } finally {
      await reader.close();
    }
    const source = new DirectorySource(this.dir);
    try {
      expect(contents(await source.select([], { mint: 0, maxt: T0 * 2 }))).toEqual(expected);
    } finally {
      await source.close();
    }
  }

  private append({ names, steps, stepMs, histograms, roll }: Operation & { kind: 'append' }): void {
    const appender: Appender = this.db!.appender();
    let open: [string, number, Value][] = [];
    for (let step = 0; step < steps; step++) {
      this.now += stepMs;
      for (const name of names) {
        const v = histograms && name > 'c' ? histogram(++this.counter, name === 'f') : ++this.counter / 3;
        expect(append(appender, [[series(name), this.now, v]])).toEqual([Outcome.ok]);
        open.push([name, this.now, v]);
      }
      if (step % 7 !== 6 && step + 1 < steps) continue;
      if (roll && step % 3 === 0) appender.rollback();
      else {
        appender.commit();
        for (const [name, t, v] of open) this.model.put(name, t, v);
      }
      open = [];
    }
  }

  private late({ name, back, count, histograms }: Operation & { kind: 'late' }): void {
    const appender: Appender = this.db!.appender();
    const taken: [number, Value][] = [];
    for (let n = 0; n < count; n++) {
      // Never a time that a sample in order, or another late one, has.
      const t = this.now - back * STEP + ((n * 37) % count) * 100 + 13 + (++this.counter % 80);
      if (t >= this.now || this.model.isUnclear(name, t) || this.model.samples.get(name)?.has(t)) continue;
      if (taken.some(([other]) => other === t)) continue;
      const v = histograms ? histogram(this.counter) : this.counter;
      const [outcome] = append(appender, [[series(name), t, v]]);
      if (outcome === Outcome.ok) taken.push([t, v]);
      else {
        // Refused is only what is older than the window, as seen from the newest sample.
        expect(outcome).toBe(Outcome.tooOld);
        expect(t).toBeLessThan(Math.max(this.now, this.floor) - WINDOW + 7919 * 90);
      }
    }
    appender.commit();
    for (const [t, v] of taken) this.model.put(name, t, v);
  }
}

it(
  'a database has what a model has, whatever happens to it',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 40 }), async (operations) => {
        const run = new Run();
        try {
          await run.open();
          for (const [i, next] of operations.entries()) {
            await run.apply(next);
            if (next.kind !== 'append' || i % 4 === 3) await run.check();
          }
          await run.check();
        } finally {
          await run.close();
        }
      }),
      { numRuns: RUNS },
    );
  },
  60_000 + RUNS * 2000,
);
