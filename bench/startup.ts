/**
 * Start-up of whole processes beside an empty Node process, interleaved in one run so that noise hits all alike.
 * Bar: `tsmon --version` and `tsmon tsdb append </dev/null` at most 2.0 times `node -e 0`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const launcher = join(process.cwd(), 'bin', 'tsmon.cjs');
const dir = mkdtempSync(join(tmpdir(), 'tsmon-bench-'));
const cases: Record<string, string[]> = {
  'node -e 0': ['-e', '0'],
  'tsmon --version': [launcher, '--version'],
  'tsmon tsdb append </dev/null': [launcher, 'tsdb', 'append', '--to', join(dir, 'data')],
};
const rounds = Number(process.argv[2] ?? 40);
const times = new Map<string, number[]>(Object.keys(cases).map((name) => [name, []]));

// Some rounds more than are counted: the first ones write the code caches.
for (let round = -5; round < rounds; round++) {
  for (const [name, args] of Object.entries(cases)) {
    const started = process.hrtime.bigint();
    const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' });
    const ms = Number(process.hrtime.bigint() - started) / 1e6;
    if (status !== 0) throw new Error(`${name}: exit status ${status}`);
    if (round >= 0) times.get(name)!.push(ms);
  }
}
rmSync(dir, { recursive: true });

const base = percentile(times.get('node -e 0')!, 0.5);
for (const [name, all] of times) {
  const p50 = percentile(all, 0.5);
  const min = percentile(all, 0);
  console.log(
    `${name.padEnd(30)} min ${min.toFixed(1)} ms  p50 ${p50.toFixed(1)} ms  ratio ${(p50 / base).toFixed(2)}`,
  );
}

function percentile(values: number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))];
}
