/**
 * Hints beside a result: why it may be empty, and functions that do not suit the metric. They look into the source again,
 * so they come after the result has been printed.
 */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { SampleColumns } from '../core/model/columns.ts';
import { formatDuration } from '../core/model/duration.ts';
import { METRIC_NAME } from '../core/model/labels.ts';
import type { Matcher } from '../core/model/matcher.ts';
import { formatTimestamp, MAX_TIMESTAMP, MIN_TIMESTAMP } from '../core/model/timestamp.ts';
import {
  type Call,
  childrenOf,
  type Duration,
  type Expr,
  type VectorSelector,
  walk,
} from '../core/promql/parser/ast.ts';
import type { Source, TimeRange } from '../core/source/source.ts';
import { nearestName } from '../core/spelling/index.ts';
import { isUlid } from '../core/tsdb/block/ulid.ts';
import type { QueryTimes } from './query-times.ts';

const ALWAYS: TimeRange = { mint: MIN_TIMESTAMP, maxt: MAX_TIMESTAMP };

/** Hints are for the first few selectors of a query; the others have the same trouble more often than not. */
const MOST_SELECTORS = 3;
const MOST_VALUES = 6;
/** Of so many series are samples looked at. */
const MOST_SERIES = 20;

/**
 * Why the selectors of a query with an empty result have no series, as far as that can be told. Where `isNear` is
 * false samples are expensive (a server has them), and labels must do.
 */
export async function adviseOnEmpty(
  source: Source,
  expr: Expr,
  times: QueryTimes,
  lookbackMs: number,
  isNear: boolean,
): Promise<string[]> {
  const asked =
    times.kind === 'instant' ? { mint: times.t, maxt: times.t } : { mint: times.start, maxt: times.end };
  const hints = new Set<string>();
  for (const { selector, range, wantsTwo } of selections(expr, asked, lookbackMs).slice(0, MOST_SELECTORS)) {
    const most = await mostSamples(source, selector.matchers, range, isNear);
    if (most > 1 || (most === 1 && wantsTwo === null)) continue;
    const hint =
      most === 1
        ? `${wantsTwo}() needs two samples of a series in its window, and there is one`
        : await absence(source, selector, range, isNear);
    if (hint !== undefined) hints.add(hint);
  }
  return [...hints];
}

/**
 * Counter functions of gauges, and gauge functions of counters, by what the metadata says. It is asked only where the
 * name speaks for the mistake: a large log takes a while to look through.
 */
export async function adviseOnTypes(source: Source, expr: Expr): Promise<string[]> {
  const calls: Call[] = [];
  walk(expr, (node) => {
    if (node.kind === 'call' && SUITS[node.func.name] !== undefined) calls.push(node);
  });
  const hints = new Set<string>();
  for (const { func, args } of calls.slice(0, MOST_SELECTORS)) {
    const metric = metricOf(args[0]);
    if (metric === undefined || (SUITS[func.name] === 'counter') === COUNTER_NAME.test(metric)) continue;
    const types = new Set((await metadataOf(source, metric)).map(({ type }) => type));
    const suits = SUITS[func.name];
    if (types.size !== 1 || !types.has(suits === 'counter' ? 'gauge' : 'counter')) continue;
    hints.add(
      suits === 'counter'
        ? `${metric} is a gauge, and ${func.name}() takes every decrease for a counter's restart: deriv() and delta() are for gauges`
        : `${metric} is a counter, and ${func.name}() takes its restarts for decreases: rate() and increase() are for counters`,
    );
  }
  return [...hints];
}

/** What the functions are made for that make no sense of the other. */
const SUITS: Record<string, 'counter' | 'gauge'> = {
  rate: 'counter',
  irate: 'counter',
  increase: 'counter',
  resets: 'counter',
  delta: 'gauge',
  idelta: 'gauge',
  deriv: 'gauge',
};

const COUNTER_NAME = /_(?:total|sum|count|bucket)$/;

