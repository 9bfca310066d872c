/** Every call that writes fails once, at every place: nothing acknowledged is lost, and the next commit works. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { labelsFromObject } from '../../../../src/core/model/index.ts';
import { LogAppender } from '../../../../src/core/tsdb/append/index.ts';
import { readLogContent } from './log-content.ts';

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
  const error = (syscall: string) =>
    Object.assign(new Error(`${fault.code}: injected, ${syscall}`), { code: fault.code, syscall });
  return {
    ...fs,
    writeSync: (fd: number, bytes: Uint8Array, offset: number, length: number, position: number) => {
      // Nothing of text, which is the lock's.
      if (typeof bytes === 'string') return fs.writeSync(fd, bytes);
      if (!fails()) return fs.writeSync(fd, bytes, offset, length, position);
      if (fault.partial && length > 1) fs.writeSync(fd, bytes, offset, length >> 1, position);
      throw error('write');
    },
    fsyncSync: (fd: number) => {
      if (fails()) throw error('fsync');
      fs.fsyncSync(fd);
    },
    ftruncateSync: (fd: number, length: number) => {
      if (length > 0 && fails()) throw error('ftruncate');
      fs.ftruncateSync(fd, length);
    },
  };
});

const NOW = 1_700_000_000_000;
const clock = { now: () => NOW } as Clock;
const BATCHES = 5;
const ROWS = 1500;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-faults-'));
  fault.after = -1;
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Appends batches to two series each, small segments; says which batches were acknowledged. */
function run(): { acknowledged: number[]; failures: number } {
  const acknowledged: number[] = [];
  let failures = 0;
  const appender = new LogAppender(dir, { clock, segmentBytes: 32 * 1024, compression: 'none' });
  for (let batch = 0; batch < BATCHES; batch++) {
    const refs = new Uint32Array(ROWS);
    const ts = new Float64Array(ROWS);
    for (let row = 0; row < ROWS; row++) {
      refs[row] = appender.ref(
        labelsFromObject({ __name__: 'm', series: String(row % 50), batch: String(batch % 2) }),
      );
      ts[row] = NOW - 100_000 + batch * 1000 + Math.floor(row / 50);
    }
    try {
      const outcomes = new Uint8Array(ROWS);
      expect(appender.append(refs, ts, new Float64Array(ROWS).fill(batch), 0, ROWS, outcomes)).toBe(ROWS);
      appender.commit();
      acknowledged.push(batch);
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe(fault.code);
      failures++;
    }
  }
  try {
    appender.close();
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe(fault.code);
    failures++;
  }
  return { acknowledged, failures };
}

/** Batches that are in the log, each of which must be there whole. */
function stored(): number[] {
  const rows = new Map<number, number>();
  for (const samples of readLogContent(dir).samples.values()) {
    for (const sample of samples) {
      const batch = Number(sample.split(' ')[1]);
      rows.set(batch, (rows.get(batch) ?? 0) + 1);
    }
  }
  for (const count of rows.values()) expect(count).toBe(ROWS);
  return [...rows.keys()].sort();
}

describe('LogAppender on a failing disk', () => {
  it.each([
    ['one call fails', 'ENOSPC', false, 0],
    ['one write is cut short', 'ENOSPC', true, 0],
    ['several calls fail', 'EIO', true, 3],
  ])('loses nothing where %s', (_, code, partial, lasting) => {
    fault.calls = 0;
    expect(run()).toEqual({ acknowledged: [0, 1, 2, 3, 4], failures: 0 });
    const { calls } = fault;
    expect(calls).toBeGreaterThan(12);
    for (let after = 0; after < calls; after++) {
      rmSync(dir, { recursive: true });
      Object.assign(fault, { after, lasting, code, partial });
      const { acknowledged, failures } = run();
      fault.after = -1;
      expect(stored()).toEqual(acknowledged);
      expect(acknowledged.length).toBeGreaterThanOrEqual(BATCHES - failures);
      if (lasting === 0) expect(acknowledged.length).toBeGreaterThanOrEqual(BATCHES - 1);
      // The next process has nothing to mend, unless the disk failed up to the end.
      const next = new LogAppender(dir, { clock });
      if (lasting === 0) expect(next.notices).toEqual([]);
      next.close();
    }
  });
});
