/**
 * Whole `tsmon query` processes on a directory with one block of 50,000 series, interleaved with an empty Node process:
 * 100 series touched, at one time and over a range. Bar: at most 4.0 times `node -e 0`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Labels, labelsFromObject, SampleColumns } from '../src/core/model/index.ts';
import { BlockWriter } from '../src/core/tsdb/block/index.ts';

const INSTANCES = 100;
const METRICS = 500;
const STEPS = 240;
const STEP_MS = 30_000;
const START = Date.UTC(2026, 0, 1);
const END = START + (STEPS - 1) * STEP_MS;

const launcher = join(process.cwd(), 'bin', 'tsmon.cjs');
const dir = mkdtempSync(join(tmpdir(), 'tsmon-bench-'));
writeFleet(dir);

const at = ['--from', dir, '--at', String(END)];
const range = ['--from', dir, '--start', String(START), '--end', String(END), '--step', '30s'];
const cases: Record<string, string[]> = {
  'node -e 0': ['-e', '0'],
  '100 series, one time': [launcher, 'query', 'metric_217_total', ...at],
  'sum of rates, one time': [launcher, 'query', 'sum(rate(metric_217_total[5m]))', ...at],
  'sum of rates, 240 steps': [launcher, 'query', 'sum(rate(metric_217_total[5m]))', ...range],
};
const rounds = Number(process.argv[2] ?? 40);
const times = new Map<string, number[]>(Object.keys(cases).map((name) => [name, []]));

// Two rounds more than are counted: the first ones write the code caches.
for (let round = -2; round < rounds; round++) {
  for (const [name, args] of Object.entries(cases)) {
    const started = process.hrtime.bigint();
    const { status, stdout } = spawnSync(process.execPath, args);
    const ms = Number(process.hrtime.bigint() - started) / 1e6;
    if (status !== 0 || (args[0] === launcher && stdout.length === 0))
      throw new Error(`${name}: exit status ${status}, ${stdout.length} bytes`);
    if (round >= 0) times.get(name)!.push(ms);
  }
}
if (process.env['KEEP'] === undefined) rmSync(dir, { recursive: true });
else console.log(dir);

const base = percentile(times.get('node -e 0')!, 0.5);
for (const [name, all] of times) {
  const p50 = percentile(all, 0.5);
  const min = percentile(all, 0);
  console.log(
    `${name.padEnd(26)} min ${min.toFixed(1)} ms  p50 ${p50.toFixed(1)} ms  ratio ${(p50 / base).toFixed(2)}`,
  );
}

/** Counters of a fleet: every metric once for each instance. */
function writeFleet(to: string): void {
  const all: { labels: Labels; rate: number }[] = [];
  for (let metric = 0; metric < METRICS; metric++) {
    for (let instance = 0; instance < INSTANCES; instance++) {
      const labels = {
        __name__: `metric_${metric}_total`,
        instance: `host-${instance}:9100`,
        job: 'node',
        cluster: `c${instance % 5}`,
      };
      all.push({ labels: labelsFromObject(labels), rate: 1 + ((metric * 31 + instance * 7) % 17) });
    }
  }
  all.sort((a, b) => a.labels.compare(b.labels));
  const writer = new BlockWriter(to);
  const columns = new SampleColumns();
  columns.reserve(STEPS);
  for (let i = 0; i < STEPS; i++) columns.t[i] = START + i * STEP_MS;
  for (const { labels, rate } of all) {
    for (let i = 0; i < STEPS; i++) columns.v[i] = i * rate + (i % 3);
    columns.length = STEPS;
    writer.addSamples(labels, columns);
  }
  writer.finish();
}

function percentile(values: number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))];
}