function metricOf(arg: Expr | undefined): string | undefined {
  if (arg?.kind === 'paren') return metricOf(arg.expr);
  return arg?.kind === 'matrixSelector' ? arg.selector.name || undefined : undefined;
}

/** Of the metric itself, or of the family that a server knows it by. */
async function metadataOf(source: Source, metric: string) {
  const own = (await source.metadata(metric)).get(metric);
  if (own !== undefined) return own;
  const family = metric.replace(/_total$/, '');
  return family === metric ? [] : ((await source.metadata(family)).get(family) ?? []);
}

interface Selection {
  selector: VectorSelector;
  /** What the query reads of it. */
  range: TimeRange;
  /** The function over its window, where one sample in that is not enough. */
  wantsTwo: string | null;
}

const WANT_TWO = new Set([
  'rate',
  'increase',
  'delta',
  'irate',
  'idelta',
  'deriv',
  'predict_linear',
  'double_exponential_smoothing',
]);

/**
 * Every selector of `expr` with the times that it is read for, when `expr` is evaluated in `asked`; `call` is the
 * function around it.
 */
function selections(
  expr: Expr,
  asked: TimeRange,
  lookbackMs: number,
  call: string | null = null,
): Selection[] {
  switch (expr.kind) {
    case 'vectorSelector':
      return [{ selector: expr, range: moved(asked, expr.at, expr.offset, lookbackMs), wantsTwo: null }];
    case 'matrixSelector': {
      const { selector, window } = expr;
      const wantsTwo = call !== null && WANT_TWO.has(call) ? call : null;
      return [{ selector, range: moved(asked, selector.at, selector.offset, millis(window)), wantsTwo }];
    }
    case 'subquery': {
      const inner = moved(asked, expr.at, expr.offset, millis(expr.window));
      return selections(expr.expr, inner, lookbackMs);
    }
    default: {
      const name = expr.kind === 'call' ? expr.func.name : null;
      return childrenOf(expr).flatMap((child) => selections(child, asked, lookbackMs, name));
    }
  }
}

function moved(
  { mint, maxt }: TimeRange,
  at: VectorSelector['at'],
  offset: Duration,
  backMs: number,
): TimeRange {
  const from = at === null || at === 'start' ? mint : at === 'end' ? maxt : at;
  const to = at === null || at === 'end' ? maxt : at === 'start' ? mint : at;
  return { mint: from - millis(offset) - backMs + 1, maxt: to - millis(offset) };
}

/**
 * How many samples one of the series has in a range at most; more than two are two. A log may list series that have
 * none, so samples are looked at, those of the first series; where they are expensive, every series is taken to have two.
 */
async function mostSamples(
  source: Source,
  matchers: readonly Matcher[],
  range: TimeRange,
  isNear: boolean,
): Promise<number> {
  const set = await source.select(matchers, { ...range, limit: MOST_SERIES, labelsOnly: !isNear });
  if (!isNear) return Math.min(2, set.length * 2);
  let most = 0;
  const columns = new SampleColumns();
  for (let i = 0; i < Math.min(set.length, MOST_SERIES); i++) {
    columns.clear();
    set.read(i, columns);
    let count = 0;
    for (let row = 0; row < columns.length && count < 2; row++) {
      if (columns.t[row] >= range.mint && columns.t[row] <= range.maxt) count++;
    }
    most = Math.max(most, count);
  }
  return most;
}

/** A duration that depends on the query is taken for none: hints may be wrong about it. */
function millis(duration: Duration): number {
  return typeof duration === 'number' ? duration : 0;
}

