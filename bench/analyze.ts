/**
 * `tsdb analyze` and `tsdb dump` beside promtool's on the same blocks, small to large; whole processes by turns.
 * `npm run bench -- analyze [SERIES…]` TSMON_PEERS names the folder of promtool; without it only ours is measured.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labelsFromPairs, SampleColumns } from '../src/core/model/index.ts';
import { BlockWriter } from '../src/core/tsdb/block/index.ts';
import { peer } from '../test/peers.ts';
import { type Cost, compare, run } from './commands/cost.ts';

const RUNS = 7;
const HOUR = 3600_000;
const START = Date.UTC(2026, 0, 1);
const launcher = join(import.meta.dirname, '..', '..', 'bin', 'tsmon.cjs');
const promtool = peer('promtool');
const dir = mkdtempSync(join(tmpdir(), 'tsmon-bench-analyze-'));

/** Metrics of many pods, of which a tenth is gone or new. */
function write(to: string, series: number): void {
  const writer = new BlockWriter(to, { minTime: START, maxTime: START + 2 * HOUR });
  const columns = new SampleColumns();
  const pods = Math.ceil(series / 200);
  const all = Array.from({ length: series }, (_, s) => ({
    labels: labelsFromPairs([
      ['__name__', `metric_${String(Math.floor(s / pods)).padStart(3, '0')}_total`],
      ['pod', `app-${(s % pods).toString(36).padStart(5, '0')}`],
      ['namespace', `team-${(s % pods) % 40}`],
      ['job', `job-${(s % pods) % 25}`],
      ['cluster', `c${(s % pods) % 4}`],
    ]),
    rows: (s % pods) % 10 === 0 ? 60 : 120,
  })).sort((a, b) => a.labels.compare(b.labels));
  columns.reserve(120);
  for (const { labels, rows } of all) {
    for (let i = 0; i < rows; i++) {
      columns.t[i] = START + i * 60_000;
      columns.v[i] = i * 3;
    }
    columns.length = rows;
    writer.addSamples(labels, columns);
  }
  writer.finish();
}

try {
  const given = process.argv.slice(2).map(Number);
  for (const series of given.length > 0 ? given : [5_000, 50_000, 300_000]) {
    const data = join(dir, String(series));
    mkdirSync(join(data, 'wal'), { recursive: true });
    write(data, series);
    const ours = (name: string) => () => run([process.execPath, launcher, 'tsdb', name, '--from', data]);
    const theirs = (name: string): Record<string, () => Cost> =>
      promtool === undefined ? {} : { promtool: () => run([promtool, 'tsdb', name, data]) };
    compare(`analyze of ${series} series`, RUNS, { tsmon: ours('analyze'), ...theirs('analyze') });
    // A dump of promtool's of the largest takes a minute, and so one comparison.
    const runs = series > 100_000 ? 1 : RUNS;
    compare(`dump of ${series} series`, runs, { tsmon: ours('dump'), ...theirs('dump') });
  }
  if (process.env['KEEP'] !== undefined) console.log(dir);
} finally {
  if (process.env['KEEP'] === undefined) rmSync(dir, { recursive: true });
}
