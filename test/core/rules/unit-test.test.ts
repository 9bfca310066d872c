import { describe, expect, it } from 'vitest';
import { parseUnitTestFile } from '../../../src/core/rules/index.ts';
import { groupOf, runOnly } from './files.ts';

const UP = `interval: 1m
input_series:
- {series: 'up{instance="a"}', values: '1 0 0 0 0 1 1 1 1 1'}`;

/** What is firing at each minute. */
async function firing(rules: string, minutes: number, alertname = 'Down'): Promise<boolean[]> {
  const tests = Array.from(
    { length: minutes },
    (_, m) => `- {eval_time: ${m}m, alertname: ${alertname}, exp_alerts: []}`,
  );
  const { failures } = await runOnly(rules, `${UP}\nalert_rule_test:\n${tests.join('\n')}`);
  return Array.from({ length: minutes }, (_, m) => failures.some(({ timeMs }) => timeMs === m * 60_000));
}

/** The result of a query in a test, as lines. */
async function result(rules: string, expr: string, minute: number, input = UP): Promise<readonly string[]> {
  const { failures } = await runOnly(
    rules,
    `${input}\npromql_expr_test:\n- {expr: '${expr}', eval_time: ${minute}m, exp_samples: [{labels: none, value: 1}]}`,
  );
  const [failure] = failures;
  return failure.kind === 'expr' ? failure.got : [failure.kind];
}

describe('alerts over time', () => {
  it('fire once they have been pending for long enough, and end at once', async () => {
    const rules = groupOf(['{alert: Down, expr: up == 0, for: 2m}']);
    expect(await firing(rules, 7)).toEqual([false, false, false, true, true, false, false]);
    const states = async (minute: number) => result(rules, 'ALERTS', minute);
    expect(await states(1)).toEqual(['ALERTS{alertname="Down", alertstate="pending", instance="a"} 1E+00']);
    expect(await states(3)).toEqual(['ALERTS{alertname="Down", alertstate="firing", instance="a"} 1E+00']);
    expect(await states(5)).toEqual([]);
  });

  it('keep firing for as long as they should', async () => {
    const rules = groupOf(['{alert: Down, expr: up == 0, keep_firing_for: 2m}']);
    expect(await firing(rules, 9)).toEqual([false, true, true, true, true, true, true, false, false]);
  });

  it('remember since when', async () => {
    const rules = groupOf(['{alert: Down, expr: up == 0, for: 2m}']);
    expect(await result(rules, 'ALERTS_FOR_STATE', 4)).toEqual([
      'ALERTS_FOR_STATE{alertname="Down", instance="a"} 6E+01',
    ]);
  });

  it('carry labels and annotations from templates', async () => {
    const rules = groupOf([
      '{alert: Down, expr: up == 0, labels: {l: "{{ $value }}", gone: "{{ .Labels.nope }}"}, annotations: {s: "{{ $labels.instance }}", e: ""}}',
    ]);
    const { failures } = await runOnly(
      rules,
      `${UP}\nalert_rule_test:\n- eval_time: 2m\n  alertname: Down\n  exp_alerts:\n  - exp_labels: {instance: a, l: "0"}\n    exp_annotations: {s: a, e: ""}`,
    );
    expect(failures).toEqual([]);
  });

  it('keep the texts of the last time that the condition held, also where nobody asked then', async () => {
    const rules = groupOf([
      '{alert: Slow, expr: t > 1, keep_firing_for: 3m, annotations: {s: "took {{ $value }}"}}',
      '{alert: Now, expr: t > 1, annotations: {s: "took {{ $value }}"}}',
    ]);
    const { failures } = await runOnly(
      rules,
      `interval: 1m
input_series:
- {series: t, values: '2 3 0 0 7'}
alert_rule_test:
- {eval_time: 3m, alertname: Slow, exp_alerts: [{exp_annotations: {s: took 3}}]}
- {eval_time: 4m, alertname: Now, exp_alerts: [{exp_annotations: {s: took 7}}]}`,
    );
    expect(failures).toEqual([]);
  });

  it('show a failed template in their place', async () => {
    const rules = groupOf(['{alert: Down, expr: up == 0, annotations: {s: "{{ .Foo }}"}}']);
    const { failures } = await runOnly(rules, `${UP}\nalert_rule_test:\n- {eval_time: 2m, alertname: Down}`);
    expect(failures[0]).toMatchObject({
      got: [expect.stringContaining('<error expanding template: error executing')],
    });
  });

  it('are asked about between two evaluations as they were at the first', async () => {
    const rules = groupOf(['{alert: Down, expr: up == 0}']);
    const { failures } = await runOnly(
      rules,
      `${UP}\nalert_rule_test:\n- {eval_time: 4m59s, alertname: Down}`,
    );
    expect(failures).toHaveLength(1);
  });
});

