/** Requests to the HTTP API, valid and not, whose answers do not depend on when they are asked. */
import { DATA_END, DATA_START } from './query-data.ts';

export interface ApiRequest {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
  /** The text differs, by nature. */
  statusOnly?: boolean;
}

export function requestText({ method = 'GET', path, body }: ApiRequest): string {
  return `${method} ${path}${body === undefined ? '' : ` ${body}`}`;
}

const start = DATA_START / 1000;
const end = DATA_END / 1000;
const mid = start + 1200;

/** Each `names` parameter absent, empty, and with each of `values`, the others being as in `base`. */
function variations(
  path: string,
  base: Record<string, string>,
  bad: Record<string, readonly string[]>,
): ApiRequest[] {
  const out: ApiRequest[] = [{ path: `${path}?${new URLSearchParams(base)}` }];
  for (const [name, values] of Object.entries(bad)) {
    const { [name]: _, ...rest } = base;
    out.push({ path: `${path}?${new URLSearchParams(rest)}` });
    for (const value of ['', ...values]) {
      out.push({ path: `${path}?${new URLSearchParams({ ...rest, [name]: value })}` });
    }
    // Twice: the first counts.
    out.push({ path: `${path}?${new URLSearchParams(base)}&${new URLSearchParams({ [name]: values[0] })}` });
  }
  return out;
}

// What is no finite number has no defined time in Go: it is the processor's.
const TIMES = [
  'x',
  '-1',
  '1e400',
  '0x10',
  '1_000',
  '2026-01-01T00:20:00Z',
  '2026-01-01T00:20:00.5+01:00',
  '2026-01-01 00:20:00',
  '2026-01-01',
  String(mid),
  `${mid}.0005`,
];
const LIMITS = ['x', '-1', '0', '1', '2', '1.5', '99999999999999999999', '+1', '0x1'];
const SELECTORS = [
  'temperature',
  '{',
  '{}',
  '{a=~".*"}',
  '{__name__=~"temp.*|odd"}',
  '{job!=""}',
  'sum(up)',
  '{instance=~"("}',
  'temperature[5m]',
  '{"temperature"}',
  'a\xe4',
];
const QUERIES = [
  'temperature',
  'rate(requests_total[5m])',
  'sum by (job) (rate(requests_total[5m]))',
  'native',
  'custom',
  'mixed',
  'latency_seconds_bucket',
  'histogram_quantile(0.9, rate(latency_seconds_bucket[5m]))',
  '1',
  '1/0',
  '-1/0',
  '0/0',
  '1e-7',
  '"text <&>\u2028"',
  'temperature[1m]',
  'topk(1, temperature)',
  'quantile(2, temperature)',
  'rate(temperature[5m])',
  'count_values("x", temperature)',
  'label_replace(temperature, "x", "<b>\\"$1", "job", "(.*)")',
  'temperature{',
  'sum(',
  'foo bar',
  'unknown_function(x)',
  'temperature{job=~"("}',
  'temperature[5x]',
  '',
  ' ',
  'absent(nothing)',
  'nothing',
  'time()',
  'vector(1) == bool 1',
  'label_replace(temperature, "job", "x", "job", ".*")',
  'temperature @ end()',
  'temperature offset -5m',
];

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

const BOUNDARY = 'a-boundary';

function multipart(...fields: readonly (readonly [name: string, value: string, more?: string])[]): string {
  const parts = fields.map(
    ([name, value, more = '']) =>
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`,
  );
  return `${parts.join('')}--${BOUNDARY}--\r\n`;
}

/** Forms of browsers and of `curl -F`, which come after what the URL says. */
const MULTIPART_REQUESTS: readonly ApiRequest[] = [
  ...['query', 'query_range', 'labels', 'format_query', 'parse_query', 'query_exemplars'].flatMap((path) =>
    ['', `?query=2&time=${mid}`, '?start=x', '?limit=1'].map((query) => ({
      path: `/api/v1/${path}${query}`,
      // Later versions say more of a parsed query.
      statusOnly: path === 'parse_query',
      body: multipart(
        ['query', 'temperature'],
        ['time', String(mid)],
        ['start', String(start)],
        ['end', String(mid)],
        ['step', '600'],
        ['match[]', 'temperature'],
      ),
    })),
  ),
  ...[
    multipart(),
    multipart(['query', '1'], ['query', '2']),
    multipart(['query', '1', '; filename="a.txt"']),
    multipart(['query', '1']).slice(0, -10),
    'no parts at all',
  ].flatMap((body) => ['', '&query=3'].map((query) => ({ path: `/api/v1/query?time=${mid}${query}`, body }))),
  { path: '/api/v1/admin/tsdb/snapshot', body: multipart(['skip_head', 'x']) },
].map((request) => ({
  ...request,
  method: 'POST',
  headers: { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` },
}));

