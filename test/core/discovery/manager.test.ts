import { describe, expect, it, vi } from 'vitest';
import {
  addressLabels,
  type DiscoveryHost,
  DiscoveryManager,
  type DiscoveryResources,
  type DiscoverySetup,
  discoverOnce,
  discoveryMetrics,
  discoverySetup,
  RefreshingDiscoverer,
  type TargetGroup,
} from '../../../src/core/discovery/index.ts';
import { InputError } from '../../../src/core/errors.ts';
import { HttpClient } from '../../../src/core/http/http-client.ts';
import { Registry } from '../../../src/core/instrument/index.ts';
import { EMPTY_LABELS } from '../../../src/core/model/index.ts';
import { HandClock, settled } from './clock.ts';

function group(source: string, ...addresses: string[]): TargetGroup {
  return { source, targets: addresses.map(addressLabels), labels: EMPTY_LABELS };
}

/** A mechanism that says what the test tells it to. */
class Puppet implements DiscoverySetup {
  readonly mechanism = 'puppet';
  readonly key: string;
  host: DiscoveryHost | undefined;
  runs = 0;
  stopped = false;

  constructor(key: string) {
    this.key = key;
  }

  async open() {
    return {
      run: async (host: DiscoveryHost, signal: AbortSignal) => {
        this.host = host;
        this.runs++;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        this.stopped = true;
      },
    };
  }
}

function managed() {
  const clock = new HandClock();
  const delivered: [job: string, addresses: string[]][] = [];
  const trouble: string[] = [];
  const registry = new Registry();
  const manager = new DiscoveryManager({
    clock,
    metrics: discoveryMetrics(registry),
    deliver: (job, groups) => {
      const addresses = groups.flatMap(({ targets }) => targets.map((target) => target.get('__address__')));
      delivered.push([job, addresses.sort()]);
    },
    onTrouble: (message) => trouble.push(message),
  });
  const sample = (name: string) =>
    registry
      .collect()
      .find((family) => family.name === name)
      ?.samples.map(({ labels, v }) => [labels.without('__name__').toString(), v]);
  return { clock, manager, delivered, trouble, sample };
}

