/** Repairs of damage at every kind of place: nothing that was whole is lost, nothing is invented, and then all is sound. */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { labelsFromObject, Matcher } from '../../../../src/core/model/index.ts';
import { BlockReader, isUlid, readBlockMeta } from '../../../../src/core/tsdb/block/index.ts';
import { verifyDirectory, verifyingDirectory } from '../../../../src/core/tsdb/compaction/index.ts';
import { Database } from '../../../../src/core/tsdb/db/index.ts';
import { importSamples } from '../../../../src/core/tsdb/import/index.ts';
import { ChunkMetas, IndexReader } from '../../../../src/core/tsdb/index/index.ts';
import { type Repair, type RepairOptions, repairDirectory } from '../../../../src/core/tsdb/repair/index.ts';
import { bytesInput, contents } from '../import/samples.ts';
import { indexV1, type PlainSeries } from '../index/index-v1.ts';

const root = mkdtempSync(join(tmpdir(), 'tsmon-repair-'));
afterAll(() => rmSync(root, { recursive: true }));
const original = join(root, 'original');
let dir: string;
let before: string[];
const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const clock = { now: () => START + 300 * MINUTE, monotonic: () => 0 } as Clock;

/** A block of 40 series, and a log of 5 with samples in order, late ones, and files of head chunks. */
beforeAll(async () => {
  let text = '';
  for (let s = 0; s < 40; s++) {
    for (let i = 0; i < 60; i++) text += `m{s="${s}",x="${s % 3}"} ${s * 100 + i} ${START + i * MINUTE}\n`;
  }
  await importSamples(original, [bytesInput(text)], {
    csv: { parseSeries: () => labelsFromObject({}) },
    format: 'text',
  });
  const database = await Database.open(original, {
    clock,
    outOfOrderWindow: 60 * MINUTE,
    segmentBytes: 65_536,
  });
  const appender = database.appender();
  const refs = Uint32Array.from({ length: 5 }, (_, s) =>
    appender.ref(labelsFromObject({ __name__: 'log', s: String(s) })),
  );
  const outcomes = new Uint8Array(5);
  const append = (t: number, v: number) => {
    const vs = new Float64Array(5).map((_, s) => v + s);
    appender.append(refs, new Float64Array(5).fill(t), vs, 0, 5, outcomes);
    appender.commit();
  };
  for (let i = 0; i < 300; i++) append(START + 150 * MINUTE + i * 20_000, Math.sin(i));
  for (let i = 0; i < 60; i++) append(START + 220 * MINUTE + i * 20_000 + 7, i);
  await database.close();
  before = await contents(original);
  expect(before.length).toBe(40 * 60 + 5 * 360);
  expect(verifyDirectory(original)).toEqual([]);
});
beforeEach(() => {
  dir = join(mkdtempSync(join(root, 'case-')), 'data');
  cpSync(original, dir, { recursive: true });
});

const blockName = () => readdirSync(dir).filter(isUlid)[0];
const errors = () => verifyDirectory(dir).filter(({ severity }) => severity === 'error');

test('a directory is verified in steps, between which it can be ended', () => {
  const whole = verifyingDirectory(original);
  let steps = 0;
  while (!whole.next().done) steps++;
  expect(steps).toBeGreaterThan(0);
  const seen: string[] = [];
  const ended = verifyingDirectory(original, { progress: (what) => seen.push(what) });
  ended.next();
  expect(ended.return([]).done).toBe(true);
  expect(seen).not.toContain(join(original, 'chunks_head'));
});

/** Changes a byte. */
function flip(path: string, at: number): void {
  const bytes = readFileSync(join(dir, path));
  bytes[at < 0 ? bytes.length + at : at] ^= 0x55;
  writeFileSync(join(dir, path), bytes);
}

/** Repairs, and checks what is true of every repair. */
async function repair(options: RepairOptions = {}): Promise<Repair[]> {
  const planned = await repairDirectory(dir, { dryRun: true });
  const repairs = await repairDirectory(dir, options);
  expect(repairs.map(({ kept, written, ...rest }) => rest)).toEqual(planned);
  expect(errors()).toEqual([]);
  expect(await repairDirectory(dir)).toEqual([]);
  expect(readdirSync(dir).filter((name) => name.includes('tmp'))).toEqual([]);
  const left = await contents(dir);
  const known = new Set(before);
  expect(left.filter((line) => !known.has(line))).toEqual([]);
  for (const { kept } of repairs) if (kept !== undefined) expect(existsSync(join(dir, kept))).toBe(true);
  return repairs;
}

test('a sound directory is left alone', async () => {
  const names = readdirSync(dir);
  expect(await repair()).toEqual([]);
  expect(readdirSync(dir)).toEqual(names);
});

