import { beforeEach, describe, expect, it } from 'vitest';
import { isStale, type Labels, labelsFromObject, METRIC_NAME } from '../../../src/core/model/index.ts';
import {
  type AlertingRule,
  groupPhaseMs,
  parseRuleFile,
  RuleManager,
  type RuleManagerOptions,
  ruleFamilies,
  type SentAlert,
} from '../../../src/core/rules/index.ts';
import { MemorySource } from '../../../src/core/source/memory.ts';
import { MemoryAppender } from '../../../src/core/source/memory-appender.ts';
import { Outcome } from '../../../src/core/source/source.ts';
import { HandClock } from '../discovery/clock.ts';
import { groupOf } from './files.ts';

const MINUTE = 60_000;
const START = 1_700_000_000_000;
const SETTINGS = { intervalMs: MINUTE, externalUrl: 'http://tsmon.example' };

let clock: HandClock;
let store: MemorySource;
let sent: { at: number; alert: SentAlert }[];
let warnings: string[];
let manager: RuleManager;

function makeManager(options: Partial<RuleManagerOptions> = {}): RuleManager {
  return new RuleManager({
    clock,
    source: () => store,
    appender: () => new MemoryAppender(store),
    send: (alerts) => sent.push(...alerts.map((alert) => ({ at: clock.now(), alert }))),
    onWarning: (text) => warnings.push(text),
    ...options,
  });
}

const rules = (text: string, file = 'r.yml') => [parseRuleFile(text, file)];

function put(name: string, v: number, t = clock.now(), labels: Record<string, string> = {}): void {
  store.series(labelsFromObject({ [METRIC_NAME]: name, ...labels })).addFloat(t, Float64Array.of(v), 0);
}

/** `[minutes since the start, value]` of a series, stale markers as null; where it has no sample at all, undefined. */
function samples(name: string, labels: Record<string, string> = {}) {
  const { t, v, length } = store.series(labelsFromObject({ [METRIC_NAME]: name, ...labels }));
  return Array.from({ length }, (_, i) => [Math.floor((t[i] - START) / MINUTE), isStale(v, i) ? null : v[i]]);
}

beforeEach(() => {
  clock = new HandClock(START);
  store = new MemorySource();
  sent = [];
  warnings = [];
  manager = makeManager();
});

