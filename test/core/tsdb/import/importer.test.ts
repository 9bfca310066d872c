/** Import: whatever the order of samples and however little memory, the blocks have them all, each once. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/clock.ts';
import { labelsFromObject } from '../../../../src/core/model/index.ts';
import { parseMetric } from '../../../../src/core/promql/parser/index.ts';
import { LogAppender } from '../../../../src/core/tsdb/append/index.ts';
import { isUlid, readBlockMeta, verifyBlock } from '../../../../src/core/tsdb/block/index.ts';
import {
  fileInput,
  type ImportInput,
  type ImportOptions,
  importSamples,
} from '../../../../src/core/tsdb/import/index.ts';
import { lockDirectory } from '../../../../src/core/tsdb/lock.ts';
import { bytesInput, contents, expected, openMetrics, type Sample } from './samples.ts';

const root = mkdtempSync(join(tmpdir(), 'tsmon-import-'));
afterAll(() => rmSync(root, { recursive: true }));
let dir: string;
beforeEach(() => {
  dir = join(mkdtempSync(join(root, 'case-')), 'data');
});

const HOUR = 3600_000;
const START = Date.UTC(2026, 0, 1);
const csv = { parseSeries: parseMetric };
const run = (input: ImportInput, options: Partial<ImportOptions> = {}) =>
  importSamples(dir, [input], { csv, ...options });
const blockNames = () => readdirSync(dir).filter(isUlid);

/** 20 series of a sample a minute for 9 hours, by time. */
const samples: Sample[] = [];
for (let i = 0; i < 540; i++) {
  for (let series = 0; series < 20; series++) {
    samples.push({ series, t: START + i * 60_000, v: ((i * 7919 + series) % 1000) / 8 });
  }
}

describe('blocks', () => {
  test('are of two hours, aligned, sound, and have everything', async () => {
    const { blocks, counts } = await run(bytesInput(openMetrics(samples)));
    expect(counts).toEqual({
      samples: samples.length,
      repeated: 0,
      conflicting: 0,
      exemplars: 0,
      startTimestamps: 0,
    });
    expect(blocks.map(({ minTime, maxTime }) => [minTime, maxTime])).toEqual(
      [0, 2, 4, 6, 8].map((hour) => [START + hour * HOUR, START + Math.min(hour + 2, 9) * HOUR - 60_000 + 1]),
    );
    expect(await contents(dir)).toEqual(expected(samples));
    for (const name of blockNames()) expect(verifyBlock(join(dir, name))).toEqual([]);
    expect(readdirSync(dir).filter((name) => !isUlid(name))).toEqual([]);
  });

  test('may be longer', async () => {
    const { blocks } = await run(bytesInput(openMetrics(samples)), { blockRange: 18 * HOUR });
    expect(blocks.length).toBe(1);
    expect(await contents(dir)).toEqual(expected(samples));
  });

  test('are cut below zero, too', async () => {
    const early = [-3 * HOUR, -2 * HOUR, -1, 0, 1].map((t) => ({ series: 1, t, v: t }));
    const { blocks } = await run(bytesInput(openMetrics(early)), { format: 'openmetrics' });
    expect(blocks.map(({ minTime }) => minTime)).toEqual([-3 * HOUR, -2 * HOUR, 0]);
    expect(await contents(dir)).toEqual(expected(early));
  });

  test('have chunks as long as they can be, whatever the order of samples', async () => {
    await run(bytesInput(openMetrics([...samples].reverse())), { memoryBytes: 40_000 });
    const chunks = blockNames().map((name) => readBlockMeta(join(dir, name)).stats!.numChunks!);
    expect(chunks.reduce((a, b) => a + b)).toBe(20 * 5);
    expect(await contents(dir)).toEqual(expected(samples));
  });
});

test('any order, any memory, duplicates and conflicts: the first sample for a time is kept', async () => {
  const sample = fc.record({
    series: fc.integer({ min: 0, max: 5 }),
    t: fc.integer({ min: 0, max: 200 }).map((n) => START + n * 97_000),
    v: fc.integer({ min: 0, max: 3 }),
  });
  const property = fc.asyncProperty(
    fc.array(sample, { maxLength: 1500, size: 'max' }),
    fc.integer({ min: 20, max: 5000 }),
    async (given, pieceBytes) => {
      rmSync(dir, { recursive: true, force: true });
      const { counts } = await run(bytesInput(openMetrics(given), pieceBytes), {
        memoryBytes: 1500,
        format: 'openmetrics',
      });
      const want = expected(given);
      expect(counts.samples + counts.repeated + counts.conflicting).toBe(given.length);
      expect(counts.samples).toBe(want.length);
      expect(given.length === 0 ? [] : await contents(dir)).toEqual(want);
    },
  );
  await fc.assert(property, { numRuns: 8 });
});

