import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Registry } from '../../../src/core/instrument/index.ts';
import { type Labels, labelsFromObject, Matcher, SampleColumns } from '../../../src/core/model/index.ts';
import { isStale } from '../../../src/core/model/value.ts';
import { parseRelabelRules } from '../../../src/core/relabel/index.ts';
import { type ScrapeConfig, ScrapeManager } from '../../../src/core/scrape/index.ts';
import { MemorySource } from '../../../src/core/source/index.ts';
import { MemoryAppender } from '../../../src/core/source/memory-appender.ts';
import { HandClock, settled } from '../discovery/clock.ts';
import { FakeNetwork, job, staticTargets } from './job.ts';

const START = 1_700_000_000_000;

class Stage {
  readonly clock = new HandClock(START);
  readonly network = new FakeNetwork();
  readonly source = new MemorySource();
  readonly registry = new Registry();
  readonly trouble: string[] = [];
  opened = 0;
  readonly manager = new ScrapeManager({
    clock: this.clock,
    store: { appender: () => new MemoryAppender(this.source) },
    openClient: () => {
      this.opened++;
      return this.network;
    },
    discovery: { openClient: () => this.network, env: {} },
    registry: this.registry,
    onTrouble: (message) => this.trouble.push(message),
  });

  async apply(...configs: ScrapeConfig[]): Promise<void> {
    this.manager.apply(configs);
    await settled();
  }

  /** The values of a series in time order, `stale` for markers. */
  async values(name: string, labels: Record<string, string> = {}): Promise<string[]> {
    return (await this.samples(name, labels)).map(({ v }) => v);
  }

  async samples(name: string, labels: Record<string, string> = {}): Promise<{ t: number; v: string }[]> {
    const matchers = Object.entries({ __name__: name, ...labels }).map(([n, v]) => new Matcher('=', n, v));
    const set = await this.source.select(matchers, { mint: 0, maxt: Number.MAX_SAFE_INTEGER });
    const found: { t: number; v: string }[] = [];
    for (let i = 0; i < set.length; i++) {
      const columns = new SampleColumns();
      set.read(i, columns);
      for (let row = 0; row < columns.length; row++) {
        found.push({ t: columns.t[row], v: isStale(columns.v, row) ? 'stale' : String(columns.v[row]) });
      }
    }
    return found.sort((a, b) => a.t - b.t);
  }

  metric(name: string): number {
    const family = this.registry.collect().find((candidate) => candidate.name === name);
    return family === undefined ? Number.NaN : family.samples.reduce((sum, { v }) => sum + v, 0);
  }
}

let stage: Stage;
const stages: Stage[] = [];
function begin(): Stage {
  stage = new Stage();
  stages.push(stage);
  return stage;
}

afterEach(async () => {
  for (const each of stages.splice(0)) await each.manager.stop();
});

