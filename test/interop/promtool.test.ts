/** Each command beside the real promtool: what goes to standard output, to standard error, and the exit status. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tsmon } from '../cli.ts';
import { conformanceDir, describeWith, peer } from '../peers.ts';

const promtool = peer('promtool');
const files = conformanceDir('promtool');
const dir = mkdtempSync(join(tmpdir(), 'tsmon-promtool-cli-'));
afterAll(() => rmSync(dir, { recursive: true }));

interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

function theirs(args: readonly string[], cwd: string, input = ''): Run {
  const { status, stdout, stderr } = spawnSync(promtool!, args, { cwd, input, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const ours = (args: readonly string[], cwd: string, input = ''): Run =>
  tsmon(['promtool', ...args], { cwd, input, env: { NODE_ENV: 'production' } });

const RULES = `groups:
- name: g
  rules:
  - {record: s, expr: 'sum(up)'}
  - {alert: Down, expr: 'up == 0', labels: {severity: page}, annotations: {summary: 'down {{ $labels.i }}'}}
`;
const TESTS = `rule_files: [r.yml, no.yml]
tests:
- name: first
  input_series: [{series: 'up{i="1"}', values: 0 0}, {series: 'up{i="2"}', values: 0 0}]
  alert_rule_test:
  - {eval_time: 1m, alertname: Down, exp_alerts: [{exp_labels: {i: 1, severity: page}}]}
  - {eval_time: 1m, alertname: Nope, exp_alerts: [{exp_labels: {i: 1, severity: page}}]}
  - {eval_time: 30s, alertname: Down, exp_alerts: []}
  promql_expr_test:
  - {expr: up, eval_time: 1m, exp_samples: [{labels: up, value: 1}, {labels: 'up{i="4"}', value: 1}]}
  - {expr: up, eval_time: 1m}
  - {expr: nothing, eval_time: 90s, exp_samples: [{labels: up, value: 1}]}
- input_series: [{series: 'up{i="1"}', values: 0 0}]
  alert_rule_test:
  - {eval_time: 1m, alertname: Down, exp_alerts: []}
  promql_expr_test:
  - {expr: 'sum(', eval_time: 1m, exp_samples: [{labels: up, value: 1}]}
- name: ok
`;
const SAMPLES = `# TYPE a counter
a_total{x="1"} 1 1700000000
a_total{x="1"} 2 1700000060
a_total{x="2"} 2 1700000060
# EOF
`;
/** Rule files with faults of one kind each. */
const RULE_FAULTS: Record<string, string> = {
  'a name without a value': 'groups:\n- name: a\n  rules: [{record: x}]\n- name: a\n',
  'labels and annotations without names':
    'groups:\n- name: a\n  rules:\n  - {alert: x, expr: up, labels: {"": b}, annotations: {"": c}}\n',
  templates:
    'groups:\n- name: a\n  rules:\n  - {alert: x, expr: up, labels: {b: "{{ nope }}"}, annotations: {c: "{{ $x }}"}}\n',
  'neither record nor alert': 'groups:\n- name: ""\n  rules:\n  - expr: up\n',
  'a query over several lines':
    'groups:\n- name: a\n  rules:\n  - record: y\n    expr: |\n      sum(a) +\n      sum by (b)) (c\n',
  durations: 'groups:\n- name: a\n  interval: 5x\n  limit: q\n  rules: []\n',
  types: 'groups:\n- name: a\n  limit: x\n  rules: [{record: x, expr: 1, lables: {}}]\n',
};
const SCRAPES = `global: {scrape_interval: 1m}
scrape_configs:
- job_name: plain
  static_configs: [{targets: ['h:1', 'h:2', 'h:1'], labels: {x: y}}]
  relabel_configs:
  - {source_labels: [__address__], regex: 'h:2', action: drop}
  - {target_label: __tmp_kept, replacement: z}
- job_name: file
  file_sd_configs: [{files: [targets.json]}]
- job_name: long
  scrape_interval: 6m
  static_configs: [{targets: []}]
`;
const job = (settings: string) => `scrape_configs:\n- job_name: a\n  ${settings}\n`;
const CONFIGS: Record<string, string> = {
  'intervals.yml': SCRAPES,
  'no-file.yml': job('file_sd_configs: [{files: [missing.json, targets.json]}]'),
  'bad-file.yml': job('file_sd_configs: [{files: [bad-targets.json]}]'),
  'address.yml': job(
    "static_configs: [{targets: ['ok:1']}, {targets: ['fine:1', 'x/y']}]\n  relabel_configs: [{target_label: a, replacement: b}]",
  ),
  'no-address.yml': job("static_configs: [{targets: ['h:99999', 'a b', '']}]"),
  'interval-label.yml': job("static_configs: [{targets: ['h:1'], labels: {__scrape_interval__: x}}]"),
  'token.yml': job("bearer_token_file: missing\n  static_configs: [{targets: ['h:1']}]"),
  'two-lints.yml': `rule_files: [dup.yml]\n${SCRAPES}`,
};
const ODD_SAMPLES = `# TYPE a gauge
{"a.b",x="1"} 1.4662e-05 1700000000
c NaN 1700000000
c +Inf 1700000001.5
c 1e30 1700000002
c{y="q\\"\\n"} -5 1700000002
# EOF
`;
const METRICS = '# HELP a_count x\n# TYPE a_count gauge\na_count 1\n# TYPE b counter\nb 1\n';

