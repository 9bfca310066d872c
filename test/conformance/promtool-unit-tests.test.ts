/**
 * Beside the real promtool: templates with everything in them, and what rules yield at every minute of several inputs.
 * Each expectation is made to fail, so that promtool prints what it got.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parseRuleFile, parseUnitTestFile, UnitTestSuite } from '../../src/core/rules/index.ts';
import { describeWith, peer } from '../peers.ts';

const promtool = peer('promtool');
const dir = mkdtempSync(join(tmpdir(), 'tsmon-promtool-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Maps of query results are unsorted in Prometheus, so lists here are sorted or have one element. */
const TEMPLATES = [
  '{{ $value }} {{ .Value | humanize }} {{ humanize 1234567 }} {{ humanize 0.00012 }} {{ humanize "1e10" }} {{ humanize 999.96 }}',
  '{{ humanize1024 123456789 }} {{ humanize1024 0.5 }} {{ humanize1024 -2048 }} {{ humanizePercentage 0.1234567 }}',
  '{{ humanizeDuration 93784.5 }} {{ humanizeDuration 0.0123 }} {{ humanizeDuration 59.1234 }} {{ humanizeDuration "NaN" }}',
  '{{ humanizeTimestamp 1435065584.128 }} {{ toTime 1435065584.5 }} {{ 1435065584 | toTime }}',
  '{{ range query "m2" | sortByLabel "b" }}[{{ .Labels.b }}={{ .Value }}]{{ end }}',
  '{{ query "nothing" | first }}',
  '{{ query "sum(" }}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Go's own placeholder.
  '{{ reReplaceAll "(.*)oo" "${1}aa" "foo" }} {{ match "^b" "abc" }} {{ title "hello world-foo bar_baz" }}',
  '{{ graphLink "up{a=\\"b\\"} + 1" }} {{ tableLink "rate(x[5m])" }} {{ stripPort "[::1]:80" }} {{ stripDomain "1.2.3.4:80" }}',
  '{{ parseDuration "1h30m" }} {{ parseDuration "x" }}',
  '{{ args 1 "a" 2.5 }} {{ with args 1 2 }}{{ .arg0 }}{{ .arg1 }}{{ .arg2 }}{{ end }}',
  '{{ printf "%d|%5d|%-5d|%05d|%x|%X|%o|%b|%c|%q|%U" 42 42 42 42 255 255 8 5 65 65 65 }}',
  '{{ printf "%s|%10s|%-10s|%.2s|%q|%x|%v" "abc" "abc" "abc" "abc" "a\\"b" "hi" "v" }}',
  '{{ printf "%f|%.2f|%8.3f|%-8.1f|%08.2f|%e|%g|%G|%+.1f|%.3g|%.10g" 3.14159 3.14159 3.14159 3.14159 3.14159 31415.9 1e21 1e-7 2.5 1234567.0 1234567.891 }}',
  '{{ printf "%d %s %t %v %z" 1.5 2 "x" nil 3 }} {{ printf "%d" }} {{ printf "a" 1 2.5 "b" }} {{ printf "%!" }}',
  '{{ printf "%*d|%-*d|%.*f" 5 1 5 2 2 3.14159 }} {{ printf "%5t|%08d|%+d|% d|%#x" true -42 5 5 255 }}',
  '{{ print 1 2 "a" "b" 3 4.5 true }}|{{ println 1 "a" }}|',
  '{{ eq 1 1.0 }}',
  '{{ gt $value 1 }}',
  '{{ eq true }}',
  '{{ and 1 0 2 }} {{ or 0 "" "x" }} {{ len "héllo" }} {{ index .Labels "zz" }} {{ index "abc" 1 }} {{ slice "abcdef" 1 3 }}',
  '{{ index .Labels 1 }}',
  '{{ slice "abc" 3 1 }}',
  '{{ html "<a href=\'x\'>&" }} {{ js "it\'s <b>\\n" }} {{ urlquery "a b&c/d?e=f~*" }} {{ .Labels }} {{ . }}',
  '{{ .Foo }}',
  '{{ .Labels.a.b }}',
  '{{ .Value.foo }}',
  '{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}{{ if eq $value 6.0 }}a{{ else if gt $value 5.0 }}b{{ end }}',
  '{{ range $k, $v := .Labels }}{{ $k }}={{ $v }};{{ break }}{{ end }}',
  '{{ define "t" }}<{{ . }}>{{ end }}{{ template "t" "q" }}{{ template "t" }}{{ block "bb" .Value }}b{{ . }}{{ end }}',
  '{{ template "missing" }}',
  'a  {{- " b " -}}   c {{/* comment */}} d {{- /* c2 */ -}}  e',
  '{{ "q\\tstr\\x41" }} {{ `raw\\n` }} {{ 0x1F }} {{ 1_000 }} {{ -5 }} {{ 010 }} {{ 1e20 }} {{ 1e21 }} {{ 1000000.0 }} {{ 0.00001 }}',
  '{{ nil }}',
  '{{ (print "a" "b") | printf "%s-%s" "x" }} {{ (args "a").arg0 }}',
  '{{ humanize "abc" }}',
  '{{ humanize .Labels }}',
  '{{ humanize 1 2 }}',
  '{{ toUpper 1 }}',
  '{{ toUpper .Value }}',
  '{{ 1 | toUpper }}',
  '{{ "a" "b" }}',
  '{{ .Labels "b" }}',
  '{{ range 3 }}{{ . }}{{ end }}',
  '{{ range .Labels.a }}x{{ end }}',
  '{{ with $y := .Labels.nope }}y{{ else with .Labels.a }}A{{ . }}{{ else }}z{{ end }}',
  '{{ len 3 }}',
  '{{ call 3 }}',
  'two\nlines {{ .Foo }}',
];

