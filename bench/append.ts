/**
 * Appending to a log: how many samples a second in one process, and what a process that appends 1,000 samples costs
 * on an empty directory and on one with a million series in its log. `npm run bench -- append [SERIES]`
 */
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/core/clock.ts';
import { labelsFromPairs } from '../src/core/model/index.ts';
import { LogAppender } from '../src/core/tsdb/append/index.ts';

const SERIES = Number(process.argv[2] ?? 1_000_000);
const dir = mkdtempSync(join(tmpdir(), 'tsmon-bench-append-'));
const large = join(dir, 'large');

const clock = systemClock;
const start = Date.now() - 7_200_000;

function labels(n: number) {
  return labelsFromPairs([
    ['__name__', `app_requests_total_${n % 500}`],
    ['cluster', 'production-eu-1'],
    ['instance', `10.0.${(n >> 8) & 255}.${n & 255}:9100`],
    ['job', 'application'],
    ['path', `/api/v1/things/${n}`],
    ['status', '200'],
  ]);
}

/** One process' life: opens, appends `rounds` samples to each of the series from `from` on, commits and closes. */
function run(path: string, from: number, series: number, rounds: number, t0: number): void {
  const t = performance.now();
  const cpu = process.cpuUsage();
  const appender = new LogAppender(path, { clock });
  const opened = performance.now();
  const refs = new Uint32Array(series);
  for (let n = 0; n < series; n++) refs[n] = appender.ref(labels(from + n));
  const resolved = performance.now();
  const ts = new Float64Array(series);
  const vs = new Float64Array(series);
  const outcomes = new Uint8Array(series);
  let ok = 0;
  let slowest = 0;
  const began = performance.now();
  let first = 0;
  for (let round = 0; round < rounds; round++) {
    const roundStart = performance.now();
    ts.fill(t0 + round * 15_000);
    for (let n = 0; n < series; n++) vs[n] = round * 10 + (n % 7);
    for (let at = 0; at < series; at += 10_000) {
      ok += appender.append(refs, ts, vs, at, Math.min(at + 10_000, series), outcomes);
      appender.commit();
    }
    const took = performance.now() - roundStart;
    if (round === 0) first = took;
    else slowest = Math.max(slowest, took);
  }
  const appended = performance.now();
  appender.close();
  const closed = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  const known = rounds > 1 ? ((rounds - 1) * series) / (appended - began - first) / 1e3 : 0;
  console.log(
    `${series} series x ${rounds}: ok ${ok}, open ${ms(opened - t)}, refs ${ms(resolved - opened)}, ` +
      `first round ${ms(first)}, known series ${known.toFixed(2)} M samples/s, close ${ms(closed - appended)}, ` +
      `all ${ms(closed - t)}, CPU ${ms((user + system) / 1000)}`,
  );
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function sizeOf(path: string): number {
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).reduce((sum, name) => {
    const stat = statSync(join(path, name));
    return sum + (stat.isFile() ? stat.size : 0);
  }, 0);
}

try {
  console.log('known series, in memory, log on:');
  for (let i = 0; i < 3; i++) run(join(dir, `known${i}`), 0, 10_000, 300, start);
  console.log(`\na directory of ${SERIES} series:`);
  run(large, 0, SERIES, 2, start);
  console.log(
    `${(sizeOf(join(large, 'wal')) / 1e6).toFixed(1)} MB of log, ${(statSync(join(large, 'tsmon.refs')).size / 1e6).toFixed(1)} MB of table, RSS ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
  );
  console.log('\n1,000 samples, empty directory, then the large one:');
  for (let i = 0; i < 5; i++) {
    run(join(dir, `empty${i}`), 5_000, 1_000, 1, Date.now());
    run(large, 5_000, 1_000, 1, Date.now() + i);
  }
  console.log('\n1,000 new series in the large one:');
  run(large, SERIES + 1, 1_000, 1, Date.now());
  console.log('\nthe large one without its table (after a reboot), and after a crash:');
  rmSync(join(large, 'tsmon.refs'));
  run(large, 5_000, 1_000, 1, Date.now() + 100);
  const before = join(dir, 'before');
  cpSync(join(large, 'tsmon.refs'), before);
  run(large, 5_000, 1_000, 1, Date.now() + 200);
  cpSync(before, join(large, 'tsmon.refs'));
  run(large, 5_000, 1_000, 1, Date.now() + 300);
} finally {
  rmSync(dir, { recursive: true });
}