describeWith('promtool’s own commands', { promtool, 'conformance data': files }, () => {
  beforeAll(() => {
    writeFileSync(join(dir, 'r.yml'), RULES);
    writeFileSync(
      join(dir, 'dup.yml'),
      RULES.replace('record: s', 'record: s, labels: {a: b}').replace(/ {2}- \{rec.*\n/, '$&$&'),
    );
    writeFileSync(join(dir, 'extra.yml'), RULES.replace('rules:', 'owner: me\n  rules:'));
    writeFileSync(join(dir, 't.yml'), TESTS);
    writeFileSync(join(dir, 'field.yml'), 'rule_files: [r.yml]\ntest: []\nxx: 1\n');
    writeFileSync(join(dir, 'in.om'), SAMPLES);
    writeFileSync(join(dir, 'odd.om'), ODD_SAMPLES);
    writeFileSync(join(dir, 'targets.json'), '[{"targets": ["f:1"], "labels": {"m": "n"}}]');
    writeFileSync(join(dir, 'bad-targets.json'), '[{"targets": ["http://f"]}]');
    for (const [name, text] of Object.entries(CONFIGS)) writeFileSync(join(dir, name), text);
    writeFileSync(join(dir, 'http-bad.yml'), 'basic_auth: [\n');
    theirs(['tsdb', 'create-blocks-from', 'openmetrics', 'in.om', 'blocks'], dir);
    theirs(['tsdb', 'create-blocks-from', 'openmetrics', 'in.om', 'empty/none'], dir);
  });

  it.each([
    ['check rules r.yml'],
    ['check rules dup.yml'],
    ['check rules --lint-fatal dup.yml'],
    ['check rules --lint=none --lint-fatal dup.yml'],
    ['check rules --lint=foo r.yml'],
    ['check rules extra.yml r.yml'],
    ['check rules --ignore-unknown-fields extra.yml'],
    ['check rules missing.yml'],
    ['check rules --nope r.yml'],
    ['test rules t.yml'],
    ['test rules t.yml field.yml'],
    ['test rules --diff t.yml'],
    ['test rules --run ok t.yml'],
    ['test rules --run nothing t.yml'],
    ['test rules field.yml'],
    ['test rules missing.yml'],
    ['--experimental promql format sum(a)/sum(b)'],
    ['promql format a'],
    ['promql format --experimental sum(a'],
    ['promql label-matchers set --experimental sum(a{b="1"})/c x y'],
    ['promql label-matchers set --experimental -t =~ sum(a{b="1"})/c b y'],
    ['promql label-matchers set --experimental rate(a[5m:]) b y'],
    ['promql label-matchers delete --experimental sum(a{b="1"})/c b'],
    ['tsdb list blocks'],
    ['tsdb list -r blocks'],
    ['tsdb list missing'],
    ['tsdb analyze blocks nope'],
    ['tsdb analyze missing'],
    ['tsdb dump missing'],
    ['tsdb create-blocks-from openmetrics missing'],
    ['tsdb create-blocks-from openmetrics'],
    ['query instant'],
    ['query instant http://127.0.0.1:1'],
    ['query instant --time=x http://127.0.0.1:1 up'],
    ['query series http://127.0.0.1:1'],
    ['query range --start=5 --end=4 http://127.0.0.1:1 up'],
    ['query range --header=x http://127.0.0.1:1 up'],
    ['query instant --http.config.file=missing.yml http://127.0.0.1:1 up'],
    ['check ready --url=:bad'],
    ['check config --query.lookback-delta=30s --lint=all --lint-fatal intervals.yml'],
    ['check rules --extended --query.lookback-delta=1m r.yml'],
    ['query analyze --server=http://127.0.0.1:1 --type=histogram --match=a --http.config.file=missing.yml'],
    ['tsdb create-blocks-from rules --start=1 --http.config.file=missing.yml r.yml'],
    ['check service-discovery intervals.yml plain --timeout=1s'],
    ['check service-discovery intervals.yml file --timeout=1s'],
    ['check service-discovery intervals.yml long --timeout=1s'],
    ['check service-discovery intervals.yml nope'],
    ['check service-discovery intervals.yml'],
    ['check service-discovery missing.yml a'],
    ['push metrics'],
    ['push metrics --label=x http://127.0.0.1:1/w r.yml'],
    ['push metrics --header=z http://127.0.0.1:1/w r.yml'],
    ['push metrics http://127.0.0.1:1/w missing.prom'],
    ['push metrics http://127.0.0.1:1/w r.yml'],
    ['push'],
    ['debug'],
    ['debug metrics'],
    ['tsdb bench'],
    ['nothing'],
    ['check'],
    ['tsdb create-blocks-from'],
    ['promql label-matchers nothing'],
  ])('%s', (line) => {
    const args = line.split(' ');
    expect(ours(args, dir)).toEqual(theirs(args, dir));
  });

  it.each([
    ['check metrics', METRICS],
    ['check metrics --extended', METRICS],
    ['check metrics --extended', '# HELP up x\n# TYPE up gauge\nup 1\n'],
    ['check metrics', 'a{\n'],
    ['check rules', RULES],
    ['check rules', RULES.replace('up == 0', 'up ==')],
  ])('%s of standard input', (line, input) => {
    const args = line.split(' ');
    expect(ours(args, dir, input)).toEqual(theirs(args, dir, input));
  });

  it.each(Object.entries(RULE_FAULTS))('check rules: %s', (_, text) => {
    writeFileSync(join(dir, 'fault.yml'), text);
    const args = ['check', 'rules', 'fault.yml'];
    expect(ours(args, dir)).toEqual(theirs(args, dir));
  });

  it.each(Object.keys(CONFIGS))('check config %s', (name) => {
    for (const lint of [
      [],
      ['--lint=all', '--lint-fatal'],
      ['--lint=too-long-scrape-interval', '--lint-fatal'],
    ]) {
      const args = ['check', 'config', ...lint, name];
      expect(ours(args, dir)).toEqual(theirs(args, dir));
    }
  });

  it.each([['dump'], ['dump-openmetrics'], ['dump-openmetrics --min-time=1700000001000 --match=c']])(
    'tsdb %s',
    (line) => {
      theirs(['tsdb', 'create-blocks-from', 'openmetrics', 'odd.om', 'odd'], dir);
      // promtool wants a log, were it empty.
      mkdirSync(join(dir, 'odd', 'wal'), { recursive: true });
      const args = ['tsdb', ...line.split(' '), 'odd'];
      expect(ours(args, dir).stdout).toBe(theirs(args, dir).stdout);
    },
  );

  it.each([
    ['blocks'],
    ['--match={x="1"} blocks'],
    ['--limit=50 blocks'],
    ['--extended blocks'],
    ['--extended --match={x="2"} blocks'],
  ])('tsdb analyze %s', (line) => {
    const args = ['tsdb', 'analyze', ...line.split(' ')];
    // promtool has entries of equal count in any order.
    const sorted = ({ stdout, ...rest }: Run) => ({ ...rest, lines: stdout.split('\n').sort() });
    expect(sorted(ours(args, dir))).toEqual(sorted(theirs(args, dir)));
  });

  it('blocks hold the same, whoever made them', () => {
    for (const [name, run] of Object.entries({ a: ours, b: theirs })) {
      expect(
        run(['tsdb', 'create-blocks-from', 'openmetrics', '-q', '--label=z=1', 'in.om', name], dir),
      ).toEqual({
        status: 0,
        stdout: '',
        stderr: '',
      });
    }
    const counts = (name: string) =>
      theirs(['tsdb', 'list', name], dir).stdout.split('\n')[1].split(/\s+/).slice(1, 7);
    expect(counts('a')).toEqual(counts('b'));
    expect(ours(['tsdb', 'dump', 'a'], dir).stdout).toBe(
      [
        '{__name__="a_total", x="1", z="1"} 1 1700000000000',
        '{__name__="a_total", x="1", z="1"} 2 1700000060000',
        '{__name__="a_total", x="2", z="1"} 2 1700000060000',
        '',
      ].join('\n'),
    );
  });

  it('JUnit', () => {
    const xml = [theirs, ours].map((run) => {
      run(['test', 'rules', '--junit=out.xml', 't.yml', 'field.yml'], dir);
      return spawnSync('cat', ['out.xml'], { cwd: dir, encoding: 'utf8' }).stdout.replace(
        /timestamp="[^"]*"/g,
        '',
      );
    });
    expect(xml[1]).toBe(xml[0]);
  });

  it.each([
    ['prometheus-config.good.yml'],
    ['prometheus-config.bad.yml'],
    ['prometheus-config.lint.yml'],
    ['--lint-fatal prometheus-config.lint.yml'],
    ['prometheus-config.rules.good.yml'],
    ['config_with_rule_files.yml'],
    ['--syntax-only config_with_rule_files.yml'],
    ['config_with_tls_files.yml'],
    ['--syntax-only config_with_tls_files.yml'],
    ['url_in_alert_targetgroup_with_relabel_config.good.yml'],
    ['url_in_scrape_targetgroup_with_relabel_config.bad.yml'],
  ])('check config %s', (line) => {
    const args = ['check', 'config', ...line.split(' ')];
    const [own, real] = [ours(args, files!), theirs(args, files!)];
    expect([own.status, own.stdout]).toEqual([real.status, real.stdout]);
  });

  it('check config says whose fault it is', () => {
    writeFileSync(join(dir, 'field.yml.bad'), 'global: {scrape_intervall: 15s}\n');
    const args = ['check', 'config', 'field.yml.bad'];
    const start =
      /^ {2}FAILED: parsing YAML file field\.yml\.bad: .*field scrape_intervall not found in type/s;
    expect(theirs(args, dir).stderr).toMatch(start);
    expect(ours(args, dir).stderr).toMatch(start);
  });

  it.each([
    [''],
    ['query analyze --server=http://127.0.0.1:1 --type=histogram --match={'],
    ['tsdb create-blocks-from rules --start=1600000000 --end=1600600000 --url=http://127.0.0.1:1 r.yml'],
  ])('status of: %s', (line) => {
    const args = line.split(' ').filter((arg) => arg !== '');
    expect(ours(args, dir).status).toBe(theirs(args, dir).status);
  });

  it('check web-config', () => {
    writeFileSync(join(dir, 'web-tls.yml'), 'tls_server_config: {cert_file: nope.crt, key_file: n.key}\n');
    writeFileSync(join(dir, 'web-bad.yml'), 'nope: 1\n');
    writeFileSync(join(dir, 'web.yml'), 'http_server_config: {http2: false}\n');
    for (const name of ['web.yml', 'web-tls.yml', 'web-bad.yml', 'missing.yml']) {
      const [own, real] = [ours, theirs].map((run) => run(['check', 'web-config', name], dir));
      expect([name, own.status, own.stderr.split(':')[0]]).toEqual([
        name,
        real.status,
        real.stderr.split(':')[0],
      ]);
    }
  });

  /** Since 3.5.3 the language has grown. */
  const NEWER = new Set(['start-time-test.yml']);
  const names = files === undefined ? [] : readdirSync(files).filter((name) => /\.ya?ml$/.test(name));

  it.each(names.filter((name) => !NEWER.has(name)))('%s: verdicts', { timeout: 60_000 }, (name) => {
    for (const command of ['check', 'test']) {
      const args = [command, 'rules', name];
      const [own, real] = [ours(args, files!), theirs(args, files!)];
      expect([command, own.status, own.stdout]).toEqual([command, real.status, real.stdout]);
    }
  });
});
