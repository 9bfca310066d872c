/**
 * `tsmon serve` and the real Prometheus, each as it runs: copies of one data directory, one configuration, the same targets,
 * rules and alerts, and the whole API asked of both.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { directory, RunningServer } from '../commands/serve/running.ts';
import { serveHttp } from '../core/http/servers.ts';
import { describeWith, peer } from '../peers.ts';
import { ask, type Outcome, sorted } from './api-outcome.ts';
import { API_REQUESTS, type ApiRequest, requestText } from './api-requests.ts';
import { freePort } from './prometheus.ts';
import { DATA_END, writeQueryData } from './query-data.ts';

const BODY = `# HELP scraped_total What was scraped.
# TYPE scraped_total counter
# UNIT scraped_total x
scraped_total{code="200"} 7
scraped_total{code="500"} 1
# TYPE latency histogram
# HELP latency How long it takes.
latency_bucket{le="1"} 3
latency_bucket{le="+Inf"} 5
latency_sum 7
latency_count 5
# TYPE size summary
size_sum 4
size_count 2
# TYPE heat gauge
# HELP heat Of a "room", with \\\\ and <b>.
heat{room="a"} 30
heat{room="b"} 10
`;

const RULES = `groups:
- name: first
  rules:
  - {record: 'heat:max', expr: max(heat), labels: {q: w}}
  - {alert: Hot, expr: heat > 20, labels: {severity: page}, annotations: {summary: '{{ $labels.room }} <b> at {{ $value }}'}}
- name: second
  interval: 1s
  limit: 3
  labels: {team: x}
  rules:
  - {alert: Waiting, expr: heat > 20, for: 1h, keep_firing_for: 5s}
  - {alert: Never, expr: heat > 200}
- name: third
  rules:
  - {record: c, expr: vector(3)}
- name: written otherwise
  interval: 1h
  rules:
  - {record: d, expr: ' sum(rate(heat[60s]))by(room)/ on(room)group_left() (heat) # as one may '}
  - {record: e, expr: "heat{room=~'a|b',}offset 90m>bool -1 unless ignoring(zone)heat@start()"}
  - {alert: F, expr: 'max_over_time ( heat [ 1h30m : 1m ] ) == +Inf and 0x10 * heat == 1e-9'}
- name: empty
  rules: []
`;

function configuration(target: string, receiver: string): string {
  return `global: {scrape_interval: 1s, evaluation_interval: 1s, external_labels: {site: here}}
rule_files: [rules.yml]
alerting:
  alertmanagers:
  - static_configs: [{targets: ['${receiver}']}]
    path_prefix: /am
    timeout: 5s
scrape_configs:
- job_name: app
  params: {a: ['1 2']}
  static_configs: [{targets: ['${target}', 'dropped:1'], labels: {zone: z}}]
  relabel_configs: [{source_labels: [__address__], regex: 'dropped:.*', action: drop}]
- job_name: broken
  scheme: https
  static_configs: [{targets: ['${target}']}]
- job_name: secret
  basic_auth: {username: u, password: p}
  static_configs: [{targets: ['${target}/path?x=y']}]
  relabel_configs:
  - {regex: x, action: labeldrop}
- job_name: none
  keep_dropped_targets: 1
  static_configs: [{targets: ['a:1', 'b:1']}]
  relabel_configs: [{target_label: __address__, action: drop, source_labels: [__address__]}]
`;
}

const end = DATA_END / 1000;
const q = (params: Record<string, string>) => new URLSearchParams(params).toString();

/** What depends on a running server: answered alike but for times and addresses. */
const LIVE: readonly ApiRequest[] = [
  ...[
    'targets',
    'targets?state=any',
    'targets?state=active',
    'targets?state=dropped',
    'targets?state=x',
    'targets?scrapePool=app',
    'targets?scrapePool=nope',
    'targets?state=active&scrapePool=broken',
    'scrape_pools',
    'metadata',
    'metadata?limit=1&metric=heat',
    'metadata?limit=0',
    'metadata?limit=-1',
    'metadata?metric=heat',
    'metadata?metric=latency',
    'metadata?metric=latency_bucket',
    'metadata?limit_per_metric=1&metric=heat',
    'targets/metadata?metric=heat',
    'targets/metadata?match_target={job="app"}',
    'targets/metadata?match_target={job="app"}&metric=nope',
    'targets/metadata?match_target={job="nope"}',
    'targets/metadata?limit=1&metric=heat',
    'rules',
    'rules?type=alert',
    'rules?type=record',
    'rules?rule_name[]=Hot',
    'rules?rule_name[]=Hot&rule_name[]=c',
    'rules?rule_group[]=second',
    'rules?rule_group[]=second&type=record',
    'rules?file[]=rules.yml',
    'rules?file[]=/nope.yml',
    'rules?exclude_alerts=true',
    'rules?match[]={severity="page"}',
    'rules?match[]={team="x"}&match[]={q="w"}',
    'rules?group_limit=1',
    'rules?group_limit=2',
    'alerts',
    'alertmanagers',
    'notifications',
    'labels?match[]=heat',
    'series?match[]=scraped_total',
    'label/room/values',
    `query?${q({ query: 'heat' })}`,
    `query?${q({ query: 'up' })}`,
    `query?${q({ query: 'ALERTS' })}`,
    `query?${q({ query: 'count by (__name__) ({job!=""})' })}`,
    `query?${q({ query: 'scrape_samples_scraped' })}`,
  ].map((path) => ({ path: `/api/v1/${path}` })),
  { path: '/federate?match[]=heat' },
  { path: '/federate?match[]=heat&match[]=ALERTS' },
  { path: '/federate?match[]={job="app"}', headers: { Accept: 'application/openmetrics-text' } },
  { path: '/federate?match[]=heat:max' },
];

