/**
 * `tsdb import` beside `promtool tsdb create-blocks-from openmetrics` on the same files, whole processes: a block of
 * two hours, and as many samples spread over a month. `npm run bench -- import [samples]`
 * Without promtool (in PATH) only ours is measured.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const monthSamples = Number(process.argv[2] ?? 1_000_000);
/** Of two hours, for one pass over them takes promtool no longer. */
const hoursSamples = monthSamples * 5;
const START = Date.UTC(2026, 0, 1) / 1000;
const dir = mkdtempSync(join(tmpdir(), 'tsmon-bench-import-'));
const launcher = join(import.meta.dirname, '..', '..', 'bin', 'tsmon.cjs');
const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

/** Counters of a fleet, by time or by series. */
function write(name: string, series: number, steps: number, stepSeconds: number, byTime: boolean): string {
  const path = join(dir, name);
  const fd = openSync(path, 'w');
  const labels = Array.from(
    { length: series },
    (_, s) =>
      `app_requests_${String(s % 50).padStart(3, '0')}_total{instance="host-${String(Math.floor(s / 50)).padStart(4, '0')}.example.org:9100",job="node",cluster="c${s % 5}"}`,
  );
  const values = new Float64Array(series);
  let seed = 1;
  let text = '';
  for (let n = 0; n < series * steps; n++) {
    const s = byTime ? n % series : Math.floor(n / steps);
    const i = byTime ? Math.floor(n / series) : n % steps;
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    values[s] += seed % 100;
    text += `${labels[s]} ${values[s]} ${START + i * stepSeconds}\n`;
    if (text.length > 1 << 20) {
      writeSync(fd, text);
      text = '';
    }
  }
  writeSync(fd, `${text}# EOF\n`);
  closeSync(fd);
  return path;
}

/** Runs a program under GNU time where that is at hand; returns milliseconds of wall time. */
function run(what: string, program: string, args: string[], out: string, samples: number): number {
  const began = performance.now();
  const { status, stderr } = spawnSync('/usr/bin/time', ['-f', '%U %S %M', program, ...args], {
    encoding: 'utf8',
  });
  const ms = performance.now() - began;
  if (status !== 0) throw new Error(stderr);
  const [user, system, rss] = stderr.trim().split('\n').at(-1)!.split(' ').map(Number);
  const blocks = readdirSync(out).filter((name) => statSync(join(out, name)).isDirectory()).length;
  const rate = samples / ms / 1000;
  console.log(
    `  ${what.padEnd(10)} ${(ms / 1000).toFixed(2).padStart(8)} s  cpu ${(user + system).toFixed(2).padStart(7)} s  ${rate.toFixed(2)} M samples/s  max RSS ${(rss / 1024).toFixed(0)} MiB  ${blocks} blocks`,
  );
  return ms;
}

try {
  for (const [title, samples, steps, stepSeconds, byTime] of [
    ['two hours, by series', hoursSamples, 480, 15, false],
    ['two hours, by time', hoursSamples, 480, 15, true],
    ['30 days, by series', monthSamples, 2880, 900, false],
    ['30 days, by time', monthSamples, 2880, 900, true],
  ] as const) {
    const series = Math.round(samples / steps);
    const file = write('in.om', series, steps, stepSeconds, byTime);
    console.log(
      `${title}: ${series} series of ${steps} samples, ${(statSync(file).size / 1e6).toFixed(0)} MB`,
    );
    const ours = join(dir, 'ours');
    const args = [launcher, 'tsdb', 'import', '-q', '--to', ours, file];
    const us = run('tsmon', process.execPath, args, ours, samples);
    if (hasPromtool) {
      const theirs = join(dir, 'theirs');
      const their = ['tsdb', 'create-blocks-from', 'openmetrics', '-q', file, theirs];
      const them = run('promtool', 'promtool', their, theirs, samples);
      console.log(`  promtool takes ${(them / us).toFixed(1)} times as long`);
      rmSync(theirs, { recursive: true });
    }
    rmSync(ours, { recursive: true });
  }
} finally {
  rmSync(dir, { recursive: true });
}
