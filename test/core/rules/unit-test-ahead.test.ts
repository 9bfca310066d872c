/** Rules that are evaluated for all times at once yield what they do one time after the other (`everyRule` does that). */
import { expect, it } from 'vitest';
import { groupOf, runOnly } from './files.ts';

const TIMES = ['0m', '1m', '90s', '2m', '3m', '5m', '7m', '8m'];

/** What every expression yields at every time, both ways: no sample is what is expected of any. */
async function both(rules: string, series: readonly string[], exprs: readonly string[]) {
  const tests = exprs.flatMap((expr) =>
    TIMES.map(
      (time) => `    - {expr: '${expr}', eval_time: ${time}, exp_samples: [{labels: no, value: 77}]}`,
    ),
  );
  const test = `interval: 1m\n  input_series:\n${series.map((one) => `    - ${one}`).join('\n')}\n  promql_expr_test:\n${tests.join('\n')}`;
  const [ahead, plain] = [
    await runOnly(rules, unindented(test)),
    await runOnly(rules, unindented(test), true),
  ];
  return { ahead: ahead.failures, plain: plain.failures };
}

const unindented = (text: string) => text.replace(/^ {2}/gm, '');

const UP = `{series: 'up{i="1",job="a"}', values: '1 0 1 _ 1 1 stale 1 1'}`;
const OTHER = `{series: 'up{i="2",job="b"}', values: '5+1x8'}`;

it.each<[string, string[], string[], string[]]>([
  [
    'a chain',
    [
      "{record: a, expr: 'sum by (job) (up)'}",
      "{record: b, expr: 'a * 2 > 1'}",
      "{record: c, expr: 'count_over_time(b[3m])'}",
    ],
    [UP, OTHER],
    ['a', 'b', 'c', 'count_over_time(b[10m])'],
  ],
  [
    'a chain in the wrong order',
    ["{record: b, expr: 'a * 2'}", "{record: a, expr: 'sum(up)'}"],
    [UP, OTHER],
    ['a', 'b', 'timestamp(b)'],
  ],
  [
    'an alert before what it reads',
    ["{alert: Low, expr: 'a < 8', annotations: {v: '{{ $value }}'}}", "{record: a, expr: 'sum(up)'}"],
    [UP, OTHER],
    ['ALERTS', 'a'],
  ],
  ['a rule that reads itself', ["{record: a, expr: 'sum(up) + (a or vector(0))'}"], [UP, OTHER], ['a']],
  [
    'output that the input has, too',
    ["{record: a, expr: 'sum(up)'}"],
    [UP, "{series: a, values: '_ 100 _ 100'}"],
    ['a', 'count_over_time(a[10m])'],
  ],
  [
    'two rules of one name',
    ["{record: a, expr: 'sum(up)'}", "{record: a, expr: 'count(up)'}"],
    [UP, OTHER],
    ['a'],
  ],
  [
    'looking ahead',
    ["{record: a, expr: 'up offset -1m'}", "{record: b, expr: 'sum(up @ 300)'}"],
    [UP, OTHER],
    ['a', 'b'],
  ],
  [
    'histograms',
    ['{record: h, expr: hist}', "{record: r, expr: 'rate(hist[2m])'}"],
    ["{series: hist, values: '{{schema:0 sum:3 count:4 buckets:[1 2 1]}}+{{sum:1 count:1 buckets:[1]}}x8'}"],
    ['h', 'r', 'increase(h[5m])'],
  ],
  ['labels of the rule', ["{record: a, expr: up, labels: {x: y, i: ''}}"], [UP, OTHER], ['a']],
  [
    'alerts between',
    [
      "{record: a, expr: 'sum by (job) (up)'}",
      "{alert: Low, expr: 'a < 1', for: 1m}",
      "{record: b, expr: 'count(ALERTS)'}",
    ],
    [UP, OTHER],
    ['a', 'ALERTS', 'b'],
  ],
])('%s', async (_, rules, series, exprs) => {
  const { ahead, plain } = await both(groupOf(rules), series, exprs);
  expect(ahead.length).toBeGreaterThan(0);
  expect(ahead).toEqual(plain);
});

it('a rule that fails at some time fails at that time', async () => {
  const series = [
    "{series: 'l{a=\"1\"}', values: '1x8'}",
    '{series: \'r{a="1",b="1"}\', values: \'1x8\'}',
    '{series: \'r{a="1",b="2"}\', values: \'_ _ _ 1x5\'}',
  ];
  const { ahead, plain } = await both(groupOf(["{record: a, expr: 'l / on(a) r'}"]), series, ['a']);
  expect(ahead).toMatchObject([{ kind: 'rule', rule: 'a', timeMs: 180_000 }]);
  expect(ahead).toEqual(plain);
});