const RULES = `groups:
- name: one
  labels: {team: x, severity: low}
  rules:
  - {record: job:up:sum, expr: sum by (job) (up)}
  - alert: Down
    expr: up == 0
    for: 2m
    keep_firing_for: 3m
    labels: {severity: page, tpl: '{{ $value }}', none: '{{ if false }}x{{ end }}'}
    annotations: {s: '{{ $labels.instance }} is {{ $value | humanize }}', e: '{{ .Labels.nope }}'}
- name: two
  query_offset: 1m
  rules:
  - {record: off, expr: up * 2}
  - {alert: Firing, expr: 'sum(ALERTS{alertname="Down",alertstate="firing"}) > 0'}
  - {record: h, expr: hist}
- name: three
  rules:
  - {record: dep, expr: 'job:up:sum * 10'}
  - {record: chain, expr: dep + 1}
  - {record: bad, expr: left_side / on(a) right_side}
  - {record: replaced, expr: 'label_replace(up, "x", "$1", "instance", "(.*)")'}
`;

const INPUTS: [values: string, evaluationInterval: string, more: string][] = [
  ['1 0 0 0 0 1 1 0 0 0 1x10', '1m', ''],
  ['0x3 _x3 stale 0 1 0x10', '1m', ''],
  ['0x10', '90s', ''],
  ['NaN 1 Inf -Inf 1e10 0.1', '30s', ''],
  [
    '1x10',
    '1m',
    "- {series: hist, values: '{{schema:0 sum:3 count:4 buckets:[1 2 1]}}+{{sum:1 count:1 buckets:[1]}}x10'}",
  ],
  [
    '1x10',
    '1m',
    "- {series: 'left_side{a=\"1\"}', values: '_ 1'}\n  - {series: 'right_side{a=\"1\",b=\"1\"}', values: '_ _ 1'}\n  - {series: 'right_side{a=\"1\",b=\"2\"}', values: '_ _ _ 1'}",
  ],
];

const TIMES = ['0m', '1m', '90s', '2m', '3m', '4m', '5m', '7m', '9m'];
const EXPRS = [
  'job:up:sum',
  'ALERTS',
  'ALERTS_FOR_STATE',
  'off',
  'timestamp(off)',
  'dep',
  'chain',
  'h',
  'replaced',
  'count_over_time(off[10m])',
  'sum(',
  'time()',
  'up[5m]',
];

