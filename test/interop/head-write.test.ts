/** Data directories that tsmon's database wrote, opened by the real Prometheus, and by both in turns. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { type Labels, labelsFromObject, Matcher, Outcome } from '../../src/core/model/index.ts';
import { DirectorySource } from '../../src/core/source/directory.ts';
import type { Appender, Source } from '../../src/core/source/source.ts';
import { readBlockMeta } from '../../src/core/tsdb/block/index.ts';
import { Database, type DatabaseOptions } from '../../src/core/tsdb/db/index.ts';
import { append, histogram, type Value } from '../core/tsdb/head/samples.ts';
import { describeWith, peer } from '../peers.ts';
import { type Dump, ourDump, promtoolDump } from './dump.ts';
import { RealPrometheus, type RemoteSeries } from './prometheus.ts';
import { readSource } from './raw-series.ts';
import { type RawSeries, remoteRead } from './remote-read.ts';

const prometheus = peer('prometheus');
const promtool = peer('promtool');
const HOUR = 3_600_000;
const STEP = 60_000;

let dir: string;
let data: string;
let now: number;
let start: number;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-write-'));
  data = join(dir, 'data');
  mkdirSync(data);
  start = Math.floor(Date.now() / 1000) * 1000 - 15 * HOUR;
  now = start;
});
afterEach(() => rmSync(dir, { recursive: true }));

const clock = { now: () => now, monotonic: () => now } as Clock;

function open(options: Partial<DatabaseOptions> = {}): Promise<Database> {
  return Database.open(data, {
    clock,
    onNotice: (notice) => {
      throw new Error(notice);
    },
    outOfOrderWindow: 3 * HOUR,
    segmentBytes: 256 * 1024,
    ...options,
  });
}

function series(name: string, more: Record<string, string> = {}): Labels {
  return labelsFromObject({ __name__: name, job: 'test', ...more });
}

/** The samples of one moment: some series come and go, and from time to time one comes late. */
function samplesAt(t: number, withLate = true): [Labels, number, Value][] {
  const step = Math.round((t - start) / STEP);
  const samples: [Labels, number, Value][] = [
    [series('counter'), t, step * 7],
    [series('gauge', { path: '/a "quoted" \\ ünïcode' }), t, Math.sin(step)],
    [series('native'), t, histogram(step % 100 === 99 ? 1 : step)],
    [series('native_float'), t, histogram(step / 2, true)],
  ];
  const hour = Math.floor(step / 60);
  if (hour % 5 < 2)
    samples.push([series('short', { hour: String(hour) }), t, step % 60 === 59 ? 'stale' : step]);
  if (withLate && step % 7 === 3 && step > 100) {
    const late = t - (step % 90) * STEP - 13 - step;
    samples.push([series('gauge', { path: '/a "quoted" \\ ünïcode' }), late, step]);
    samples.push([series('native'), late, histogram(step)]);
  }
  return samples;
}

async function feed(db: Database, from: number, to: number, withLate = true): Promise<void> {
  const appender: Appender = db.appender();
  for (let t = from; t < to; t += STEP) {
    now = t;
    const samples = samplesAt(t, withLate);
    expect(append(appender, samples)).toEqual(samples.map(() => Outcome.ok));
    const ref = appender.ref(series('counter'));
    appender.setMetadata(ref, { type: 'counter', help: 'How many.', unit: '' });
    appender.appendExemplar(ref, { labels: labelsFromObject({ trace_id: String(t) }), v: 1, t });
    appender.commit();
    if ((t - start) % (20 * STEP) === 0) await db.maintain();
  }
}

/** What our own database has. */
async function own(db: Database): Promise<RawSeries> {
  const reader: Source = db.reader((error) => {
    throw error;
  });
  try {
    return await readSource(reader, 0, start + 100 * HOUR);
  } finally {
    await reader.close();
  }
}

async function ownDirectory(from: string): Promise<RawSeries> {
  const source = new DirectorySource(from);
  try {
    return await readSource(source, 0, start + 100 * HOUR);
  } finally {
    await source.close();
  }
}

