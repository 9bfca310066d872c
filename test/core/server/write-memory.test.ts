/** Remote write 1.0 with what was said before remembered, beside the same without. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import { ProtobufWriter } from '../../../src/core/encoding/protobuf-writer.ts';
import { Matcher, SampleColumns } from '../../../src/core/model/index.ts';
import { decodeWriteV1 } from '../../../src/core/remote/write-codec.ts';
import { WriteIntake } from '../../../src/core/server/remote/write-intake.ts';
import { WriteMemory } from '../../../src/core/server/remote/write-memory.ts';
import { Database } from '../../../src/core/tsdb/db/index.ts';

const NOW = Date.UTC(2026, 5, 1);

/** A series as a sender may write it: labels in any order, also behind its samples, twice, or none that are good. */
interface Said {
  labels: [string, string][];
  behind: [string, string][];
  v: number;
}

function messageOf(all: readonly Said[], t: number): Uint8Array {
  const w = new ProtobufWriter();
  const label = ([name, value]: [string, string]) => {
    const at = w.begin(1);
    w.string(1, name);
    w.string(2, value);
    w.finish(at);
  };
  for (const { labels, behind, v } of all) {
    const series = w.begin(1);
    labels.forEach(label);
    const sample = w.begin(2);
    w.double(1, v);
    w.int(2, t);
    w.finish(sample);
    behind.forEach(label);
    w.finish(series);
  }
  return w.take().slice();
}

async function contentOf(db: Database): Promise<string[]> {
  const reader = db.reader();
  const set = await reader.select([new Matcher('=~', '__name__', '.*')], { mint: 0, maxt: NOW * 2 });
  const columns = new SampleColumns();
  const found: string[] = [];
  for (let i = 0; i < set.length; i++) {
    columns.clear();
    set.read(i, columns);
    for (let row = 0; row < columns.length; row++)
      found.push(`${set.labels(i)} ${columns.v[row]} @${columns.t[row]}`);
  }
  await reader.close();
  return found.sort();
}

const pair = fc.tuple(fc.constantFrom('__name__', 'a', 'b', ''), fc.constantFrom('x', 'y', 'z'));
const said = fc.record({
  labels: fc.array(pair, { maxLength: 4 }),
  behind: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(pair, { maxLength: 2 })),
  v: fc.nat(100),
}) as fc.Arbitrary<Said>;

it('comes to the same, whatever is said again in whatever way', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(said, { maxLength: 12 }), { minLength: 2, maxLength: 6 }),
      fc.integer({ min: 0, max: 3 }),
      async (messages, cut) => {
        const dir = mkdtempSync(join(tmpdir(), 'tsmon-memory-'));
        let now = NOW;
        const clock: Clock = Object.create(systemClock, { now: { value: () => now } });
        const [remembering, without] = await Promise.all(
          ['with', 'without'].map((name) => Database.open(join(dir, name), { clock })),
        );
        const memory = new WriteMemory(remembering.appender());
        for (const [n, all] of messages.entries()) {
          now += 1000;
          const whole = messageOf(all, now);
          // Some end within a series.
          const message = n === cut ? whole.subarray(0, Math.max(0, whole.length - 3)) : whole;
          const intakes = [
            { intake: new WriteIntake(memory.appender, false, memory), known: memory },
            { intake: new WriteIntake(without.appender(), false), known: undefined },
          ];
          const outcomes = intakes.map(({ intake, known }) => {
            try {
              decodeWriteV1(message, (series) => intake.add(series, message), known);
            } catch (error) {
              intake.rollback();
              return (error as Error).message;
            }
            intake.finish();
            const { faults, samples, invalidSamples } = intake;
            return { faults, samples, invalidSamples };
          });
          expect(outcomes[0]).toEqual(outcomes[1]);
        }
        expect(await contentOf(remembering)).toEqual(await contentOf(without));
        await Promise.all([remembering.close(), without.close()]);
        rmSync(dir, { recursive: true });
      },
    ),
    { numRuns: 60 },
  );
});

it('knows what was said before by its bytes, and keeps refs that are known', () => {
  const forgotten: number[] = [];
  let next = 0;
  const refs = new Map<string, number>();
  const appender = {
    ref: (labels: { toString(): string }) => {
      const key = labels.toString();
      if (!refs.has(key)) refs.set(key, next++);
      return refs.get(key)!;
    },
    forget: (ref: number) => forgotten.push(ref),
    append: (_refs: unknown, _ts: unknown, _vs: unknown, from: number, to: number, outcomes: Uint8Array) => {
      outcomes.fill(0, from, to);
      return to - from;
    },
    commit: () => {},
    rollback: () => {},
  };
  const memory = new WriteMemory(appender as never);
  const known: number[] = [];
  const send = (...all: Said[]) => {
    const message = messageOf(all, NOW);
    const intake = new WriteIntake(memory.appender, false, memory);
    known.length = 0;
    decodeWriteV1(
      message,
      (series) => {
        known.push(series.ref);
        intake.add(series, message);
      },
      memory,
    );
    intake.finish();
  };
  const name: [string, string] = ['__name__', 'm'];
  const whole: Said = { labels: [name, ['a', '1']], behind: [], v: 1 };
  const split: Said = { labels: [name], behind: [['a', '1']], v: 1 };
  const other: Said = { labels: [name], behind: [['a', '2']], v: 1 };
  send(whole, split, other);
  expect(known).toEqual([-1, -1, -1]);
  // The second came in pieces, and is the series of the first; the third is nobody's any more.
  expect(forgotten).toEqual([1]);
  send(whole, { ...whole, labels: [['a', '1'], name] });
  expect(known).toEqual([0, -1]);
  send({ ...whole, labels: [['a', '1'], name] }, { labels: [name], behind: [], v: 1 }, split);
  expect(known).toEqual([0, -1, -1]);
  send(split);
  expect(known).toEqual([-1]);
  expect(forgotten).toEqual([1]);
});