/** What no client of good manners asks. */
const ODD_REQUESTS: readonly ApiRequest[] = [
  // Methods that nobody expects; what is known of other origins' pages is in the headers.
  ...['HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH'].flatMap((method) =>
    [
      'query?query=1',
      'query_range',
      'labels',
      'series?match[]=up',
      'label/job/values',
      'targets',
      'rules',
      'alerts',
      'metadata',
      'status/config',
      'status/tsdb',
      'query_exemplars',
      'format_query',
      'parse_query',
      'notifications',
      'notifications/live',
      'write',
      'read',
      'admin/tsdb/snapshot?skip_head=x',
      'nope',
    ].map((path) => ({ method, path: `/api/v1/${path}`, statusOnly: path === 'series?match[]=up' })),
  ),
  ...['HEAD', 'OPTIONS', 'DELETE', 'PATCH'].flatMap((method) =>
    [
      '/federate?match[]=up',
      '/metrics',
      '/-/healthy',
      '/-/ready',
      '/-/reload',
      '/-/quit',
      '/version',
      '/nope',
    ].map((path) => ({ method, path })),
  ),
  // Paths that are almost right.
  ...[
    '/api/v1/query/?query=1',
    '/api/v1/labels/',
    '/api/v1/label//values',
    '/api/v1/label/job',
    '/api/v1/label/job/values/',
    '/api/v1//query?query=1',
    '//api/v1/query?query=1',
    '/api/v1/x/../query?query=1',
    '/api/v1/query%3fquery=1',
    '/api%2fv1%2fquery?query=1',
    '/api/v2/query',
    '/API/v2/query',
    '/federate/',
    '/metrics/',
    '/-/',
    '/-/healthy/',
  ].map((path) => ({ path, statusOnly: true })),
  ...['/api/v1/query/?query=1', '/api/v1/query//', '/-/reload/'].map((path) => ({
    method: 'POST',
    path,
    statusOnly: true,
  })),
  // Names with escapes, good and bad.
  ...[
    'U__a_2e_b',
    'U__site',
    'U__',
    'U__si_74_e',
    'U__a__b',
    'U___',
    'U__a_zz_b',
    'U__a_110000_',
    'U__a_d800_',
    'U__a_1F600_',
    'U__a_20_b',
    'a.b',
    '1a',
    'a%20b',
    '%C3%BC',
    '%ff',
    '__name__',
  ].map((name) => ({ path: `/api/v1/label/${name}/values` })),
  // Forms that are in the URL, in the body, in both, or not forms at all.
  ...[
    ['', undefined],
    ['', 'text/plain'],
    ['', 'application/json'],
    ['', 'garbage/;;'],
    ['', 'application/x-www-form-urlencoded; charset=utf-8'],
    ['', 'APPLICATION/X-WWW-FORM-URLENCODED'],
    ['?query=2', 'application/x-www-form-urlencoded'],
    ['?query=2', 'text/plain'],
  ].map(([query, type]) => ({
    method: 'POST',
    path: `/api/v1/query${query}`,
    body: `query=1&time=${end}`,
    headers: { 'Content-Type': type ?? '' },
    statusOnly: query !== '' && type === 'text/plain',
  })),
  // Parameters together.
  ...[
    'limit=1&stats=all&timeout=5s&lookback_delta=1m',
    'limit=0&timeout=1h&lookback_delta=30',
    'limit=-1&timeout=x',
    'limit=x&lookback_delta=x',
    'timeout=x&lookback_delta=x',
    'lookback_delta=-5',
    'lookback_delta=0',
    'lookback_delta=1e99',
    'timeout=1e3',
    'timeout=-1s&lookback_delta=x',
    'stats=none',
    'limit=1&limit=x',
    'time=x&limit=x',
  ].flatMap((more) => [
    { path: `/api/v1/query?query=temperature&time=${mid}&${more}` },
    {
      method: 'POST',
      path: '/api/v1/query_range',
      body: `query=temperature&start=${start}&end=${mid}&step=60&${more}`,
      headers: FORM,
    },
  ]),
  ...['0.0001', '1ms', '1e9', '11000', '-0.001'].map((step) => ({
    path: `/api/v1/query_range?query=1&start=${start}&end=${start + 20}&step=${step}`,
    // A time is written with all three decimals there.
    statusOnly: step === '1ms',
  })),
  // Formats of federation.
  ...[
    '*/*',
    'application/json',
    'text/html',
    '',
    'garbage',
    'application/openmetrics-text',
    'application/openmetrics-text;version=0.0.1',
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8',
    'text/plain;version=0.0.4;escaping=dots',
    'text/plain;version=0.0.4;escaping=values',
    'text/plain;q=0.5,application/openmetrics-text;version=1.0.0;q=0.7',
  ].map((accept) => ({ path: '/federate?match[]=nope', headers: { Accept: accept } })),
  ...['http://a.b', 'null'].flatMap((origin) => [
    { path: '/api/v1/query?query=1&time=1', headers: { Origin: origin } },
    { path: '/metrics', headers: { Origin: origin }, statusOnly: true },
    { path: '/federate', headers: { Origin: origin } },
    { method: 'OPTIONS', path: '/api/v1/query', headers: { Origin: origin } },
    { method: 'OPTIONS', path: '/nope', headers: { Origin: origin } },
  ]),
];