async function absence(
  source: Source,
  { matchers }: VectorSelector,
  range: TimeRange,
  isNear: boolean,
): Promise<string | undefined> {
  const byName = matchers.find(({ name, type }) => name === METRIC_NAME && type === '=');
  if (byName === undefined) return matcherAtFault(source, [], matchers, 'no series');
  const known = await source.select([byName], { ...ALWAYS, limit: 1, labelsOnly: true });
  if (known.length === 0) return noSuchMetric(source, byName.value);
  const others = matchers.filter((matcher) => matcher !== byName);
  const fault = await matcherAtFault(source, [byName], others, `no series of ${byName.value}`);
  return fault ?? (isNear ? await notAtThatTime(source, matchers, range) : NOT_THEN);
}

const NOT_THEN = 'there are such series, and none of them has a sample at the time asked for';

async function noSuchMetric(source: Source, name: string): Promise<string> {
  const names = await source.labelValues(METRIC_NAME, [], ALWAYS);
  if (names.length === 0) return 'there are no series at all';
  const nearest = nearestName(name, names);
  const guess = nearest.length === 0 ? '' : `: did you mean ${nearest.join(', ')}?`;
  return `there is no metric ${name}${guess}`;
}

/** What is wrong with the directories among `from`, where a query has found nothing at all. */
export function adviseOnDirectories(from: readonly string[]): string[] {
  return from
    .filter((name) => existsSync(name) && statSync(name).isDirectory())
    .filter((name) => !readdirSync(name).some((entry) => isUlid(entry) || DATA_FILES.has(entry)))
    .map((name) => `${name} has no blocks and no write-ahead log: is it a data directory?`);
}

/** What there is in a data directory beside blocks, or in a block. */
const DATA_FILES = new Set(['wal', 'wbl', 'chunks_head', 'meta.json']);

/** The first matcher without which there would be series. */
async function matcherAtFault(
  source: Source,
  base: readonly Matcher[],
  matchers: readonly Matcher[],
  subject: string,
): Promise<string | undefined> {
  const all = await source.select([...base, ...matchers], { ...ALWAYS, limit: 1, labelsOnly: true });
  if (all.length > 0 || matchers.length === 0) return undefined;
  for (const matcher of matchers) {
    const { length } = await source.select([...base, matcher], { ...ALWAYS, limit: 1, labelsOnly: true });
    if (length > 0) continue;
    const values = await source.labelValues(matcher.name, base, ALWAYS);
    return `${subject} has ${matcher}: ${valuesText(matcher, values)}`;
  }
  return `${subject} has ${matchers.join(' and ')} together`;
}

function valuesText({ name, value }: Matcher, values: readonly string[]): string {
  if (values.length === 0) return `none has a label ${name}`;
  const nearest = nearestName(value, values);
  const shown = [...new Set([...nearest, ...values])].slice(0, MOST_VALUES);
  const more = values.length > shown.length ? `, and ${values.length - shown.length} more` : '';
  return `${name} is ${shown.join(', ')}${more}`;
}

async function notAtThatTime(
  source: Source,
  matchers: readonly Matcher[],
  range: TimeRange,
): Promise<string | undefined> {
  const set = await source.select(matchers, { ...ALWAYS, limit: MOST_SERIES });
  const columns = new SampleColumns();
  let newest = Number.NEGATIVE_INFINITY;
  let oldest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < Math.min(set.length, MOST_SERIES); i++) {
    columns.clear();
    set.read(i, columns);
    if (columns.length === 0) continue;
    newest = Math.max(newest, columns.t[columns.length - 1]);
    oldest = Math.min(oldest, columns.t[0]);
  }
  if (newest < range.mint) {
    const age = formatDuration(roundedAge(range.maxt - newest));
    return `the newest sample is of ${formatTimestamp(newest)}, ${age} before the time asked for: try --at latest`;
  }
  if (oldest > range.maxt && Number.isFinite(oldest))
    return `the oldest sample is of ${formatTimestamp(oldest)}, which is after the time asked for`;
  return undefined;
}

/** To two units or so. */
function roundedAge(ms: number): number {
  const unit = ms >= 86_400_000 ? 3_600_000 : ms >= 3_600_000 ? 60_000 : 1000;
  return Math.round(ms / unit) * unit;
}
