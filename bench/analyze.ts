/**
 * `tsdb analyze` beside `promtool tsdb analyze` on the same block, whole processes by turns.
 * `npm run bench -- analyze [series]` Without promtool (in PATH) only ours is measured.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labelsFromPairs, SampleColumns } from '../src/core/model/index.ts';
import { BlockWriter } from '../src/core/tsdb/block/index.ts';

const RUNS = 7;
const HOUR = 3600_000;
const START = Date.UTC(2026, 0, 1);
const launcher = join(import.meta.dirname, '..', '..', 'bin', 'tsmon.cjs');
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

interface Cost {
  wallMs: number;
  cpuMs: number;
}

/** By GNU time: processor time to a hundredth of a second. */
function run(program: string, args: string[]): Cost {
  const began = performance.now();
  const { stderr, status } = spawnSync('/usr/bin/time', ['-f', '%U %S', program, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(stderr);
  const [user, system] = stderr.trim().split('\n').at(-1)!.split(' ').map(Number);
  return { wallMs: performance.now() - began, cpuMs: (user + system) * 1000 };
}

function median(costs: Cost[], key: keyof Cost): number {
  return costs.map((cost) => cost[key]).sort((a, b) => a - b)[costs.length >> 1];
}

try {
  const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
  const given = Number(process.argv[2]);
  for (const series of given > 0 ? [given] : [50_000, 300_000]) {
    const data = join(dir, String(series));
    mkdirSync(join(data, 'wal'), { recursive: true });
    write(data, series);
    const ours: Cost[] = [];
    const theirs: Cost[] = [];
    for (let i = 0; i < RUNS; i++) {
      ours.push(run(process.execPath, [launcher, 'tsdb', 'analyze', '--from', data]));
      if (hasPromtool) theirs.push(run('promtool', ['tsdb', 'analyze', data]));
    }
    const line = (what: string, costs: Cost[]) =>
      console.log(
        `  ${what.padEnd(9)} wall ${median(costs, 'wallMs').toFixed(0).padStart(5)} ms  cpu ${median(costs, 'cpuMs').toFixed(0).padStart(5)} ms (median of ${RUNS})`,
      );
    console.log(`${series} series`);
    line('tsmon', ours);
    if (hasPromtool) line('promtool', theirs);
  }
} finally {
  rmSync(dir, { recursive: true });
}