describe('a block', () => {
  test.each([
    ['without meta.json', (block: string) => rmSync(join(dir, block, 'meta.json'))],
    ['with half a meta.json', (block: string) => truncateSync(join(dir, block, 'meta.json'), 20)],
    ['whose table of contents is damaged', (block: string) => flip(join(block, 'index'), -10)],
    ['whose postings are damaged', (block: string) => flip(join(block, 'index'), -600)],
    ['whose symbols are damaged', (block: string) => flip(join(block, 'index'), 30)],
    ['with damaged tombstones', (block: string) => writeFileSync(join(dir, block, 'tombstones'), 'x')],
  ])('%s is saved whole', async (_, damage) => {
    const name = blockName();
    damage(name);
    const [done, ...others] = await repair();
    expect(others).toEqual([]);
    expect(done).toMatchObject({
      part: 'block',
      path: name,
      saved: { series: 40, chunks: 40, samples: 2400 },
      lost: { series: 0, chunks: 0 },
      kept: join('damaged', name),
    });
    expect(done.problems.length).toBeGreaterThan(0);
    expect(await contents(dir)).toEqual(before);
    const meta = readBlockMeta(join(dir, done.written!));
    expect(meta).toMatchObject({ minTime: START, compaction: { parents: [{ ulid: name }] } });
  });

  test('says that deletions are lost', async () => {
    writeFileSync(join(dir, blockName(), 'tombstones'), 'x');
    const [{ problems, isWhole }] = await repair();
    expect(problems.at(-1)).toBe('what was deleted from the block is there again');
    expect(isWhole).toBe(false);
  });

  test('loses only the chunks that are damaged', async () => {
    const name = blockName();
    for (const at of [50, 800, 1500]) flip(join(name, 'chunks', '000001'), at);
    const [done] = await repair();
    const { chunks: lost = 0 } = done.lost;
    expect(lost).toBeGreaterThanOrEqual(2);
    expect(done).toMatchObject({ isWhole: false, saved: { chunks: 40 - lost, samples: (40 - lost) * 60 } });
    expect((await contents(dir)).length).toBe(before.length - lost * 60);
  });

  test('loses only the series that are damaged', async () => {
    const name = blockName();
    const reader = new BlockReader(join(dir, name));
    const refs = reader.index.allPostings();
    reader.close();
    for (const i of [0, 7, 39]) flip(join(name, 'index'), refs[i] * 16 + 3);
    const [done] = await repair();
    expect(done).toMatchObject({ saved: { series: 37 }, lost: { series: 3 }, isWhole: false });
    expect((await contents(dir)).length).toBe(before.length - 3 * 60);
  });

  test('of which nothing can be read goes, but is kept', async () => {
    const name = blockName();
    rmSync(join(dir, name, 'index'));
    const [done] = await repair();
    expect(done).toMatchObject({ saved: { series: 0 }, isWhole: false, kept: join('damaged', name) });
    expect(done.written).toBeUndefined();
    expect(blockName()).toBeUndefined();
  });

  test('keeps what was deleted away', async () => {
    const database = await Database.open(dir, { clock });
    await database.delete([new Matcher('=', 'x', '1')], START + 10 * MINUTE, START + 20 * MINUTE);
    await database.delete([new Matcher('=', 's', '5')], 0, START + 100 * MINUTE);
    await database.close();
    before = await contents(dir);
    const name = blockName();
    flip(join(name, 'index'), -600);
    await repair();
    expect(await contents(dir)).toEqual(before);
    before = await contents(original);
  });

  test('wherever a byte of the index is damaged, what is left is true', async () => {
    const name = blockName();
    const { length } = readFileSync(join(dir, name, 'index'));
    let least = Number.POSITIVE_INFINITY;
    for (let at = 3; at < length; at += Math.floor(length / 13)) {
      rmSync(dir, { recursive: true });
      cpSync(original, dir, { recursive: true });
      flip(join(name, 'index'), at);
      const [done] = await repair();
      // Padding is of no consequence.
      if (done !== undefined) least = Math.min(least, done.saved.series!);
    }
    expect(least).toBeGreaterThanOrEqual(39);
  });
});