describeWith('a running server beside a running Prometheus', { prometheus: peer('prometheus') }, () => {
  it('answers as it does', async () => {
    const target = new URL(
      await serveHttp((_, response) => {
        response.setHeader('Content-Type', 'text/plain');
        response.end(BODY);
      }),
    ).host;
    const receiver = new URL(await serveHttp((_, response) => response.end())).host;
    const dir = directory();
    const text = configuration(target, receiver);
    const dirs = ['ours', 'real'].map((name) => join(dir, name));
    writeQueryData(join(dirs[0], 'data'));
    cpSync(join(dirs[0], 'data'), join(dirs[1], 'data'), { recursive: true });
    for (const each of dirs) {
      writeFileSync(join(each, 'prometheus.yml'), text);
      writeFileSync(join(each, 'rules.yml'), RULES);
    }
    const flags = [
      '--storage.tsdb.path=data',
      '--storage.tsdb.retention.time=100y',
      '--web.enable-admin-api',
      '--web.enable-lifecycle',
      '--web.enable-remote-write-receiver',
      '--web.external-url=http://mon.example:7777/',
    ];
    const { ours, real } = await both(dirs, flags);
    await Promise.all([ours, real].map(settled));
    expect(await differences(ours, real, LIVE)).toBe('');
    const atRest = API_REQUESTS.filter(({ path }) => !LIVE_PATHS.test(path));
    expect(await differences(ours, real, atRest)).toBe('');
    await compareMetrics(ours, real);
    expect(await differences(ours, real, DELETIONS)).toBe('');
  }, 120_000);

  it('says no as it does, where nothing is allowed', async () => {
    const dir = directory();
    const dirs = ['ours', 'real'].map((name) => join(dir, name));
    for (const each of dirs) {
      mkdirSync(each);
      writeFileSync(join(each, 'prometheus.yml'), '');
    }
    const external = ['--storage.tsdb.path=data', '--web.external-url=http://mon.example:7777/under/here/'];
    const { ours, real } = await both(dirs, external, '/under/here');
    expect(await differences(ours, real, WITHOUT_RIGHTS)).toBe('');
  }, 60_000);
});

const LOOKS: readonly ApiRequest[] = ['temperature', 'requests_total', 'native', 'count({job!=""})'].flatMap(
  (query) => [
    { path: `/api/v1/query_range?${q({ query, start: String(end - 4800), end: String(end), step: '300' })}` },
    { path: `/api/v1/query?${q({ query: `count_over_time(${query}[2h:1m])`, time: String(end) })}` },
  ],
);

/** The last of all that is asked of both. */
const DELETIONS: readonly ApiRequest[] = [
  { 'match[]': 'temperature{job="api"}', start: String(end - 4400), end: String(end - 3400) },
  { 'match[]': '{}' },
  { 'match[]': '{job="api"}', start: String(end - 1000) },
  { 'match[]': '{__name__=~"requests_total|native"}' },
].flatMap((what) => [
  { method: 'POST', path: `/api/v1/admin/tsdb/delete_series?${q(what as Record<string, string>)}` },
  ...LOOKS,
  { method: 'POST', path: '/api/v1/admin/tsdb/clean_tombstones' },
  ...LOOKS,
  { method: 'POST', path: '/api/v1/admin/tsdb/snapshot', statusOnly: true },
]);

