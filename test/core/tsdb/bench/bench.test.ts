import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runBench } from '../../../../src/core/tsdb/bench/index.ts';
import { UNFINISHED_SUFFIX } from '../../../../src/core/tsdb/block/index.ts';

it('ends in the middle of a block when it is told to', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-bench-'));
  const ended = new AbortController();
  const blocks = () => readdirSync(dir).filter((name) => name.startsWith('0'));
  const watch = setInterval(() => {
    if (blocks().length > 0) ended.abort();
  }, 1);
  try {
    const options = { series: 5000, rounds: 100, interval: 15_000, signal: ended.signal };
    await expect(runBench(dir, options)).rejects.toThrow(/abort/);
    expect(blocks().filter((name) => !name.endsWith(UNFINISHED_SUFFIX))).toEqual([]);
  } finally {
    clearInterval(watch);
    rmSync(dir, { recursive: true });
  }
});
