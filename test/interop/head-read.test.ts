/**
 * The files that a real Prometheus' head keeps beside its log: tsmon reads the log alone where it is whole, and these
 * where it is not.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CorruptionError } from '../../src/core/errors.ts';
import { labelsFromObject } from '../../src/core/model/index.ts';
import { DirectorySource } from '../../src/core/source/directory.ts';
import {
  findChunkSnapshot,
  HeadChunkScanner,
  headChunkFileName,
  openHeadChunkFiles,
  readChunkSnapshot,
} from '../../src/core/tsdb/head/index.ts';
import type { RefExemplar, Tombstone } from '../../src/core/tsdb/wal/index.ts';
import { histogram } from '../core/tsdb/head/samples.ts';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus } from './prometheus.ts';
import { readSource } from './raw-series.ts';
import { type RawSeries, remoteRead } from './remote-read.ts';

const prometheus = peer('prometheus');
const STEP = 15_000;
const ROWS = 600;

let dir: string;
let data: string;
let base: number;
/** What Prometheus said before it was stopped, without its scrapes. */
let expected: RawSeries;

describeWith("the files of a Prometheus' head", { prometheus }, () => {
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tsmon-head-'));
    base = Math.floor(Date.now() / 1000) * 1000 - ROWS * STEP;
    const target = createServer((_, response) => {
      response.setHeader('Content-Type', 'application/openmetrics-text; version=1.0.0');
      response.end('# TYPE c counter\nc_total 1 # {trace_id="abc"} 0.5\n# EOF\n');
    });
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
    const { port } = target.address() as { port: number };
    const config = `
storage: { tsdb: { out_of_order_time_window: 3h } }
scrape_configs: [{ job_name: c, scrape_interval: 200ms, scrape_timeout: 200ms, static_configs: [{ targets: ["127.0.0.1:${port}"] }] }]
`;
    const real = await RealPrometheus.start(prometheus!, dir, config, [
      '--enable-feature=memory-snapshot-on-shutdown,exemplar-storage',
    ]);
    data = real.data;
    for (let i = 0; i < ROWS; i++) {
      const t = base + i * STEP;
      await real.write([
        { labels: labelsFromObject({ __name__: 'counter' }), samples: [{ t, v: i * 3 }] },
        { labels: labelsFromObject({ __name__: 'gauge', a: 'b' }), samples: [{ t, v: Math.sin(i) }] },
        { labels: labelsFromObject({ __name__: 'native' }), histograms: [{ t, h: histogram(i) }] },
      ]);
    }
    for (let i = 0; i < 100; i++) {
      const t = base + (ROWS - 2 - i) * STEP + 7;
      await real.write([{ labels: labelsFromObject({ __name__: 'gauge', a: 'b' }), samples: [{ t, v: i }] }]);
    }
    const range = { start: String(base / 1000 + 30), end: String(base / 1000 + 600), 'match[]': 'counter' };
    await real.get('admin/tsdb/delete_series', range, 'POST');
    // Discovery delivers the target some seconds after the start.
    await vi.waitFor(
      async () => {
        const answer = JSON.stringify(await real.get('query_exemplars', exemplarQuery()));
        if (!answer.includes('abc')) throw new Error(`no exemplar yet: ${answer}`);
      },
      { timeout: 30_000, interval: 200 },
    );
    expected = await remoteRead(real.url, 'counter|gauge|native', base, Date.now());
    await real.stop();
    target.close();
  }, 120_000);
  afterAll(() => rmSync(dir, { recursive: true }));

  function exemplarQuery() {
    return { query: 'c_total', start: String(base / 1000), end: String(Date.now() / 1000 + 10) };
  }

  /** A copy of the directory, changed. */
  function copy(change: (data: string) => void): string {
    const to = mkdtempSync(join(dir, 'copy-'));
    cpSync(data, to, { recursive: true });
    change(to);
    return to;
  }

  async function read(from: string): Promise<{ series: RawSeries; damage: string[] }> {
    const damage: string[] = [];
    const source = new DirectorySource(from, { onDamage: (error) => damage.push(error.message) });
    try {
      const all = await readSource(source, base, base + ROWS * STEP);
      const series = new Map([...all].filter(([name]) => /^(counter|gauge|native)/.test(name)));
      return { series, damage };
    } finally {
      await source.close();
    }
  }

  it('are not needed where the log is whole', async () => {
    const whole = copy((to) => {
      rmSync(join(to, 'chunks_head'), { recursive: true });
      rmSync(findChunkSnapshot(to)!.dir, { recursive: true });
    });
    expect(await read(whole)).toEqual({ series: expected, damage: [] });
    expect(await read(data)).toEqual({ series: expected, damage: [] });
  });

  it('stand in for the part of the log behind a damaged place', async () => {
    const damaged = copy((to) => {
      const path = join(to, 'wal', '00000000');
      const bytes = readFileSync(path);
      bytes[20_000] ^= 1;
      writeFileSync(path, bytes);
    });
    const { series, damage } = await read(damaged);
    expect(damage).toEqual([expect.stringMatching(/00000000 at byte \d+: the checksum does not match/)]);
    expect(series).toEqual(expected);
  });

  it('stand in for a log that is gone, up to what was open out of order', async () => {
    const { series, damage } = await read(copy((to) => rmSync(join(to, 'wal'), { recursive: true })));
    expect(damage).toEqual([]);
    expect(series.get('counter')).toEqual(expected.get('counter'));
    expect(series.get('native')).toEqual(expected.get('native'));
    const gauge = series.get('gauge{a="b"}')!;
    const late = (row: string) => Number(row.split(' ')[0]) % 1000 === 7;
    expect(gauge.filter((row) => !late(row))).toEqual(
      expected.get('gauge{a="b"}')!.filter((row) => !late(row)),
    );
    // Those of three chunks of 32; the last ones are in the WBL alone.
    expect(gauge.filter(late).length).toBe(96);
  });

  it('are told to be damaged, and read up to there, where they are needed', async () => {
    const broken = copy((to) => {
      rmSync(join(to, 'wal'), { recursive: true });
      const place = findChunkSnapshot(to)!;
      truncateSync(join(place.dir, readdirSync(place.dir)[0]), 700);
    });
    const { series, damage } = await read(broken);
    expect(damage.length).toBeLessThanOrEqual(1);
    expect(series.size).toBeGreaterThan(0);
    // What was deleted is told at the snapshot's end.
    series.delete('counter');
    for (const [name, rows] of series) {
      const known = new Set(expected.get(name));
      expect(rows.filter((row) => !known.has(row))).toEqual([]);
    }
  });

  describe('chunk by chunk', () => {
    it('are scanned up to their end, and up to where they are cut', () => {
      const chunks = join(data, 'chunks_head');
      const fds = openHeadChunkFiles(chunks);
      let late = 0;
      let found = 0;
      const ends: number[] = [];
      for (const [file, fd] of fds) {
        const scanner = new HeadChunkScanner(join(chunks, headChunkFileName(file)), fd);
        while (scanner.next()) {
          found++;
          if (scanner.outOfOrder) late++;
          expect(scanner.mint).toBeLessThanOrEqual(scanner.maxt);
          ends.push(scanner.dataEnd);
        }
        expect(scanner.fault).toBeUndefined();
      }
      expect(late).toBe(3);
      expect(found).toBeGreaterThan(10);
      const cut = copy((to) => truncateSync(join(to, 'chunks_head', '000001'), ends[4] + 20));
      const [fd] = openHeadChunkFiles(join(cut, 'chunks_head')).values();
      const scanner = new HeadChunkScanner('000001', fd);
      let whole = 0;
      while (scanner.next()) whole++;
      expect(whole).toBe(5);
      expect(scanner.fault).toBeInstanceOf(CorruptionError);
      expect(scanner.dataEnd).toBe(ends[4]);
    });

    it('a snapshot has series, tombstones and exemplars', () => {
      const place = findChunkSnapshot(data)!;
      const names: string[] = [];
      const tombstones: Tombstone[] = [];
      const exemplars: RefExemplar[] = [];
      readChunkSnapshot(place, {
        series: ({ labels }) => names.push(labels.toString()),
        tombstone: (tombstone) => tombstones.push(tombstone),
        exemplars: (some) => exemplars.push(...some),
      });
      expect(names).toEqual(expect.arrayContaining([...expected.keys()]));
      expect(tombstones.map(({ mint, maxt }) => [mint, maxt])).toEqual([[base + 30_000, base + 600_000]]);
      expect(exemplars.length).toBeGreaterThan(0);
      expect(exemplars[0].exemplar.labels.get('trace_id')).toBe('abc');
      expect(exemplars[0].exemplar.v).toBe(0.5);
      expect(exemplars[0].exemplar.t).toBeGreaterThan(base);
    });
  });
});
