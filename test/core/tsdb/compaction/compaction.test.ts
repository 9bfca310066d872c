import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { CorruptionError } from '../../../../src/core/errors.ts';
import { labelsFromObject, SampleColumns } from '../../../../src/core/model/index.ts';
import {
  type BlockMeta,
  BlockReader,
  BlockWriter,
  type BlockWriterOptions,
  readBlockMeta,
  Tombstones,
  verifyBlock,
  writeTombstones,
} from '../../../../src/core/tsdb/block/index.ts';
import {
  blockRanges,
  compactBlocks,
  type PlannedBlock,
  planCompaction,
  replaceByCompacted,
  runSteps,
  runStepsWithPauses,
} from '../../../../src/core/tsdb/compaction/index.ts';

const root = mkdtempSync(join(tmpdir(), 'tsmon-compaction-'));
afterAll(() => rmSync(root, { recursive: true }));
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(root, 'data-'));
});

const HOUR = 3600 * 1000;

/** Series name -> time -> value. */
type Plain = Record<string, Record<number, number>>;

function write(plain: Plain, options?: BlockWriterOptions): BlockMeta {
  const writer = new BlockWriter(dir, options);
  for (const name of Object.keys(plain).sort()) {
    const columns = new SampleColumns();
    for (const [t, v] of Object.entries(plain[name])) {
      columns.reserve(columns.length + 1);
      columns.t[columns.length] = Number(t);
      columns.v[columns.length++] = v;
    }
    writer.addSamples(labelsFromObject({ __name__: name }), columns);
  }
  return writer.finish()!;
}

function read(meta: BlockMeta): Plain {
  const block = new BlockReader(join(dir, meta.ulid));
  const set = block.select([], -Infinity, Infinity);
  const plain: Plain = {};
  const out = new SampleColumns();
  for (let i = 0; i < set.length; i++) {
    out.clear();
    set.read(i, out);
    plain[set.labels(i).get('__name__')] = Object.fromEntries(
      Array.from({ length: out.length }, (_, row) => [out.t[row], out.v[row]]),
    );
  }
  block.close();
  return plain;
}

const plainBlock: fc.Arbitrary<Plain> = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  fc
    .record({
      start: fc.nat(400),
      step: fc.integer({ min: 1, max: 3 }),
      count: fc.integer({ min: 1, max: 300 }),
    })
    .map(({ start, step, count }) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, i) => [(start + i * step) * 1000, Math.sqrt(start + i * step)]),
      ),
    ),
  { minKeys: 1 },
);