describe('DiscoveryManager', () => {
  it('merges the groups of all discoverers of a job, by source', async () => {
    const { clock, manager, delivered } = managed();
    const [a, b] = [new Puppet('a'), new Puppet('b')];
    manager.apply(new Map([['job', [a, b]]]));
    await settled();
    a.host!.update([group('s', 'a:1', 'a:2'), group('t', 'a:3')]);
    expect(delivered).toEqual([]);
    b.host!.update([group('s', 'b:1')]);
    expect(delivered).toEqual([['job', ['a:1', 'a:2', 'a:3', 'b:1']]]);
    await clock.advance(5000);
    a.host!.update([group('s', 'a:9')]);
    expect(delivered.at(-1)).toEqual(['job', ['a:3', 'a:9', 'b:1']]);
    await clock.advance(5000);
    a.host!.update([group('t')]);
    expect(delivered.at(-1)).toEqual(['job', ['a:9', 'b:1']]);
    await manager.stop();
    expect([a.stopped, b.stopped]).toEqual([true, true]);
  });

  it('tells a job at once and then not more often than every five seconds', async () => {
    const { clock, manager, delivered } = managed();
    const a = new Puppet('a');
    manager.apply(new Map([['job', [a]]]));
    await settled();
    for (let i = 0; i < 100; i++) {
      a.host!.update([group('s', `a:${i}`)]);
      await clock.advance(100);
    }
    await clock.advance(5000);
    expect(delivered.length).toBeLessThanOrEqual(4);
    expect(delivered[0]).toEqual(['job', ['a:0']]);
    expect(delivered.at(-1)).toEqual(['job', ['a:99']]);
    await manager.stop();
  });

  it('keeps the last targets when a refresh fails, counts that and says so', async () => {
    const { clock, manager, delivered, trouble, sample } = managed();
    let answer: TargetGroup[] | Error = [group('s', 'a:1')];
    const setup: DiscoverySetup = {
      mechanism: 'flaky',
      key: '',
      open: async () =>
        new RefreshingDiscoverer(30_000, async () => {
          if (answer instanceof Error) throw answer;
          return answer;
        }),
    };
    manager.apply(new Map([['job', [setup]]]));
    await clock.advance(0);
    answer = new InputError('x', 'no answer');
    await clock.advance(60_000);
    expect(delivered).toEqual([['job', ['a:1']]]);
    expect(trouble[0]).toBe('discovery (flaky) for job failed, and what it found before stays: no answer');
    expect(sample('prometheus_sd_refresh_failures_total')).toEqual([
      ['{config="job", mechanism="flaky"}', 2],
    ]);
    answer = [group('t', 'b:1')];
    await clock.advance(30_000);
    expect(delivered.at(-1)).toEqual(['job', ['b:1']]);
    expect(sample('prometheus_sd_discovered_targets')).toEqual([['{config="job", name="scrape"}', 1]]);
    await manager.stop();
  });

  it('lets everything else run where a mechanism cannot, and says which', async () => {
    const { manager, delivered, trouble, sample } = managed();
    const resources = { openClient: () => new HttpClient({ userAgent: '', keepAlive: false }), env: {} };
    const found = discoverySetup(
      { mechanism: 'static', groups: [{ targets: ['a:1'], labels: {} }] },
      resources,
    );
    const refused = discoverySetup({ mechanism: 'gce', settings: {} }, resources);
    manager.apply(
      new Map([
        ['alone', [refused]],
        ['mixed', [refused, found]],
        ['well', [found]],
      ]),
    );
    await vi.waitFor(() => expect(trouble).toHaveLength(1));
    await vi.waitFor(() => expect(new Map(delivered).size).toBe(3));
    expect(Object.fromEntries(delivered)).toEqual({ alone: [], mixed: ['a:1'], well: ['a:1'] });
    expect(trouble).toEqual([
      'discovery (gce) for alone, mixed does not run: tsmon checks gce_sd_configs but cannot run them',
    ]);
    expect(sample('prometheus_sd_failed_configs')).toEqual([['{name="scrape"}', 1]]);
    await manager.stop();
  });

  it('tries again what could not be started', async () => {
    const { clock, manager, delivered, trouble, sample } = managed();
    const puppet = new Puppet('late');
    let attempts = 0;
    const setup: DiscoverySetup = {
      mechanism: 'puppet',
      key: 'late',
      open: async () => {
        if (++attempts < 3) throw new InputError('discovery_kubernetes', 'no such file');
        return puppet.open();
      },
    };
    manager.apply(new Map([['job', [setup]]]));
    await settled();
    expect(trouble).toEqual(['discovery (puppet) for job does not run: no such file']);
    expect(delivered).toEqual([['job', []]]);
    expect(sample('prometheus_sd_failed_configs')).toEqual([['{name="scrape"}', 1]]);
    await clock.advance(60_000);
    expect(attempts).toBe(3);
    expect(trouble).toHaveLength(1);
    expect(sample('prometheus_sd_failed_configs')).toEqual([['{name="scrape"}', 0]]);
    puppet.host!.update([group('s', 'a:1')]);
    expect(delivered.at(-1)).toEqual(['job', ['a:1']]);
    await manager.stop();
  });

  it('forgets what it counted of a job that is gone', async () => {
    const { manager, sample } = managed();
    const a = new Puppet('a');
    manager.apply(new Map([['job', [a]]]));
    await settled();
    a.host!.update([group('s', 'a:1')]);
    a.host!.refreshed!(5);
    const names = ['refresh_failures_total', 'refresh_duration_histogram_seconds', 'discovered_targets'];
    const all = [...names, 'last_update_timestamp_seconds'].map((name) => `prometheus_sd_${name}`);
    expect(all.map((name) => sample(name) === undefined)).toEqual([false, false, false, false]);
    manager.apply(new Map());
    expect(all.map((name) => sample(name))).toEqual([undefined, undefined, undefined, undefined]);
    await manager.stop();
  });

  it("counts what is only one mechanism's", async () => {
    const { manager, sample } = managed();
    const a = new Puppet('a');
    manager.apply(new Map([['job', [a]]]));
    await settled();
    a.host!.count!('kubernetesEvents', 'pod', 'add');
    a.host!.count!('kubernetesEvents', 'pod', 'add');
    const events = sample('prometheus_sd_kubernetes_events_total')!;
    expect(events.filter(([, v]) => v !== 0)).toEqual([['{event="add", role="pod"}', 2]]);
    expect(events).toHaveLength(18);
    a.host!.observe!('consulCalls', 0.25, 'catalog', 'services');
    expect(sample('prometheus_sd_consul_rpc_duration_seconds')!.at(-1)).toEqual([
      '{call="services", endpoint="catalog"}',
      1,
    ]);
    a.host!.fileTime!('/x.json', 12);
    expect(sample('prometheus_sd_file_mtime_seconds')).toEqual([['{filename="/x.json"}', 12]]);
    a.host!.fileTime!('/x.json', undefined);
    expect(sample('prometheus_sd_file_mtime_seconds')).toBeUndefined();
    expect(sample('prometheus_sd_http_failures_total')).toEqual([['{}', 0]]);
    await manager.stop();
  });

  it('serves jobs with the same setup from one discoverer', async () => {
    const { manager, delivered } = managed();
    const a = new Puppet('a');
    const again = new Puppet('a');
    manager.apply(
      new Map([
        ['one', [a]],
        ['two', [again]],
      ]),
    );
    await settled();
    (a.host ?? again.host)!.update([group('s', 'a:1')]);
    expect(a.runs + again.runs).toBe(1);
    expect(delivered).toEqual([
      ['one', ['a:1']],
      ['two', ['a:1']],
    ]);
    await manager.stop();
  });

  it('lets a reload stop and start only what changed, and tells a new job what is known', async () => {
    const { manager, delivered } = managed();
    const [a, b, c] = [new Puppet('a'), new Puppet('b'), new Puppet('c')];
    manager.apply(
      new Map([
        ['job', [a]],
        ['other', [b]],
      ]),
    );
    await settled();
    a.host!.update([group('s', 'a:1')]);
    b.host!.update([group('s', 'b:1')]);
    delivered.length = 0;
    manager.apply(
      new Map([
        ['job', [a]],
        ['new', [a]],
        ['other', [c]],
      ]),
    );
    await settled();
    expect([a.stopped, b.stopped, a.runs]).toEqual([false, true, 1]);
    expect(delivered).toEqual([
      ['job', ['a:1']],
      ['new', ['a:1']],
    ]);
    c.host!.update([group('s', 'c:1')]);
    expect(delivered.at(-1)).toEqual(['other', ['c:1']]);
    await manager.stop();
  });
});

