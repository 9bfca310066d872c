import { Counter as PromCounter, Histogram as PromHistogram, Registry as PromRegistry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { Registry } from '../../../src/core/instrument/index.ts';
import type { MetricFamily } from '../../../src/core/model/index.ts';

/** `name{labels} value`, a line each. */
function lines(families: readonly MetricFamily[]): string[] {
  return families.flatMap(({ samples }) => samples.map(({ labels, v }) => `${labels} ${v}`));
}

describe('Registry', () => {
  it('counts', () => {
    const registry = new Registry();
    const plain = registry.counter('things_total', 'Things.');
    const labelled = registry.counter('requests_total', 'Requests.', 'method', 'code');
    plain.inc();
    plain.inc(2.5);
    const get = labelled.with('GET', '200');
    get.inc();
    get.inc();
    labelled.with('PUT', '500').inc();
    expect(lines(registry.collect())).toEqual([
      'requests_total{code="200", method="GET"} 2',
      'requests_total{code="500", method="PUT"} 1',
      'things_total 3.5',
    ]);
    labelled.remove('GET', '200');
    expect(lines(registry.collect())).toEqual([
      'requests_total{code="500", method="PUT"} 1',
      'things_total 3.5',
    ]);
    expect(() => plain.inc(-1)).toThrow('cannot go down');
    expect(() => plain.inc(Number.NaN)).toThrow('cannot go down');
    expect(() => labelled.with('GET')).toThrow('has 2 labels');
  });

  it('gauges, and reads what is kept elsewhere', () => {
    const registry = new Registry();
    const gauge = registry.gauge('queue_length', 'Length.');
    gauge.set(5);
    gauge.add(-7);
    let v: number | undefined = 1;
    registry.reading('gauge', 'answer', 'Read.', () => v);
    expect(lines(registry.collect())).toEqual(['answer 1', 'queue_length -2']);
    v = undefined;
    expect(lines(registry.collect())).toEqual(['queue_length -2']);
  });

  it('shows a metric without labels from the start, one with labels when it has any', () => {
    const registry = new Registry();
    registry.counter('a_total', '');
    registry.counter('b_total', '', 'x');
    registry.histogram('c', '', [], [1]);
    expect(lines(registry.collect())).toEqual([
      'a_total 0',
      'c_bucket{le="1"} 0',
      'c_bucket{le="+Inf"} 0',
      'c_sum 0',
      'c_count 0',
    ]);
    expect(registry.collect().map(({ type }) => type)).toEqual(['counter', 'histogram']);
  });

  it('puts observations where a known client puts them', async () => {
    const registry = new Registry();
    const ours = registry.histogram('seconds', 'Time.', ['path']);
    const known = new PromRegistry();
    const theirs = new PromHistogram({
      name: 'seconds',
      help: 'Time.',
      labelNames: ['path'],
      registers: [known],
    });
    for (const v of [0, 0.005, 0.0050001, 0.3, 10, 11, 1e9]) {
      ours.with('/a').observe(v);
      theirs.observe({ path: '/a' }, v);
    }
    const counter = registry.counter('hits_total', 'Hits.', 'path');
    const theirCounter = new PromCounter({
      name: 'hits_total',
      help: 'Hits.',
      labelNames: ['path'],
      registers: [known],
    });
    counter.with('/b').inc(3);
    theirCounter.inc({ path: '/b' }, 3);
    const want = (await known.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const plain = (line: string) =>
      line.replace(/\{(.*)\}/, (_, labels) => `{${labels.split(/, ?/).sort()}}`);
    expect(lines(registry.collect()).map(plain).sort()).toEqual(want.map(plain).sort());
  });

  it('refuses bounds that do not ascend, and two metrics of one name', () => {
    const registry = new Registry();
    expect(() => registry.histogram('h', '', [], [1, 1])).toThrow('must ascend');
    registry.gauge('g', '');
    expect(() => registry.gauge('g', '')).toThrow('two metrics are called g');
  });

  it('puts NaN into the last bucket', () => {
    const registry = new Registry();
    registry.histogram('h', '', [], [1]).observe(Number.NaN);
    expect(lines(registry.collect())).toEqual([
      'h_bucket{le="1"} 0',
      'h_bucket{le="+Inf"} 1',
      'h_sum NaN',
      'h_count 1',
    ]);
  });

  it('takes families from elsewhere, and sorts all by name', () => {
    const registry = new Registry();
    registry.gauge('m', '').set(1);
    const family = (name: string, samples: MetricFamily['samples']) =>
      ({ name, type: 'gauge', help: '', unit: '', samples }) as MetricFamily;
    registry.source(() => [family('z', [{ labels: sample('z'), v: 2 }]), family('empty', [])]);
    expect(registry.collect().map(({ name }) => name)).toEqual(['m', 'z']);
  });
});

function sample(name: string) {
  return new Registry().gauge(name, '').collect().samples[0].labels;
}
