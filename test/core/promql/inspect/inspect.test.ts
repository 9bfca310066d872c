import { beforeEach, describe, expect, it } from 'vitest';
import { labelsFromObject } from '../../../../src/core/model/index.ts';
import { instantQuery, type QueryResult, rangeQuery } from '../../../../src/core/promql/index.ts';
import {
  explainQuery,
  type PlanNode,
  profileQuery,
  walkPlan,
} from '../../../../src/core/promql/inspect/index.ts';
import { printExpr } from '../../../../src/core/promql/parser/index.ts';
import { MemorySource } from '../../../../src/core/source/memory.ts';

const RANGE = { kind: 'range', start: 60_000, end: 120_000, stepMs: 10_000 } as const;
let source: MemorySource;
let reads: number;

beforeEach(() => {
  source = new MemorySource();
  for (const job of ['a', 'b', 'c']) {
    const series = source.series(labelsFromObject({ __name__: 'x_total', job }));
    for (let t = 0; t <= 120_000; t += 10_000) series.addFloat(t, Float64Array.of(t / 1000), 0);
  }
  reads = 0;
  const select = source.select.bind(source);
  source.select = async (matchers, hints) => {
    const set = await select(matchers, hints);
    const read = set.read.bind(set);
    set.read = (i, out) => {
      reads++;
      read(i, out);
    };
    return set;
  };
});

const QUERIES = [
  'x_total',
  'sum by (job) (rate(x_total[30s]))',
  'x_total / on (job) x_total',
  'rate(x_total[30s]) + rate(x_total[30s])',
  'max_over_time(sum(x_total)[1m:10s])',
  'topk(2, x_total) or x_total @ start()',
  'scalar(sum(x_total)) * x_total > bool 5',
  'timestamp(x_total) - time()',
  'count_values("v", x_total)',
  'absent(nothing)',
  '-x_total ^ 2',
  'label_replace(x_total, "a", "$1", "job", "(.*)")',
];

const nodes = (plan: PlanNode | undefined) =>
  plan === undefined ? [] : [...walkPlan(plan)].map(([node]) => node);

/** Without how long its parts took. */
const untimed = (result: QueryResult): QueryResult => ({
  ...result,
  stats: { ...result.stats, prepareMs: 0, sortMs: 0 },
});

describe('a profile', () => {
  it.each(QUERIES)('does not change the result of %s', async (query) => {
    const { start, end, stepMs } = RANGE;
    expect(untimed((await profileQuery(source, query, RANGE, {})).result)).toEqual(
      untimed(await rangeQuery(source, query, start, end, stepMs, {})),
    );
    const profiled = await profileQuery(source, query, { kind: 'instant', t: end }, {});
    expect(untimed(profiled.result)).toEqual(untimed(await instantQuery(source, query, end, {})));
  });

  it.each(QUERIES)('accounts for all samples that %s reads', async (query) => {
    const { plan, result } = await profileQuery(source, query, RANGE, {});
    const samples = nodes(plan).reduce((sum, node) => sum + node.samples, 0);
    expect(samples).toBe(result.stats.samplesRead);
  });

  it('counts series, points and time for each part', async () => {
    const { plan } = await profileQuery(source, 'sum(rate(x_total[30s]))', RANGE, {});
    expect(nodes(plan).map(({ expr, series, points }) => [printExpr(expr), series, points])).toEqual([
      ['sum(rate(x_total[30s]))', 1, 7],
      ['rate(x_total[30s])', 3, 21],
      ['x_total[30s]', 3, expect.any(Number)],
    ]);
    expect(plan!.totalMs).toBeGreaterThan(0);
    expect(plan!.totalMs).toBeCloseTo(nodes(plan).reduce((sum, { selfMs }) => sum + selfMs, 0));
  });

  it('knows who holds how much', async () => {
    const { plan } = await profileQuery(source, 'quantile(0.5, x_total)', RANGE, {});
    expect(plan!.heldPeak).toBeGreaterThanOrEqual(21);
  });
});

describe('a plan', () => {
  it.each(QUERIES)('of %s reads no sample', async (query) => {
    const { plan } = await explainQuery(source, query, RANGE, {});
    expect(plan).toBeDefined();
    expect(reads).toBe(0);
  });

  it('shows the series that a query will have, and what it selects', async () => {
    const { plan } = await explainQuery(source, 'sum(rate(x_total[30s] offset 10s))', RANGE, {});
    const [sum, rate, selector] = nodes(plan);
    expect([sum.series, rate.series]).toEqual([1, 3]);
    expect(selector.selections).toMatchObject([{ mint: 20_001, maxt: 110_000, series: 3, again: false }]);
  });

  it('shows what is shared', async () => {
    const { plan } = await explainQuery(source, 'abs(x_total) + abs(x_total)', RANGE, {});
    const [, first, , second] = nodes(plan);
    expect(second.sharedWith).toBe(first);
    expect(second.children).toEqual([]);
  });

  it('shows a selection that is made twice', async () => {
    const { plan } = await explainQuery(source, 'rate(x_total[30s]) / increase(x_total[30s])', RANGE, {});
    expect(nodes(plan).flatMap(({ selections }) => selections.map(({ again }) => again))).toEqual([
      false,
      true,
    ]);
  });

  it('shows what is evaluated once, and the steps of a subquery', async () => {
    const pinned = nodes((await explainQuery(source, 'x_total - sum(x_total @ end())', RANGE, {})).plan);
    expect(pinned.map(({ once, steps }) => [once, steps])).toEqual([
      [false, 7],
      [false, 7],
      [true, 1],
      [false, 1],
    ]);
    const [, , inner] = nodes((await explainQuery(source, 'sum_over_time(x_total[1m:10s])', RANGE, {})).plan);
    expect([inner.start, inner.stepMs, inner.steps]).toEqual([10_000, 10_000, 12]);
  });

  it('of a constant is none', async () => {
    expect((await explainQuery(source, '3', RANGE, {})).plan).toBeUndefined();
  });
});