async function dumpOf(from: string): Promise<Dump> {
  const source = new DirectorySource(from);
  try {
    return ourDump(await source.select([], { mint: 0, maxt: start + 100 * HOUR }));
  } finally {
    await source.close();
  }
}

function expectSame(ours: RawSeries, theirs: RawSeries): void {
  expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
  for (const [name, rows] of theirs) {
    if (ours.get(name)!.join('\n') !== rows.join('\n')) expect(ours.get(name), name).toEqual(rows);
  }
}

/** What the head has most of, beside what a Prometheus says that was started on the same directory. */
async function expectSameStatus(db: Database): Promise<void> {
  const ours = await db.cardinality(10);
  await db.close();
  const real = await RealPrometheus.start(prometheus!, dir);
  try {
    const theirs = (await real.get('status/tsdb')) as Record<string, unknown>;
    expect(theirs['headStats']).toMatchObject({ numSeries: ours.series, numLabelPairs: ours.labelPairs });
    const lists = {
      seriesCountByMetricName: ours.seriesByMetricName,
      labelValueCountByLabelName: ours.labelValuesByName,
      memoryInBytesByLabelName: ours.bytesByLabelName,
      seriesCountByLabelValuePair: ours.seriesByLabelPair,
    };
    for (const [name, list] of Object.entries(lists)) {
      const sorted = (entries: readonly object[]) => entries.map((entry) => JSON.stringify(entry)).sort();
      expect(sorted(list), name).toEqual(sorted(theirs[name] as object[]));
    }
  } finally {
    await real.stop();
  }
}

const readAll = (real: RealPrometheus) => remoteRead(real.url, '.+', 0, start + 100 * HOUR);

function blockRanges(from = data): number[][] {
  return readdirSync(from)
    .filter((name) => name.length === 26)
    .map((name) => readBlockMeta(join(from, name)))
    .map(({ minTime, maxTime }) => [minTime, maxTime])
    .sort((a, b) => a[0] - b[0]);
}

