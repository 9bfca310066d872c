/** Compaction under the eyes of the real Prometheus, also when it is killed. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labelsFromObject, SampleColumns } from '../../src/core/model/index.ts';
import { BlockReader, BlockWriter, mergeSeriesSets } from '../../src/core/tsdb/block/index.ts';
import { compactDirectory, takeInventory } from '../../src/core/tsdb/compaction/index.ts';
import { startTsmon } from '../cli.ts';
import { describeWith, peer } from '../peers.ts';
import { type Dump, ourDump, promtoolDump } from './dump.ts';
import { RealPrometheus } from './prometheus.ts';

const promtool = peer('promtool');
const prometheus = peer('prometheus');

const HOUR = 3600 * 1000;
const START = Date.UTC(2024, 0, 1);
const SERIES = 400;
const ROUNDS = 12;

const root = mkdtempSync(join(tmpdir(), 'tsmon-compaction-interop-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Blocks of two hours, some of which overlap, and one long before. */
function writeBlocks(dir: string): void {
  for (const [hour, shift] of [
    [-100, 0],
    [0, 0],
    [1, 7],
    [2, 0],
    [4, 0],
    [6, 0],
    [8, 0],
  ] as const) {
    const writer = new BlockWriter(dir, { minTime: START + hour * HOUR, maxTime: START + (hour + 2) * HOUR });
    const columns = new SampleColumns();
    columns.reserve(240);
    for (let s = 0; s < SERIES; s++) {
      for (let i = 0; i < 240; i++) {
        columns.t[i] = START + hour * HOUR + i * 30_000 + shift;
        columns.v[i] = s * i + shift;
      }
      columns.length = 240;
      writer.addSamples(
        labelsFromObject({
          __name__: 'm',
          s: String(s).padStart(4, '0'),
          z_hour: s % 3 === 0 ? String(hour) : 'any',
        }),
        columns,
      );
    }
    writer.finish();
  }
}

/** What a reader sees: the blocks that count. */
function dumpOf(dir: string): Dump {
  const blocks = takeInventory(dir)
    .blocks.filter((block) => block.state === 'live')
    .map((block) => new BlockReader(block.path));
  try {
    return ourDump(mergeSeriesSets(blocks.map((block) => block.select([], -Infinity, Infinity))));
  } finally {
    for (const block of blocks) block.close();
  }
}

describeWith('compaction and Prometheus', { prometheus, promtool }, () => {
  const original = join(root, 'original');
  let want: Dump;
  beforeAll(() => {
    mkdirSync(original);
    writeBlocks(original);
    want = dumpOf(original);
    expect(want.size).toBeGreaterThan(SERIES);
  });

  /** Prometheus starts on it, has all samples, and has nothing to say against it. */
  async function expectServed(dir: string): Promise<void> {
    const server = await RealPrometheus.start(prometheus!, dir);
    try {
      const answer = (await server.get('query', {
        query: 'sum(count_over_time(m[10d]))',
        time: String((START + 20 * HOUR) / 1000),
      })) as { result: { value: [number, string] }[] };
      const samples = [...want.values()].reduce((sum, series) => sum + series.size, 0);
      expect(Number(answer.result[0].value[1])).toBe(samples);
      // Overlapping blocks are reported as long as they are there, and so is the lock of who was killed.
      const expected = /Overlapping blocks|A lockfile from a previous execution/;
      expect(server.complaints.filter((line) => !expected.test(line))).toEqual([]);
    } finally {
      await server.stop();
    }
  }

  test('blocks that we made larger are served, and dumped alike', async () => {
    const dir = mkdtempSync(join(root, 'whole-'));
    const data = join(dir, 'data');
    cpSync(original, data, { recursive: true });
    await compactDirectory(data);
    expect(
      takeInventory(data).blocks.map(({ meta }) => [meta!.minTime - START, meta!.maxTime - START]),
    ).toEqual([
      [-100 * HOUR, -98 * HOUR],
      [0, 6 * HOUR],
      [6 * HOUR, 8 * HOUR],
      [8 * HOUR, 10 * HOUR],
    ]);
    expect(dumpOf(data)).toEqual(want);
    expect(promtoolDump(promtool!, data)).toEqual(want);
    await expectServed(dir);
  });

  test('killed at any instant, it loses nothing', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const dir = mkdtempSync(join(root, 'killed-'));
      const data = join(dir, 'data');
      cpSync(original, data, { recursive: true });
      const child = startTsmon(['tsdb', 'compact', '--to', data], { stdio: 'ignore' });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      // The command needs some time to start, then works for some 300 ms.
      while (readdirSync(data).length <= 7 && child.exitCode === null) await sleep(1);
      await sleep(round * 25);
      child.kill('SIGKILL');
      await ended;
      expect(dumpOf(data), `killed in round ${round}`).toEqual(want);
      if (round % 4 === 0) await expectServed(dir);
      await compactDirectory(data);
      expect(dumpOf(data)).toEqual(want);
      expect(takeInventory(data).blocks.length).toBe(4);
      expect(takeInventory(data).leftovers).toEqual([]);
      rmSync(dir, { recursive: true });
    }
  }, 600_000);
});
