/**
 * Rules evaluated by a real Prometheus while it scrapes a real node_exporter, and the same rules on what it has stored:
 * the same series at the same times with the same values, stale markers included.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EMPTY_LABELS, isStale, SampleColumns } from '../../src/core/model/index.ts';
import { Matcher } from '../../src/core/model/matcher.ts';
import {
  backfill,
  groupPhaseMs,
  parseRuleFile,
  type RuleFile,
  RuleHistory,
} from '../../src/core/rules/index.ts';
import { DirectorySource } from '../../src/core/source/directory.ts';
import type { SampleRows } from '../../src/core/source/memory.ts';
import { describeWith, peer } from '../peers.ts';
import { freePort, RealPrometheus } from './prometheus.ts';

/** What is scraped must be stored before rules look at it, on a busy machine too: those that do look back. */
const RULES = `groups:
- name: node
  query_offset: 6s
  rules:
  - {record: 'cpu:busy:rate10s', expr: 'sum by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[10s]))'}
  - {record: 'cpu:busy:max', expr: 'max_over_time(sum without (mode) (cpu:busy:rate10s)[10s:1s])', labels: {source: chain}}
  - {alert: Up, expr: 'up == 1', for: 8s, labels: {severity: page}, annotations: {summary: '{{ $labels.instance }} is up'}}
  - {alert: Load, expr: 'node_load1 >= 0', labels: {job: '{{ $labels.job }}-{{ $labels.instance }}'}}
  - {record: 'node:count', expr: 'count({__name__=~"node_.*"})'}
- name: flapping
  rules:
  - {record: 'phase', expr: 'floor(vector(time())) % 24'}
  - {alert: Flap, expr: 'phase < 12'}
  - {alert: Waits, expr: 'phase < 18', for: 6s}
  - {alert: Keeps, expr: 'phase < 8', for: 2s, keep_firing_for: 10s}
  - {alert: Valued, expr: 'phase < 12', labels: {at: '{{ $value }}'}}
  - {record: 'firing', expr: 'count by (alertname) (ALERTS{alertstate="firing", alertname!~"Up|Load"})'}
  - {record: 'later', expr: 'total'}
  - {record: 'total', expr: 'total + 1 or vector(0)'}
- name: limited
  limit: 2
  rules:
  - {record: 'some', expr: 'label_replace(vector(1), "x", "a", "", "") or (label_replace(vector(1), "x", "b", "", "") and on () vector(1)) or (label_replace(floor(vector(time())) % 12 > 6, "x", "c", "", ""))'}
  - {alert: Some, expr: 'label_replace(vector(1), "x", "a", "", "") or label_replace(vector(1), "x", "b", "", "") or label_replace(floor(vector(time())) % 12 > 6, "x", "c", "", "")', for: 4s}
- name: slow
  interval: 4s
  rules:
  - {alert: Mean, expr: 'avg_over_time(phase[10s] offset 6s) > 10', for: 4s}
`;

const SECONDS = 75;
const INTERVAL_MS = 2000;
/** How much earlier than their evaluation the samples of some groups are. */
const OFFSET_MS = 6000;
/** A Prometheus that got no CPU for a while has left out evaluations, which nobody can know afterwards: another one tries. */
const ATTEMPTS = 3;