describeWith("a directory that tsmon's database wrote", { prometheus, promtool }, () => {
  it('opens in Prometheus without a complaint, and says the same there and in promtool', async () => {
    const db = await open();
    await feed(db, start, start + 9 * HOUR);
    // Where a block of late samples reaches into the head's time, promtool (not Prometheus) shows nothing of the head.
    await feed(db, start + 9 * HOUR, start + 14 * HOUR, false);
    const counter = new Matcher('=', '__name__', 'counter');
    expect(await db.delete([counter], start + 3 * HOUR, start + 4 * HOUR)).toBeGreaterThan(0);
    expect(await db.delete([counter], start + 13.5 * HOUR, start + 13.6 * HOUR)).toBe(1);
    const expected = await own(db);
    expect(expected.get('counter{job="test"}')!.length).toBe(14 * 60 - 61 - 7);
    expect(expected.get('native{job="test"}')!.length).toBeGreaterThan(14 * 60 + 50);
    await db.close();
    expect(blockRanges().length).toBeGreaterThan(2);
    expect(readdirSync(join(data, 'wal')).some((name) => name.startsWith('checkpoint'))).toBe(true);

    const theirs = promtoolDump(promtool!, data);
    const ours = await dumpOf(data);
    expect([...theirs.keys()].sort()).toEqual([...ours.keys()].sort());
    for (const [name, samples] of theirs) {
      // promtool passes over the first histograms of a series, looking for floats.
      const some = [...ours.get(name)!].slice(
        name.includes('native') ? ours.get(name)!.size - samples.size : 0,
      );
      expect(ours.get(name)!.size - samples.size).toBeLessThanOrEqual(name.includes('native') ? 2 : 0);
      expect(some, name).toEqual([...samples]);
    }

    const real = await RealPrometheus.start(prometheus!, dir);
    try {
      expect(real.complaints).toEqual([]);
      expectSame(expected, await readAll(real));
      const exemplars = await real.get('query_exemplars', {
        query: 'counter',
        start: String(start / 1000 + 13 * 3600),
        end: String(start / 1000 + 14 * 3600),
      });
      // Exemplars are kept only where that feature is on; the request is fine either way.
      expect(exemplars).toBeDefined();
    } finally {
      await real.stop();
    }
    const again = await open();
    expectSame(await own(again), expected);
    await expectSameStatus(again);
    await again.close();
  });

  it('after a death in the middle of everything opens in Prometheus, with all there was', async () => {
    const db = await open({ chunkFileBytes: 30_000 });
    await feed(db, start, start + 9.5 * HOUR);
    const expected = await own(db);
    // No close: the locks and descriptors of this process stay, but nobody minds a file that was removed.
    rmSync(join(data, 'lock'));
    const real = await RealPrometheus.start(prometheus!, dir);
    try {
      // A Prometheus that dies leaves the same behind, and says no more than this of it.
      expect(real.complaints.filter((line) => !/mmapped|m-mapped|on-disk chunks/i.test(line))).toEqual([]);
      expectSame(expected, await readAll(real));
    } finally {
      await real.stop();
      await db.close().catch(() => {});
    }
  });

  it('is written by Prometheus and tsmon in turns, and nothing is lost', async () => {
    const config = 'storage: { tsdb: { out_of_order_time_window: 3h } }\n';
    const gauge = new Matcher('=', '__name__', 'native_float');
    let t = start;
    let expected: RawSeries = new Map();
    let deleted = 0;
    for (let round = 0; round < 8; round++) {
      const db = await open();
      expectSame(await own(db), expected);
      await feed(db, t, t + HOUR);
      t += HOUR;
      // Three samples of the last hour, in the head; and the next time of the hours before, in blocks.
      deleted += 3;
      expect(await db.delete([gauge], t - 30 * STEP, t - 28 * STEP)).toBe(1);
      if (round === 5) await db.cleanTombstones();
      expected = await own(db);
      await db.close();
      // Every other time it leaves a snapshot of its head, with exemplars, which the log then goes beyond.
      const features = '--enable-feature=memory-snapshot-on-shutdown,exemplar-storage';
      const real = await RealPrometheus.start(prometheus!, dir, config, round % 2 === 0 ? [features] : []);
      try {
        expect(real.complaints).toEqual([]);
        expectSame(expected, await readAll(real));
        for (const end = t + 0.7 * HOUR; t < end; t += STEP) await real.write(asRemote(samplesAt(t)));
        const range = { start: String((t - 5 * STEP) / 1000), end: String((t - 4 * STEP) / 1000) };
        await real.get('admin/tsdb/delete_series', { 'match[]': 'native_float', ...range }, 'POST');
        deleted += 2;
        expected = await readAll(real);
        expectSame(await ownDirectory(data), expected);
      } finally {
        await real.stop();
      }
      if (round % 2 === 0)
        expect(readdirSync(data).some((name) => name.startsWith('chunk_snapshot'))).toBe(true);
    }
    // What was lost on both sides alike would not show above.
    const steps = (t - start) / STEP;
    expect(expected.get('counter{job="test"}')!.length).toBe(steps);
    expect(expected.get('native_float{job="test"}')!.length).toBe(steps - deleted);
    expect(blockRanges().length).toBeGreaterThan(2);
    expect(blockRanges().some(([mint, maxt]) => maxt - mint > 2 * HOUR)).toBe(true);
    const listed = spawnSync(promtool!, ['tsdb', 'list', data], { encoding: 'utf8' });
    expect(listed.status).toBe(0);
    expect(listed.stdout.split('\n').filter((line) => /^[0-9A-Z]{26} /.test(line)).length).toBe(
      blockRanges().length,
    );
    const analyzed = spawnSync(promtool!, ['tsdb', 'analyze', data], { encoding: 'utf8' });
    expect(analyzed.stderr).toBe('');
    expect(analyzed.stdout).toMatch(/Total Series: \d+/);
  }, 240_000);
});

function asRemote(samples: [Labels, number, Value][]): RemoteSeries[] {
  const all = samples.map(([labels, t, v]): RemoteSeries => {
    if (typeof v === 'object') return { labels, histograms: [{ t, h: v }] };
    return { labels, samples: [{ t, v: v === 'stale' ? 0 : v }] };
  });
  return all;
}
