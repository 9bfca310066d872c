/**
 * `info(v, {selector})` (experimental): adds the labels of info metrics (`target_info` unless the selector names
 * others) to the series of `v` that have the same `instance` and `job`.
 *
 * Which info series there is may change from step to step, so one series of `v` may come out as several, each with
 * the steps at which its labels were those. Of info series that say different things at once, the newest counts.
 */
import { type Labels, METRIC_NAME } from '../../../model/labels.ts';
import { LabelsBuilder } from '../../../model/labels-builder.ts';
import { labelsInBraces } from '../../../model/labels-text.ts';
import { Matcher } from '../../../model/matcher.ts';
import { ABSENT, HISTOGRAM, StepColumn } from '../../functions/column.ts';
import type { Call, Expr, VectorSelector } from '../../parser/ast.ts';
import { infoReference } from '../../plan/info-reference.ts';
import { mayAnnotate } from '../../plan/may-annotate.ts';
import { ColumnCache } from '../binary/column-cache.ts';
import type { Builder } from '../builder.ts';
import type { QueryContext } from '../context.ts';
import { DistinctSeries } from '../distinct.ts';
import { QueryError } from '../errors.ts';
import type { StepGrid } from '../grid.ts';
import { InstantSelector } from '../instant-selector.ts';
import type { SeriesMeta, VectorOperator } from '../operator.ts';

const IDENTIFYING_LABELS = ['instance', 'job'];
const DEFAULT_INFO_METRIC = 'target_info';
const ANY_INFO_METRIC = '.+_info';

export function infoCall(builder: Builder, call: Call, grid: StepGrid): VectorOperator {
  const selector = call.args.length > 1 ? selectorOf(call.args[1]) : null;
  const matchers = selector?.matchers ?? [];
  const nameMatchers = namesOfInfo(matchers.filter(({ name }) => name === METRIC_NAME));
  const dataMatchers = matchers.filter(({ name }) => name !== METRIC_NAME);
  const infoSelector: VectorSelector = {
    kind: 'vectorSelector',
    range: call.range,
    name: '',
    matchers: [...nameMatchers, ...dataMatchers],
    ...(infoReference(call.args[0]) ?? { at: null, offset: 0 }),
    anchored: false,
    smoothed: false,
  };
  const input = builder.vector(call.args[0], grid);
  const info = new InstantSelector(builder.context, infoSelector, grid);
  const operator = new InfoJoin(builder.context, input, info, nameMatchers, dataMatchers, grid.count);
  // Also the series for which a label is demanded that they do not get may have something to say.
  if (mayAnnotate(call.args[0])) builder.context.atEnd(() => operator.drain());
  return new DistinctSeries(builder.context, operator);
}

/** Matchers that only say what is no info metric need one that says what is. */
function namesOfInfo(given: readonly Matcher[]): Matcher[] {
  if (given.length === 0) return [new Matcher('=', METRIC_NAME, DEFAULT_INFO_METRIC)];
  const anyPositive = given.some(({ type }) => type === '=' || type === '=~');
  return anyPositive ? [...given] : [new Matcher('=~', METRIC_NAME, ANY_INFO_METRIC), ...given];
}

/** An info series and when its samples were taken, a step each. */
interface InfoSeries {
  labels: Labels;
  metric: string;
  times: StepColumn;
}

/** One series of the argument with the labels it has at some of the steps. */
interface Variant {
  number: number;
  meta: SeriesMeta;
  /** 1 at the steps at which the labels are these; null for all steps. */
  steps: Uint8Array | null;
}

class InfoJoin implements VectorOperator {
  readonly kind = 'vector';
  series: readonly SeriesMeta[] = [];
  private readonly context: QueryContext;
  private readonly input: VectorOperator;
  private readonly info: InstantSelector;
  private readonly nameMatchers: readonly Matcher[];
  private readonly dataMatchers: readonly Matcher[];
  private readonly steps: number;
  private variants: Variant[] = [];
  private columns!: ColumnCache;

  constructor(
    context: QueryContext,
    input: VectorOperator,
    info: InstantSelector,
    nameMatchers: readonly Matcher[],
    dataMatchers: readonly Matcher[],
    steps: number,
  ) {
    this.context = context;
    this.input = input;
    this.info = info;
    this.nameMatchers = nameMatchers;
    this.dataMatchers = dataMatchers;
    this.steps = steps;
  }

  async prepare(): Promise<void> {
    await this.input.prepare();
    await this.info.prepare();
    this.columns = new ColumnCache(this.context, this.input, this.steps);
    const byIdentity = this.infoByIdentity();
    for (let number = 0; number < this.input.series.length; number++) {
      this.variants.push(...this.variantsOf(number, byIdentity));
    }
    for (const { number } of this.variants) this.columns.expectUse(number);
    this.series = this.variants.map(({ meta }) => meta);
  }