const WITHOUT_RIGHTS: readonly ApiRequest[] = ['GET', 'POST', 'PUT', 'HEAD', 'OPTIONS'].flatMap((method) => [
  ...['', '/under/here'].flatMap((prefix) =>
    [
      '/api/v1/admin/tsdb/snapshot',
      '/api/v1/admin/tsdb/delete_series?match[]=a',
      '/api/v1/admin/tsdb/clean_tombstones',
      '/api/v1/write',
      '/api/v1/query?query=1&time=1',
      '/api/v1/nope',
      '/-/reload',
      '/-/quit',
      '/-/healthy',
      '/federate?match[]=nope',
    ].map((path) => ({ method, path: prefix + path })),
  ),
  ...['/under', '/under/', '/under/here-/-/healthy', '/underhere/-/healthy', '/under//here/-/healthy'].map(
    (path) => ({ method, path }),
  ),
]);

/** Both servers' addresses; each runs in its directory, by these flags. */
async function both(
  dirs: readonly string[],
  flags: readonly string[],
  prefix = '',
): Promise<{ ours: string; real: string }> {
  const given = ['--config.file=prometheus.yml', ...flags];
  const server = new RunningServer(dirs[0], given);
  const port = await freePort();
  const child = spawn(peer('prometheus')!, [...given, `--web.listen-address=127.0.0.1:${port}`], {
    cwd: dirs[1],
    stdio: 'ignore',
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const real = `http://127.0.0.1:${port}`;
  const ours = new URL(await server.url(prefix)).origin;
  const ready = async () => expect((await fetch(`${real}${prefix}/-/ready`)).ok).toBe(true);
  await vi.waitFor(ready, { timeout: 30_000, interval: 100 });
  return { ours, real };
}

/** What the two answer otherwise; '' where that is nothing. */
async function differences(ours: string, real: string, requests: readonly ApiRequest[]): Promise<string> {
  const found: string[] = [];
  for (const request of requests) {
    const [a, b] = await Promise.all(
      [ours, real].map((url) => ask(url, request, { json: normal, text: linesOf })),
    );
    const shown = (outcome: Outcome) =>
      request.statusOnly ? String(outcome.status) : JSON.stringify(outcome);
    if (shown(a) !== shown(b))
      found.push(
        `${requestText(request)}\n  ours ${shown(a).slice(0, 1500)}\n  real ${shown(b).slice(0, 1500)}`,
      );
  }
  return found.join('\n\n');
}

/**
 * Paths of the list for a server at rest whose answers change here, or hang on when the head was last compacted: the list
 * above asks them.
 */
const LIVE_PATHS =
  /^\/api\/v1\/(?:rules|targets|metadata|alertmanagers|notifications|scrape_pools|labels|label\/(?:job|__name__)\/)|\/-\/reload/;

/** What is counted there and has no like here: how Go fares, and parts that are not there, or not as such. */
const WITHOUT_LIKE = [
  /^go_/,
  // What a queue to another server counts.
  /^prometheus_remote_storage_/,
  // Connections of our client are not counted by job.
  /^net_conntrack_dialer_/,
  /^prometheus_treecache_/,
  /^prometheus_sd_(?:linode_failures|kubernetes_events)_total$/,
  /^prometheus_target_scrape_pool_symboltable_items$/,
  /^prometheus_target_scrapes_cache_flush_forced_total$/,
  /^prometheus_tsdb_compaction_chunk_/,
  /^prometheus_tsdb_compactions_skipped_total$/,
  /^prometheus_tsdb_exemplar_out_of_order_exemplars_total$/,
  /^prometheus_tsdb_head_series_not_found_total$/,
  /^prometheus_tsdb_snapshot_replay_error_total$/,
  /^prometheus_tsdb_symbol_table_size_bytes$/,
];

/** Whether everything that dashboards and alerts may ask of one server is there of the other, by the same words. */
async function compareMetrics(ours: string, real: string): Promise<void> {
  const [mine, theirs] = await Promise.all(
    [ours, real].map(async (url) => (await fetch(`${url}/metrics`)).text()),
  );
  const comments = (text: string) => text.split('\n').filter((line) => /^# (?:TYPE|HELP) /.test(line));
  const have = new Set(comments(mine));
  const missing = comments(theirs).filter(
    (line) => !have.has(line) && !WITHOUT_LIKE.some((name) => name.test(line.split(' ')[2])),
  );
  expect(missing).toEqual([]);
  const [own, others] = [mine, theirs].map(labelNamesOf);
  const otherwise = [...others].filter(
    ([name, labels]) => own.has(name) && own.get(name) !== labels && !OTHER_LABELS.has(name),
  );
  expect(otherwise.map(([name, labels]) => [name, labels, own.get(name)])).toEqual([]);
}

/** How it was built: what is not known is left out. */
const OTHER_LABELS = new Set(['prometheus_build_info']);

/** By the name of series, the names of their labels. */
function labelNamesOf(metrics: string): Map<string, string> {
  const out = new Map<string, string>();
  for (const line of metrics.split('\n')) {
    const found = /^([\w:]+)(?:\{(.*)\})? \S+$/.exec(line);
    if (found === null) continue;
    const names = (found[2] ?? '').matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g);
    out.set(
      found[1],
      [...names]
        .map(([, name]) => name)
        .sort()
        .join(),
    );
  }
  return out;
}

/** When it has scraped, evaluated and found its Alertmanager. */
async function settled(url: string): Promise<void> {
  await vi.waitFor(
    async () => {
      // biome-ignore lint/suspicious/noExplicitAny: what an answer LOOKS like is what its test says.
      const get = async (path: string): Promise<any> =>
        ((await (await fetch(`${url}/api/v1/${path}`)).json()) as { data: unknown }).data;
      const { activeTargets } = await get('targets?state=active');
      expect(activeTargets.every(({ health }: { health: string }) => health !== 'unknown')).toBe(true);
      expect((await get('alerts')).alerts).toHaveLength(2);
      expect((await get('query?query=heat:max')).result).toHaveLength(1);
      // Both have scraped more than once.
      expect((await get('query?query=scrape_series_added%20%3E%200')).result).toHaveLength(0);
      expect((await get('alertmanagers')).activeAlertmanagers).toHaveLength(1);
    },
    { timeout: 30_000, interval: 200 },
  );
}

/** Labels in order, numbers as JavaScript writes them, and times of now as such. */
function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => {
      const found = /^(\w[\w:]*)\{(.*)\} (\S+) \S+$/.exec(line);
      if (found === null) return line;
      const [, name, labels, value] = found;
      const number = Number(value) > end + 1e6 ? 'a time' : Number(value);
      return `${name}{${labels.split(',').sort()}} ${number}`;
    })
    .filter((line) => !line.startsWith('scrape_duration_seconds{'))
    .sort();
}

