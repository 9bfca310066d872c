/**
 * kill -9 at random instants while samples are appended: every acknowledged batch is there, whole, for tsmon and for
 * Prometheus, and no ref is given out twice. TSMON_KILL_ROUNDS=500 for a long run.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readLogContent } from '../core/tsdb/append/log-content.ts';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus } from './prometheus.ts';
import { remoteRead } from './remote-read.ts';

const prometheus = peer('prometheus');
const ROUNDS = Number(process.env['TSMON_KILL_ROUNDS'] ?? 15);
const SERIES = 400;
const ROUNDS_PER_DIRECTORY = 15;

let dir: string;
let worker: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-kill-'));
  worker = join(dir, 'worker.mjs');
  buildSync({
    entryPoints: [join(import.meta.dirname, 'wal-kill-worker.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outfile: worker,
    logLevel: 'warning',
  });
});
afterAll(() => rmSync(dir, { recursive: true }));

/** Runs a worker from batch `first` on and kills it after a while. Returns the last acknowledged batch. */
async function life(data: string, first: number, base: number): Promise<{ last: number; errors: string }> {
  const child = spawn(process.execPath, [worker, data, String(first), String(base)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let last = first - 1;
  let errors = '';
  let rest = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    if (lines.length > 0) last = Number(lines.at(-1));
  });
  // Most live until they have stored something, however slow the machine; some die while they open the log.
  if (Math.random() < 0.8) await once(child.stdout, 'data');
  setTimeout(() => child.kill('SIGKILL'), Math.random() * 150);
  await once(child, 'close');
  return { last, errors };
}

describeWith('a log whose writer is killed', { prometheus }, () => {
  it(
    'has every acknowledged sample',
    async () => {
      const data = join(dir, 'data');
      const base = Date.now() - 1_000_000;
      let acknowledged = -1;
      let next = 0;
      for (let round = 0; round < ROUNDS; round++) {
        if (round % ROUNDS_PER_DIRECTORY === 0) {
          // Each round reads the whole log: a new one now and then keeps that short.
          rmSync(data, { recursive: true, force: true });
          acknowledged = -1;
          next = 0;
        }
        const { last, errors } = await life(data, next, base);
        // What a dying writer leaves is mended by the next, and that is all it ever says.
        expect(
          errors.split('\n').filter((line) => line !== '' && !/last record was cut short/.test(line)),
        ).toEqual([]);
        acknowledged = Math.max(acknowledged, last);
        const { samples, refs } = readLogContent(data);
        for (const given of refs.values()) expect(given.length).toBe(1);
        const stored = samples.get('m{n="0"}')?.length ?? 0;
        // A batch may be stored and its writer killed before it could say so; none may be acknowledged and not stored.
        expect(stored).toBeGreaterThan(acknowledged);
        expect(stored).toBeLessThanOrEqual(acknowledged + 2);
        for (let n = 0; n < SERIES; n++) expect(samples.get(`m{n="${n}"}`)?.length ?? 0).toBe(stored);
        next = stored;
        acknowledged = stored - 1;
        if (round % 5 !== 4 || next === 0) continue;
        const real = await RealPrometheus.start(prometheus!, dir);
        try {
          const found = await remoteRead(real.url, 'm|once', base, base + next);
          expect(found.size).toBe(SERIES + next);
          for (let n = 0; n < SERIES; n++) expect(found.get(`m{n="${n}"}`)!.length).toBe(next);
        } finally {
          await real.stop();
        }
      }
      expect(next).toBeGreaterThan(0);
    },
    60_000 + ROUNDS * 2000,
  );
});