  evaluate(i: number, out: StepColumn): void {
    const { number, steps } = this.variants[i];
    out.copyFrom(this.columns.take(number));
    this.columns.done(number);
    if (steps === null) return;
    for (let step = 0; step < out.length; step++) if (steps[step] === 0) out.kind[step] = ABSENT;
  }

  /** Evaluates the series that are not part of the result. */
  drain(): void {
    this.columns.drain();
  }

  private infoByIdentity(): Map<string, InfoSeries[]> {
    const found = new Map<string, InfoSeries[]>();
    for (let i = 0; i < this.info.series.length; i++) {
      const { labels } = this.info.series[i];
      const times = new StepColumn(this.steps);
      this.context.hold(this.steps);
      this.checkFloats(i, times);
      this.info.evaluateTimestamps(i, times);
      const series = { labels, metric: labels.get(METRIC_NAME), times };
      const key = identity(labels);
      const bucket = found.get(key);
      if (bucket === undefined) found.set(key, [series]);
      else bucket.push(series);
    }
    return found;
  }

  private checkFloats(i: number, column: StepColumn): void {
    this.info.evaluate(i, column);
    if (!column.kind.includes(HISTOGRAM)) return;
    const name = labelsInBraces(this.info.series[i].labels);
    throw new QueryError(`this should be an info metric, with float samples: ${name}`);
  }

  private variantsOf(number: number, byIdentity: Map<string, InfoSeries[]>): Variant[] {
    const meta = this.input.series[number];
    // Info series themselves are let through as they are.
    const metric = meta.labels.get(METRIC_NAME);
    if (this.nameMatchers.every((matcher) => matcher.matches(metric))) return [{ number, meta, steps: null }];
    const candidates = isIdentified(meta.labels) ? (byIdentity.get(identity(meta.labels)) ?? []) : [];
    const bySource = new Map<string, Variant>();
    for (let step = 0; step < this.steps; step++) {
      const chosen = newestPerMetric(candidates, step);
      const key = chosen.join();
      let variant = bySource.get(key);
      if (variant === undefined) {
        const labels = this.enriched(
          meta.labels,
          chosen.map((i) => candidates[i].labels),
        );
        variant = {
          number,
          meta: { labels: labels ?? meta.labels, dropName: meta.dropName },
          steps: new Uint8Array(this.steps),
        };
        bySource.set(key, variant);
        if (labels === null) variant.steps = null;
      }
      if (variant.steps !== null) variant.steps[step] = 1;
    }
    // Those for which a data label was demanded and not found were marked by the absence of steps.
    return [...bySource.values()].filter(({ steps }) => steps !== null);
  }

  /** The base labels with what the info series add, or null where the selector demands what none of them has. */
  private enriched(base: Labels, infos: readonly Labels[]): Labels | null {
    const wanted = new Set(this.dataMatchers.map(({ name }) => name));
    const builder = new LabelsBuilder(base);
    const added = new Map<string, string>();
    for (const labels of infos) {
      for (const [name, value] of labels) {
        if (name === METRIC_NAME || (wanted.size > 0 && !wanted.has(name))) continue;
        const before = added.get(name);
        if (before !== undefined && before !== value) throw new QueryError(`conflicting label: ${name}`);
        if (base.has(name)) continue;
        added.set(name, value);
        builder.set(name, value);
      }
    }
    if (infos.length === 0 && !this.dataMatchers.every((matcher) => matcher.matchesEmpty)) return null;
    return builder.labels();
  }
}

/** Of each info metric that has a sample at the step, the series with the newest; numbers of `candidates`. */
function newestPerMetric(candidates: readonly InfoSeries[], step: number): number[] {
  const newest = new Map<string, number>();
  for (let i = 0; i < candidates.length; i++) {
    const { labels, metric, times } = candidates[i];
    if (times.kind[step] === ABSENT) continue;
    const best = newest.get(metric);
    if (best !== undefined && candidates[best].times.v[step] === times.v[step]) {
      const at = Math.round(times.v[step] * 1000);
      throw new QueryError(
        `found duplicate series for info metric: existing ${labelsInBraces(candidates[best].labels)} @ ${at}, ` +
          `new ${labelsInBraces(labels)} @ ${at}`,
      );
    }
    if (best === undefined || candidates[best].times.v[step] < times.v[step]) newest.set(metric, i);
  }
  return [...newest.values()];
}

function isIdentified(labels: Labels): boolean {
  return IDENTIFYING_LABELS.some((name) => labels.has(name));
}

function identity(labels: Labels): string {
  return IDENTIFYING_LABELS.map((name) => JSON.stringify(labels.get(name))).join();
}

function selectorOf(expr: Expr): VectorSelector {
  if (expr.kind === 'paren') return selectorOf(expr.expr);
  if (expr.kind !== 'vectorSelector') throw new QueryError('expected a label selector', expr.range);
  return expr;
}