const TIMES = new Set(['lastScrape', 'lastEvaluation', 'activeAt', 'keepFiringSince']);
const DURATIONS = new Set(['lastScrapeDuration', 'evaluationTime']);

/** Without what differs by nature: times, durations, and the order of series. */
function normal(value: unknown): unknown {
  const { data } = value as { data?: { result?: unknown; resultType?: string; stats?: object } };
  if (data?.resultType === 'vector' && Array.isArray(data.result)) {
    data.result = data.result
      .map((entry: { value?: [number, string] }) => {
        // Asked without a time: it is now.
        if (entry.value !== undefined && entry.value[0] > end + 1e6) entry.value[0] = 0;
        return JSON.stringify(sorted(entry, masked));
      })
      .sort();
  }
  if (data?.stats !== undefined) data.stats = Object.keys(data.stats);
  const shown = (entry: unknown) => JSON.stringify(sorted(entry, masked));
  // Groups are in no order, and neither is the metadata of a target.
  const { alerts } = (data ?? {}) as { alerts?: object[] };
  const ofTargets = Array.isArray(data) && data[0]?.target !== undefined ? data : undefined;
  for (const list of [alerts, ofTargets]) list?.sort((a, b) => (shown(a) < shown(b) ? -1 : 1));
  return sorted(value, masked);
}

function masked(key: string, entry: unknown): unknown {
  if (TIMES.has(key)) return Number.isNaN(Date.parse(String(entry))) ? entry : 'a time';
  if (DURATIONS.has(key)) return typeof entry;
  if (key === 'lastError') return entry === '' ? entry : 'a reason';
  if (key === 'file') return String(entry).replace(/.*\//, '');
  return entry;
}
