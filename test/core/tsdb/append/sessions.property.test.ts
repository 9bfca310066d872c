/**
 * Many short lives of an appender on one directory, each with its table as it was left, one from before the last
 * life (as after kill -9), or gone: outcomes and the log always agree with a model that remembers everything.
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { labelsFromObject, Outcome, writeBits } from '../../../../src/core/model/index.ts';
import { LogAppender } from '../../../../src/core/tsdb/append/index.ts';
import { readLogContent } from './log-content.ts';

// Taking the lock starts a process, which a thousand times over would be most of this test's time.
vi.mock('../../../../src/core/tsdb/lock.ts', () => ({
  lockDirectory: () => ({ notices: [], release: () => {} }),
}));

const NOW = 1_700_000_000_000;
const clock = { now: () => NOW } as Clock;

interface Step {
  series: number;
  t: number;
  value: [number, number];
}

const step: fc.Arbitrary<Step> = fc.record({
  series: fc.nat(30),
  t: fc.nat(40).map((n) => NOW - 20 + n),
  value: fc.constantFrom<[number, number]>(
    [0, 0],
    [0x3ff00000, 0],
    [0x7ff00000, 2],
    [0x7ff80000, 1],
    [0x80000000, 0],
  ),
});

const session = fc.record({
  transactions: fc.array(
    fc.record({ steps: fc.array(step, { maxLength: 25 }), commit: fc.constantFrom(true, true, true, false) }),
    { maxLength: 4 },
  ),
  table: fc.constantFrom('kept', 'kept', 'stale', 'gone'),
});

it('tells every sample right, whatever became of the table', () => {
  fc.assert(
    fc.property(fc.array(session, { minLength: 1, maxLength: 8 }), (sessions) => {
      const dir = mkdtempSync(join(tmpdir(), 'tsmon-sessions-'));
      const table = join(dir, 'tsmon.refs');
      const before = join(dir, 'before');
      /** By series: its samples. */
      const model = new Map<number, Step[]>();
      try {
        for (const { transactions, table: fate } of sessions) {
          if (existsSync(table)) copyFileSync(table, before);
          const appender = new LogAppender(dir, { clock, segmentBytes: 32 * 1024 });
          expect(appender.notices).toEqual([]);
          for (const { steps, commit } of transactions) {
            const pending = new Map([...model].map(([series, samples]) => [series, [...samples]]));
            const expected = steps.map((s) => outcomeOf(s, pending));
            expect(appendAll(appender, steps)).toEqual(expected);
            if (commit) {
              appender.commit();
              model.clear();
              for (const [series, samples] of pending) model.set(series, samples);
            } else appender.rollback();
          }
          appender.close();
          if (fate === 'gone') rmSync(table, { force: true });
          else if (fate === 'stale' && existsSync(before)) copyFileSync(before, table);
        }
        const { samples, refs } = readLogContent(dir);
        expect(samples.size).toBe(model.size);
        for (const given of refs.values()) expect(given.length).toBe(1);
        for (const [series, list] of model) {
          expect(samples.get(`m{n="${series}"}`)!.map((row) => Number(row.split(' ')[0]))).toEqual(
            list.map(({ t }) => t),
          );
        }
      } finally {
        rmSync(dir, { recursive: true });
      }
    }),
    { numRuns: 150 },
  );
});

/** What must become of a sample; adds it to the model where it is taken. */
function outcomeOf(s: Step, model: Map<number, Step[]>): number {
  const samples = model.get(s.series) ?? [];
  const last = samples.at(-1);
  if (last !== undefined && s.t < last.t) return Outcome.outOfOrder;
  if (last !== undefined && s.t === last.t) {
    return last.value[0] === s.value[0] && last.value[1] === s.value[1]
      ? Outcome.duplicate
      : Outcome.conflict;
  }
  model.set(s.series, [...samples, s]);
  return Outcome.ok;
}

function appendAll(appender: LogAppender, steps: readonly Step[]): number[] {
  const refs = Uint32Array.from(steps, (s) =>
    appender.ref(labelsFromObject({ __name__: 'm', n: String(s.series) })),
  );
  const ts = Float64Array.from(steps, (s) => s.t);
  const vs = new Float64Array(steps.length);
  for (const [i, s] of steps.entries()) writeBits(vs, i, s.value[0], s.value[1]);
  const outcomes = new Uint8Array(steps.length);
  appender.append(refs, ts, vs, 0, steps.length, outcomes);
  return [...outcomes];
}