describe('a rule manager', () => {
  it('evaluates each group at its own offset in the interval', async () => {
    await manager.load(rules(groupOf(['{record: r, expr: "vector(time())"}'])), SETTINGS);
    manager.start();
    await clock.advance(3 * MINUTE);
    const { t, v, length } = store.series(labelsFromObject({ [METRIC_NAME]: 'r' }));
    expect(length).toBe(3);
    const phase = groupPhaseMs('r.yml', 'g', MINUTE);
    expect(Array.from(t.subarray(0, 3), (at) => at % MINUTE)).toEqual([phase, phase, phase]);
    expect(v[2] * 1000).toBe(t[2]);
    await manager.stop();
    await clock.advance(5 * MINUTE);
    expect(store.series(labelsFromObject({ [METRIC_NAME]: 'r' })).length).toBe(3);
  });

  it('counts evaluations that a slow one left no time for', async () => {
    const slow = new (class extends MemoryAppender {
      override commit(): void {
        if (clock.now() < START + 2 * MINUTE) void clock.advance(2.5 * MINUTE);
      }
    })(store);
    manager = new RuleManager({ clock, source: () => store, appender: () => slow, send: () => {} });
    await manager.load(rules(groupOf(['{record: r, expr: "vector(1)"}'])), SETTINGS);
    manager.start();
    await clock.advance(10 * MINUTE);
    await manager.stop();
    const [{ stats }] = manager.groups();
    expect(stats.iterations).toBeGreaterThanOrEqual(10);
    const family = (name: string) =>
      ruleFamilies(manager).find((one) => one.name === `prometheus_rule_group_${name}`)!.samples[0];
    expect(family('iterations_missed_total').v).toBe(stats.missed);
    expect(family('iterations_total').labels.get('rule_group')).toBe('r.yml;g');
    expect(stats.missed).toBe(stats.iterations - samples('r').length);
  });

  it('takes one set of files after the other, however close they come', async () => {
    let ended = () => {};
    const waits = new Promise<void>((resolve) => {
      ended = resolve;
    });
    let slow = true;
    manager = makeManager({
      evaluate: async () => {
        if (slow) await waits;
        return { type: 'scalar', t: clock.now(), v: 1 };
      },
    });
    await manager.load(rules(groupOf(['{record: first, expr: "vector(1)"}'])), SETTINGS);
    manager.start();
    await clock.advance(MINUTE);
    const second = manager.load(rules(groupOf(['{record: second, expr: "vector(1)"}'])), SETTINGS);
    const third = manager.load(rules(groupOf(['{record: third, expr: "vector(1)"}'])), SETTINGS);
    slow = false;
    ended();
    await Promise.all([second, third]);
    await clock.advance(2 * MINUTE);
    expect(manager.groups().map(({ group }) => group.rules.map(({ config }) => config.name))).toEqual([
      ['third'],
    ]);
    expect(samples('third').length).toBeGreaterThan(0);
    expect(samples('second')).toEqual([]);
    const reload = manager.load(rules(groupOf(['{record: fourth, expr: "vector(1)"}'])), SETTINGS);
    await Promise.all([reload, manager.stop()]);
    await clock.advance(2 * MINUTE);
    expect(samples('fourth')).toEqual([]);
  });

  it('says how long evaluations took, in quantiles too, and forgets nothing of it at a reload', async () => {
    manager = makeManager({
      evaluate: async () => {
        await clock.sleep(2000);
        return { type: 'scalar', t: clock.now(), v: 1 };
      },
    });
    const values = (name: string) =>
      ruleFamilies(manager)
        .find((one) => one.name === name)!
        .samples.map(({ labels, v }) => [
          labels.get('quantile') || labels.get(METRIC_NAME).slice(name.length),
          v,
        ]);
    expect(values('prometheus_rule_evaluation_duration_seconds')).toContainEqual(['0.9', Number.NaN]);
    await manager.load(rules(groupOf(['{record: a, expr: "1"}', '{record: b, expr: "2"}'])), SETTINGS);
    manager.start();
    await clock.advance(2 * MINUTE + 10_000);
    await manager.load(rules(groupOf(['{record: a, expr: "1"}'])), SETTINGS);
    expect(values('prometheus_rule_evaluation_duration_seconds')).toEqual([
      ['0.5', 2],
      ['0.9', 2],
      ['0.99', 2],
      ['_sum', 8],
      ['_count', 4],
    ]);
    expect(values('prometheus_rule_group_duration_seconds')).toContainEqual(['0.05', 4]);
  });

  it('sends a firing alert again when more than the delay has passed, and its end at once', async () => {
    manager = makeManager({ resendDelayMs: 3 * MINUTE });
    await manager.load(
      rules(groupOf(['{alert: A, expr: "x > 0", annotations: {v: "{{ $value }}"}}'])),
      SETTINGS,
    );
    manager.start();
    for (let minute = 0; minute < 9; minute++) {
      put('x', 1);
      await clock.advance(MINUTE);
    }
    put('x', 0);
    await clock.advance(MINUTE);
    const minutes = sent.map(({ at }) => Math.floor((at - START) / MINUTE));
    // Three minutes at an interval of one is every four: not later than the delay is not later.
    expect(minutes.map((minute) => minute - minutes[0])).toEqual([0, 4, 8, 9]);
    const { alert } = sent[0];
    expect(alert.labels.toString()).toBe('{alertname="A"}');
    expect(alert.annotations).toEqual([['v', '1']]);
    expect(alert.generatorUrl).toBe('http://tsmon.example/graph?g0.expr=x+%3E+0&g0.tab=1');
    expect(alert.endsAt - sent[0].at).toBeGreaterThan(11 * MINUTE);
    expect(sent[3].alert.endsAt).toBe(sent[3].at);
    expect(sent[3].alert.startsAt).toBe(sent[0].at);
    await manager.stop();
  });

  it('restores alerts after a restart', async () => {
    const file = rules(
      groupOf([
        '{alert: Long, expr: "vector(1)", for: 1h}',
        '{alert: Soon, expr: "vector(1)", for: 30m}',
        '{alert: Was, expr: "vector(1)", for: 20m}',
        '{alert: Short, expr: "vector(1)", for: 5m}',
      ]),
    );
    const restart = START;
    const stopped = restart - 5 * MINUTE;
    const activeAt = stopped - 25 * MINUTE;
    for (const alertname of ['Long', 'Soon', 'Was', 'Short'])
      put('ALERTS_FOR_STATE', activeAt / 1000, stopped, { alertname });
    await manager.load(file, SETTINGS);
    manager.start();
    const states = () =>
      Object.fromEntries(
        manager.groups()[0].group.rules.map((rule) => {
          const [alert] = (rule as AlertingRule).alerts();
          return [rule.config.name, { activeAt: alert.activeAt, state: alert.state }];
        }),
      );
    await clock.advance(MINUTE);
    // Nothing is written before it is known what was active.
    expect(samples('ALERTS_FOR_STATE', { alertname: 'Long' })).toHaveLength(1);
    await clock.advance(MINUTE);
    const [{ options, group }] = manager.groups();
    const second = manager.groups()[0].slotBefore(clock.now());
    expect(options.file).toBe('r.yml');
    expect(group.statuses[0].evaluations).toBe(2);
    expect(states()).toMatchObject({
      // 35 of its 60 minutes to go: the outage does not count.
      Long: { activeAt: activeAt + (second - stopped), state: 'pending' },
      // 5 minutes to go, less than the grace period of 10.
      Soon: { activeAt: second + 10 * MINUTE - 30 * MINUTE, state: 'pending' },
      Was: { activeAt },
      Short: { activeAt: second - MINUTE },
    });
    await clock.advance(MINUTE);
    expect(states()['Was']).toEqual({ activeAt, state: 'firing' });
    expect(samples('ALERTS_FOR_STATE', { alertname: 'Was' })).toHaveLength(2);
    // It fires since the restart, as far as receivers know.
    expect(sent[0].alert.startsAt).toBe(second + MINUTE);
    await manager.stop();
  });

  it('restores nothing from before the tolerated outage, and no alert that is pending for less than the grace period', async () => {
    const file = rules(
      groupOf([
        '{alert: Old, expr: "vector(1)", for: 1h}',
        '{alert: Young, expr: "vector(1)", for: 1h}',
        '{alert: Brief, expr: "vector(1)", for: 4m}',
      ]),
    );
    manager = makeManager({ restore: { outageToleranceMs: 20 * MINUTE, graceMs: 5 * MINUTE } });
    const activeAt = START - 50 * MINUTE;
    put('ALERTS_FOR_STATE', activeAt / 1000, START - 21 * MINUTE, { alertname: 'Old' });
    for (const alertname of ['Young', 'Brief'])
      put('ALERTS_FOR_STATE', activeAt / 1000, START - 15 * MINUTE, { alertname });
    await manager.load(file, SETTINGS);
    manager.start();
    await clock.advance(2 * MINUTE);
    const [loop] = manager.groups();
    const second = loop.slotBefore(clock.now());
    const activeSince = loop.group.rules.map((rule) => (rule as AlertingRule).alerts()[0].activeAt);
    const outage = second - (START - 15 * MINUTE);
    expect(activeSince).toEqual([second - MINUTE, activeAt + outage, second - MINUTE]);
    await manager.stop();
  });

  it('exchanges groups and keeps the state of what is as it was', async () => {
    const alert = '{alert: A, expr: "vector(1)", for: 3m}';
    const two = (extra: string) =>
      `${groupOf([alert, extra])}\n- name: other\n  rules: [{record: o, expr: vector(1)}]\n`;
    await manager.load(rules(two('{record: r, expr: vector(1)}')), SETTINGS);
    manager.start();
    await clock.advance(2 * MINUTE);
    const before = manager.groups();
    await manager.load(rules(two('{record: s, expr: vector(1)}')), SETTINGS);
    const after = manager.groups();
    expect(after[0]).not.toBe(before[0]);
    expect(after[1]).toBe(before[1]);
    expect((after[0].group.rules[0] as AlertingRule).alerts()).toHaveLength(1);
    await clock.advance(2 * MINUTE);
    // Two evaluations before the reload and two after it.
    expect((after[0].group.rules[0] as AlertingRule).alerts()[0].state).toBe('firing');
    expect(samples('r').at(-1)![1]).toBeNull();
    expect(samples('o')).toHaveLength(4);
    await manager.stop();
  });

  it('ends the series of a group that is no more, two intervals later', async () => {
    await manager.load(rules(groupOf(['{record: r, expr: vector(1)}'])), SETTINGS);
    manager.start();
    await clock.advance(2 * MINUTE);
    await manager.load([], SETTINGS);
    const gone = clock.now();
    await clock.advance(MINUTE);
    expect(samples('r').at(-1)![1]).toBe(1);
    await clock.advance(MINUTE);
    expect(samples('r').at(-1)).toEqual([Math.floor((gone - START) / MINUTE), null]);
    await manager.stop();
  });

  it('changes nothing where a file has faults', async () => {
    await manager.load(rules(groupOf(['{record: r, expr: vector(1)}'])), SETTINGS);
    const before = manager.groups();
    const torn = rules(`${groupOf(['{record: s, expr: vector(1)}'])}  - {record: t, expr: "sum("}\n`);
    await expect(manager.load(torn, SETTINGS)).rejects.toThrow(/r\.yml:5/);
    expect(manager.groups()).toEqual(before);
  });

  it('says which rule failed and goes on with the others', async () => {
    await manager.load(
      rules(
        groupOf([
          '{record: r, expr: "label_replace(m, \\"a\\", \\"\\", \\"a\\", \\".*\\")"}',
          '{record: s, expr: vector(2)}',
        ]),
      ),
      SETTINGS,
    );
    put('m', 1, START, { a: 'x' });
    put('m', 1, START, { a: 'y' });
    manager.start();
    await clock.advance(MINUTE);
    const [{ group }] = manager.groups();
    expect(group.statuses.map(({ health }) => health)).toEqual(['err', 'ok']);
    expect(group.statuses[0].lastError).toMatch(/same labelset/);
    expect(warnings).toEqual([
      expect.stringMatching(/^r\.yml:4: rule r of group g failed at .*same labelset/),
    ]);
    expect(samples('s')).toHaveLength(1);
    await manager.stop();
  });

  it('asks for rules side by side where none reads another, and writes them in their order', async () => {
    const order: string[] = [];
    const waits: Record<string, number> = { m1: 3, m2: 1, a: 1 };
    store = new (class extends MemorySource {
      override async select(...args: Parameters<MemorySource['select']>) {
        const name = args[0].find((matcher) => matcher.name === METRIC_NAME)!.value;
        order.push(`+${name}`);
        for (let i = 0; i < waits[name]; i++) await new Promise((resolve) => setImmediate(resolve));
        order.push(`-${name}`);
        return super.select(...args);
      }
    })();
    put('m1', 1);
    put('m2', 2);
    manager = new RuleManager({
      clock,
      source: () => store,
      appender: () =>
        new (class extends MemoryAppender {
          override ref(labels: Labels): number {
            order.push(`=${labels.get(METRIC_NAME)}`);
            return super.ref(labels);
          }
        })(store),
      send: () => {},
      concurrency: 4,
    });
    const file = groupOf(['{record: a, expr: m1}', '{record: b, expr: m2}', '{record: c, expr: a}']);
    await manager.load(rules(file), SETTINGS);
    manager.start();
    await clock.advance(MINUTE);
    const at = (event: string) => order.indexOf(event);
    expect(at('+m2')).toBeLessThan(at('-m1'));
    expect(at('-m2')).toBeLessThan(at('-m1'));
    expect(at('=a')).toBeLessThan(at('+a'));
    expect(order.filter((event) => event.startsWith('='))).toEqual(['=a', '=b', '=c']);
    await manager.stop();
  });
});

