import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { labelsFromObject, SampleColumns } from '../../../../src/core/model/index.ts';
import {
  BlockWriter,
  readBlockMeta,
  Tombstones,
  verifyBlock,
  writeBlockMeta,
  writeTombstones,
} from '../../../../src/core/tsdb/block/index.ts';
import { ChunkList, SeriesEncoder } from '../../../../src/core/tsdb/chunk/index.ts';
import { takeInventory } from '../../../../src/core/tsdb/compaction/index.ts';

const root = mkdtempSync(join(tmpdir(), 'tsmon-verify-'));
afterAll(() => rmSync(root, { recursive: true }));

function columns(from: number, count: number): SampleColumns {
  const out = new SampleColumns();
  out.reserve(count);
  for (let i = 0; i < count; i++) {
    out.t[i] = from + i * 1000;
    out.v[i] = Math.sqrt(i);
  }
  out.length = count;
  return out;
}

const writer = new BlockWriter(root);
for (let i = 0; i < 3; i++) {
  writer.addSamples(
    labelsFromObject({ __name__: 'm', i: String(i), ...(i === 1 && { odd: 'yes' }) }),
    columns(0, 150),
  );
}
const sound = join(root, writer.finish()!.ulid);

/** A copy, under the name of the original so that only the damage is found. */
function copy(): string {
  const dir = join(mkdtempSync(join(root, 'copy-')), readBlockMeta(sound).ulid);
  cpSync(sound, dir, { recursive: true });
  return dir;
}

/** Writes a block of one series with these chunks, each of them times and the range that the index shall give. */
function blockOf(chunks: { t: number[]; mint: number; maxt: number }[]): string {
  const list = new ChunkList();
  for (const { t, mint, maxt } of chunks) {
    const from = list.length;
    const one = new SampleColumns();
    one.t.set(t);
    one.length = t.length;
    const encoder = new SeriesEncoder('merge', list);
    encoder.append(one);
    encoder.finish();
    list.mint[from] = mint;
    list.maxt[from] = maxt;
  }
  const w = new BlockWriter(root, { minTime: 0, maxTime: 1000 });
  w.addChunks(labelsFromObject({ a: 'b' }), list);
  return join(root, w.finish()!.ulid);
}

describe('verification of a block', () => {
  test('finds nothing in a sound one', () => {
    let last = [0, 0];
    const progress = (done: number, total: number) => {
      last = [done, total];
    };
    expect(verifyBlock(sound, { progress })).toEqual([]);
    expect(last).toEqual([3, 3]);
  });

  test('finds every changed byte that matters', () => {
    const dir = copy();
    for (const name of ['index', 'chunks/000001', 'tombstones']) {
      const file = join(dir, name);
      const whole = readFileSync(file);
      const unseen: number[] = [];
      for (let at = 0; at < whole.length; at++) {
        const broken = Uint8Array.from(whole);
        broken[at] ^= 0x04;
        writeFileSync(file, broken);
        if (verifyBlock(dir).length === 0) unseen.push(at);
      }
      writeFileSync(file, whole);
      // Padding, and in the index the lists of values that nobody reads.
      const harmless = { index: 240, 'chunks/000001': 3, tombstones: 0 }[name]!;
      expect(unseen.length, `${name}: ${unseen}`).toBeLessThanOrEqual(harmless);
    }
    expect(verifyBlock(dir)).toEqual([]);
  });

  test('finds truncation, and goes on', () => {
    const dir = copy();
    const file = join(dir, 'chunks', '000001');
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, whole.length - 1));
    expect(verifyBlock(dir)).toMatchObject([{ severity: 'error', code: 'chunk', file, series: 'm{i="2"}' }]);
    writeFileSync(file, whole.subarray(0, whole.length >> 1));
    expect(verifyBlock(dir).length).toBeGreaterThan(1);
  });

  test('says once what many series suffer from', () => {
    const dir = copy();
    const file = join(dir, 'index');
    const broken = readFileSync(file);
    broken[broken.indexOf('odd')] ^= 0x04;
    writeFileSync(file, broken);
    const damaged = verifyBlock(dir).filter(({ message }) => message.includes('a damaged symbol table'));
    expect(damaged).toEqual([expect.objectContaining({ severity: 'error', file, offset: 5 })]);
    expect(verifyBlock(dir).length).toBeLessThan(4);
  });

  test('tells what is missing', () => {
    const dir = copy();
    rmSync(join(dir, 'chunks'), { recursive: true });
    const found = verifyBlock(dir);
    expect(new Set(found.map((f) => f.code))).toEqual(new Set(['chunk']));
    expect(found[0]).toMatchObject({
      file: join(dir, 'chunks'),
      message: 'has no segment 1, to which the index refers',
    });
    rmSync(join(dir, 'index'));
    rmSync(join(dir, 'meta.json'));
    expect(verifyBlock(dir).map((f) => f.code)).toEqual(['meta', 'index']);
    const { blocks } = takeInventory(dirname(dir));
    const problem = `${join(dir, 'meta.json')}: is not there`;
    expect(blocks.find(({ path }) => path === dir)).toMatchObject({ state: 'broken', problem });
  });

  test.each([
    [
      'chunks that overlap',
      [
        { t: [1, 5], mint: 1, maxt: 5 },
        { t: [5, 6], mint: 5, maxt: 6 },
      ],
      'chunk-order',
    ],
    ['samples out of order', [{ t: [1, 7, 5], mint: 1, maxt: 5 }], 'chunk'],
    ['a range that is not the chunk’s', [{ t: [1, 5], mint: 0, maxt: 5 }], 'chunk'],
    ['a chunk outside the block', [{ t: [1, 1000], mint: 1, maxt: 1000 }], 'chunk-range'],
  ])('finds %s', (_, chunks, code) => {
    expect(verifyBlock(blockOf(chunks)).map((f) => f.code)).toEqual([code]);
  });

  test('compares what meta.json says', () => {
    const dir = copy();
    const meta = readBlockMeta(dir);
    writeBlockMeta(dir, { ...meta, ulid: 'other', stats: { ...meta.stats, numSamples: 1 } });
    expect(verifyBlock(dir)).toMatchObject([
      { severity: 'warning', code: 'meta' },
      { severity: 'warning', code: 'stats', message: 'says 1 samples, but there are 450' },
    ]);
  });

  test('finds tombstones of series that are not there', () => {
    const dir = copy();
    const tombstones = new Tombstones();
    tombstones.add(12345, 0, 1);
    writeTombstones(dir, tombstones);
    expect(verifyBlock(dir)).toMatchObject([{ severity: 'warning', code: 'tombstones' }]);
  });
});