describe('recording rules', () => {
  it('see what rules before them have written, in the same evaluation', async () => {
    const rules = groupOf(['{record: a, expr: up * 2}', '{record: b, expr: a + 1, labels: {x: y}}']);
    expect(await result(rules, 'b', 0)).toEqual(['b{instance="a", x="y"} 3E+00']);
  });

  it('end their series when these are gone', async () => {
    const rules = groupOf(['{record: zero, expr: up == 0}']);
    expect(await result(rules, 'zero', 4)).toEqual(['zero{instance="a"} 0E+00']);
    expect(await result(rules, 'zero', 5)).toEqual([]);
  });

  it('look back by the offset of their group, and write there', async () => {
    const rules = groupOf(['{record: off, expr: up}'], 'name: g\n  query_offset: 1m');
    expect(await result(rules, 'timestamp(off)', 3)).toEqual(['{instance="a"} 1.2E+02']);
  });

  it('never see what is later than the evaluation', async () => {
    const rules = groupOf(['{record: ahead, expr: up offset -1m}']);
    expect(await result(rules, 'max_over_time(ahead[10m] @ 540)', 9)).toEqual(['{instance="a"} 1E+00']);
    expect(await result(rules, 'count_over_time(ahead[1m] @ 0)', 9)).toEqual(['{instance="a"} 1E+00']);
  });

  it.each([
    ['more series than the limit', '{record: a, expr: up}', 'exceeded limit of 1 with 2 series'],
    ['more alerts than the limit', '{alert: a, expr: up}', 'exceeded limit of 1 with 2 alerts'],
    [
      'series that become one',
      '{record: a, expr: up, labels: {instance: z}}',
      'vector contains metrics with the same labelset after applying rule labels',
    ],
    [
      'alerts that become one',
      '{alert: a, expr: up, labels: {instance: z}}',
      'vector contains metrics with the same labelset after applying alert labels',
    ],
  ])('fail with %s', async (_, rule, error) => {
    const input = `input_series:\n- {series: 'up{instance="a"}', values: 1}\n- {series: 'up{instance="b"}', values: 1}`;
    const { failures } = await runOnly(groupOf([rule], 'name: g\n  limit: 1'), input);
    const [failure] = failures;
    if (error.startsWith('exceeded')) expect(failure).toMatchObject({ kind: 'rule', error });
    else {
      const unlimited = await runOnly(groupOf([rule]), input);
      expect(unlimited.failures[0]).toMatchObject({ kind: 'rule', error });
    }
  });
});