describe('an import that was interrupted', () => {
  const text = openMetrics([...samples, ...samples.map((s) => ({ ...s, series: s.series + 100 }))]);

  /** Imports a file of several pieces until half of it is read, with so little memory that a run was written by then. */
  async function interrupted(file: string): Promise<void> {
    const abort = new AbortController();
    const notices: string[] = [];
    const work = importSamples(dir, [fileInput(file)], {
      csv,
      memoryBytes: 10_000,
      signal: abort.signal,
      progress: ({ phase, done, total }) => {
        if (phase === 'reading' && done >= total / 2) abort.abort();
      },
      onNotice: (notice) => notices.push(notice),
    });
    await expect(work).rejects.toThrow(/abort/);
    expect(notices).toEqual([
      expect.stringMatching(
        /^[1-9]\d* samples are kept in .*import-.*tmp-for-creation; the same command goes on/,
      ),
    ]);
    expect(blockNames()).toEqual([]);
  }

  test('goes on where it was, and is seen when all of it is there', async () => {
    const file = join(root, 'long.om');
    writeFileSync(file, text.replace('# EOF\n', '').repeat(6).concat('# EOF\n'));
    await interrupted(file);
    const notices: string[] = [];
    const { counts } = await importSamples(dir, [fileInput(file)], {
      csv,
      memoryBytes: 100_000,
      onNotice: (notice) => notices.push(notice),
    });
    expect(notices).toEqual([
      expect.stringMatching(/^going on where an earlier import stopped, at byte [1-9]\d+ of /),
    ]);
    expect(counts.samples).toBe(samples.length * 2);
    expect((await contents(dir)).length).toBe(samples.length * 2);
    expect(readdirSync(dir).every(isUlid)).toBe(true);
  });

  test('starts over when the file has changed', async () => {
    const file = join(root, 'changed.om');
    writeFileSync(file, text.replace('# EOF\n', '').repeat(6).concat('# EOF\n'));
    await interrupted(file);
    writeFileSync(file, 'm 1 1767225600\n# EOF\n');
    await run(fileInput(file), { format: 'openmetrics' });
    expect(await contents(dir)).toEqual(['m 1767225600000 1']);
  });

  test('leaves nothing where nothing could be gone on with', async () => {
    const abort = new AbortController();
    const work = run(bytesInput(text), {
      memoryBytes: 100_000,
      signal: abort.signal,
      progress: () => abort.abort(),
    });
    await expect(work).rejects.toThrow(/abort/);
    expect(existsSync(dir)).toBe(false);
  });

  test('knows in which family it was', async () => {
    const lines = Array.from({ length: 30_000 }, (_, i) => `h_bucket{le="1"} ${i % 7} ${START / 1000 + i}\n`);
    const file = join(root, 'family.om');
    writeFileSync(file, `# TYPE h histogram\n${lines.join('')}# EOF\n`);
    await interrupted(file);
    await run(fileInput(file), { memoryBytes: 10_000 });
    const found = await contents(dir);
    expect(found.length).toBe(30_000);
    expect(found.every((line) => line.startsWith('h_bucket{le="1.0"} '))).toBe(true);
  });

  test('still counts lines from the beginning', async () => {
    const lines = Array.from({ length: 60_000 }, (_, i) => `a ${i % 7} ${START / 1000 + i}\n`);
    const file = join(root, 'fault.om');
    writeFileSync(file, `${lines.join('')}b{ 1\n# EOF\n`);
    await interrupted(file);
    await expect(run(fileInput(file), { memoryBytes: 10_000 })).rejects.toThrow(/fault\.om:60001:/);
    expect(existsSync(dir) ? readdirSync(dir) : []).toEqual([]);
  });
});

