/** What rules and dashboards read and write, and what goes wrong between them. */
import { describe, expect, it } from 'vitest';
import { dependencyProblems, parseDashboard, RuleGraph } from '../../../../src/core/rules/deps/index.ts';
import { parseRuleFile } from '../../../../src/core/rules/index.ts';

const rulesOf = (text: string) => parseRuleFile(text, 'r.yml');
const graphOf = (text: string) => new RuleGraph([rulesOf(text)], []);
const problemsOf = (text: string) =>
  dependencyProblems(graphOf(text)).map((problem) => {
    if (problem.kind === 'cycle') return `cycle ${problem.rules.map(({ name }) => name).join()}`;
    return problem.kind === 'unused'
      ? `unused ${problem.rule.name}`
      : `${problem.kind} ${problem.reader.name} ${problem.writer.name}`;
  });

const TWO_GROUPS = `groups:
- name: one
  rules:
  - {record: late, expr: 'first + 1'}
  - {record: first, expr: 'sum(up)'}
  - {alert: A, expr: 'late > 1'}
- name: two
  rules:
  - {record: far, expr: '{__name__=~"fir.*"}'}
  - {alert: B, expr: 'ALERTS{alertname="A"} and far'}
`;

describe('the graph', () => {
  it('knows who reads what', () => {
    const graph = graphOf(TWO_GROUPS);
    expect(graph.metrics()).toEqual(['ALERTS', 'far', 'first', 'late', 'up', '{__name__=~"fir.*"}']);
    expect(graph.readersOf('first').map(({ name }) => name)).toEqual(['late', 'far']);
    expect(graph.readersOf('up').map(({ name }) => name)).toEqual(['first']);
    const [, , alert] = graph.rules;
    expect(graph.readersOfRule(alert).map(({ name }) => name)).toEqual(['B']);
  });

  it('tells problems', () => {
    expect(problemsOf(TWO_GROUPS)).toEqual(['order late first', 'between-groups far first']);
    expect(
      problemsOf(
        'groups: [{name: g, rules: [{record: a, expr: b}, {record: b, expr: c}, {record: c, expr: a}]}]',
      ),
    ).toEqual(['cycle a,b,c', 'order a b', 'order b c']);
    expect(problemsOf('groups: [{name: g, rules: [{record: a, expr: a offset 1m}]}]')).toEqual([
      'cycle a',
      'unused a',
    ]);
    expect(problemsOf('groups: [{name: g, rules: [{record: a, expr: b}]}]')).toEqual(['unused a']);
  });
});

describe('dashboards', () => {
  const dashboard = (expr: string, more = {}) =>
    parseDashboard(
      JSON.stringify({ title: 'D', panels: [{ title: 'P', targets: [{ expr }] }], ...more }),
      'd.json',
    );

  it.each([
    ['rate(a_total{job="$job"}[$__rate_interval])', ['a_total']],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's own placeholder.
    ['sum by ($by) (a{x=~"${job:regex}"}) > ${limit}', ['a']],
    ['topk([[n]], a) / on(x) b', ['a', 'b']],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's own placeholder.
    ['a[${window}:1m]', ['a']],
  ])('%s', (expr, metrics) => {
    const { queries, unreadable } = dashboard(expr);
    expect(unreadable).toEqual([]);
    const graph = new RuleGraph([], [{ file: '', title: '', queries, unreadable }]);
    expect(graph.metrics()).toEqual(metrics);
  });

  it('have rows, variables, and a wrapper', () => {
    const inner = {
      title: 'D',
      panels: [{ type: 'row', panels: [{ title: 'Inside', targets: [{ expr: 'a' }, { expr: 'b' }] }] }],
      templating: {
        list: [
          { type: 'query', name: 'job', query: 'label_values(up{x="$x"}, job)' },
          { type: 'query', name: 'list', query: { query: 'query_result(sum(c))' } },
          { type: 'query', name: 'names', query: 'label_names()' },
        ],
      },
    };
    const read = parseDashboard(JSON.stringify({ dashboard: inner }), 'd.json');
    const graph = new RuleGraph([], [read]);
    expect(graph.panels.map(({ name, reads }) => [name, ...reads.map(({ metric }) => metric)])).toEqual([
      ['Inside', 'a', 'b'],
      ['variable job', 'up'],
      ['variable list', 'c'],
    ]);
    expect(graph.readersOf('a')).toMatchObject([{ kind: 'panel', dashboard: 'D' }]);
  });

  it('tell what cannot be read', () => {
    expect(dashboard('sum(').unreadable).toMatchObject([{ panel: 'P', query: 'sum(' }]);
    expect(() => parseDashboard('{', 'd.json')).toThrow('d.json: not a dashboard');
  });
});