describe('a compacted block', () => {
  test('has the samples of all', () => {
    fc.assert(
      fc.property(fc.array(plainBlock, { minLength: 1, maxLength: 4 }), (plains) => {
        const metas = plains.map((plain) => write(plain));
        const written = runSteps(
          compactBlocks(
            dir,
            metas.map((meta) => join(dir, meta.ulid)),
          ),
        )!;
        const want: Plain = {};
        for (const plain of plains) {
          for (const name of Object.keys(plain)) want[name] = { ...want[name], ...plain[name] };
        }
        expect(read(written)).toEqual(want);
        expect(verifyBlock(join(dir, written.ulid))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test('says what it was made from', () => {
    const first = write({ a: { 0: 1 } }, { maxTime: 10 });
    const second = write({ a: { 20: 1 } }, { compaction: { level: 3, sources: ['X', 'A'] }, minTime: 15 });
    expect(runSteps(compactBlocks(dir, [join(dir, first.ulid), join(dir, second.ulid)]))).toMatchObject({
      minTime: 0,
      maxTime: 21,
      stats: { numSamples: 2, numSeries: 1, numChunks: 2 },
      compaction: {
        level: 4,
        sources: [first.ulid, 'A', 'X'].sort(),
        parents: [
          { ulid: first.ulid, minTime: 0, maxTime: 10 },
          { ulid: second.ulid, minTime: 15, maxTime: 21 },
        ],
      },
    });
  });

  test('is without what was deleted, and not at all if that is everything', () => {
    const meta = write({ a: { 0: 1, 10: 2, 20: 3 }, b: { 5: 1 } });
    const path = join(dir, meta.ulid);
    const block = new BlockReader(path);
    const [a, b] = block.index.allPostings();
    block.close();
    const tombstones = new Tombstones();
    tombstones.add(a, 5, 15);
    tombstones.add(b, 0, 100);
    writeTombstones(path, tombstones);
    expect(read(runSteps(compactBlocks(dir, [path]))!)).toEqual({ a: { 0: 1, 20: 3 } });
    tombstones.add(a, 0, 100);
    writeTombstones(path, tombstones);
    expect(runSteps(compactBlocks(dir, [path]))).toBeUndefined();
    expect(runSteps(replaceByCompacted(dir, [meta]))).toBeUndefined();
    expect(existsSync(path)).toBe(false);
  });

  test('takes the place of its parts', () => {
    const metas = [write({ a: { 0: 1 } }), write({ a: { 10: 1 }, b: { 12: 5 } })];
    const written = runSteps(replaceByCompacted(dir, metas))!;
    expect(readdirSync(dir)).toEqual([written.ulid]);
    expect(read(written)).toEqual({ a: { 0: 1, 10: 1 }, b: { 12: 5 } });
    expect(readBlockMeta(join(dir, written.ulid))).toEqual(written);
  });

  test('is not there if one of its parts is damaged, or the caller stops', async () => {
    const metas = [write({ a: { 0: 1 } }), write({ a: { 10: 1 }, b: { 12: 5 } })];
    const before = readdirSync(dir).sort();
    for (let steps = 0; steps < 2; steps++) {
      const work = replaceByCompacted(dir, metas);
      for (let i = 0; i <= steps; i++) expect(work.next().done).toBe(false);
      work.return(undefined);
      expect(readdirSync(dir).sort()).toEqual(before);
    }
    const abort = AbortSignal.abort(new Error('enough'));
    await expect(runStepsWithPauses(replaceByCompacted(dir, metas), abort)).rejects.toThrow('enough');
    expect(readdirSync(dir).sort()).toEqual(before);
    writeFileSync(join(dir, metas[1].ulid, 'chunks', '000001'), 'not a segment');
    expect(() => runSteps(replaceByCompacted(dir, metas))).toThrow(CorruptionError);
    expect(readdirSync(dir).sort()).toEqual(before);
  });
});

describe('the plan', () => {
  const ranges = blockRanges(18 * HOUR);
  const block = (from: number, to: number, more: Partial<PlannedBlock> = {}): PlannedBlock => ({
    ulid: `${from}-${to}`,
    minTime: from * HOUR,
    maxTime: to * HOUR,
    compaction: { level: 1 },
    ...more,
  });
  const plan = (...blocks: PlannedBlock[]) => planCompaction(blocks, ranges).map((b) => b.ulid);

  test('knows ranges of 2, 6 and 18 hours up to the largest allowed', () => {
    expect(ranges).toEqual([2 * HOUR, 6 * HOUR, 18 * HOUR]);
    expect(blockRanges(HOUR)).toEqual([2 * HOUR]);
    expect(blockRanges(1e15).length).toBe(10);
  });

  test.each([
    ['nothing of nothing', [], []],
    ['nothing of one block', [block(0, 2)], []],
    ['nothing before a range is full', [block(0, 2), block(2, 4), block(4, 6)], []],
    [
      'a full range, when a newer block is there',
      [block(0, 2), block(2, 4), block(4, 6), block(6, 8)],
      ['0-2', '2-4', '4-6'],
    ],
    [
      'a range with gaps once it is past',
      [block(0, 2), block(4, 6), block(6, 8), block(8, 10)],
      ['0-2', '4-6'],
    ],
    ['nothing where each range has one block', [block(0, 2), block(6, 8), block(12, 14)], []],
    [
      'the next range, of blocks of the one before',
      [block(0, 6), block(6, 12), block(12, 18), block(18, 20), block(20, 22)],
      ['0-6', '6-12', '12-18'],
    ],
    [
      'overlapping blocks before all others',
      [block(0, 2), block(1, 3), block(2, 4), block(4, 6), block(6, 8)],
      ['0-2', '1-3', '2-4'],
    ],
    ['a block within another', [block(0, 10), block(2, 4), block(10, 12)], ['0-10', '2-4']],
    [
      'blocks before the epoch',
      [block(-6, -4), block(-4, -2), block(-2, 0), block(0, 2)],
      ['-6--4', '-4--2', '-2-0'],
    ],
    [
      'no range with a block that failed before',
      [block(0, 2), block(2, 4, { compaction: { level: 1, failed: true } }), block(4, 6), block(6, 8)],
      [],
    ],
    [
      'a large block of which much was deleted',
      [block(0, 6, { stats: { numSeries: 100, numTombstones: 10 } }), block(6, 8), block(12, 14)]
        .slice(0, 1)
        .concat(block(12, 14)),
      ['0-6'],
    ],
    [
      'not one of which little was',
      [block(0, 6, { stats: { numSeries: 100, numTombstones: 5 } }), block(12, 14)],
      [],
    ],
    [
      'a small block that is gone altogether',
      [block(0, 2, { stats: { numSeries: 3, numTombstones: 3 } }), block(12, 14)],
      ['0-2'],
    ],
  ])('is %s', (_, blocks, want) => {
    expect(plan(...blocks)).toEqual(want);
    expect(plan(...[...blocks].reverse())).toEqual(want);
  });

  test('comes to an end', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(60), fc.constantFrom(2, 2, 2, 6, 18))), (all) => {
        let blocks = all.map(([at, length]) =>
          block(Math.floor(at / length) * length, (Math.floor(at / length) + 1) * length),
        );
        for (let round = 0; round <= all.length; round++) {
          const planned = planCompaction(blocks, ranges);
          if (planned.length === 0) return;
          expect(planned.length).toBeGreaterThan(1);
          const from = Math.min(...planned.map((b) => b.minTime)) / HOUR;
          const to = Math.max(...planned.map((b) => b.maxTime)) / HOUR;
          blocks = [...blocks.filter((b) => !planned.includes(b)), block(from, to)];
        }
        throw new Error('still planning');
      }),
    );
  });
});
