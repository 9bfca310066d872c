import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/core/clock.ts';
import { type Labels, labelsFromObject, Matcher, SampleColumns } from '../../../src/core/model/index.ts';
import { DirectorySource } from '../../../src/core/source/directory.ts';
import type { SeriesSet } from '../../../src/core/source/source.ts';
import { LogAppender } from '../../../src/core/tsdb/append/index.ts';
import { type BlockCompaction, BlockWriter } from '../../../src/core/tsdb/block/index.ts';

const NOW = 1_700_000_000_000;
const clock = { now: () => NOW } as Clock;
const ALL = { mint: -1e15, maxt: 1e15 };
const a = labelsFromObject({ __name__: 'a', job: 'x' });
const b = labelsFromObject({ __name__: 'b', job: 'y' });

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-directory-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function append(work: (appender: LogAppender) => void): void {
  const appender = new LogAppender(dir, { clock });
  work(appender);
  appender.commit();
  appender.close();
}

function put(appender: LogAppender, labels: Labels, ...ts: number[]): void {
  const n = ts.length;
  const refs = new Uint32Array(n).fill(appender.ref(labels));
  appender.append(
    refs,
    Float64Array.from(ts),
    Float64Array.from(ts, (t) => t % 1000),
    0,
    n,
    new Uint8Array(n),
  );
}

function content(set: SeriesSet): [string, number[]][] {
  const out = new SampleColumns();
  return Array.from({ length: set.length }, (_, i) => {
    out.clear();
    set.read(i, out);
    return [set.labels(i).toString(), Array.from(out.t.subarray(0, out.length), (t) => t - NOW)];
  });
}

