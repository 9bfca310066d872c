/**
 * Runs queries: parse, resolve durations, build operators, wait for the sources once, then evaluate one series after
 * another and keep the steps that have a value.
 */
import { type Clock, systemClock } from '../../clock.ts';
import { EMPTY_LABELS } from '../../model/labels.ts';
import type { Source } from '../../source/source.ts';
import { FLOAT, StepColumn } from '../functions/column.ts';
import type { RangeSamples } from '../functions/range-samples.ts';
import { type Expr, typeOf, withoutParens } from '../parser/ast.ts';
import { type ParserOptions, parseQuery, resolveDurations } from '../parser/index.ts';
import { OperatorBuilder } from './build.ts';
import { QueryContext, type QuerySettings } from './context.ts';
import { DistinctSeries, FinalNames, sameLabelset } from './distinct.ts';
import { QueryError } from './errors.ts';
import { ExtendedRange, modifierOf } from './extended-range.ts';
import { gridBetween, StepGrid } from './grid.ts';
import { nameRemoved } from './names.ts';
import type { RangeOperator, VectorOperator } from './operator.ts';
import type { QueryResult, QueryValue, ResultSeries } from './result.ts';
import { ResultTimes } from './result-times.ts';
import { findReaches } from './subquery-reach.ts';

export interface EngineOptions extends Partial<QuerySettings> {
  parser?: ParserOptions;
  clock?: Clock;
  /** Makes the builder of the operators, for those who watch what is built (promql/inspect). */
  builder?: (context: QueryContext, query: string, expr: Expr) => OperatorBuilder;
}

/** Prometheus' defaults. */
const DEFAULT_SETTINGS: QuerySettings = {
  lookbackMs: 5 * 60_000,
  maxSamples: 50_000_000,
  timeoutMs: 2 * 60_000,
  defaultSubqueryStepMs: 60_000,
  delayedNameRemoval: false,
  useStartTimestamps: false,
  typeAndUnitLabels: false,
};

/** The value of `query` at time `t` (ms). */
export async function instantQuery(
  source: Source,
  query: string,
  t: number,
  options: EngineOptions = {},
): Promise<QueryResult> {
  const expr = parseQuery(query, options.parser);
  return run(source, query, expr, new StepGrid(t, 1, 1), t, 'instant', options);
}

/** The same for a query that was parsed before, as `expr`. */
export async function parsedInstantQuery(
  source: Source,
  query: string,
  expr: Expr,
  t: number,
  options: EngineOptions = {},
): Promise<QueryResult> {
  return run(source, query, expr, new StepGrid(t, 1, 1), t, 'instant', options);
}

/** The values of `query` from `start` to `end` (ms, inclusive), `stepMs` apart. */
export async function rangeQuery(
  source: Source,
  query: string,
  start: number,
  end: number,
  stepMs: number,
  options: EngineOptions = {},
): Promise<QueryResult> {
  return parsedRangeQuery(source, query, parseQuery(query, options.parser), start, end, stepMs, options);
}

/** The same for a query that was parsed before, as `expr`. */
export async function parsedRangeQuery(
  source: Source,
  query: string,
  expr: Expr,
  start: number,
  end: number,
  stepMs: number,
  options: EngineOptions = {},
): Promise<QueryResult> {
  const type = typeOf(expr);
  if (type !== 'vector' && type !== 'scalar') {
    throw new QueryError(
      `invalid expression type "${TYPE_NAMES[type]}" for range query, must be Scalar or instant Vector`,
    );
  }
  return run(source, query, expr, gridBetween(start, end, stepMs), end, 'range', options);
}

const TYPE_NAMES = {
  matrix: 'range vector',
  string: 'string',
  vector: 'instant vector',
  scalar: 'scalar',
} as const;

async function run(
  source: Source,
  query: string,
  parsed: Expr,
  grid: StepGrid,
  end: number,
  kind: 'instant' | 'range',
  options: EngineOptions,
): Promise<QueryResult> {
  const settings: QuerySettings = { ...DEFAULT_SETTINGS, ...definedOnly(options) };
  const context = new QueryContext(
    source,
    settings,
    grid,
    end,
    kind === 'instant',
    options.clock ?? systemClock,
  );
  try {
    return await evaluate(context, query, parsed, kind, options);
  } finally {
    context.close();
  }
}

