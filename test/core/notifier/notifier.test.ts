import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { HttpClient } from '../../../src/core/http/http-client.ts';
import { Registry } from '../../../src/core/instrument/index.ts';
import { EMPTY_LABELS, labelsFromObject } from '../../../src/core/model/labels.ts';
import type { AlertmanagerConfig } from '../../../src/core/notifier/alertmanager-config.ts';
import { type AlertmanagerGroup, Notifier } from '../../../src/core/notifier/index.ts';
import { parseRelabelRules } from '../../../src/core/relabel/index.ts';
import type { SentAlert } from '../../../src/core/rules/index.ts';
import { serveHttp } from '../http/servers.ts';

interface Receiver {
  address: string;
  /** Path and alerts of each request. */
  requests: { path: string; alerts: { labels: Record<string, string> }[] }[];
  names(): string[];
}

/** An Alertmanager that answers as `answer` does once it has a whole request. */
async function receiver(
  answer: (response: ServerResponse) => void = (response) => response.end(),
): Promise<Receiver> {
  const requests: Receiver['requests'] = [];
  const base = await serveHttp(async (request: IncomingMessage, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    requests.push({ path: request.url!, alerts: JSON.parse(body) });
    answer(response);
  });
  return {
    address: base.slice('http://'.length),
    requests,
    names: () => requests.flatMap(({ alerts }) => alerts.map(({ labels }) => labels['alertname'])),
  };
}

const CONFIG: AlertmanagerConfig = {
  discovery: [],
  http: {} as AlertmanagerConfig['http'],
  scheme: 'http',
  pathPrefix: '/',
  timeoutMs: 10_000,
  apiVersion: 'v2',
  relabelConfigs: [],
  alertRelabelConfigs: [],
};

function group(key: string, config: Partial<AlertmanagerConfig> = {}): AlertmanagerGroup {
  return {
    key,
    client: new HttpClient({ userAgent: 'test', keepAlive: true }),
    config: { ...CONFIG, ...config },
  };
}

function setUp(capacity = 1000) {
  const registry = new Registry();
  const failures: { url: string; alerts: number; reason: string }[] = [];
  const notifier = new Notifier({
    clock: systemClock,
    registry,
    capacity,
    onFailure: (url, alerts, reason) => failures.push({ url, alerts, reason }),
  });
  onTestFinished(() => notifier.stop(0));
  const metric = (name: string) =>
    registry
      .collect()
      .filter((family) => family.name === `prometheus_notifications_${name}`)
      .flatMap(({ samples }) => samples.map(({ v }) => v))
      .reduce((a, b) => a + b, 0);
  return { notifier, failures, metric };
}

const NONE = { externalLabels: EMPTY_LABELS, alertRelabelConfigs: [] };
const at = (address: string, more: Record<string, string> = {}) =>
  labelsFromObject({ __address__: address, ...more });

function alert(name: string, labels: Record<string, string> = {}): SentAlert {
  return {
    labels: labelsFromObject({ alertname: name, ...labels }),
    annotations: [['summary', `about ${name}`]],
    startsAt: 1_700_000_000_123,
    endsAt: 1_700_000_240_000,
    generatorUrl: 'http://tsmon/graph?g0.expr=up',
  };
}

describe('what an Alertmanager gets', () => {
  it('is one POST of all alerts that were sent together, as API v2 has them', async () => {
    const am = await receiver();
    const { notifier, metric } = setUp();
    notifier.configure({ ...NONE, groups: [group('a', { pathPrefix: '/am' })] });
    notifier.update('a', [at(am.address)]);
    notifier.send([alert('One')]);
    notifier.send([{ ...alert('Two'), annotations: [] }]);
    await vi.waitFor(() => expect(am.requests).toHaveLength(1));
    expect(am.requests[0].path).toBe('/am/api/v2/alerts');
    expect(am.requests[0].alerts[0]).toEqual({
      annotations: { summary: 'about One' },
      startsAt: '2023-11-14T22:13:20.123Z',
      endsAt: '2023-11-14T22:17:20.000Z',
      generatorURL: 'http://tsmon/graph?g0.expr=up',
      labels: { alertname: 'One' },
    });
    expect(am.requests[0].alerts[1]).not.toHaveProperty('annotations');
    expect(am.names()).toEqual(['One', 'Two']);
    await vi.waitFor(() => expect(metric('sent_total')).toBe(2));
  });

  it('has external labels where it has none of its own, and went through the relabel rules of all and of its group', async () => {
    const [am, other] = [await receiver(), await receiver()];
    const { notifier } = setUp();
    const rules = (...list: object[]) => parseRelabelRules(list);
    notifier.configure({
      externalLabels: labelsFromObject({ region: 'eu', replica: 'a' }),
      alertRelabelConfigs: rules({ regex: 'replica', action: 'labeldrop' }),
      groups: [
        group('a', {
          alertRelabelConfigs: rules({ source_labels: ['alertname'], regex: 'Drop', action: 'drop' }),
        }),
        group('b'),
      ],
    });
    notifier.update('a', [at(am.address)]);
    notifier.update('b', [at(other.address)]);
    notifier.send([alert('Keep'), alert('Drop', { region: 'us' })]);
    await vi.waitFor(() => expect(other.requests).toHaveLength(1));
    await vi.waitFor(() => expect(am.requests).toHaveLength(1));
    expect(am.requests[0].alerts.map(({ labels }) => labels)).toEqual([{ alertname: 'Keep', region: 'eu' }]);
    expect(other.requests[0].alerts.map(({ labels }) => labels)).toEqual([
      { alertname: 'Keep', region: 'eu' },
      { alertname: 'Drop', region: 'us' },
    ]);
  });

  it('comes in batches', async () => {
    const am = await receiver();
    const { notifier, metric } = setUp();
    notifier.configure({ ...NONE, groups: [group('a')] });
    notifier.update('a', [at(am.address)]);
    notifier.send(Array.from({ length: 600 }, (_, i) => alert(`a${i}`)));
    await vi.waitFor(() => expect(am.names()).toHaveLength(600));
    expect(am.requests.map(({ alerts }) => alerts.length)).toEqual([256, 256, 88]);
    expect(metric('latency_seconds')).toBeGreaterThan(0);
  });
});