describe('a log', () => {
  const segments = (log: string) => readdirSync(join(dir, log)).filter((name) => /^\d+$/.test(name));

  test('keeps the records behind the damage', async () => {
    const [first] = segments('wal').slice(-1);
    const { length } = readFileSync(join(dir, 'wal', first));
    for (const part of [0.2, 0.5, 0.9]) {
      rmSync(dir, { recursive: true });
      cpSync(original, dir, { recursive: true });
      flip(join('wal', first), Math.floor(length * part));
      const [done] = await repair();
      expect(done).toMatchObject({
        part: 'log',
        path: join('wal', first),
        lost: { places: 1 },
        isWhole: false,
      });
      const left = await contents(dir);
      expect(left.length).toBeLessThan(before.length);
      expect(left.length).toBeGreaterThanOrEqual(before.length - 5);
    }
  });

  test('of late samples, too', async () => {
    const [first] = segments('wbl');
    flip(join('wbl', first), 200);
    const [done] = await repair();
    expect(done).toMatchObject({ part: 'log', path: join('wbl', first) });
    expect((await contents(dir)).length).toBeGreaterThanOrEqual(before.length - 5);
  });

  test('that ends within a record loses nothing else', async () => {
    const [last] = segments('wal').slice(-1);
    truncateSync(join(dir, 'wal', last), readFileSync(join(dir, 'wal', last)).length - 3);
    const [done] = await repair();
    expect(done).toMatchObject({ isWhole: true, kept: join('damaged', 'wal', last) });
    expect((await contents(dir)).length).toBe(before.length - 5);
  });

  test('with a segment missing goes on without it', async () => {
    const [last] = segments('wal').slice(-1);
    const later = String(Number(last) + 2).padStart(8, '0');
    writeFileSync(join(dir, 'wal', later), '');
    const [done] = await repair();
    expect(done).toMatchObject({ part: 'log', problems: ['is missing'] });
    expect(await contents(dir)).toEqual(before);
  });

  test('the table of its series is not believed afterwards', async () => {
    writeFileSync(join(dir, 'tsmon.refs'), 'x');
    flip(join('wal', segments('wal').slice(-1)[0]), 100);
    await repair();
    expect(existsSync(join(dir, 'tsmon.refs'))).toBe(false);
  });
});

describe('head chunks', () => {
  test('keep those behind the damage', async () => {
    const file = join('chunks_head', readdirSync(join(dir, 'chunks_head'))[0]);
    flip(file, 60);
    const [done] = await repair();
    expect(done).toMatchObject({ part: 'head-chunks', path: file, lost: { places: 1 } });
    expect(done.saved.chunks).toBeGreaterThan(0);
    // The log has them all.
    expect(await contents(dir)).toEqual(before);
  });
});

test('ended early, at any step, it leaves the block as it was', async () => {
  flip(join(blockName(), 'index'), -600);
  const abort = new AbortController();
  const work = repairDirectory(dir, { signal: abort.signal, progress: () => abort.abort() });
  await expect(work).rejects.toThrow(/abort/);
  expect(readdirSync(dir)).toEqual(readdirSync(original));
});

describe('a block whose index is of version 1', () => {
  /** Where the series are, and where they end. */
  let refs: Uint32Array;
  beforeEach(() => {
    const index = join(dir, blockName(), 'index');
    const reader = new IndexReader(index);
    const all: PlainSeries[] = [...reader.allPostings()].map((ref) => {
      const metas = new ChunkMetas();
      reader.chunks(ref, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, metas);
      const chunks = Array.from({ length: metas.length }, (_, i) => ({
        mint: metas.mint[i],
        maxt: metas.maxt[i],
        ref: metas.ref[i],
      }));
      return { labels: reader.labels(ref), chunks };
    });
    reader.close();
    writeFileSync(index, indexV1(all));
    const written = new IndexReader(index);
    refs = written.allPostings();
    written.close();
  });

  test('is sound', async () => {
    expect(verifyDirectory(dir)).toEqual([]);
    expect(await contents(dir)).toEqual(before);
    expect(await repair()).toEqual([]);
  });

  test.each([
    ['whose table of contents is damaged', () => -10],
    ['whose postings are damaged', () => -600],
  ])('%s is saved whole', async (_, place) => {
    flip(join(blockName(), 'index'), place());
    const [done] = await repair();
    expect(done).toMatchObject({ saved: { series: 40, chunks: 40, samples: 2400 }, lost: { series: 0 } });
    expect(await contents(dir)).toEqual(before);
  });

  test('loses only the series that are damaged', async () => {
    for (const i of [0, 7, 39]) flip(join(blockName(), 'index'), refs[i] + 3);
    const [done] = await repair();
    expect(done).toMatchObject({ saved: { series: 37 }, lost: { series: 3 } });
  });

  test('says that nothing can be read where its symbols are damaged', async () => {
    const name = blockName();
    flip(join(name, 'index'), 30);
    const [done] = await repair();
    expect(done).toMatchObject({ path: name, isWhole: false, saved: {}, kept: join('damaged', name) });
    expect(done.problems.join()).toContain('symbol');
  });
});
