import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_LABELS, isStale, type Labels, labelsFromObject } from '../../../src/core/model/index.ts';
import { GrowingSource } from '../../../src/core/rules/growing-source.ts';
import { parseRuleFile, RuleGroup, RuleHistory } from '../../../src/core/rules/index.ts';
import { MemorySource } from '../../../src/core/source/memory.ts';
import { groupOf } from './files.ts';

const MINUTE = 60_000;
const START = 1_700_000_040_000 - (1_700_000_040_000 % MINUTE);

/** What was written, a line a sample. */
type Written = Set<string>;

function line(labels: Labels, t: number, vs: Float64Array, row: number): string {
  return `${labels} ${isStale(vs, row) ? 'stale' : vs[row]} @${(t - START) / 1000}`;
}

interface Data {
  /** A value a minute for each series, NaN where there is none. */
  values: number[][];
}

function load(into: MemorySource, { values }: Data): void {
  for (const [i, column] of values.entries()) {
    const series = into.series(labelsFromObject({ __name__: 'm', i: String(i), half: String(i % 2) }));
    for (const [minute, v] of column.entries()) {
      if (!Number.isNaN(v)) series.addFloat(START + minute * MINUTE - 1000, Float64Array.of(v), 0);
    }
  }
}

function sourceOf(data: Data): MemorySource {
  const source = new MemorySource();
  load(source, data);
  return source;
}

/** As a server would have done it: one time after the other. */
async function stepByStep(
  rules: string,
  data: Data,
  minutes: number,
  tell: (labels: Labels, t: number, v: Float64Array) => void = () => {},
): Promise<Written> {
  const source = new GrowingSource();
  load(source, data);
  const written: Written = new Set();
  const groups = parseRuleFile(rules, 'r.yml').groups.map((config) => new RuleGroup(config));
  const context = { source, engine: { lookbackMs: 150_000 }, externalLabels: EMPTY_LABELS, externalUrl: '' };
  for (let minute = 0; minute < minutes; minute++) {
    const t = START + minute * MINUTE;
    source.untilMs = t;
    for (const group of groups) {
      if (t % (group.config.intervalMs ?? MINUTE) !== 0) continue;
      await group.evaluate(context, t, {
        addFloat: (labels, at, vs, row) => {
          written.add(line(labels, at, vs, row));
          source.addFloat(labels, at, vs, row);
          tell(labels, at, vs.slice(row, row + 1));
        },
        addHistogram: () => {},
      });
    }
  }
  return written;
}

async function overColumns(
  rules: string,
  source: MemorySource,
  { first = 0, minutes, windowMs }: { first?: number; minutes: number; windowMs: number },
) {
  const written: Written = new Set();
  const file = parseRuleFile(rules, 'r.yml');
  expect(file.errors).toEqual([]);
  const history = new RuleHistory([file], source, {
    engine: { lookbackMs: 150_000 },
    externalLabels: EMPTY_LABELS,
    externalUrl: '',
    intervalMs: MINUTE,
    windowMs,
  });
  await history.play(START + first * MINUTE, START + (minutes - 1) * MINUTE, {
    samples: (_, labels, { t, v, length }) => {
      for (let row = 0; row < length; row++) written.add(line(labels, t[row], v, row));
    },
  });
  return { written, history };
}