describe('a series that two rules write', () => {
  const TWO = groupOf(['{record: x, expr: vector(1)}', '{record: x, expr: sum(in)}']);

  /** Refuses what is not newer than what is there, as a real store does. */
  class StrictAppender extends MemoryAppender {
    private readonly known: Labels[] = [];

    override ref(labels: Labels): number {
      const ref = super.ref(labels);
      this.known[ref] = labels;
      return ref;
    }

    override append(
      refs: Uint32Array,
      ts: Float64Array,
      vs: Float64Array,
      from: number,
      to: number,
      outcomes: Uint8Array,
    ): number {
      let ok = 0;
      for (let row = from; row < to; row++) {
        const { t, length } = store.series(this.known[refs[row]]);
        if (length > 0 && t[length - 1] === ts[row]) outcomes[row] = Outcome.conflict;
        else ok += super.append(refs, ts, vs, row, row + 1, outcomes);
      }
      return ok;
    }
  }

  async function evaluateTwice(): Promise<void> {
    manager = makeManager({ appender: () => new StrictAppender(store) });
    await manager.load(rules(TWO), SETTINGS);
    const [loop] = manager.groups();
    put('in', 2, START);
    await loop.evaluate(START);
    await loop.evaluate(START + MINUTE);
  }

  it('has the value of the first, and the other is told to be unhealthy', async () => {
    await evaluateTwice();
    expect(samples('x')).toEqual([
      [0, 1],
      [1, 1],
    ]);
    const [{ group }] = manager.groups();
    const duplicate = `duplicate sample for timestamp ${START + MINUTE}; overrides not allowed: existing 1, new value 2`;
    expect(group.statuses).toMatchObject([
      { health: 'ok', lastError: '', failures: 0 },
      { health: 'err', lastError: duplicate, failures: 0, samples: 1 },
    ]);
    expect(warnings.at(-1)).toBe(
      `r.yml:5: rule x of group g had 1 sample refused at ${new Date(START + MINUTE).toISOString()}: ${duplicate}`,
    );
  });

  it('does not end where the one that was refused has no result any more', async () => {
    await evaluateTwice();
    const [{ group }] = manager.groups();
    expect([...group.liveSeries()]).toHaveLength(1);
    await manager.groups()[0].evaluate(START + 20 * MINUTE);
    expect(samples('x').at(-1)).toEqual([20, 1]);
    expect(group.statuses[1]).toMatchObject({ health: 'ok', lastError: '' });
  });
});

it('gives its groups by file and name', async () => {
  const file = (names: string[]) =>
    `groups:\n${names.map((name) => `- {name: ${name}, rules: [{record: r, expr: vector(1)}]}\n`).join('')}`;
  await manager.load([...rules(file(['b', 'a']), 'z.yml'), ...rules(file(['c']), 'y.yml')], SETTINGS);
  expect(manager.groups().map(({ options, group }) => [options.file, group.config.name])).toEqual([
    ['y.yml', 'c'],
    ['z.yml', 'a'],
    ['z.yml', 'b'],
  ]);
});
