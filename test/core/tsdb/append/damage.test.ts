/** A small real log, cut short and flipped at every byte: read as far as it is whole, and appended to again. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { type Labels, labelsFromObject } from '../../../../src/core/model/index.ts';
import { LogAppender } from '../../../../src/core/tsdb/append/index.ts';
import { readLogContent } from './log-content.ts';

// Taking the lock starts a process, which a thousand times over would be most of this test's time.
vi.mock('../../../../src/core/tsdb/lock.ts', () => ({
  lockDirectory: () => ({ notices: [], release: () => {} }),
}));

const NOW = 1_700_000_000_000;
const clock = { now: () => NOW } as Clock;
const SEGMENT = join('wal', '00000000');
const TABLE = 'tsmon.refs';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-damage-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const series = [0, 1, 2, 3].map((n) => labelsFromObject({ __name__: 'm', n: String(n) }));

function session(labels: readonly Labels[], t: number): LogAppender {
  const appender = new LogAppender(dir, { clock });
  const n = labels.length;
  const refs = Uint32Array.from(labels, (l) => appender.ref(l));
  appender.append(
    refs,
    new Float64Array(n).fill(t),
    new Float64Array(n).fill(t % 100),
    0,
    n,
    new Uint8Array(n),
  );
  appender.commit();
  appender.close();
  return appender;
}

/** Three sessions; returns the log, the table, and the samples after each session with where the log then ended. */
function make(): { log: Buffer; table: Buffer; states: { end: number; samples: Map<string, string[]> }[] } {
  const states = [{ end: 0, samples: new Map<string, string[]>() }];
  for (let i = 0; i < 3; i++) {
    session(series.slice(0, i + 2), NOW - 10 + i);
    states.push({ end: readFileSync(join(dir, SEGMENT)).length, samples: readLogContent(dir).samples });
  }
  return { log: readFileSync(join(dir, SEGMENT)), table: readFileSync(join(dir, TABLE)), states };
}

function restore(log: Uint8Array, table: Uint8Array | undefined): void {
  rmSync(dir, { recursive: true });
  mkdirSync(join(dir, 'wal'), { recursive: true });
  writeFileSync(join(dir, SEGMENT), log);
  if (table !== undefined) writeFileSync(join(dir, TABLE), table);
}

describe('an append to a damaged log', () => {
  it.each([
    ['with its table', true],
    ['without', false],
  ])('%s keeps all whole sessions and stores new samples, wherever the log was cut', (_, withTable) => {
    const { log, table, states } = make();
    for (let cut = 0; cut < log.length; cut++) {
      restore(log.subarray(0, cut), withTable ? table : undefined);
      session(series, NOW);
      const whole = states.filter((state) => state.end <= cut).at(-1)!;
      const { samples, refs } = readLogContent(dir);
      for (const labels of series) {
        const name = labels.toString();
        const before = whole.samples.get(name) ?? [];
        expect(samples.get(name)!.slice(0, before.length)).toEqual(before);
        expect(samples.get(name)!.at(-1)).toBe(`${NOW} 0`);
        expect(refs.get(name)!.length).toBe(1);
      }
    }
  });

  it('keeps what precedes a flipped byte, sets aside the rest, and stores new samples', () => {
    const { log, states } = make();
    for (let at = 0; at < log.length; at++) {
      const damaged = Buffer.from(log);
      damaged[at] ^= 0xff;
      restore(damaged, undefined);
      const appender = session(series, NOW);
      const whole = states.filter((state) => state.end <= at).at(-1)!;
      const { samples } = readLogContent(dir);
      for (const labels of series) {
        const before = whole.samples.get(labels.toString()) ?? [];
        expect(samples.get(labels.toString())!.slice(0, before.length)).toEqual(before);
        expect(samples.get(labels.toString())!.at(-1)).toBe(`${NOW} 0`);
      }
      expect(appender.notices.length).toBe(1);
      const aside = join(dir, 'wal', '00000000.damaged');
      if (/set aside/.test(appender.notices[0])) expect(existsSync(aside)).toBe(true);
    }
  });
});
