/** What is removed by gc, and that at whatever step it ends nothing is missing, and the next run does the rest. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { Outcome } from '../../../../src/core/model/index.ts';
import { DirectorySource } from '../../../../src/core/source/directory.ts';
import { Database } from '../../../../src/core/tsdb/db/index.ts';
import { collectGarbage, type Garbage, type GarbageOptions } from '../../../../src/core/tsdb/gc/index.ts';
import { append, contents, series } from '../head/samples.ts';

const RANGE = 60_000;
const T0 = 1_700_006_400_000;
/** Where things are that gc may remove though nothing replaces them. */
const DAMAGED = ['wal/00000000.damaged', 'wbl/00000000.damaged.1', 'chunks_head/000001.damaged', 'damaged/x'];

let root: string;
let full: string;
let expected: Record<string, string[]>;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'tsmon-gc-'));
  full = join(root, 'full');
  const before = join(root, 'before');
  let now = T0;
  const clock = { now: () => now, monotonic: () => now } as Clock;
  const db = await Database.open(full, { clock, minBlockRange: RANGE, maxBlockRange: 9 * RANGE });
  const appender = db.appender();
  for (let step = 0; step < 600; step++) {
    now = T0 + step * 1000;
    const samples = ['a', 'b'].map((name) => [series(name), now, step] as const);
    expect(append(appender, samples)).toEqual(samples.map(() => Outcome.ok));
    appender.commit();
    if (step % 50 === 49) db.head.cutWal();
    if (step % 100 !== 99) continue;
    cpSync(full, before, { recursive: true, filter: (path) => !path.includes('chunks_head') });
    await db.maintain();
  }
  await db.close();
  expected = await read(full);
  // As if nothing had been removed, and much had been interrupted.
  cpSync(before, full, { recursive: true, force: false });
  for (const name of ['01HF8000000000000000000000.tmp-for-creation', 'import-1.tmp-for-creation']) {
    mkdirSync(join(full, name));
    writeFileSync(join(full, name, 'index'), 'a part');
  }
  for (const name of DAMAGED) {
    mkdirSync(join(full, name, '..'), { recursive: true });
    writeFileSync(join(full, name), 'x');
  }
  const checkpoint = readdirSync(join(full, 'wal')).filter((name) => name.startsWith('checkpoint'));
  DAMAGED.push(`wal/${checkpoint.sort().at(-1)}/00000000.damaged`);
  writeFileSync(join(full, DAMAGED.at(-1)!), 'x');
}, 60_000);
afterAll(() => rmSync(root, { recursive: true }));

async function read(dir: string): Promise<Record<string, string[]>> {
  const source = new DirectorySource(dir);
  try {
    return contents(await source.select([], { mint: 0, maxt: T0 * 2 }));
  } finally {
    await source.close();
  }
}

function copy(): string {
  const dir = join(root, 'copy');
  rmSync(dir, { recursive: true, force: true });
  cpSync(full, dir, { recursive: true });
  return dir;
}

async function collect(dir: string, options: GarbageOptions = {}): Promise<Garbage[]> {
  const found: Garbage[] = [];
  await collectGarbage(dir, { ...options, onGarbage: (garbage) => found.push(garbage) });
  return found;
}

describe('the garbage of a directory', () => {
  it('is what a newer thing replaces and what was left unfinished, and no sample', async () => {
    const dir = copy();
    const found = await collect(dir, { dryRun: true });
    expect(new Set(found.map(({ reason }) => reason))).toEqual(
      new Set(['unfinished', 'replaced', 'checkpointed']),
    );
    expect(await collect(dir)).toEqual(found);
    for (const { path } of found) expect(existsSync(join(dir, path)), path).toBe(false);
    expect(await read(dir)).toEqual(expected);
    expect(await collect(dir)).toEqual([]);
  });

  it('is gone for good at every step, and the next run does the rest', async () => {
    const all = await collect(copy(), { dryRun: true });
    expect(all.length).toBeGreaterThan(5);
    for (let steps = 1; steps < all.length; steps++) {
      const dir = copy();
      const ended = new AbortController();
      let left = steps;
      const onGarbage = () => {
        if (--left === 0) ended.abort();
      };
      await expect(collectGarbage(dir, { signal: ended.signal, onGarbage })).rejects.toThrow(/abort/);
      expect(await read(dir), `after ${steps} steps`).toEqual(expected);
      expect(await collect(dir)).toEqual(all.slice(steps));
      expect(await read(dir)).toEqual(expected);
    }
  });

  it('has what damage was set aside only where that is asked for, wherever it lies', async () => {
    const dir = copy();
    const found = await collect(dir, { originals: true });
    const originals = found.filter(({ reason }) => reason === 'original').map(({ path }) => path);
    expect(originals.sort()).toEqual(DAMAGED.map((name) => name.replace(/^damaged.*/, 'damaged')).sort());
    for (const name of DAMAGED) expect(existsSync(join(dir, name)), name).toBe(false);
    expect(await read(dir)).toEqual(expected);
  });
});
