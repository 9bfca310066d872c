/** A disk that fails at any one call: the blocks stay as they were, and nothing is left of the attempt. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';

/** Calls that change the disk; the one at which `failAt` has come down to 0 fails. */
const disk = vi.hoisted(() => ({ failAt: -1, code: 'ENOSPC' }));

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const failing = <A extends unknown[], R>(call: (...args: A) => R): ((...args: A) => R) => {
    return (...args) => {
      if (disk.failAt >= 0 && disk.failAt-- === 0) {
        throw Object.assign(new Error(`${disk.code}: injected, write`), {
          code: disk.code,
          syscall: 'write',
        });
      }
      return call(...args);
    };
  };
  return {
    ...real,
    writeSync: failing(real.writeSync as (...args: unknown[]) => number),
    writeFileSync: failing(real.writeFileSync as (...args: unknown[]) => void),
    fsyncSync: failing(real.fsyncSync),
    mkdirSync: failing(real.mkdirSync as (...args: unknown[]) => unknown),
  };
});

const { labelsFromObject, SampleColumns } = await import('../../../../src/core/model/index.ts');
const { BlockWriter, verifyBlock } = await import('../../../../src/core/tsdb/block/index.ts');
const { replaceByCompacted, runSteps } = await import('../../../../src/core/tsdb/compaction/index.ts');

const root = mkdtempSync(join(tmpdir(), 'tsmon-faults-'));
afterAll(() => rmSync(root, { recursive: true }));
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(root, 'data-'));
});

function write(from: number) {
  const writer = new BlockWriter(dir);
  const columns = new SampleColumns();
  for (let i = 0; i < 100; i++) {
    columns.t[i] = from + i;
    columns.v[i] = i;
  }
  columns.length = 100;
  for (const a of ['1', '2']) writer.addSamples(labelsFromObject({ a }), columns);
  return writer.finish()!;
}

test.each(['ENOSPC', 'EIO'])('%s at each call in turn', (code) => {
  const metas = [write(0), write(1000)];
  const before = readdirSync(dir).sort();
  const openFiles = openFileCount();
  disk.code = code;
  let calls = 0;
  for (; ; calls++) {
    disk.failAt = calls;
    try {
      runSteps(replaceByCompacted(dir, metas));
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe(code);
      // The last call of all puts the directory on disk, when the new block is already in it.
      const blocks = readdirSync(dir).filter((name) => !before.includes(name));
      for (const name of blocks) {
        expect(verifyBlock(join(dir, name))).toEqual([]);
        rmSync(join(dir, name), { recursive: true });
      }
      expect(readdirSync(dir).sort()).toEqual(before);
      for (const meta of metas) expect(verifyBlock(join(dir, meta.ulid))).toEqual([]);
      expect(openFileCount()).toBe(openFiles);
      continue;
    } finally {
      disk.failAt = -1;
    }
    break;
  }
  expect(calls).toBeGreaterThan(10);
  const [written] = readdirSync(dir);
  expect(verifyBlock(join(dir, written))).toEqual([]);
});

/** Where the system tells; else always the same. */
function openFileCount(): number {
  return existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0;
}