describe('discoverOnce', () => {
  const resources: DiscoveryResources = {
    openClient: () => {
      throw new Error('no mechanism here needs a client');
    },
    env: {},
  };
  const found = discoverySetup(
    { mechanism: 'static', groups: [{ targets: ['a:1'], labels: { x: 'y' } }] },
    resources,
  );

  it('resolves when all have spoken', async () => {
    const [one] = await discoverOnce([[found]], new HandClock(), 1000);
    expect(one.failures).toEqual([]);
    expect(one.groups.map(({ targets, labels }) => [...targets.map(String), String(labels)])).toEqual([
      ['{__address__="a:1"}', '{x="y"}'],
    ]);
  });

  it('tells who failed and who did not answer', async () => {
    const clock = new HandClock();
    const refused = discoverySetup({ mechanism: 'azure', settings: {} }, resources);
    const asked = discoverOnce([[found, new Puppet('mute')], [refused]], clock, 1000);
    await clock.advance(1000);
    const [one, two] = await asked;
    expect(one.groups).toHaveLength(1);
    expect(one.failures).toEqual([{ mechanism: 'puppet', reason: 'no answer within 1s' }]);
    expect(two.failures).toEqual([
      { mechanism: 'azure', reason: 'tsmon checks azure_sd_configs but cannot run them' },
    ]);
  });
});