async function withSource<T>(work: (source: DirectorySource) => Promise<T>, path = dir): Promise<T> {
  const source = new DirectorySource(path);
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

describe('DirectorySource', () => {
  it('answers from the log alone', async () => {
    append((appender) => {
      put(appender, b, NOW - 5, NOW);
      put(appender, a, NOW - 3);
      appender.setMetadata(appender.ref(a), { type: 'gauge', help: 'About a.', unit: '' });
      const exemplar = { labels: labelsFromObject({ id: '1' }), v: 1, t: NOW - 3 };
      appender.appendExemplar(appender.ref(a), exemplar);
    });
    await withSource(async (source) => {
      expect(content(await source.select([], ALL))).toEqual([
        [a.toString(), [-3]],
        [b.toString(), [-5, 0]],
      ]);
      expect((await source.select([], { ...ALL, limit: 1 })).length).toBe(1);
      expect(
        content(await source.select([new Matcher('=', 'job', 'y')], { mint: NOW - 4, maxt: NOW })),
      ).toEqual([[b.toString(), [0]]]);
      expect(await source.labelNames([], ALL)).toEqual(['__name__', 'job']);
      expect(await source.labelValues('job', [new Matcher('=', '__name__', 'a')], ALL)).toEqual(['x']);
      expect(await source.metadata()).toEqual(
        new Map([['a', [{ type: 'gauge', help: 'About a.', unit: '' }]]]),
      );
      expect(await source.metadata('b')).toEqual(new Map());
      const found = await source.exemplars([[new Matcher('=', '__name__', 'a')], []], ALL);
      expect(found.map((e) => [e.labels.toString(), e.exemplars.length])).toEqual([[a.toString(), 1]]);
      expect(await source.exemplars([[]], { mint: NOW, maxt: NOW })).toEqual([]);
      expect(await source.extent()).toEqual({ mint: NOW - 5, maxt: NOW });
    });
  });

  /** Writes a block with samples of a series at these times; it ends behind the last. Returns its directory. */
  function block(labels: Labels, ts: readonly number[], compaction?: BlockCompaction): string {
    const columns = new SampleColumns();
    columns.t.set(ts);
    columns.length = ts.length;
    const writer = new BlockWriter(dir, compaction === undefined ? {} : { compaction });
    writer.addSamples(labels, columns);
    writer.finish();
    return join(dir, writer.ulid);
  }

  it('joins blocks and log, and leaves to the blocks what they cover', async () => {
    append((appender) => put(appender, a, NOW - 70, NOW - 60, NOW - 50, NOW - 40));
    append((appender) => put(appender, b, NOW - 70, NOW));
    const first = block(a, [NOW - 100, NOW - 80]);
    block(b, [NOW - 90, NOW - 61]);
    const blockOnly = await withSource(async (source) => content(await source.select([], ALL)), first);
    expect(blockOnly).toEqual([[a.toString(), [-100, -80]]]);
    await withSource(async (source) => {
      // The log's samples at -70 are older than the end of the newest block, and were compacted or deleted.
      expect(content(await source.select([], ALL))).toEqual([
        [a.toString(), [-100, -80, -60, -50, -40]],
        [b.toString(), [-90, -61, 0]],
      ]);
      expect(await source.extent()).toEqual({ mint: NOW - 100, maxt: NOW });
      expect(await source.labelValues('job', [], { mint: NOW - 100, maxt: NOW - 95 })).toEqual(['x', 'y']);
    });
  });

  it('passes over blocks that were made into others, and does not let late ones hide the log', async () => {
    append((appender) => put(appender, a, NOW - 70));
    const parent = block(a, [NOW - 100]);
    block(a, [NOW - 99], {
      level: 2,
      parents: [{ ulid: parent.split('/').at(-1)!, minTime: NOW - 100, maxTime: NOW - 99 }],
    });
    block(a, [NOW - 60], { level: 1, hints: ['from-out-of-order'] });
    await withSource(async (source) => {
      expect(content(await source.select([], ALL))).toEqual([[a.toString(), [-99, -70, -60]]]);
    });
  });

  it('is empty where the directory is, and says what it cannot open', async () => {
    await withSource(async (source) => {
      expect((await source.select([], ALL)).length).toBe(0);
      expect(await source.extent()).toBeUndefined();
    });
    expect(() => new DirectorySource(join(dir, 'absent'))).toThrow(/no such directory/);
    writeFileSync(join(dir, 'file'), '');
    expect(() => new DirectorySource(join(dir, 'file'))).toThrow(/not a directory/);
  });

  it('goes on behind a damaged and behind a missing segment', async () => {
    append((appender) => put(appender, a, NOW));
    const log = join(dir, 'wal');
    cpSync(join(log, '00000000'), join(log, '00000002'));
    writeFileSync(join(log, '00000000'), 'nonsense');
    expect(() => new DirectorySource(dir)).toThrow(/segment 00000001 is missing/);
    const faults: string[] = [];
    const source = new DirectorySource(dir, { onDamage: (error) => faults.push(error.message) });
    expect(content(await source.select([], ALL))).toEqual([[a.toString(), [0]]]);
    expect(faults).toEqual([
      expect.stringContaining('segment 00000001 is missing'),
      expect.stringContaining(join(log, '00000000')),
    ]);
    await source.close();
  });

  it('goes on without what is damaged, where it may', async () => {
    append((appender) => put(appender, a, NOW));
    const broken = join(dir, '01HF8000000000000000000000');
    mkdirSync(broken);
    writeFileSync(join(broken, 'meta.json'), '{}');
    const empty = join(dir, '01HF8000000000000000000001');
    mkdirSync(empty);
    expect(() => new DirectorySource(dir)).toThrow(expect.objectContaining({ code: 'corruption' }));
    const faults: string[] = [];
    const source = new DirectorySource(dir, { onDamage: (error) => faults.push(error.message) });
    expect(content(await source.select([], ALL))).toEqual([[a.toString(), [0]]]);
    expect(faults.filter((fault) => fault.includes(broken)).length).toBeGreaterThan(0);
    expect(faults.filter((fault) => fault.includes(empty)).length).toBeGreaterThan(0);
    await source.close();
  });
});
