import { describe, expect, it } from 'vitest';
import { labelsFromObject } from '../../../src/core/model/index.ts';
import { parseRelabelRules } from '../../../src/core/relabel/index.ts';
import {
  discoveredLabels,
  offsetSeed,
  type PoolTarget,
  type ScrapeConfig,
  scrapeOffsetMs,
  targetFrom,
  targetHash,
} from '../../../src/core/scrape/index.ts';
import { job } from './job.ts';

function made(labels: Record<string, string>, config: ScrapeConfig = job(), group = {}) {
  const target = labelsFromObject({ __address__: 'h:1', ...labels });
  return targetFrom(discoveredLabels(target, labelsFromObject(group), config), config);
}

function active(labels: Record<string, string>, config?: ScrapeConfig, group?: object): PoolTarget {
  const outcome = made(labels, config, group);
  if (outcome.kind !== 'active') throw new Error(JSON.stringify(outcome));
  return outcome.target;
}

describe('a discovered target', () => {
  it('gets what the job says, where it says nothing itself, and before the group', () => {
    const config = job({ params: { module: ['a', 'b'], empty: [] }, scheme: 'https', metricsPath: '/m' });
    const target = labelsFromObject({ __address__: 'h:1', own: 'target', job: 'mine' });
    const group = labelsFromObject({ own: 'group', other: 'group', __scheme__: 'http' });
    expect(discoveredLabels(target, group, config).toObject()).toEqual({
      __address__: 'h:1',
      __metrics_path__: '/m',
      __param_module: 'a',
      __scheme__: 'http',
      __scrape_interval__: '10s',
      __scrape_timeout__: '5s',
      job: 'mine',
      other: 'group',
      own: 'target',
    });
  });

  it('has the labels that relabelling leaves, without those for scraping', () => {
    const rules = [
      { source_labels: ['__meta_zone'], target_label: 'zone' },
      { target_label: '__address__', replacement: 'other:2' },
    ];
    const config = job({ relabelConfigs: parseRelabelRules(rules) });
    const target = active({ __meta_zone: 'z', __tmp: 'x' }, config);
    expect(target.labels.toObject()).toEqual({ instance: 'other:2', job: 'j', zone: 'z' });
    expect(target.url).toBe('http://other:2/metrics');
    expect(target.allLabels.has('__meta_zone')).toBe(false);
    expect(target.allLabels.has('__tmp')).toBe(true);
  });

  it('keeps an instance of its own', () => {
    expect(active({ instance: 'me' }).labels.get('instance')).toBe('me');
  });

  it('is scraped at a URL with the parameters of the job and its labels', () => {
    const config = job({ params: { 'b c': ['1 2', 'ü&'], a: ['x'], z: [] } });
    expect(active({ __param_a: "~*'()", __param_new: 'n' }, config).url).toBe(
      'http://h:1/metrics?a=~%2A%27%28%29&b+c=1+2&b+c=%C3%BC%26&new=n',
    );
    expect(active({ __metrics_path__: "no/slash?x'(é|$&+,:;=@%" }).url).toBe(
      'http://h:1/no/slash%3Fx%27%28%C3%A9%7C$&+,:;=@%25',
    );
    expect(active({ __address__: 'h:80', __metrics_path__: '' }).url).toBe('http://h:80/metrics');
  });

  it('has the interval and the timeout that its labels say', () => {
    const target = active({ __scrape_interval__: '1m', __scrape_timeout__: '30s' });
    expect([target.intervalMs, target.timeoutMs]).toEqual([60_000, 30_000]);
  });

  it.each([
    [{ __address__: 'a/b' }, '"a/b" is not a valid hostname'],
    [{ __scrape_interval__: 'x' }, 'error parsing scrape interval: not a valid duration string: "x"'],
    [{ __scrape_interval__: '0s' }, 'scrape interval cannot be 0'],
    [{ __scrape_timeout__: '0s' }, 'scrape timeout cannot be 0'],
    [{ __scrape_timeout__: '11s' }, 'scrape timeout cannot be greater than scrape interval ("11s" > "10s")'],
  ])('is refused with %j', (labels, reason) => {
    expect(made(labels as Record<string, string>)).toMatchObject({ kind: 'faulty', reason });
  });

  it('has its histograms taken as its labels say, and otherwise as the job has it', () => {
    const labels = { __scrape_native_histograms__: 'true', __convert_classic_histograms_to_nhcb__: 'F' };
    expect(active(labels).histograms).toEqual({
      scrapeNativeHistograms: true,
      convertClassicHistogramsToNhcb: false,
    });
    expect(active({ __always_scrape_classic_histograms__: '' }).histograms).toEqual({});
    expect(made({ __scrape_native_histograms__: 'yes' })).toMatchObject({
      kind: 'faulty',
      reason: 'error parsing __scrape_native_histograms__: "yes" is neither true nor false',
    });
  });

  it('is refused without an address, and may be dropped', () => {
    const without = job({
      relabelConfigs: parseRelabelRules([{ regex: '__address__', action: 'labeldrop' }]),
    });
    expect(made({}, without)).toMatchObject({ kind: 'faulty', reason: 'no address' });
    const dropping = job({ relabelConfigs: parseRelabelRules([{ regex: '.', action: 'keep' }]) });
    expect(made({}, dropping).kind).toBe('dropped');
  });

  it('is the same as another with the same labels and URL, and no other', () => {
    const { key } = active({ a: '1' });
    expect(active({ a: '1', __meta_x: 'y', __scrape_interval__: '20s' }).key).toBe(key);
    expect(active({ a: '2' }).key).not.toBe(key);
    expect(active({ a: '1', __metrics_path__: '/x' }).key).not.toBe(key);
  });
});

describe('the moment of a target', () => {
  it('lies in the interval, and depends on its labels, its URL and the server', () => {
    const labels = labelsFromObject({ __address__: 'h:1', job: 'j', long: 'x'.repeat(300) });
    const hash = targetHash(labels, 'http://h:1/metrics');
    const seed = offsetSeed('host', labelsFromObject({ replica: 'a' }));
    const offset = scrapeOffsetMs(hash, seed, 15_000);
    expect(offset).toBeGreaterThanOrEqual(0);
    expect(offset).toBeLessThan(15_000);
    const others = [
      scrapeOffsetMs(targetHash(labels, 'http://h:1/other'), seed, 15_000),
      scrapeOffsetMs(targetHash(labels.with('job', 'k'), 'http://h:1/metrics'), seed, 15_000),
      scrapeOffsetMs(hash, offsetSeed('host', labelsFromObject({ replica: 'b' })), 15_000),
    ];
    expect(new Set([offset, ...others]).size).toBe(4);
  });

  it('spreads targets evenly', () => {
    const tenths = new Array(10).fill(0);
    for (let i = 0; i < 1000; i++) {
      const { allLabels, url } = active({ __address__: `host-${i}:9100` });
      tenths[Math.floor(scrapeOffsetMs(targetHash(allLabels, url), 0n, 10_000) / 1000)]++;
    }
    for (const count of tenths) expect(count).toBeGreaterThan(60);
  });
});
