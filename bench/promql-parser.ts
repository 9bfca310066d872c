/**
 * PromQL: how long it takes to parse, to print and to lay out a query. `npm run bench -- promql-parser`
 *
 * The queries are of the kinds that dashboards and rules consist of, and a megabyte of each kind of nonsense.
 */
import { ALL_PARSER_FEATURES, parseQuery, prettyPrint, printExpr } from '../src/core/promql/parser/index.ts';

const queries: Record<string, string> = {
  name: 'up',
  selector: 'node_filesystem_avail_bytes{job="node", mountpoint="/", fstype!="tmpfs"}',
  regex: 'http_requests_total{code=~"5..", handler!~"/metrics|/health"}',
  rate: 'sum by (instance) (rate(node_cpu_seconds_total{mode!="idle"}[5m]))',
  quantile:
    'histogram_quantile(0.99, sum by (le, job) (rate(http_request_duration_seconds_bucket{job="api"}[5m])))',
  join: '(1 - a_total / b_total) * 100 > 5 and on (instance) x{a="b"} offset 1h == bool 3 or ignoring (c) y * ignoring (c) group_left (d) z',
  alert:
    '(node_filesystem_avail_bytes{job="node",fstype!=""} / node_filesystem_size_bytes{job="node",fstype!=""} * 100 < 20' +
    ' and predict_linear(node_filesystem_avail_bytes{job="node",fstype!=""}[6h], 24*60*60) < 0' +
    ' and node_filesystem_readonly{job="node",fstype!=""} == 0)',
  subquery: 'max_over_time(deriv(rate(distance_covered_total[5s])[30s:5s])[10m:] @ end() offset -1d)',
};

console.log('query      parse µs   print µs  pretty µs');
for (const [name, query] of Object.entries(queries)) {
  const expr = parseQuery(query);
  const times = [() => parseQuery(query), () => printExpr(expr), () => prettyPrint(expr)].map(microseconds);
  console.log(name.padEnd(9), ...times.map((us) => us.toFixed(2).padStart(10)));
}

const megabyte: Record<string, string> = {
  parentheses: '('.repeat(1_000_000),
  sum: `${'a+'.repeat(499_999)}a`,
  'closed sum': `sum(${Array.from({ length: 100_000 }, (_, i) => `m${i}`).join(', ')})`,
  string: `foo{a="${'x'.repeat(999_990)}"}`,
  digits: '1'.repeat(1_000_000),
  labels: `{${'a="b",'.repeat(166_666)}}`,
  'wide sum': Array.from({ length: 999 }, (_, i) => `m${i}{a="${'x'.repeat(990)}"}`).join('+'),
};

console.log('\n1 MB of        ms');
for (const [name, query] of Object.entries(megabyte)) {
  const start = performance.now();
  let verdict = 'read, printed and laid out';
  try {
    const expr = parseQuery(query, ALL_PARSER_FEATURES);
    printExpr(expr);
    prettyPrint(expr);
  } catch (error) {
    verdict = (error as Error).message.slice(0, 70);
  }
  console.log(name.padEnd(12), (performance.now() - start).toFixed(1).padStart(7), verdict);
}

/** The best of several runs of a tenth of a second. */
function microseconds(work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const start = performance.now();
    let n = 0;
    for (; performance.now() - start < 100; n += 50) for (let i = 0; i < 50; i++) work();
    best = Math.min(best, ((performance.now() - start) * 1000) / n);
  }
  return best;
}