describe('ScrapeManager', () => {
  it('scrapes every target at its own moment of the interval, on the millisecond', async () => {
    const { clock, network } = begin();
    for (let i = 1; i <= 20; i++) network.bodies.set(`h${i}:1`, `m ${i}\n`);
    await stage.apply(job({ discovery: [staticTargets(...network.bodies.keys())] }));
    await clock.advance(100_000);
    const moments = new Set<number>();
    for (let i = 1; i <= 20; i++) {
      const samples = await stage.samples('m', { instance: `h${i}:1`, job: 'j' });
      expect(samples).toHaveLength(10);
      moments.add(samples[0].t % 10_000);
      for (let k = 1; k < 10; k++) expect(samples[k].t - samples[k - 1].t).toBe(10_000);
    }
    expect(moments.size).toBeGreaterThan(15);
    expect(network.requests[0].timeoutMs).toBe(5000);
  });

  it('shows targets, dropped ones and metadata', async () => {
    const { clock, network, manager } = begin();
    network.bodies.set('a:1', '# HELP m Help.\n# TYPE m counter\nm 1\n');
    await stage.apply(
      job({
        discovery: [staticTargets('a:1', 'b:1', 'c:1', 'd:1')],
        keepDroppedTargets: 1,
        relabelConfigs: parseRelabelRules([
          { source_labels: ['__address__'], regex: '[cd]:1', action: 'drop' },
        ]),
      }),
      job({ jobName: 'other' }),
    );
    await clock.advance(10_000);
    expect(manager.pools).toEqual(['j', 'other']);
    const [a, b] = manager.activeTargets();
    expect(a).toMatchObject({
      scrapePool: 'j',
      scrapeUrl: 'http://a:1/metrics',
      health: 'up',
      lastError: '',
    });
    expect(a.labels).toEqual(labelsFromObject({ instance: 'a:1', job: 'j' }));
    expect(a.discoveredLabels.get('__scrape_interval__')).toBe('10s');
    expect(b).toMatchObject({ health: 'down', lastError: 'connection refused' });
    expect(manager.activeTargets('other')).toEqual([]);
    expect(
      manager.droppedTargets().map(({ discoveredLabels }) => discoveredLabels.get('__address__')),
    ).toEqual(['c:1']);
    expect(manager.droppedCounts().get('j')).toBe(2);
    const all = (labels: Labels) => labels.has('job');
    expect(manager.targetMetadata(all, 'm')).toEqual([
      { target: a.labels, metric: 'm', type: 'counter', help: 'Help.', unit: '' },
    ]);
    expect(stage.metric('prometheus_target_scrape_pools_total')).toBe(2);
    expect(stage.metric('prometheus_target_scrape_pool_targets')).toBe(2);
    expect(stage.metric('prometheus_target_metadata_cache_entries')).toBe(1);
  });

  it('ends the series of a target that is gone, two intervals later and at the time of its next tick', async () => {
    const { clock, network } = begin();
    network.bodies.set('a:1', 'm 1\n');
    await stage.apply(job({ discovery: [staticTargets('a:1')] }));
    await clock.advance(20_000);
    await stage.apply(job({ discovery: [] }));
    await clock.advance(15_000);
    expect(await stage.values('m')).toEqual(['1', '1']);
    await clock.advance(10_000);
    expect(await stage.values('m')).toEqual(['1', '1', 'stale']);
    expect(await stage.values('up')).toEqual(['1', '1', 'stale']);
    const [, last, stale] = await stage.samples('m');
    expect(stale.t - last.t).toBe(10_000);
    await clock.advance(100_000);
    expect(await stage.values('up')).toEqual(['1', '1', 'stale']);
  });

  it('ends the series of a job that is gone, and of none when it stops', async () => {
    const { clock, network, manager } = begin();
    network.bodies.set('a:1', 'm 1\n');
    const other = job({ jobName: 'k', discovery: [staticTargets('a:1')] });
    await stage.apply(job({ discovery: [staticTargets('a:1')] }), other);
    await clock.advance(10_000);
    await stage.apply(other);
    await clock.advance(30_000);
    expect(await stage.values('up', { job: 'j' })).toEqual(['1', 'stale']);
    await manager.stop();
    await clock.advance(30_000);
    expect(await stage.values('up', { job: 'k' })).toEqual(['1', '1', '1', '1']);
  });

  it('goes on with a target, or a job, that comes back in time', async () => {
    const { clock, network } = begin();
    network.bodies.set('a:1', 'm 1\n');
    const config = job({ discovery: [staticTargets('a:1')] });
    await stage.apply(config);
    await clock.advance(10_000);
    await stage.apply(job());
    await clock.advance(4000);
    await stage.apply(config);
    await clock.advance(6000);
    await stage.apply();
    await clock.advance(4000);
    await stage.apply(config);
    await clock.advance(46_000);
    expect(await stage.values('up')).not.toContain('stale');
    expect((await stage.values('up')).length).toBeGreaterThanOrEqual(6);
    expect(stage.metric('prometheus_target_scrape_pools_total')).toBe(1);
  });

  it('keeps the loop of a target that moves to another group', async () => {
    const { clock, network } = begin();
    network.bodies.set('a:1', 'm 1\n');
    await stage.apply(job({ discovery: [staticTargets('a:1', 'b:1')] }));
    await clock.advance(10_000);
    await stage.apply(job({ discovery: [staticTargets('b:1'), staticTargets('a:1', 'c:1')] }));
    await clock.advance(50_000);
    expect(await stage.values('up', { instance: 'a:1' })).toEqual(Array(6).fill('1'));
    expect(await stage.values('scrape_series_added', { instance: 'a:1' })).toEqual([
      '1',
      '0',
      '0',
      '0',
      '0',
      '0',
    ]);
  });

  it('makes one of targets that are the same', async () => {
    const { clock, network, manager } = begin();
    network.bodies.set('a:1', 'm 1\n');
    await stage.apply(job({ discovery: [staticTargets('a:1', 'a:1'), staticTargets('a:1')] }));
    await clock.advance(10_000);
    expect(manager.activeTargets()).toHaveLength(1);
    expect(network.requests).toHaveLength(1);
  });

  describe('with other settings', () => {
    it('touches nothing of jobs that stay the same', async () => {
      const { clock } = begin();
      await stage.apply(job({ discovery: [staticTargets('a:1')] }));
      await clock.advance(10_000);
      await stage.apply(job({ discovery: [staticTargets('a:1')] }));
      expect(stage.opened).toBe(1);
      expect(stage.metric('prometheus_target_scrape_pool_reloads_total')).toBe(0);
    });

    it('never lets up flap, whatever changes, and finishes the scrape under way', async () => {
      const { clock, network } = begin();
      network.bodies.set('a:1', 'm 1\nn 1\n');
      const discovery = [staticTargets('a:1')];
      await stage.apply(job({ discovery }));
      await clock.advance(10_000);
      const { http } = job();
      const variants: Partial<ScrapeConfig>[] = [
        { honorLabels: true },
        { scrapeIntervalMs: 5000 },
        { scrapeTimeoutMs: 1000 },
        { http: { ...http, followRedirects: false } },
        { sampleLimit: 10 },
        { scrapeIntervalMs: 20_000 },
        { metricRelabelConfigs: parseRelabelRules([{ target_label: 'x', replacement: 'y' }]) },
      ];
      for (const variant of variants) {
        let open = () => {};
        network.gate = new Promise((resolve) => {
          open = resolve;
        });
        await clock.advance(9000);
        await stage.apply(job({ discovery, ...variant }));
        await clock.advance(1000);
        open();
        network.gate = Promise.resolve();
        await clock.advance(60_000);
      }
      const values = await stage.values('up');
      expect(values.length).toBeGreaterThan(40);
      expect(new Set(values)).toEqual(new Set(['1']));
      expect(stage.manager.activeTargets()[0].health).toBe('up');
      // The client of the job was replaced where its settings changed, and there and back.
      expect(stage.opened).toBe(3);
      expect(network.closed).toBe(2);
    });

    it('takes up a shorter interval at once, and says how long that took', async () => {
      const { clock, registry } = begin();
      const discovery = [staticTargets('a:1')];
      await stage.apply(job({ discovery, scrapeIntervalMs: 3_600_000 }));
      await stage.apply(job({ discovery, scrapeIntervalMs: 10_000 }));
      await clock.advance(60_000);
      expect(await stage.values('up')).toHaveLength(6);
      const reloads = registry
        .collect()
        .find(({ name }) => name === 'prometheus_target_reload_length_seconds');
      const count = reloads!.samples.find(({ labels }) => labels.get('__name__').endsWith('_count'));
      expect([count?.labels.get('interval'), count?.v]).toEqual(['10s', 1]);
    });

    it('ends series that other rules drop, and only those', async () => {
      const { clock, network } = begin();
      network.bodies.set('a:1', 'm 1\nn 1\n');
      const discovery = [staticTargets('a:1')];
      await stage.apply(job({ discovery }));
      await clock.advance(10_000);
      const rules = [{ source_labels: ['__name__'], regex: 'n', action: 'drop' }];
      await stage.apply(job({ discovery, metricRelabelConfigs: parseRelabelRules(rules) }));
      await clock.advance(20_000);
      expect(await stage.values('m')).toEqual(['1', '1', '1']);
      expect(await stage.values('n')).toEqual(['1', 'stale']);
    });
  });

  it('fails all targets of a job that has too many, without asking them, until it has fewer', async () => {
    const { clock, network, manager } = begin();
    for (const host of ['a:1', 'b:1', 'c:1']) network.bodies.set(host, 'm 1\n');
    await stage.apply(job({ targetLimit: 2, discovery: [staticTargets('a:1', 'b:1', 'c:1')] }));
    await clock.advance(10_000);
    expect(network.requests).toEqual([]);
    expect(await stage.values('up')).toEqual(['0', '0', '0']);
    expect(manager.activeTargets()[0].lastError).toBe(
      'target_limit exceeded (number of targets: 3, limit: 2)',
    );
    expect(stage.metric('prometheus_target_scrape_pool_exceeded_target_limit_total')).toBe(1);
    await stage.apply(job({ targetLimit: 3, discovery: [staticTargets('a:1', 'b:1', 'c:1')] }));
    await clock.advance(10_000);
    expect(manager.activeTargets().map(({ health }) => health)).toEqual(['up', 'up', 'up']);
  });

  it('has a target down whose URL leads nowhere, as Prometheus does', async () => {
    const { clock, network } = begin();
    const rules = [
      { source_labels: ['__address__'], regex: 'b:1', target_label: '__address__', replacement: 'a b' },
      { source_labels: ['__address__'], regex: 'c:1', target_label: '__scheme__', replacement: 'ftp' },
    ];
    const discovery = [staticTargets('b:1', 'c:1')];
    await stage.apply(job({ relabelConfigs: parseRelabelRules(rules), discovery }));
    await clock.advance(10_000);
    expect(await stage.values('up')).toEqual(['0', '0']);
    expect(stage.manager.activeTargets().map(({ lastError }) => lastError)).toEqual([
      '"http://a b/metrics" is not a valid URL',
      'scheme "ftp" is not supported: only http and https can be scraped',
    ]);
    expect(network.requests).toEqual([]);
  });

  it('says once what is wrong with a target that cannot be made', async () => {
    begin();
    await stage.apply(job({ discovery: [staticTargets('a:1', 'b/c')] }));
    expect(stage.trouble).toEqual([
      'j: a target of group 0 cannot be scraped: "b/c" is not a valid hostname',
    ]);
    expect(stage.metric('prometheus_target_sync_failed_total')).toBe(1);
  });

  it('adds the extra series where they are asked for', async () => {
    const { clock, network } = begin();
    network.bodies.set('a:1', 'm 1\n');
    await stage.apply(job({ extraScrapeMetrics: true, sampleLimit: 7, discovery: [staticTargets('a:1')] }));
    await clock.advance(10_000);
    expect(await stage.values('scrape_timeout_seconds')).toEqual(['5']);
    expect(await stage.values('scrape_sample_limit')).toEqual(['7']);
    expect(await stage.values('scrape_body_size_bytes')).toEqual(['4']);
  });

  it('converts the classic histograms of the targets whose labels ask for it', async () => {
    const { clock, network } = begin();
    const histogram = [
      '# TYPE h histogram',
      'h_bucket{le="1"} 1',
      'h_bucket{le="+Inf"} 2',
      'h_sum 3',
      'h_count 2',
    ];
    for (const host of ['a:1', 'b:1']) network.bodies.set(host, histogram.join('\n').concat('\n'));
    const rule = {
      source_labels: ['__address__'],
      regex: 'a:1',
      target_label: '__convert_classic_histograms_to_nhcb__',
      replacement: 'true',
    };
    await stage.apply(
      job({ relabelConfigs: parseRelabelRules([rule]), discovery: [staticTargets('a:1', 'b:1')] }),
    );
    await clock.advance(10_000);
    expect(await stage.values('h_count', { instance: 'a:1' })).toEqual([]);
    expect(await stage.values('h_count', { instance: 'b:1' })).toEqual(['2']);
  });

  it('counts scrapes that exceed a limit', async () => {
    const { clock, network } = begin();
    network.bodies.set('a:1', 'm 1\nn 2\n');
    await stage.apply(job({ sampleLimit: 1, discovery: [staticTargets('a:1')] }));
    await clock.advance(20_000);
    expect(stage.metric('prometheus_target_scrapes_exceeded_sample_limit_total')).toBe(2);
    expect(await stage.values('up')).toEqual(['0', '0']);
    expect(await stage.values('m')).toEqual([]);
  });

  it('says how far apart scrapes are', async () => {
    const { clock } = begin();
    await stage.apply(job({ discovery: [staticTargets('a:1')] }));
    await clock.advance(50_000);
    const family = stage.registry
      .collect()
      .find(({ name }) => name === 'prometheus_target_interval_length_seconds');
    expect(
      family!.samples.map(({ labels, v }) => [labels.get('interval'), labels.get('quantile'), v]),
    ).toEqual([
      ...['0.01', '0.05', '0.5', '0.9', '0.99'].map((quantile) => ['10s', quantile, 10]),
      ['10s', '', 40],
      ['10s', '', 4],
    ]);
  });

  it('writes failed scrapes into a log of their own', async () => {
    const { clock } = begin();
    const dir = mkdtempSync(join(tmpdir(), 'tsmon-failures-'));
    const scrapeFailureLogFile = join(dir, 'failures.log');
    await stage.apply(job({ scrapeFailureLogFile, discovery: [staticTargets('a:1')] }));
    await clock.advance(20_000);
    await stage.manager.stop();
    const lines = await vi.waitFor(() => {
      const written = readFileSync(scrapeFailureLogFile, 'utf8').trim().split('\n');
      expect(written).toHaveLength(2);
      return written;
    }, 10_000);
    expect(JSON.parse(lines[0])).toMatchObject({
      level: 'ERROR',
      msg: 'connection refused',
      job_name: 'j',
      target: 'http://a:1/metrics',
    });
    rmSync(dir, { recursive: true });
  });
});
