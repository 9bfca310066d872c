/** The directory of a live Prometheus, read by tsmon while it is written, compacted and truncated. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Histogram, labelsFromObject } from '../../src/core/model/index.ts';
import { DirectorySource } from '../../src/core/source/directory.ts';
import { histogram } from '../core/tsdb/head/samples.ts';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus } from './prometheus.ts';
import { readSource } from './raw-series.ts';
import { type RawSeries, remoteRead } from './remote-read.ts';

const prometheus = peer('prometheus');
const HOUR = 3_600_000;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-interop-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** All samples up to `maxt`, in the words of `remoteRead`. */
async function readDirectory(data: string, mint: number, maxt: number): Promise<RawSeries> {
  const source = new DirectorySource(data);
  try {
    return await readSource(source, mint, maxt);
  } finally {
    await source.close();
  }
}

function expectSame(ours: RawSeries, theirs: RawSeries): void {
  expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
  for (const [name, rows] of theirs) {
    // Comparing every row through the matcher would take most of the time.
    if (ours.get(name)!.join('\n') !== rows.join('\n')) expect(ours.get(name)).toEqual(rows);
  }
}

describeWith("a live Prometheus' directory", { prometheus }, () => {
  it('gives what Prometheus gives, while it writes blocks and truncates its log', async () => {
    const real = await RealPrometheus.start(prometheus!, dir);
    try {
      const start = Math.floor((Date.now() - 12 * HOUR) / 1000) * 1000;
      const series = Array.from({ length: 60 }, (_, n) =>
        labelsFromObject({ __name__: `m${n % 7}`, n: String(n) }),
      );
      let compared = 0;
      let t = start;
      for (let round = 0; round < 24; round++) {
        const samples = series.map((labels) => ({ labels, samples: [] as { t: number; v: number }[] }));
        const histograms = {
          labels: labelsFromObject({ __name__: 'native' }),
          histograms: [] as { t: number; h: Histogram }[],
        };
        for (let step = 0; step < 60; step++, t += 30_000) {
          for (const [n, s] of samples.entries()) {
            // Some series come and go, so that the log has series that are dropped from it.
            if (n % 10 !== 0 || Math.floor(round / 4) % 2 === (n % 20) / 10)
              s.samples.push({ t, v: round * 1000 + step * n });
          }
          histograms.histograms.push({ t, h: histogram(round * 60 + step) });
        }
        await real.write([...samples.filter((s) => s.samples.length > 0), histograms]);
        const ours = await readDirectory(real.data, start, t);
        if (round % 3 === 0 || round > 20) {
          expectSame(ours, await remoteRead(real.url, '.+', start, t));
          compared++;
        } else {
          // Every acknowledged sample is there at any moment.
          expect(ours.get('native')!.length).toBe((round + 1) * 60);
        }
      }
      expect(compared).toBeGreaterThan(5);
      expect(readdirSync(real.data).filter((name) => name.length === 26).length).toBeGreaterThan(2);
      expect(existsSync(join(real.data, 'wal', '00000000'))).toBe(false);
    } finally {
      await real.stop();
    }
  });

  it('has what came out of order, and what was deleted is gone', async () => {
    const config = 'storage: { tsdb: { out_of_order_time_window: 2h } }\n';
    const real = await RealPrometheus.start(prometheus!, dir, config);
    try {
      const base = Math.floor(Date.now() / 1000) * 1000 - HOUR;
      const late = labelsFromObject({ __name__: 'late' });
      const gone = labelsFromObject({ __name__: 'gone' });
      for (const t of [100, 300, 200, 50, 400, 250, 10, 200]) {
        await real.write([{ labels: late, samples: [{ t: base + t * 1000, v: t }] }]);
      }
      await real.write([{ labels: gone, samples: [1, 2, 3, 4].map((n) => ({ t: base + n * 1000, v: n })) }]);
      const range = { start: String(base / 1000 + 2), end: String(base / 1000 + 3), 'match[]': 'gone' };
      await real.get('admin/tsdb/delete_series', range, 'POST');
      const theirs = await remoteRead(real.url, '.+', base, base + HOUR);
      expect(theirs.get('late')!.length).toBe(7);
      expect(theirs.get('gone')!.length).toBe(2);
      expectSame(await readDirectory(real.data, base, base + HOUR), theirs);
    } finally {
      await real.stop();
    }
  });

  it('of one that scrapes: its own metrics, exemplars, staleness', async () => {
    const config =
      'scrape_configs: [{ job_name: self, scrape_interval: 200ms, scrape_timeout: 200ms, static_configs: [{ targets: ["TARGET"] }] }]\n';
    // Prometheus learns its own port only by starting: the first one names the target of the second.
    const target = await RealPrometheus.start(prometheus!, join(dir, 'target'));
    const real = await RealPrometheus.start(
      prometheus!,
      join(dir, 'scraper'),
      config.replace('TARGET', target.url.slice(7)),
    );
    try {
      const began = Date.now();
      // Discovery delivers its targets some seconds after a start.
      await expect
        .poll(async () => (await readDirectory(real.data, began, Date.now())).size, { timeout: 30_000 })
        .toBeGreaterThan(100);
      for (let round = 0; round < 4; round++) {
        await new Promise((resolve) => setTimeout(resolve, 700));
        if (round === 2) await target.stop();
        // Scrapes that began half a second ago are committed.
        const maxt = Date.now() - 500;
        const ours = await readDirectory(real.data, began - 1000, maxt);
        expect(ours.size).toBeGreaterThan(100);
        expectSame(ours, await remoteRead(real.url, '.+', began - 1000, maxt));
      }
      const stale = [...(await readDirectory(real.data, began, Date.now())).values()].flat();
      expect(stale.some((row) => row.endsWith('0x7ff0000000000002'))).toBe(true);
    } finally {
      await real.stop();
      await target.stop();
    }
  });
});
