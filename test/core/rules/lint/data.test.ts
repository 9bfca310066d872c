/** What a lint says of rules against data: what is missing and why, what never meets, how alerts behaved, what it costs. */
import { describe, expect, it } from 'vitest';
import { parseQuery } from '../../../../src/core/promql/parser/index.ts';
import { parseSeriesNotation } from '../../../../src/core/promql/test-language/index.ts';
import { load } from '../../../../src/core/promql/test-runner/index.ts';
import { parseRuleFile } from '../../../../src/core/rules/index.ts';
import { type CheckId, lintRules } from '../../../../src/core/rules/lint/index.ts';
import { MemorySource } from '../../../../src/core/source/index.ts';

const HOUR = 3_600_000;

/** An hour of samples, a minute apart. */
function sourceOf(series: readonly string[]): MemorySource {
  const source = new MemorySource();
  const notations = series.map((text) => ({ line: 0, startTimes: null, ...parseSeriesNotation(text) }));
  load({ kind: 'load', line: 0, stepMs: 60_000, withNhcb: false, series: notations }, source, 0);
  return source;
}

async function lint(
  expr: string,
  series: readonly string[],
  more: { forText?: string; costlySamples?: number; rules?: string } = {},
) {
  parseQuery(expr);
  const text = `groups: [{name: g, rules: [{alert: A, expr: '${expr}', for: ${more.forText ?? '1m'}}${more.rules ?? ''}]}]`;
  const { findings, costs } = await lintRules([{ rules: parseRuleFile(text, 'r.yml'), text }], {
    wants: (id: CheckId) => id !== 'no-severity' && id !== 'no-summary' && id !== 'no-condition',
    data: { source: sourceOf(series), range: { mint: 0, maxt: HOUR }, engine: {} },
    costlySamples: more.costlySamples ?? 1000,
  });
  return {
    checks: findings.map(({ check }) => check),
    messages: findings.map(({ message }) => message),
    costs,
  };
}

const NODES = [
  'cpu{job="node",mode="idle"} 0+1x60',
  'cpu{job="node",mode="user"} 0+2x60',
  'mem{job="db"} 5x60',
];

describe('selectors that find nothing', () => {
  it.each([
    ['cpus > 1', ['there is no metric cpus: did you mean cpu?']],
    ['cpu{mode="idel"} > 1', ['no series at all has mode="idel": mode is idle, user']],
    ['cpu{job="db"} > 1', ['no series of cpu has job="db": job is node']],
    ['mem{mode="idle"} > 1', ['no series of mem has mode="idle": none has a label mode']],
    ['{job="db",mode="idle"} > 1', ['no series has job="db" and mode="idle" together']],
    ['absent(nothing) and absent(cpu)', []],
    ['mem > 7 unless nothing', []],
    ['mem > 7 or nothing > 1', []],
    ['one > 1 or two > 1', ['there is no metric one', 'there is no metric two']],
  ])('%s', async (expr, expected) => {
    expect((await lint(expr, NODES)).messages).toEqual(expected);
  });

  it('what the rules write themselves may be missing', async () => {
    expect(
      (await lint('written > 1 and ALERTS', NODES, { rules: ', {record: written, expr: cpu}' })).checks,
    ).toEqual([]);
  });
});

describe('operations', () => {
  it('whose sides never meet', async () => {
    const { checks, messages } = await lint('cpu > 1e6 and mem > 1e6', NODES);
    expect(checks).toEqual(['no-match']);
    expect(messages[0]).toContain(
      'job is "node" to the left and "db" to the right, only the left side has mode',
    );
    expect((await lint('cpu > 1e6 and on() mem > 1e6', NODES)).checks).toEqual([]);
  });

  it('that have an error for a value', async () => {
    const { checks, messages } = await lint('mem / on() cpu > 1', NODES);
    expect(checks[0]).toBe('query-fails');
    expect(messages[0]).toContain('many-to-many matching not allowed');
  });
});

describe('alerts', () => {
  it('that hold all the time, or never long enough', async () => {
    expect((await lint('mem > 1', NODES)).checks).toEqual(['fires-throughout']);
    expect((await lint('mem > 7', NODES)).checks).toEqual([]);
    const short = ['flaps 0 0 0 1 1 0 0 1 0x51'];
    const { checks, messages } = await lint('flaps == 1', short, { forText: '5m' });
    expect(checks).toEqual(['for-never-reached']);
    expect(messages[0]).toBe(
      'the condition held 2 times, at most 1m on end, and "for" is 5m: it never fired',
    );
    expect((await lint('flaps == 1', short, { forText: '1m' })).checks).toEqual([]);
  });

  it('named by labels that change', async () => {
    const pods = Array.from({ length: 12 }, (_, i) => `restarts{pod="p${i}"} ${'_ '.repeat(i * 5)}1x4 stale`);
    expect((await lint('restarts > 5', [...pods, 'restarts{pod="now"} 1x60'])).checks).toEqual([
      'changing-labels',
    ]);
    expect((await lint('sum(restarts) > 5', [...pods, 'restarts{pod="now"} 1x60'])).checks).toEqual([]);
  });
});

it('windows with too few samples', async () => {
  expect((await lint('rate(cpu[1m]) > 100', NODES)).checks).toEqual(['short-window']);
  expect((await lint('rate(cpu[5m]) > 100', NODES)).checks).toEqual([]);
});

it('types by metadata', async () => {
  const source = sourceOf(NODES);
  source.metadata = async () => new Map([['mem', [{ type: 'gauge', help: '', unit: '' }]]]);
  const text =
    'groups: [{name: g, rules: [{record: a, expr: "rate(mem[5m])"}, {record: b, expr: "deriv(mem[5m])"}]}]';
  const { findings } = await lintRules([{ rules: parseRuleFile(text, 'r.yml'), text }], {
    wants: () => true,
    data: { source, range: { mint: 0, maxt: HOUR }, engine: {} },
    costlySamples: 1000,
  });
  expect(findings).toMatchObject([{ check: 'wrong-type', rule: 'a' }]);
});

it('cost', async () => {
  const { costs } = await lint('rate(cpu[10m]) > 100', NODES);
  expect(costs).toMatchObject([{ rule: 'A', series: 2, samples: 20, results: 0 }]);
  expect((await lint('rate(cpu[10m]) > 100', NODES, { costlySamples: 10 })).checks).toEqual(['costly']);
});