describe('what a test evaluates', () => {
  const RULES = groupOf([
    '{record: a, expr: up * 2}',
    '{record: b, expr: a + 1}',
    '{record: c, expr: other}',
    '{alert: X, expr: b > 0}',
    '{alert: Y, expr: up > 0}',
    '{record: d, expr: \'{__name__=~"a|b"}\'}',
    '{record: e, expr: \'sum(ALERTS{alertname="X"})\'}',
  ]);
  const used = async (expr: string) =>
    (await runOnly(RULES, `${UP}\npromql_expr_test:\n- {expr: '${expr}', eval_time: 1m, exp_samples: []}`))
      .rulesUsed;

  it.each([
    // The rule d is always among them: its two metrics can collide.
    ['up', 3],
    ['b', 3],
    ['c', 4],
    ['e', 5],
    ['ALERTS', 5],
    ['{instance="a"}', 7],
  ])('%s needs %i rules', async (expr, count) => {
    expect(await used(expr)).toBe(count);
  });

  it('a rule that can fail on the input, though nothing depends on it', async () => {
    const rules = groupOf(['{record: bad, expr: l * on(a) r}', '{record: fine, expr: l + 1}']);
    const input = `input_series:
- {series: 'l{a="1"}', values: 1}
- {series: 'r{a="1",b="1"}', values: 1}
- {series: 'r{a="1",b="2"}', values: 1}`;
    const { failures, rulesUsed } = await runOnly(rules, input);
    expect(failures[0]).toMatchObject({ kind: 'rule', rule: 'bad' });
    expect(rulesUsed).toBe(1);
  });

  it('comes to the same as evaluating everything', async () => {
    for (const expr of ['a', 'b', 'e', 'ALERTS', 'd', 'count({__name__=~".+"})']) {
      const test = `${UP}\npromql_expr_test:\n- {expr: '${expr}', eval_time: 4m, exp_samples: [{labels: none, value: 1}]}`;
      const few = await runOnly(RULES, test);
      const all = await runOnly(RULES, test, true);
      expect(few.failures).toEqual(all.failures);
    }
  });
});

describe('what a rule writes', () => {
  const failed = async (rules: string, input: string, more = '') => {
    const { failures } = await runOnly(
      rules,
      `${input}\npromql_expr_test:\n- {expr: nothing, eval_time: 4m, exp_samples: []}${more}`,
    );
    return failures.map((failure) => (failure.kind === 'rule' ? failure.error : failure.kind));
  };

  it('may be there already with the same value, and not with another', async () => {
    const rules = groupOf(['{record: m, expr: n * 2}']);
    const input = (values: string) =>
      `input_series:\n- {series: n, values: 1x9}\n- {series: m, values: '${values}'}`;
    expect(await failed(rules, input('2x9'))).toEqual([]);
    expect(await failed(rules, input('2 2 2 3'))).toEqual([
      'duplicate sample for timestamp 180000; overrides not allowed: existing 3, new value 2',
    ]);
    expect(await failed(rules, input('_ _ {{count:1}}'))).toEqual([
      'duplicate sample for timestamp 120000; overrides not allowed: existing is a histogram, new value is 2',
    ]);
  });

  it('may not be what another rule writes, which matters to every test with data for them', async () => {
    const rules = groupOf(['{record: r, expr: n}', '{record: r, expr: n + 1}']);
    expect(await failed(rules, 'input_series: [{series: n, values: _ _ 1}]')).toEqual([
      'duplicate sample for timestamp 120000; overrides not allowed: existing 1, new value 2',
    ]);
    const apart = groupOf([
      '{record: r, expr: n, labels: {l: a}}',
      '{record: r, expr: n + 1, labels: {l: b}}',
    ]);
    expect(await failed(apart, 'input_series: [{series: n, values: 1}]')).toEqual([]);
  });

  it('may not be older than what the series has, nor much older than all the others', async () => {
    const late = (offset: string) =>
      `groups:\n- {name: g, query_offset: ${offset}, rules: [{record: m, expr: vector(1)}]}`;
    const input = 'input_series: [{series: m, values: 1x9}, {series: n, values: 1x9}]';
    expect(await failed(late('1m'), input)).toEqual(['out of order sample']);
    expect(await failed(late('1d'), input)).toEqual(['out of bounds']);
  });
});

describe('alerts about alerts', () => {
  it('fail where their own names make one of two, whatever the test asks for', async () => {
    const rules = groupOf(['{alert: A, expr: up}', '{alert: B, expr: up}', '{alert: C, expr: ALERTS}']);
    const { failures } = await runOnly(rules, `${UP}\npromql_expr_test: [{expr: nothing, eval_time: 0}]`);
    expect(failures).toMatchObject([
      { rule: 'C', error: expect.stringContaining('the same labelset after applying alert labels') },
    ]);
  });

  it('with the same labels are told apart by their annotations', async () => {
    const rules = groupOf([
      '{alert: A, expr: up, annotations: {s: b}}',
      '{alert: A, expr: up + 1, annotations: {s: a}}',
    ]);
    const { failures } = await runOnly(
      rules,
      `${UP}
alert_rule_test:
- eval_time: 0
  alertname: A
  exp_alerts:
  - {exp_labels: {instance: a}, exp_annotations: {s: a}}
  - {exp_labels: {instance: a}, exp_annotations: {s: b}}`,
    );
    expect(failures).toEqual([]);
  });
});