describeWith('beside promtool', { promtool }, () => {
  it('templates come out the same, failures included', async () => {
    const annotations = TEMPLATES.map((template, i) => `      c${i}: ${JSON.stringify(`<${template}>`)}`);
    const rules = `groups:\n- name: g\n  rules:\n  - alert: T\n    expr: m\n    annotations:\n${annotations.join('\n')}\n`;
    const tests = `rule_files: [rules.yml]
tests:
- external_labels: {ext: EX}
  external_url: http://h.example:9090/pre/fix
  input_series:
  - {series: 'm{a="val"}', values: '5.25x10'}
  - {series: 'm2{b="2"}', values: '20x10'}
  - {series: 'm2{b="1"}', values: '10x10'}
  alert_rule_test: [{eval_time: 2m, alertname: T, exp_alerts: []}]
`;
    const theirs = pairsIn(runPromtool(rules, tests));
    const [failure] = await ours(rules, tests);
    const own = pairsIn(failure.kind === 'alert' ? failure.got.join() : '');
    expect(Object.keys(own)).toHaveLength(TEMPLATES.length);
    expect(own).toEqual(theirs);
  });

  it.each(INPUTS)('rules yield the same on %s every %s %s', async (values, interval, more) => {
    const exprs = EXPRS.flatMap((expr) =>
      TIMES.map((time) => `  - {expr: '${expr}', eval_time: ${time}, exp_samples: [{labels: x, value: 77}]}`),
    );
    const alerts = ['Down', 'Firing'].flatMap((name) =>
      TIMES.map((time) => `  - {eval_time: ${time}, alertname: ${name}, exp_alerts: [{exp_labels: {q: w}}]}`),
    );
    const tests = `rule_files: [rules.yml]
evaluation_interval: ${interval}
group_eval_order: [one, two, three]
tests:
- interval: 1m
  input_series:
  - {series: 'up{job="j",instance="a"}', values: '${values}'}
  ${more}
  promql_expr_test:
${exprs.join('\n')}
  alert_rule_test:
${alerts.join('\n')}
`;
    const theirs = gotLines(runPromtool(RULES, tests));
    const failures = await ours(RULES, tests);
    const own = failures.map((failure) => {
      if (failure.kind === 'rule' || failure.kind === 'error') return `err: ${withoutSeries(failure.error)}`;
      return failure.got.map(samplePlain).sort().join(', ');
    });
    expect(own.sort()).toEqual(theirs.sort());
  });
});

function runPromtool(rules: string, tests: string): string {
  writeFileSync(join(dir, 'rules.yml'), rules);
  writeFileSync(join(dir, 'tests.yml'), tests);
  execFileSync(promtool!, ['check', 'rules', '--lint=none', join(dir, 'rules.yml')], { stdio: 'ignore' });
  return spawnSync(promtool!, ['test', 'rules', join(dir, 'tests.yml')], { encoding: 'utf8' }).stderr;
}

async function ours(rules: string, text: string) {
  const { tests } = parseUnitTestFile(text, 'tests.yml');
  return (await new UnitTestSuite(tests, [parseRuleFile(rules, 'rules.yml')]).run(tests.tests[0])).failures;
}

/** `name="text"` of all annotations. */
function pairsIn(text: string): Record<string, string> {
  const got = text.slice(text.indexOf('got:') + 1);
  return Object.fromEntries(
    [...got.matchAll(/\b(c\d+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]),
  );
}

/** What promtool got, an entry for each failed expectation, in one form. */
function gotLines(text: string): string[] {
  const lines: string[] = [];
  for (const [, got] of text.matchAll(/^ {8}got: (.*)$/gm)) {
    const samples = got === 'nil' ? [] : got.split(/, (?=\{(?!\{))/);
    lines.push(samples.map(samplePlain).sort().join(', '));
  }
  for (const [, got] of text.matchAll(/^ {8}got:(\[[\s\S]*?\])(?=\n\n| *\n {4}\S|$)/gm)) {
    const alerts = [...got.matchAll(/Labels:(\{.*\})\s*Annotations:(\{.*\})/g)];
    lines.push(
      alerts
        .map(([, labels, annotations]) => `Labels:${labels} Annotations:${annotations}`)
        .sort()
        .join(', '),
    );
  }
  for (const [, error] of text.matchAll(/ err: (.*)$/gm)) lines.push(`err: ${withoutSeries(error)}`);
  return lines;
}

/** The name before the braces, as tsmon prints it. */
function samplePlain(sample: string): string {
  return sample
    .replace(/^\{__name__="([^"]*)"\}/, '$1')
    .replace(/^\{__name__="([^"]*)", /, '$1{')
    .trim();
}

/** Which of two equal series is named first is chance. */
function withoutSeries(error: string): string {
  return error.replace(/\[\{.*\}\]/, '[…]');
}
