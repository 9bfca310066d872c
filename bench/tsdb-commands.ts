/**
 * Commands that look at storage, whole processes by turns with promtool's: dump into a pipe, analyze, one series of a
 * large block; and `tsdb append` of 1,000 samples on an empty directory and on a large one.
 * `npm run bench -- tsdb-commands [RUNS] [SERIES of the large log]` TSMON_PEERS names the folder of promtool.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/core/clock.ts';
import { labelsFromPairs, SampleColumns } from '../src/core/model/index.ts';
import { LogAppender } from '../src/core/tsdb/append/index.ts';
import { BlockWriter } from '../src/core/tsdb/block/index.ts';
import { peer } from '../test/peers.ts';
import { type Cost, compare, run } from './commands/cost.ts';

const [runs = 5, largeSeries = 1_000_000] = process.argv.slice(2).map(Number);
const START = Date.UTC(2026, 0, 1);
const launcher = join(import.meta.dirname, '..', '..', 'bin', 'tsmon.cjs');
const promtool = peer('promtool');
const dir = mkdtempSync(join(tmpdir(), 'tsmon-bench-commands-'));

function labels(n: number) {
  return labelsFromPairs([
    ['__name__', `app_requests_${String(n % 250).padStart(3, '0')}_total`],
    ['instance', `host-${String(Math.floor(n / 250)).padStart(5, '0')}.example.org:9100`],
    ['job', 'node'],
  ]);
}

/** A block of two hours, a sample in 15 s. */
function writeBlock(name: string, series: number): string {
  const to = join(dir, name);
  mkdirSync(join(to, 'wal'), { recursive: true });
  const writer = new BlockWriter(to);
  const columns = new SampleColumns();
  columns.reserve(480);
  const all = Array.from({ length: series }, (_, n) => labels(n)).sort((a, b) => a.compare(b));
  let seed = 1;
  for (const own of all) {
    for (let i = 0, v = 0; i < 480; i++) {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      v += seed % 100;
      columns.t[i] = START + i * 15_000;
      columns.v[i] = v;
    }
    columns.length = 480;
    writer.addSamples(own, columns);
  }
  writer.finish();
  return to;
}

/** A log of so many series with a sample each. */
function writeLog(name: string, series: number): string {
  const to = join(dir, name);
  const appender = new LogAppender(to, { clock: systemClock });
  const refs = Uint32Array.from({ length: series }, (_, n) => appender.ref(labels(n)));
  const times = new Float64Array(series).fill(Date.now() - 600_000);
  const outcomes = new Uint8Array(series);
  for (let at = 0; at < series; at += 10_000) {
    appender.append(refs, times, new Float64Array(series), at, Math.min(at + 10_000, series), outcomes);
    appender.commit();
  }
  appender.close();
  return to;
}

const tsmon = (...args: string[]) => [process.execPath, launcher, 'tsdb', ...args];
const theirs = (...args: string[]): Record<string, () => Cost> =>
  promtool === undefined ? {} : { promtool: () => run([promtool, 'tsdb', ...args]) };

try {
  const small = writeBlock('small', 2000);
  compare('dump of 960,000 samples into a pipe', runs, {
    tsmon: () => run(tsmon('dump', '--from', small)),
    ...theirs('dump', small),
  });
  const large = writeBlock('large', 50_000);
  compare('analyze of a block of 50,000 series', runs, {
    tsmon: () => run(tsmon('analyze', '--from', large)),
    ...theirs('analyze', large),
  });
  const one = 'app_requests_017_total{instance="host-00003.example.org:9100"}';
  compare('one series of that block', runs, {
    'tsmon tsdb dump': () => run(tsmon('dump', '--from', large, '--match', one)),
    'tsmon tsdb dump --help': () => run(tsmon('dump', '--help')),
    ...theirs('dump', `--match=${one}`, large),
  });
  const log = writeLog('log', largeSeries);
  const input = Array.from({ length: 1000 }, (_, n) => `${labels(n)} 1\n`).join('');
  let n = 0;
  compare(`tsdb append of 1,000 samples: empty directory, and ${largeSeries} series in the log`, runs, {
    empty: () => run(tsmon('append', '-q', '--to', join(dir, `empty-${n++}`)), input),
    large: () => run(tsmon('append', '-q', '--to', log), input),
  });
} finally {
  rmSync(dir, { recursive: true });
}