describe('what is left empty', () => {
  it('has nothing but zeros', () => {
    const read = (test: string) => parseUnitTestFile(`tests:\n- ${test}\n`, 't.yml');
    expect(read('').errors).toEqual([]);
    expect(read('input_series: [~, {series: ""}]').tests.tests[0].series).toEqual([]);
    expect(read('promql_expr_test: [~]').tests.tests[0].exprTests).toMatchObject([
      { expr: '', evalTimeMs: 0 },
    ]);
    const [alert] = read('alert_rule_test: [{alertname: A, exp_alerts: [~]}]').tests.tests[0].alertTests;
    expect(alert.expected.map(({ labels }) => String(labels))).toEqual(['{alertname="A"}']);
    expect(read('alert_rule_test: [~]').errors).toHaveLength(1);
  });

  it('may not be the labels of a sample', () => {
    const read = (values: string) =>
      parseUnitTestFile(`tests:\n- input_series: [{series: "{}", values: ${values}}]\n`, 't.yml');
    expect(read('_ 1').errors.map(({ reason }) => reason)).toEqual(['empty labelset: invalid sample']);
    expect(read('_').errors).toEqual([]);
  });
});

describe('a series given twice', () => {
  it('has the values that come last', async () => {
    const input = `input_series:\n- {series: m, values: 1 2 3}\n- {series: m, values: 7}`;
    expect(await result(groupOf([]), 'm', 2, input)).toEqual(['m 7E+00']);
  });
});

describe('values of the result', () => {
  it('show the sign of a zero', async () => {
    expect(await result(groupOf([]), '-m', 0, 'input_series: [{series: m, values: 0}]')).toEqual([
      '{} -0E+00',
    ]);
  });
});

describe('unit test files', () => {
  it('say where they are wrong', () => {
    const { errors } = parseUnitTestFile(
      'tests:\n- input_series:\n  - {series: "up{", values: 1}\n  alert_rule_test:\n  - {eval_time: 1m}\n  nmae: x\n',
      't.yml',
    );
    expect(errors.map(({ message }) => message)).toEqual([
      't.yml:6:3: field nmae not found in type main.testGroup (did you mean name?)',
      expect.stringMatching(/^t\.yml:3:14: /),
      't.yml:5:5: an item under alert_rule_test misses required attribute alertname at eval_time 1m',
    ]);
  });

  it('say nothing of the series of tests that nobody wants to run', () => {
    const text = `tests:
- {name: a, input_series: [{series: 'up{', values: 1}], alert_rule_test: [{eval_time: 1m}]}
- {name: b, input_series: [{series: 'up}', values: 1}]}
`;
    const lines = (selects: (name: string) => boolean) =>
      parseUnitTestFile(text, 't.yml', { selects }).errors.map(({ place }) => place.line);
    expect(lines((name) => name === 'a')).toEqual([2, 2]);
    expect(lines((name) => name === 'b')).toEqual([3]);
    expect(lines(() => false)).toEqual([]);
  });

  it('may start at any time, and compare histograms', async () => {
    const rules = groupOf(['{record: h2, expr: h * 2}']);
    const { failures } = await runOnly(
      rules,
      `start_timestamp: 2024-01-01T00:00:00Z
input_series:
- {series: h, values: '{{schema:0 sum:3 count:4 buckets:[1 2 1]}}'}
promql_expr_test:
- {expr: 'time()', eval_time: 5m, exp_samples: [{value: 1704067500}]}
- {expr: h2, eval_time: 0, exp_samples: [{labels: h2, histogram: '{{schema:0 sum:6 count:8 buckets:[2 4 2]}}'}]}`,
    );
    expect(failures).toEqual([]);
  });
});