describeWith(
  'rules of a running Prometheus',
  { prometheus: peer('prometheus'), 'prometheus-node-exporter': peer('prometheus-node-exporter') },
  () => {
    let dir: string;
    let data: string;
    let file: RuleFile;
    let exporter: ChildProcess | undefined;
    let range = { start: 0, end: 0 };

    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), 'tsmon-rules-'));
      const port = await freePort();
      exporter = spawn(peer('prometheus-node-exporter')!, [
        `--web.listen-address=127.0.0.1:${port}`,
        '--collector.disable-defaults',
        '--collector.cpu',
        '--collector.loadavg',
        '--collector.meminfo',
      ]);
      const path = join(dir, 'rules.yml');
      writeFileSync(path, RULES);
      const config = `global: {scrape_interval: 1s, evaluation_interval: 2s}
rule_files: [${path}]
scrape_configs: [{job_name: node, static_configs: [{targets: ['127.0.0.1:${port}']}]}]
`;
      let missed = 1;
      for (let attempt = 1; missed > 0 && attempt <= ATTEMPTS; attempt++) {
        const own = join(dir, String(attempt));
        mkdirSync(own);
        const prometheus = await RealPrometheus.start(peer('prometheus')!, own, config);
        await sleep(SECONDS * 1000);
        data = prometheus.data;
        missed = await missedIterations(prometheus);
        await prometheus.stop();
      }
      expect(missed).toBe(0);
      file = parseRuleFile(RULES, path);
      expect(file.errors).toEqual([]);
      range = await rangeOf(data);
    }, 400_000);

    afterAll(() => {
      exporter?.kill();
      rmSync(dir, { recursive: true, force: true });
    });

    const options = () => ({
      externalLabels: EMPTY_LABELS,
      externalUrl: '',
      intervalMs: INTERVAL_MS,
      phaseMs: ({ file: of, group }: { file: string; group: { name: string } }, intervalMs: number) =>
        groupPhaseMs(of, group.name, intervalMs),
    });

    it('are evaluated alike', async () => {
      const source = new DirectorySource(data);
      const real = await outputsOf(source, range);
      expect(real.length).toBeGreaterThan(400);
      const ours: string[] = [];
      const history = new RuleHistory([file], source, options());
      await history.play(range.start, range.end + OFFSET_MS, {
        samples: (_, labels, columns) => ours.push(...lines(labels.toString(), columns, range)),
      });
      await source.close();
      expect(ours.sort()).toEqual(real);
    });

    it('are backfilled alike', async () => {
      const source = new DirectorySource(data);
      const to = join(dir, 'backfilled');
      mkdirSync(to);
      const made = await backfill([file], source, to, range.start, range.end + OFFSET_MS, {
        ...options(),
        blockRange: 7_200_000,
      });
      expect(made.samples).toBeGreaterThan(400);
      const written = new DirectorySource(to);
      expect(await outputsOf(written, range)).toEqual(await outputsOf(source, range));
      await written.close();
      const again = await backfill([file], source, to, range.start, range.end + OFFSET_MS, {
        ...options(),
        blockRange: 7_200_000,
      });
      expect(again).toMatchObject({ samples: 0, known: made.samples, blocks: [] });
      await source.close();
    });
  },
);

const OUTPUTS = [
  new Matcher('=~', '__name__', 'ALERTS|ALERTS_FOR_STATE|cpu:.*|node:count|phase|firing|later|total|some'),
];

async function missedIterations(prometheus: RealPrometheus): Promise<number> {
  const text = await (await fetch(`${prometheus.url}/metrics`)).text();
  const counts = text.matchAll(/^prometheus_rule_group_iterations_missed_total\{.*\} (\S+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** From a while after the first evaluation (two more pass before states are written) to the end. */
async function rangeOf(data: string): Promise<{ start: number; end: number }> {
  const source = new DirectorySource(data);
  const set = await source.select([new Matcher('=', '__name__', 'phase')], {
    mint: 0,
    maxt: Number.MAX_SAFE_INTEGER,
  });
  const columns = new SampleColumns();
  set.read(0, columns);
  // A rule over its limit clears its alerts without a word in the data: where they were cleared just before, nobody can
  // tell. Three seconds into the twelve of `Some` they have been there for a while.
  let start = columns.t[0] + 20_000;
  while (Math.floor(start / 1000) % 12 !== 3) start += 500;
  const range = {
    start,
    end: columns.t[columns.length - 1] - OFFSET_MS - 2 * INTERVAL_MS,
  };
  await source.close();
  return range;
}

async function outputsOf(source: DirectorySource, range: { start: number; end: number }): Promise<string[]> {
  const set = await source.select(OUTPUTS, { mint: range.start - INTERVAL_MS, maxt: range.end });
  const found: string[] = [];
  for (let i = 0; i < set.length; i++) {
    const columns = new SampleColumns();
    set.read(i, columns);
    found.push(...lines(set.labels(i).toString(), columns, range));
  }
  return found.sort();
}

function lines(
  labels: string,
  { t, v, length }: SampleRows,
  { start, end }: { start: number; end: number },
): string[] {
  const found: string[] = [];
  for (let row = 0; row < length; row++) {
    if (t[row] < start || t[row] > end) continue;
    found.push(`${labels} @${t[row]} ${isStale(v, row) ? 'stale' : Number(v[row].toPrecision(12))}`);
  }
  return found;
}