async function evaluate(
  context: QueryContext,
  query: string,
  parsed: Expr,
  kind: 'instant' | 'range',
  options: EngineOptions,
): Promise<QueryResult> {
  const { settings, grid, end } = context;
  const clock = options.clock ?? systemClock;
  const began = clock.monotonic();
  const expr = resolveDurations(parsed, {
    stepMs: kind === 'instant' ? 0 : grid.stepMs,
    rangeMs: kind === 'instant' ? 0 : end - grid.start,
  });
  context.admit(grid);
  await findReaches(context, expr, grid);
  const builder = options.builder?.(context, query, expr) ?? new OperatorBuilder(context, query, expr);
  let operator = builder.build(expr, grid);
  if (operator.kind === 'vector' && settings.delayedNameRemoval) {
    operator = new DistinctSeries(context, new FinalNames(operator));
  }
  if (operator.kind !== 'string') await operator.prepare();
  const prepareMs = clock.monotonic() - began;
  let sortMs = 0;
  let value: QueryValue;
  switch (operator.kind) {
    case 'string':
      value = { type: 'string', t: grid.start, text: operator.value };
      break;
    case 'scalar': {
      const values = operator.values();
      value =
        kind === 'instant' ? { type: 'scalar', t: grid.start, v: values[0] } : scalarMatrix(values, grid);
      break;
    }
    case 'range':
      value = { type: 'matrix', series: collectRanges(context, asResult(operator, expr)) };
      break;
    case 'vector': {
      const series = collect(context, operator, grid);
      if (kind === 'range') {
        const collected = clock.monotonic();
        series.sort((a, b) => a.labels.compare(b.labels));
        sortMs = clock.monotonic() - collected;
      }
      value = { type: kind === 'instant' ? 'vector' : 'matrix', series };
      break;
    }
  }
  context.finish();
  builder.repeatAnnotations();
  return {
    value,
    annotations: context.annotations.list(),
    stats: { samplesRead: context.samplesRead, peakSamples: context.peakSamples, prepareMs, sortMs },
  };
}

/** Evaluates every series and keeps its points without the gaps. */
function collect(context: QueryContext, operator: VectorOperator, grid: StepGrid): ResultSeries[] {
  const results: ResultSeries[] = [];
  const column = new StepColumn(grid.count);
  const times = new ResultTimes(grid);
  let single: Float64Array | null = null;
  for (let i = 0; i < operator.series.length; i++) {
    const few = operator.fewPoints?.(i) ?? null;
    if (few !== null) {
      context.hold(few.length);
      const v = few.length === 1 ? (single = singleValue(few.v[0], single)) : few.v.slice(0, few.length);
      results.push({ labels: operator.series[i].labels, t: times.ofFew(few), v, histograms: null });
      continue;
    }
    operator.evaluate(i, column);
    const first = column.next(0);
    if (first === column.length) continue;
    const n = column.count(first);
    context.hold(n);
    const { labels } = operator.series[i];
    const t = times.of(column, n, first);
    if (n === grid.count && column.histograms === null) {
      results.push({ labels, t, v: column.v.slice(), histograms: null });
      continue;
    }
    if (n === 1 && column.histograms === null) {
      single = singleValue(column.v[first], single);
      results.push({ labels, t, v: single, histograms: null });
      continue;
    }
    const v = new Float64Array(n);
    const histograms = column.histograms === null ? null : new Array(n).fill(null);
    let at = 0;
    for (let step = first; at < n; step = column.next(step + 1)) {
      if (column.kind[step] === FLOAT) v[at] = column.v[step];
      else histograms![at] = column.histogramAt(step);
      at++;
    }
    results.push({ labels, t, v, histograms });
  }
  return results;
}

/** A column of one value, which may be the `last` one: counts of values are mostly the same. */
function singleValue(v: number, last: Float64Array | null): Float64Array {
  return last !== null && last[0] === v && v !== 0 ? last : Float64Array.of(v);
}

function asResult(operator: RangeOperator, expr: Expr): RangeOperator {
  const range = withoutParens(expr);
  const modifier = range.kind === 'matrixSelector' ? modifierOf(range) : null;
  return modifier === null ? operator : new ExtendedRange(operator, modifier);
}

/** The samples in the one window of an instant query for a range vector. */
function collectRanges(context: QueryContext, operator: RangeOperator): ResultSeries[] {
  const results: ResultSeries[] = [];
  for (let i = 0; i < operator.series.length; i++) {
    const samples = operator.read(i);
    const n = samples.hi[0] - samples.lo[0] + samples.histogramHi[0] - samples.histogramLo[0];
    if (n === 0) continue;
    context.hold(n);
    const meta = operator.series[i];
    // With delayed name removal those of a subquery are still there.
    const { labels } = meta.dropName ? nameRemoved(meta) : meta;
    results.push({ labels, ...windowPoints(samples, n) });
  }
  results.sort((a, b) => a.labels.compare(b.labels));
  if (results.some(({ labels }, i) => i > 0 && labels.equals(results[i - 1].labels))) throw sameLabelset();
  return results;
}

/** Floats and histograms of a window, merged by time. */
function windowPoints(samples: RangeSamples, n: number): Omit<ResultSeries, 'labels'> {
  const t = new Float64Array(n);
  const v = new Float64Array(n);
  const histograms = samples.histogramHi[0] > samples.histogramLo[0] ? new Array(n).fill(null) : null;
  let float = samples.lo[0];
  let histogram = samples.histogramLo[0];
  for (let at = 0; at < n; at++) {
    const takeFloat =
      histogram >= samples.histogramHi[0] ||
      (float < samples.hi[0] && samples.t[float] < samples.histogramTimes[histogram]);
    if (takeFloat) {
      t[at] = samples.t[float];
      v[at] = samples.v[float++];
    } else {
      t[at] = samples.histogramTimes[histogram];
      histograms![at] = samples.histograms[histogram++];
    }
  }
  return { t, v, histograms };
}

function scalarMatrix(values: Float64Array, grid: StepGrid): QueryValue {
  const { times: t } = grid;
  return { type: 'matrix', series: [{ labels: EMPTY_LABELS, t, v: values.slice(), histograms: null }] };
}

function definedOnly(options: EngineOptions): Partial<QuerySettings> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