export const API_REQUESTS: readonly ApiRequest[] = [
  ...variations(
    '/api/v1/query',
    { query: 'temperature', time: String(mid) },
    {
      query: QUERIES,
      time: TIMES,
      timeout: ['x', '1m', '5', '1ms1s', '1h1x'],
      limit: LIMITS,
      lookback_delta: ['x', '1m', '0', '-1', '5'],
    },
  ).filter(({ path }) => path.includes('time=') && !/time=(&|$)/.test(path)),
  ...QUERIES.map((query) => ({ path: `/api/v1/query?${new URLSearchParams({ query, time: String(mid) })}` })),
  ...variations(
    '/api/v1/query_range',
    { query: 'temperature', start: String(start), end: String(end), step: '60' },
    {
      query: QUERIES,
      start: TIMES,
      end: TIMES,
      step: ['x', '0', '-1', '1', '0.25', '1m', '1h30m', '1e9', '1000000000000000'],
      timeout: ['x', '1m'],
      limit: LIMITS,
      lookback_delta: ['x', '20s'],
    },
  ),
  { path: `/api/v1/query_range?query=1&start=0&end=11000&step=1` },
  { path: `/api/v1/query_range?query=1&start=0&end=11000.9&step=1` },
  { path: `/api/v1/query_range?query=1&start=0&end=11001&step=1` },
  { path: `/api/v1/query?query=temperature&time=${mid}&stats=all` },
  { path: `/api/v1/query?query=temperature&time=${mid}&stats=x` },
  { path: `/api/v1/query_range?query=temperature&start=${start}&end=${end}&step=60&stats=all` },
  ...variations(
    '/api/v1/query_exemplars',
    { query: 'temperature', start: String(start), end: String(end) },
    {
      query: QUERIES.filter((query) => query !== '"text <&>\u2028"'),
      start: TIMES,
      end: TIMES,
    },
  ),
  ...variations('/api/v1/format_query', { query: 'sum(rate(a[5m]))by(b)' }, { query: QUERIES }),
  { path: '/api/v1/parse_query?query=%7B' },
  { path: '/api/v1/parse_query' },
  ...[
    '/api/v1/labels',
    '/api/v1/label/job/values',
    '/api/v1/label/__name__/values',
    '/api/v1/series',
  ].flatMap((path) =>
    variations(
      path,
      { 'match[]': 'temperature', start: String(start), end: String(end) },
      {
        'match[]': SELECTORS,
        start: TIMES,
        end: TIMES,
        limit: LIMITS,
      },
    ),
  ),
  { path: '/api/v1/series?match[]=temperature&match[]=odd&match[]=temperature' },
  { path: '/api/v1/series?match[]=temperature&match[]={' },
  { path: '/api/v1/labels?match[]=temperature&match[]=latency_seconds_bucket' },
  { path: '/api/v1/label/le/values?match[]=latency_seconds_bucket&match[]=odd' },
  { path: '/api/v1/label/U__a_20_b/values' },
  { path: '/api/v1/label/U__a_zz_b/values' },
  { path: '/api/v1/label/a%20b/values' },
  { path: '/api/v1/label/%ff/values' },
  { path: '/api/v1/label/job' },
  { path: '/api/v1/label/job/values/x' },
  ...['/api/v1/query', '/api/v1/series', '/api/v1/labels', '/api/v1/query_range'].flatMap((path) => [
    { path: `${path}?query=1&time=${mid}&x=%zz` },
    { path: `${path}?query=1;a=2&time=${mid}` },
    { path: `${path}?query=%&time=${mid}` },
    { path: `${path}?match[]=temperature&x=%zz` },
    { method: 'POST', path: `${path}?time=${mid}`, headers: FORM, body: 'query=1&match[]=temperature' },
    { method: 'POST', path: `${path}?query=2&time=${mid}`, headers: FORM, body: 'query=1' },
    { method: 'POST', path: `${path}?query=2&time=${mid}`, headers: FORM, body: 'query=%zz' },
    {
      method: 'POST',
      path: `${path}?query=2&time=${mid}`,
      headers: { 'Content-Type': 'text/plain' },
      body: 'query=1',
    },
    { method: 'PUT', path: `${path}?query=2` },
    { method: 'DELETE', path: `${path}?query=2` },
    { method: 'PATCH', path: `${path}?query=2` },
    { method: 'OPTIONS', path: `${path}?query=2` },
    { method: 'HEAD', path: `${path}?query=2` },
  ]),
  { path: `/api/v1/query_range?query=temperature&start=${start}&end=${end}&step=60&step=x` },
  ...variations(
    '/api/v1/rules',
    {},
    {
      type: ['alert', 'record', 'ALERT', 'x'],
      'rule_name[]': ['High', 'a:b', 'nope'],
      'rule_group[]': ['first', 'nope'],
      'file[]': ['nope'],
      exclude_alerts: ['x', '2', 'yes'],
      group_limit: ['x', '0', '-1', '10', '1e3', '2147483647', '2147483648', '99999999999999999999'],
      group_next_token: ['x'],
      'match[]': ['{severity="page"}', '{', '{}', '{q=~"w|x"}', '{severity!="page"}'],
    },
  ).map((request) => ({ ...request, path: `${request.path}&exclude_alerts=true` })),
  { path: '/api/v1/rules?exclude_alerts=true&group_limit=1' },
  { path: '/api/v1/rules?exclude_alerts=true&group_limit=2&type=record' },
  { path: '/api/v1/rules?exclude_alerts=true&group_limit=1&group_next_token=x' },
  ...['alertmanagers', 'targets', 'scrape_pools', 'metadata', 'targets/metadata', 'notifications'].map(
    (path) => ({
      path: `/api/v1/${path}`,
    }),
  ),
  { path: '/api/v1/targets?state=active' },
  { path: '/api/v1/targets?state=dropped' },
  { path: '/api/v1/targets?state=x&scrapePool=y' },
  { path: '/api/v1/targets/metadata?limit=x' },
  { path: '/api/v1/targets/metadata?match_target={' },
  { path: '/api/v1/metadata?limit=x' },
  { path: '/api/v1/metadata?limit_per_metric=x' },
  { path: '/api/v1/metadata?metric=nope' },
  ...['config', 'flags', 'runtimeinfo', 'buildinfo', 'walreplay', 'nope', ''].map((path) => ({
    path: `/api/v1/status/${path}`,
    statusOnly: true,
  })),
  { path: '/api/v1/status/tsdb?limit=0' },
  { path: '/api/v1/status/tsdb?limit=x' },
  { path: '/api/v1/status/tsdb?limit=3', statusOnly: true },
  ...['/', '/nope', '/api', '/api/v1/', '/api/v1/nope', '/-/nope'].slice(1).map((path) => ({
    path,
    statusOnly: true,
  })),
  ...['GET', 'POST', 'PUT', 'HEAD', 'DELETE'].flatMap((method) => [
    { method, path: '/-/healthy', statusOnly: method !== 'GET' },
    { method, path: '/-/ready', statusOnly: method !== 'GET' },
    { method, path: '/version', statusOnly: true },
    { method, path: '/-/reload', statusOnly: true },
    { method, path: '/api/v1/read', statusOnly: true },
    { method, path: '/api/v1/write', statusOnly: true },
    { method, path: '/api/v1/admin/tsdb/clean_tombstones' },
    { method, path: '/api/v1/admin/tsdb/delete_series' },
    { method, path: '/api/v1/admin/tsdb/snapshot?skip_head=x' },
    { method, path: '/api/v1/rules?rule_name[]=nope' },
    { method, path: '/federate?match[]={' },
  ]),
  { method: 'POST', path: '/api/v1/admin/tsdb/delete_series?match[]={&start=x' },
  { method: 'POST', path: '/api/v1/admin/tsdb/delete_series?match[]={' },
  { method: 'POST', path: '/api/v1/admin/tsdb/delete_series?match[]=nope&end=x' },
  { method: 'POST', path: '/api/v1/admin/tsdb/delete_series?match[]=nope&start=5&end=6' },
  { path: '/federate?match[]=nope' },
  { path: '/federate?match[]={}' },
  { path: '/federate?match[]={}&match[]=nope' },
  { path: '/federate' },
  { path: '/federate?match[]=%zz' },
  { method: 'POST', path: '/api/v1/read', body: 'x', statusOnly: true },
  { method: 'POST', path: '/api/v1/write', body: 'x', headers: FORM },
  { method: 'POST', path: '/api/v1/write', body: 'x', headers: { 'Content-Type': 'application/json' } },
  {
    method: 'POST',
    path: '/api/v1/write',
    body: 'x',
    headers: { 'Content-Type': 'application/x-protobuf;proto=foo' },
  },
  {
    method: 'POST',
    path: '/api/v1/write',
    body: 'x',
    headers: { 'Content-Type': 'application/x-protobuf' },
    statusOnly: true,
  },
  ...MULTIPART_REQUESTS,
  ...ODD_REQUESTS,
];
