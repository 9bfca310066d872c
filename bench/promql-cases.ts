/** What bench/promql.ts asks: the expressions of upstream's engine benchmark, and those of a fleet's dashboard. */

export interface Case {
  query: string;
  /** 0 for an instant query. */
  steps: number;
  stepMs: number;
}

export function engineCases(): Case[] {
  const queries = [
    'a_X',
    '-a_X',
    'rate(a_X[1m])',
    'double_exponential_smoothing(a_X[1d], 0.3, 0.3)',
    'changes(a_X[1d])',
    'rate(a_X[1d])',
    'absent_over_time(a_X[1d])',
    'a_X - b_X',
    'a_X and b_X{l=~".*[0-4]$"}',
    'a_X or b_X{l=~".*[0-4]$"}',
    'a_X unless b_X{l=~".*[0-4]$"}',
    'abs(a_X)',
    'label_replace(a_X, "l2", "$1", "l", "(.*)")',
    'label_join(a_X, "l2", "-", "l", "l")',
    'sum(a_X)',
    'avg(a_X)',
    'sum without (l)(h_X)',
    'sum without (le)(h_X)',
    'sum by (l)(h_X)',
    'sum by (le)(h_X)',
    "count_values('value', h_X)",
    'topk(1, a_X)',
    'topk(5, a_X)',
    'quantile(0.9, a_X)',
    'rate(a_X[1m]) + rate(b_X[1m])',
    'sum by (le)(rate(h_X[1m]))',
    'sum(rate(a_X[1m]))',
    'sum(rate(a_X[1m])) / sum(rate(b_X[1m]))',
    'histogram_quantile(0.9, rate(h_X[5m]))',
    'a_X + on(l) group_right a_one',
    'timestamp(a_X)',
    'max_over_time(a_X[1h])',
    'sum_over_time(a_X[1h])',
    'avg_over_time(rate(a_X[5m])[1h:1m])',
  ];
  return queries.flatMap((query) =>
    ['one', 'hundred'].flatMap((size) =>
      [0, 1000].map((steps) => ({ query: query.replaceAll('_X', `_${size}`), steps, stepMs: 10_000 })),
    ),
  );
}

export function fleetCases(): Case[] {
  const queries = [
    'sum by (cluster, mode) (rate(node_cpu_seconds_total[5m]))',
    'sum by (job) (rate(http_requests_total[5m]))',
    'sum by (path) (rate(http_requests_total{code="500"}[5m])) / sum by (path) (rate(http_requests_total[5m]))',
    'histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))',
    'histogram_quantile(0.99, sum by (path, le) (rate(http_request_duration_seconds_bucket[5m])))',
    'topk(5, rate(node_cpu_seconds_total{mode="user"}[5m]))',
    '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))',
    'count(node_gauge_1 > 100)',
    'node_gauge_1 / on(instance) group_left node_gauge_2',
    'max_over_time(node_gauge_3[1h])',
    'avg_over_time(sum(rate(http_requests_total[5m]))[30m:1m])',
    'count by (__name__) ({__name__=~".+"})',
    'increase(http_requests_total{instance="host-007:9100"}[1h])',
    'resets(http_requests_total[1h])',
  ];
  return queries.flatMap((query) => [0, 120].map((steps) => ({ query, steps, stepMs: 60_000 })));
}
