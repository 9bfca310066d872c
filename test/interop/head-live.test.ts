/**
 * A Prometheus that cuts and compacts blocks every few seconds, with samples in order and late, histograms and
 * deletions: its directory, read again and again meanwhile, says what its own API says.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { labelsFromObject } from '../../src/core/model/index.ts';
import { DirectorySource } from '../../src/core/source/directory.ts';
import { histogram } from '../core/tsdb/head/samples.ts';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus, type RemoteSeries } from './prometheus.ts';
import { readSource } from './raw-series.ts';
import { type RawSeries, remoteRead } from './remote-read.ts';

const prometheus = peer('prometheus');
const MINUTE = 60_000;
const STEP = 5000;
const ROUNDS = 30;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-live-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function expectSame(ours: RawSeries, theirs: RawSeries): void {
  expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
  for (const [name, rows] of theirs) {
    if (ours.get(name)!.join('\n') !== rows.join('\n')) expect(ours.get(name), name).toEqual(rows);
  }
}

describeWith('the directory of a Prometheus that compacts all the time', { prometheus }, () => {
  it('says what Prometheus says', async () => {
    const config = 'storage: { tsdb: { out_of_order_time_window: 10m } }\n';
    const real = await RealPrometheus.start(prometheus!, dir, config, [
      '--storage.tsdb.min-block-duration=2m',
      '--storage.tsdb.max-block-duration=18m',
    ]);
    const read = async (mint: number, maxt: number) => {
      const source = new DirectorySource(real.data);
      try {
        return await readSource(source, mint, maxt);
      } finally {
        await source.close();
      }
    };
    try {
      const start = Math.floor(Date.now() / MINUTE) * MINUTE - ROUNDS * MINUTE;
      let t = start;
      let reads = 0;
      let reading = true;
      // Reads that run into whatever Prometheus is at; they must never fail, and never lack what was acknowledged.
      let acknowledged = 0;
      const background = (async () => {
        while (reading) {
          const before = acknowledged;
          const there = await read(start, start + 100 * MINUTE);
          reads++;
          expect(there.get('steady')?.length ?? 0).toBeGreaterThanOrEqual(before);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      })();
      for (let round = 0; round < ROUNDS; round++) {
        for (const end = t + MINUTE; t < end; t += STEP) {
          const step = (t - start) / STEP;
          const batch: RemoteSeries[] = [
            { labels: labelsFromObject({ __name__: 'steady' }), samples: [{ t, v: step }] },
            { labels: labelsFromObject({ __name__: 'native' }), histograms: [{ t, h: histogram(step) }] },
          ];
          if (round % 4 !== 3) {
            const labels = labelsFromObject({ __name__: 'short', round: String(Math.floor(round / 4)) });
            batch.push({ labels, samples: [{ t, v: Math.cos(step) }] });
          }
          if (step > 40 && step % 3 === 0) {
            const late = t - (step % 37) * STEP - 1 - step;
            batch.push({ labels: labelsFromObject({ __name__: 'late' }), samples: [{ t, v: step }] });
            await real.write(batch);
            await real.write([
              { labels: labelsFromObject({ __name__: 'late' }), samples: [{ t: late, v: step }] },
            ]);
          } else await real.write(batch);
          acknowledged++;
        }
        if (round === 20) {
          const range = {
            start: String(start / 1000 + 60),
            end: String(start / 1000 + 90),
            'match[]': 'steady',
          };
          reading = false;
          await background;
          await real.get('admin/tsdb/delete_series', range, 'POST');
        }
        if (round % 3 === 2) {
          expectSame(await read(start, t), await remoteRead(real.url, '.+', start, t));
        }
      }
      reading = false;
      await background;
      expect(reads).toBeGreaterThan(5);
      const blocks = readdirSync(real.data).filter((name) => name.length === 26);
      expect(blocks.length).toBeGreaterThan(2);
    } finally {
      await real.stop();
    }
  }, 120_000);
});
