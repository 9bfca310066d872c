/**
 * Alerts over a restart: a real Prometheus is stopped and started again, and our manager goes on with the same data at
 * the same times. What both then write of each alert is compared.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isStale, Matcher, SampleColumns } from '../../src/core/model/index.ts';
import { groupPhaseMs, parseRuleFile, RuleManager } from '../../src/core/rules/index.ts';
import { DirectorySource } from '../../src/core/source/directory.ts';
import { MemorySource } from '../../src/core/source/memory.ts';
import { MemoryAppender } from '../../src/core/source/memory-appender.ts';
import { mergeSources } from '../../src/core/source/merge.ts';
import type { Source } from '../../src/core/source/source.ts';
import { HandClock } from '../core/discovery/clock.ts';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus } from './prometheus.ts';

const INTERVAL_MS = 2000;
const GRACE_MS = 8000;
/** Their condition always holds. `for` is shorter than the grace period; long over; nearly over; far from over. */
const RULES = `groups:
- name: g
  rules:
  - {record: 'tick', expr: 'vector(time())'}
  - {alert: Short, expr: 'vector(1)', for: 6s}
  - {alert: Fired, expr: 'vector(1)', for: 12s}
  - {alert: Nearly, expr: 'vector(1)', for: 30s}
  - {alert: Far, expr: 'vector(1)', for: 50s}
  - {alert: At once, expr: 'vector(1)'}
`;

/** What is known of an alert in the time after the restart. */
interface Course {
  /** Milliseconds after the first evaluation. */
  firstWritten: number;
  firedFrom: number | undefined;
  /** Seconds, when it was written last. */
  activeAt: number;
}

describeWith('alerts over a restart', { prometheus: peer('prometheus') }, () => {
  let dir: string;
  let before: string;
  let after: string;
  let path: string;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tsmon-restart-'));
    path = join(dir, 'rules.yml');
    writeFileSync(path, RULES);
    const config = `global: {evaluation_interval: 2s}\nrule_files: [${path}]\n`;
    const flags = [
      `--rules.alert.for-grace-period=${GRACE_MS}ms`,
      '--rules.alert.for-outage-tolerance=5m',
      '--storage.tsdb.no-lockfile',
    ];
    const first = await RealPrometheus.start(peer('prometheus')!, dir, config, flags);
    await sleep(28_000);
    await first.stop();
    before = join(dir, 'before');
    cpSync(first.data, before, { recursive: true });
    await sleep(6000);
    const second = await RealPrometheus.start(peer('prometheus')!, dir, config, flags);
    await sleep(44_000);
    await second.stop();
    after = second.data;
  }, 180_000);

  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('go on as they do in Prometheus', async () => {
    const stopped = new DirectorySource(before);
    const going = new DirectorySource(after);
    const [tick] = await samplesOf(going, 'tick', 0);
    const lastBefore = (await samplesOf(stopped, 'tick', 0))[0].times.at(-1)!;
    const firstAfter = tick.times.find((t) => t > lastBefore)!;
    const end = tick.times.at(-1)!;

    const clock = new HandClock(firstAfter - 1);
    const written = new MemorySource();
    const manager = new RuleManager({
      clock,
      source: () => unclosed(mergeSources([stopped, written])),
      appender: () => new MemoryAppender(written),
      send: () => {},
      restore: { graceMs: GRACE_MS, outageToleranceMs: 300_000 },
    });
    await manager.load([parseRuleFile(RULES, path)], { intervalMs: INTERVAL_MS });
    expect(firstAfter % INTERVAL_MS).toBe(groupPhaseMs(path, 'g', INTERVAL_MS));
    manager.start();
    await clock.advance(end - firstAfter + 2);
    await manager.stop();

    const real = await courses(going, firstAfter);
    const ours = await courses(written, firstAfter);
    expect([...ours.keys()].sort()).toEqual(['At once', 'Far', 'Fired', 'Nearly', 'Short']);
    for (const [name, course] of ours) {
      const expected = real.get(name)!;
      expect(course.firstWritten, name).toBe(expected.firstWritten);
      // Prometheus restores by its clock, a while after the time of the evaluation.
      expect(Math.abs(course.activeAt - expected.activeAt), `${name} is active since`).toBeLessThanOrEqual(2);
      expect(course.firedFrom === undefined, name).toBe(expected.firedFrom === undefined);
      const late = Math.abs((course.firedFrom ?? 0) - (expected.firedFrom ?? 0));
      expect(late, `${name} fires at ${course.firedFrom}, ${expected.firedFrom}`).toBeLessThanOrEqual(
        INTERVAL_MS,
      );
    }
    expect(ours.get('Far')!.activeAt).toBeGreaterThan((await courses(stopped, 0)).get('Far')!.activeAt);
    await stopped.close();
    await going.close();
  });
});

async function courses(source: Source, from: number): Promise<Map<string, Course>> {
  const found = new Map<string, Course>();
  for (const { name, times, values } of await samplesOf(source, 'ALERTS_FOR_STATE', from)) {
    found.set(name, { firstWritten: times[0] - from, firedFrom: undefined, activeAt: values.at(-1)! });
  }
  for (const { name, state, times } of await samplesOf(source, 'ALERTS', from)) {
    if (state === 'firing') found.get(name)!.firedFrom = times[0] - from;
  }
  return found;
}

/** Samples from `from` (ms) on, without stale markers, of the series that have any. */
async function samplesOf(source: Source, metric: string, from: number) {
  const set = await source.select([new Matcher('=', '__name__', metric)], {
    mint: from,
    maxt: Number.MAX_SAFE_INTEGER,
  });
  const found: { name: string; state: string; times: number[]; values: number[] }[] = [];
  for (let i = 0; i < set.length; i++) {
    const columns = new SampleColumns();
    set.read(i, columns);
    const rows = Array.from({ length: columns.length }, (_, row) => row).filter(
      (row) => columns.t[row] >= from && !isStale(columns.v, row),
    );
    if (rows.length === 0) continue;
    const labels = set.labels(i);
    found.push({
      name: labels.get('alertname'),
      state: labels.get('alertstate'),
      times: rows.map((row) => columns.t[row]),
      values: rows.map((row) => columns.v[row]),
    });
  }
  return found;
}

/** Rules close their source after each evaluation. */
function unclosed(source: Source): Source {
  return new Proxy(source, {
    get: (target, key) => (key === 'close' ? async () => {} : Reflect.get(target, key).bind(target)),
  });
}