const SETS: Record<string, string> = {
  'a chain of records': groupOf([
    '{record: r1, expr: "sum by (half) (m)"}',
    '{record: r2, expr: "r1 > 2", labels: {x: y}}',
    '{record: r3, expr: "max_over_time(r2[3m])"}',
  ]),
  'a record that reads the one after it': groupOf([
    '{record: r1, expr: "r2 + 1"}',
    '{record: r2, expr: "sum(m)"}',
  ]),
  'a record that reads itself': groupOf(['{record: total, expr: "total + 1 or vector(0)"}']),
  'alerts with for and keep_firing_for': groupOf([
    '{alert: A, expr: "m > 2"}',
    '{alert: B, expr: "m > 2", for: 2m, labels: {severity: page}}',
    '{alert: C, expr: "m > 2", for: 1m, keep_firing_for: 3m}',
  ]),
  'alerts whose labels hold the value': groupOf([
    '{alert: A, expr: "m > 1", for: 1m, labels: {v: "{{ $value }}"}}',
    '{alert: B, expr: "m > 1", for: 1m, labels: {i: "{{ $labels.half }}"}}',
  ]),
  'alerts that become the same': groupOf(['{alert: A, expr: "m > 2", for: 1m, labels: {i: one, half: one}}']),
  'records that become the same': groupOf(['{record: r, expr: "m > 2", labels: {i: one, half: one}}']),
  'a limit': groupOf(
    ['{alert: A, expr: "m > 1", for: 1m}', '{record: r, expr: "m > 1"}'],
    'name: g\n  limit: 2',
  ),
  'a query that fails at times': groupOf(['{record: r, expr: "sum by (half) (m > 1) * on (half) (m > 3)"}']),
  'alerts about alerts': groupOf([
    '{alert: A, expr: "m > 2", for: 1m}',
    '{record: firing, expr: "count by (alertstate) (ALERTS)"}',
    '{alert: Many, expr: "count(ALERTS_FOR_STATE) > 1", keep_firing_for: 2m}',
  ]),
  'an offset': groupOf(
    ['{record: r, expr: "sum(m)"}', '{alert: A, expr: "r > 4", for: 2m}'],
    'name: g\n  query_offset: 30s',
  ),
  'groups of different intervals': `${groupOf(['{record: r, expr: "sum(m)"}', '{record: q, expr: "r - 1"}'])}
- name: slow
  interval: 2m
  rules:
  - {alert: A, expr: "r > 4", for: 2m}
  - {record: s, expr: "avg_over_time(q[5m])"}
`,
  'a query that knows its range': groupOf(['{record: r, expr: "m - m @ end() + 1"}']),
};

/** Values of `m` a minute, and the first minute that is evaluated anew; C of the set above keeps firing for three. */
const RESUMED: Record<string, { values: number[][]; first: number }> = {
  'an alert that came back while its predecessor could have been kept': {
    values: [[3, 3, 3, 0, 0, 0, 0, 3, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    first: 9,
  },
  'an alert that is kept': {
    values: [[3, 3, 3, 0, 0, 3, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    first: 9,
  },
};

/** What is written from minute `first` on by who finds what was written before, is what is written at one go. */
async function expectGoingOn(data: Data, first: number): Promise<void> {
  const rules = SETS['alerts with for and keep_firing_for'];
  const from = START + first * MINUTE;
  const source = sourceOf(data);
  const expected: string[] = [];
  await stepByStep(rules, data, 24, (labels, t, v) => {
    if (t < from) source.series(labels).addFloat(t, Float64Array.from(v), 0);
    else expected.push(line(labels, t, v, 0));
  });
  const { written } = await overColumns(rules, source, { first, minutes: 24, windowMs: 100 * MINUTE });
  expect([...written].sort()).toEqual(expected.sort());
}

describe('rules over columns', () => {
  const column = fc.array(
    fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 4 }) }, fc.constant(Number.NaN)),
    {
      minLength: 24,
      maxLength: 24,
    },
  );
  const data = fc.record({ values: fc.array(column, { minLength: 1, maxLength: 4 }) });

  for (const [what, rules] of Object.entries(SETS)) {
    it(`${what}: write what they write step by step`, async () => {
      await fc.assert(
        fc.asyncProperty(data, fc.constantFrom(5, 7, 100), async (made, windowMinutes) => {
          const expected = await stepByStep(rules, made, 24);
          const options = { minutes: 24, windowMs: windowMinutes * MINUTE };
          const { written } = await overColumns(rules, sourceOf(made), options);
          expect([...written].sort()).toEqual([...expected].sort());
        }),
        { numRuns: 25 },
      );
    });
  }

  for (const [what, { values, first }] of Object.entries(RESUMED)) {
    it(`go on with what was written: ${what}`, async () => {
      await expectGoingOn({ values }, first);
    });
  }

  it('go on with what was written, at any time', async () => {
    await fc.assert(
      fc.asyncProperty(data, fc.integer({ min: 8, max: 20 }), async (made, first) => {
        await expectGoingOn(made, first);
      }),
      { numRuns: 60 },
    );
  });

  it('tells when a rule failed, and why', async () => {
    const values = [[1, 1, 5, 5, 1].concat(Array(19).fill(1)), Array(24).fill(5), Array(24).fill(1)];
    const rules = SETS['a limit'].replace('limit: 2', 'limit: 1');
    const options = { minutes: 5, windowMs: 100 * MINUTE };
    const { history } = await overColumns(rules, sourceOf({ values }), options);
    expect(
      history.failures.map(({ rule, reason, count, firstT }) => [
        rule.config.name,
        reason,
        count,
        (firstT - START) / MINUTE,
      ]),
    ).toEqual([
      ['A', 'exceeded limit of 1 with 2 alerts', 2, 2],
      ['r', 'exceeded limit of 1 with 2 series', 2, 2],
    ]);
  });
});