describe('faults', () => {
  test('leave nothing behind', async () => {
    await expect(run(bytesInput('a{ 1 1\n'))).rejects.toThrow(/^test:1:/);
    await expect(run(bytesInput('a 1\n'))).rejects.toThrow('a sample of a has no timestamp');
    await expect(run(bytesInput('a 1 1767225600\n'))).rejects.toThrow(/1970-01-21.*--format openmetrics/);
    await expect(run(bytesInput('a 1 2\n'), { format: 'openmetrics' })).rejects.toThrow('# EOF');
    expect(existsSync(dir)).toBe(false);
  });

  test('a writer in the directory is not disturbed', async () => {
    mkdirSync(dir);
    const lock = lockDirectory(dir);
    // The lock is of this process, which counts as its own holder: another one shows in test/commands.
    lock.release();
    await run(bytesInput(openMetrics(samples)));
    expect(readdirSync(dir)).not.toContain('lock');
  });
});

describe('formats', () => {
  const LINE = {
    metric: { __name__: 'v', job: 'x' },
    values: [1, null, 'stale'],
    timestamps: [1, 2, 3].map((n) => START + n),
  };

  test("VictoriaMetrics' export", async () => {
    await run(bytesInput(`${JSON.stringify(LINE)}\n`));
    expect(await contents(dir)).toEqual(
      [1, 2, 3].map((n) => `v{job="x"} ${START + n} ${n === 1 ? 1 : 'NaN'}`),
    );
  });

  test('native histograms between floats, in any order', async () => {
    const h = (count: number) => ({
      schema: 0,
      count,
      sum: 1,
      positive_spans: [[0, 1]],
      positive_buckets: [count],
    });
    const of = (key: object, times: number[]) =>
      `${JSON.stringify({ metric: { __name__: 'h' }, ...key, timestamps: times.map((n) => START + n) })}\n`;
    const text =
      of({ histograms: [h(1), h(2), h(3)] }, [10, 20, 30]) +
      of({ values: [7, 8] }, [15, 40]) +
      of({ histograms: [h(9), h(5), h(4)] }, [20, 5, 50]);
    const { counts } = await run(bytesInput(text));
    expect(await contents(dir)).toEqual(
      ['5 count 5', '10 count 1', '15 7', '20 count 2', '30 count 3', '40 8', '50 count 4'].map((line) => {
        const [n, ...v] = line.split(' ');
        return `h ${START + Number(n)} ${v.join(' ')}`;
      }),
    );
    expect(counts).toMatchObject({ samples: 7, conflicting: 1 });
    for (const name of blockNames()) expect(verifyBlock(join(dir, name))).toEqual([]);
  });

  test('labels for all series, which may make one of several', async () => {
    const text = `a{x="1"} 1 ${START}\na{x="2"} 2 ${START + 1}\n`;
    await run(bytesInput(text), {
      labels: [
        ['x', ''],
        ['site', 'here'],
      ],
    });
    expect(await contents(dir)).toEqual([`a{site="here"} ${START} 1`, `a{site="here"} ${START + 1} 2`]);
  });

  test('what blocks have no room for is counted', async () => {
    const text = `# TYPE c counter\nc_total 1 ${START / 1000} # {id="x"} 1\n# EOF\n`;
    expect((await run(bytesInput(text))).counts).toMatchObject({ samples: 1, exemplars: 1 });
  });
});

test('series that are gone are forgotten, and their numbers used again', async () => {
  const many: Sample[] = [];
  // One cycle after another of other series, and one that is always there.
  for (let i = 0; i < 4000; i++) {
    many.push({ series: 1_000_000, t: START + i * 1000, v: i % 5 });
    many.push({ series: Math.floor(i / 4), t: START + i * 1000, v: i % 3 });
  }
  await run(bytesInput(openMetrics(many), 2000), { memoryBytes: 30_000 });
  expect(await contents(dir)).toEqual(expected(many));
});

test('blocks that reach into the time of the log do not hide what is in it', async () => {
  const now = Math.floor(Date.now() / 1000) * 1000;
  const appender = new LogAppender(dir, { clock: systemClock });
  const ref = appender.ref(labelsFromObject({ __name__: 'live' }));
  const outcomes = new Uint8Array(1);
  appender.append(Uint32Array.of(ref), Float64Array.of(now - HOUR), Float64Array.of(1), 0, 1, outcomes);
  appender.commit();
  appender.close();
  const text = (t: number) => `old 1 ${t}\n`;
  await run(bytesInput(text(now - 100 * HOUR) + text(now - HOUR + 1000)));
  const hints = blockNames().map((name) => readBlockMeta(join(dir, name)).compaction.hints ?? []);
  expect(hints.sort()).toEqual([[], ['from-out-of-order']]);
  expect(await contents(dir)).toContain(`live ${now - HOUR} 1`);
});
