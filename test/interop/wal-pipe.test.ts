/** The first pipe, with real programs at both ends: `scrape | tsdb append`, read by Prometheus and by `tsdb dump`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { labelsFromObject } from '../../src/core/model/index.ts';
import { launcher, tsmon } from '../cli.ts';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus } from './prometheus.ts';
import { type RawSeries, remoteRead } from './remote-read.ts';

const prometheus = peer('prometheus');
const exporter = peer('prometheus-node-exporter');

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-pipe-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Runs `tsmon scrape … | tsmon tsdb append …`; returns what either said on stderr. */
async function pipe(scrapeArgs: readonly string[], appendArgs: readonly string[]): Promise<string> {
  const env = { ...process.env, NO_COLOR: '1' };
  const scrape = spawn(process.execPath, [launcher, 'scrape', ...scrapeArgs], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const append = spawn(process.execPath, [launcher, 'tsdb', 'append', ...appendArgs], {
    env,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  scrape.stdout.pipe(append.stdin);
  let said = '';
  for (const { stderr } of [scrape, append]) {
    stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const [status] = await once(append, 'close');
  expect(status).toBe(0);
  return said;
}

/** A dump as JSON Lines, in the words of `remoteRead`. */
function rowsOf(jsonl: string): RawSeries {
  const out: RawSeries = new Map();
  for (const line of jsonl.split('\n')) {
    if (line === '') continue;
    const { metric, values, timestamps } = JSON.parse(line);
    const words: Record<string, string> = { NaN: '0x7ff8000000000001', stale: '0x7ff0000000000002' };
    const rows = timestamps.map((t: number, i: number) => `${t} ${words[values[i]] ?? String(values[i])}`);
    const name = labelsFromObject(metric).toString();
    out.set(name, [...(out.get(name) ?? []), ...rows]);
  }
  return out;
}

describeWith('scrape | tsdb append', { prometheus, exporter }, () => {
  it.each(['text', 'openmetrics', 'protobuf', 'jsonl'])(
    'of a real node_exporter, as %s, is what Prometheus and tsdb dump then have',
    async (format) => {
      const node = spawn(exporter!, ['--web.listen-address=127.0.0.1:0'], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      try {
        let log = '';
        node.stderr.setEncoding('utf8').on('data', (text: string) => {
          log += text;
        });
        await expect
          .poll(() => /address=(127\.0\.0\.1:\d+)/.exec(log)?.[1], { timeout: 20_000 })
          .toBeDefined();
        const address = /address=(127\.0\.0\.1:\d+)/.exec(log)![1];
        const data = join(dir, 'data');
        const scrapeArgs = [
          `http://${address}/metrics`,
          '--count',
          '2',
          '--interval',
          '1s',
          '--output',
          format,
        ];
        expect(await pipe(scrapeArgs, ['--to', data])).toMatch(/^appended \d{4,} samples to .*data\n$/);

        const dumped = rowsOf(tsmon(['tsdb', 'dump', '--from', data, '--output', 'jsonl']).stdout);
        expect(dumped.size).toBeGreaterThan(300);
        const instance = `instance="${address}"`;
        expect(dumped.get(`up{${instance}, job="scrape"}`)!.length).toBe(2);
        const real = await RealPrometheus.start(prometheus!, dir);
        try {
          expect(real.complaints).toEqual([]);
          const theirs = await remoteRead(real.url, '.+', 0, Date.now());
          expect([...dumped.keys()].sort()).toEqual([...theirs.keys()].sort());
          for (const [name, rows] of theirs) expect([name, dumped.get(name)]).toEqual([name, rows]);
        } finally {
          await real.stop();
        }
      } finally {
        node.kill();
      }
    },
  );
});
