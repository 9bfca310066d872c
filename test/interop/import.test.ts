/** Import: the same blocks as promtool's, and a Prometheus that has them beside its own log. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { labelsFromObject } from '../../src/core/model/index.ts';
import { parseMetric } from '../../src/core/promql/parser/index.ts';
import { isUlid, readBlockMeta } from '../../src/core/tsdb/block/index.ts';
import { fileInput, importSamples } from '../../src/core/tsdb/import/index.ts';
import { describeWith, peer } from '../peers.ts';
import { apiDump, promtoolDump } from './dump.ts';
import { RealPrometheus } from './prometheus.ts';

const promtool = peer('promtool');
const prometheus = peer('prometheus');
const root = mkdtempSync(join(tmpdir(), 'tsmon-interop-import-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const csv = { parseSeries: parseMetric };
const blocksOf = (dir: string) =>
  readdirSync(dir)
    .filter(isUlid)
    .map((name) => readBlockMeta(join(dir, name)))
    .sort((a, b) => a.minTime - b.minTime);

describeWith('beside promtool tsdb create-blocks-from openmetrics', { promtool }, () => {
  test('the same blocks of the same samples', async () => {
    const file = join(root, 'in.om');
    const start = Date.UTC(2026, 0, 1, 1) / 1000;
    const lines: string[] = ['# TYPE h histogram\n'];
    for (let i = 0; i < 1500; i++) {
      for (const le of ['0.5', '1', '+Inf']) lines.push(`h_bucket{le="${le}"} ${i * 2} ${start + i * 15}\n`);
    }
    lines.push('# TYPE g gauge\n# HELP g Ümläut "quoted" \\n\n');
    for (let i = 0; i < 3000; i++) {
      lines.push(
        `g{a="x\\"\\\\\\n",s="${i % 7}"} ${['NaN', '+Inf', '-0', '1e-300', i / 3][i % 5]} ${start + i * 9.5}\n`,
      );
    }
    // Sparse and over many blocks.
    for (let i = 0; i < 100; i++) lines.push(`{"utf8.näme","l.x"="y"} ${i} ${start + i * 3000}\n`);
    writeFileSync(file, `${lines.join('')}# EOF\n`);
    const theirs = join(root, 'theirs');
    const ours = join(root, 'ours');
    execFileSync(promtool!, ['tsdb', 'create-blocks-from', 'openmetrics', '-q', file, theirs]);
    await importSamples(ours, [fileInput(file)], { csv });
    const shape = (dir: string) =>
      blocksOf(dir).map(({ minTime, maxTime, stats }) => [
        minTime,
        maxTime,
        stats!.numSamples,
        stats!.numSeries,
        stats!.numChunks,
      ]);
    expect(shape(ours)).toEqual(shape(theirs));
    expect(promtoolDump(promtool!, ours)).toEqual(promtoolDump(promtool!, theirs));
  });
});

describeWith('beside a Prometheus that has samples of the same time in its log', { prometheus }, () => {
  test('it shows both after a start', { timeout: 60_000 }, async () => {
    const dir = join(root, 'server');
    const now = Math.floor(Date.now() / 60_000) * 60_000;
    const first = await RealPrometheus.start(prometheus!, dir);
    const samples = [20, 15, 10, 5].map((minutes, v) => ({ t: now - minutes * 60_000, v }));
    await first.write([{ labels: labelsFromObject({ __name__: 'live' }), samples }]);
    await first.stop();
    const file = join(root, 'late.prom');
    const times = [600, 12, 8].map((minutes) => now - minutes * 60_000);
    writeFileSync(file, times.map((t) => `late 1 ${t}\n`).join(''));
    await importSamples(first.data, [fileInput(file)], { csv });
    const second = await RealPrometheus.start(prometheus!, dir);
    try {
      const all = await second.get('query', {
        query: '{__name__=~"live|late"}[1d]',
        time: String(now / 1000),
      });
      const dump = apiDump(all);
      expect([...dump.get('{__name__="live"}')!]).toEqual(samples.map(({ t, v }) => [t, v]));
      expect([...dump.get('{__name__="late"}')!.keys()]).toEqual(times);
      expect(second.complaints).toEqual([]);
    } finally {
      await second.stop();
    }
  });
});
