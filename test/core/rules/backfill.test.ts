import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  EMPTY_LABELS,
  type Histogram,
  isStale,
  labelsFromObject,
  Matcher,
  SampleColumns,
} from '../../../src/core/model/index.ts';
import { type BackfillOptions, backfill, parseRuleFile } from '../../../src/core/rules/index.ts';
import { DirectorySource } from '../../../src/core/source/directory.ts';
import { MemorySource } from '../../../src/core/source/memory.ts';
import { groupOf } from './files.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = 1_700_000_000_000 - (1_700_000_000_000 % (24 * HOUR));

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-backfill-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const options: BackfillOptions = {
  externalLabels: EMPTY_LABELS,
  externalUrl: '',
  intervalMs: MINUTE,
  blockRange: 2 * HOUR,
};

function histogram(count: number): Histogram {
  return {
    isFloat: true,
    counterReset: 0,
    schema: 0,
    zeroThreshold: 0.001,
    zeroCount: 0,
    count,
    sum: 1.5 * count,
    stale: false,
    positiveSpans: [{ offset: 0, length: 1 }],
    negativeSpans: [],
    positiveBuckets: Float64Array.of(count),
    negativeBuckets: new Float64Array(0),
    customValues: new Float64Array(0),
  };
}

/** A line a sample of the metric, minutes since the start. */
async function stored(metric: string): Promise<string[]> {
  const source = new DirectorySource(dir);
  const columns = new SampleColumns();
  const lines: string[] = [];
  const set = await source.select([new Matcher('=', '__name__', metric)], {
    mint: 0,
    maxt: Number.MAX_SAFE_INTEGER,
  });
  for (let i = 0; i < set.length; i++) {
    columns.clear();
    set.read(i, columns);
    for (let row = 0; row < columns.length; row++) {
      const h = columns.histograms?.[row] ?? null;
      const isEnd = h === null ? isStale(columns.v, row) : h.stale;
      const value = isEnd ? 'stale' : h === null ? columns.v[row] : `count ${h.count} sum ${h.sum}`;
      lines.push(`${(columns.t[row] - START) / MINUTE} ${value}`);
    }
  }
  await source.close();
  return lines;
}

describe('backfill', () => {
  it('writes native histograms, and where they end', async () => {
    const source = new MemorySource();
    for (const i of ['a', 'b']) {
      const series = source.series(labelsFromObject({ __name__: 'h', i }));
      for (let minute = 0; minute < 3; minute++)
        series.addHistogram(START + minute * MINUTE, histogram(minute + 1));
    }
    const rules = groupOf(['{record: both, expr: "sum(h)"}', '{record: n, expr: "histogram_count(both)"}']);
    const engine = { lookbackMs: MINUTE };
    const file = parseRuleFile(rules, 'r.yml');
    const write = () => backfill([file], source, dir, START, START + 5 * MINUTE, { ...options, engine });
    await write();
    expect(await stored('both')).toEqual([
      '0 count 2 sum 3',
      '1 count 4 sum 6',
      '2 count 6 sum 9',
      '3 stale',
    ]);
    expect(await stored('n')).toEqual(['0 2', '1 4', '2 6', '3 stale']);
    expect(await write()).toMatchObject({ samples: 0, known: 8 });
  });

  it('leaves whole blocks and nothing else where it is interrupted, and goes on from there', async () => {
    const abort = new AbortController();
    const file = parseRuleFile(groupOf(['{record: r, expr: "vector(time())"}']), 'r.yml');
    const run = (more: Partial<BackfillOptions>) =>
      backfill([file], new MemorySource(), dir, START, START + 72 * HOUR, { ...options, ...more });
    const interrupted = run({
      signal: abort.signal,
      onProgress: (done, total) => {
        if (done > total / 2) abort.abort(new Error('enough'));
      },
    });
    await expect(interrupted).rejects.toThrow('enough');
    const before = await stored('r');
    expect(before.length).toBe(24 * 60);
    expect(readdirSync(dir).filter((name) => !/^[0-9A-Z]{26}$/.test(name))).toEqual([]);
    const { samples, known } = await run({});
    expect({ samples, known }).toEqual({ samples: 48 * 60 + 1, known: before.length });
    expect((await stored('r')).length).toBe(72 * 60 + 1);
  });
});