describe('Alertmanagers that fail', () => {
  it('lose a batch that they refuse, which is counted and told', async () => {
    const am = await receiver((response) => response.writeHead(400).end('no'));
    const { notifier, failures, metric } = setUp();
    notifier.configure({ ...NONE, groups: [group('a')] });
    notifier.update('a', [at(am.address)]);
    notifier.send([alert('One')]);
    await vi.waitFor(() => expect(failures).toHaveLength(1));
    expect(failures[0]).toMatchObject({ url: `http://${am.address}/api/v2/alerts`, alerts: 1 });
    expect(failures[0].reason).toContain('400');
    expect(metric('errors_total')).toBe(1);
    expect(metric('dropped_total')).toBe(1);
  });

  it('hold up no other, and lose the oldest when too many wait', async () => {
    const held: ServerResponse[] = [];
    const [slow, quick] = [await receiver((response) => held.push(response)), await receiver()];
    const { notifier, failures, metric } = setUp(3);
    notifier.configure({ ...NONE, groups: [group('a')] });
    notifier.update('a', [at(slow.address), at(quick.address)]);
    notifier.send([alert('first')]);
    await vi.waitFor(() => expect(slow.requests).toHaveLength(1));
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      notifier.send([alert(name)]);
      await vi.waitFor(() => expect(quick.names().at(-1)).toBe(name));
    }
    expect(metric('queue_length')).toBe(3);
    expect(failures.map(({ alerts }) => alerts)).toEqual([1, 1]);
    for (const response of held) response.end();
    await vi.waitFor(() => expect(slow.names()).toEqual(['first', 'c', 'd', 'e']));
  });
});

describe('which Alertmanagers there are', () => {
  it('follows discovery and relabelling', () => {
    const { notifier } = setUp();
    const relabelConfigs = parseRelabelRules([{ source_labels: ['role'], regex: 'spare', action: 'drop' }]);
    notifier.configure({ ...NONE, groups: [group('a', { scheme: 'https', relabelConfigs })] });
    notifier.update('a', [
      at('one:9093'),
      at('two:9093', { role: 'spare' }),
      at('three:1', { __scheme__: 'http' }),
    ]);
    expect(notifier.active()).toEqual(['https://one:9093/api/v2/alerts', 'http://three:1/api/v2/alerts']);
    expect(notifier.dropped()).toEqual(['https://two:9093/api/v2/alerts']);
  });

  it('stays over a reload that keeps the group, with what waits', async () => {
    const held: ServerResponse[] = [];
    const am = await receiver((response) => held.push(response));
    const { notifier } = setUp();
    const kept = group('a');
    notifier.configure({ ...NONE, groups: [kept, group('b')] });
    notifier.update('a', [at(am.address)]);
    notifier.send([alert('first')]);
    await vi.waitFor(() => expect(am.requests).toHaveLength(1));
    notifier.send([alert('second')]);
    notifier.configure({ ...NONE, groups: [kept] });
    notifier.send([alert('third')]);
    for (const response of held) response.end();
    await vi.waitFor(() => expect(am.names()).toEqual(['first', 'second', 'third']));
  });

  it('ends what waits for a target that is gone', async () => {
    const am = await receiver(() => {});
    const { notifier, failures } = setUp();
    notifier.configure({ ...NONE, groups: [group('a')] });
    notifier.update('a', [at(am.address)]);
    notifier.send([alert('first')]);
    await vi.waitFor(() => expect(am.requests).toHaveLength(1));
    notifier.update('a', []);
    await vi.waitFor(() => expect(failures).toHaveLength(1));
    expect(notifier.active()).toEqual([]);
  });
});

describe('stop', () => {
  it('sends what waits first', async () => {
    const am = await receiver((response) => setTimeout(() => response.end(), 30));
    const { notifier } = setUp();
    notifier.configure({ ...NONE, groups: [group('a')] });
    notifier.update('a', [at(am.address)]);
    notifier.send([alert('last words')]);
    await notifier.stop(10_000);
    expect(am.names()).toEqual(['last words']);
  });

  it('does not wait for ever', async () => {
    const am = await receiver(() => {});
    const { notifier, failures } = setUp();
    notifier.configure({ ...NONE, groups: [group('a')] });
    notifier.update('a', [at(am.address)]);
    notifier.send([alert('unheard')]);
    await notifier.stop(50);
    await vi.waitFor(() => expect(failures).toHaveLength(1));
  });
});
