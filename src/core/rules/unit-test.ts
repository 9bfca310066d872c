/**
 * Runs unit tests of rules: plays the input, evaluates the rules that can matter at every step, and compares alerts and
 * query results with what is expected.
 */
import { InputError } from '../errors.ts';
import { SampleColumns } from '../model/columns.ts';
import { formatTestHistogram } from '../model/histogram-format.ts';
import { EMPTY_LABELS, type Labels } from '../model/labels.ts';
import { formatG } from '../model/number.ts';
import { isStale } from '../model/value.ts';
import { type EngineOptions, instantQuery } from '../promql/index.ts';
import { type Expr, parseMetric, parseQuery } from '../promql/parser/index.ts';
import { type LoadSeries, parseSeriesNotation } from '../promql/test-language/index.ts';
import { load } from '../promql/test-runner/index.ts';
import { type Annotations, annotationsText } from './alert.ts';
import { RuleDependencies } from './dependencies.ts';
import { RuleGroup } from './group.ts';
import { GrowingSource } from './growing-source.ts';
import { AlertingRule, type Rule, type RuleContext, RuleError } from './rule.ts';
import type { RuleConfig, RuleFile, RuleGroupConfig } from './rule-file.ts';
import { recordAhead } from './unit-test-ahead.ts';
import type { AlertTest, ExprTest, UnitTest, UnitTestFile } from './unit-test-file.ts';

/** What did not hold. `expected` and `got` are lines to be shown beside each other, where there are any. */
export type UnitTestFailure =
  | {
      kind: 'rule';
      group: string;
      rule: string;
      timeMs: number;
      error: string;
      file: string;
      line: number | undefined;
    }
  | {
      kind: 'alert';
      alert: string;
      /** Those that have such an alert. */
      groups: string[];
      timeMs: number;
      line: number | undefined;
      expected: string[];
      got: string[];
      /** The same as the lines, in their order. */
      alerts: { expected: AlertTexts[]; got: AlertTexts[] };
    }
  | {
      kind: 'expr';
      expr: string;
      timeMs: number;
      line: number | undefined;
      expected: string[];
      got: string[];
    }
  | { kind: 'error'; expr: string; timeMs: number; line: number | undefined; error: string };

/** What an alert is compared by. */
export interface AlertTexts {
  labels: Labels;
  annotations: Annotations;
}

export interface UnitTestResult {
  test: UnitTest;
  failures: UnitTestFailure[];
  /** Rules that were evaluated, of how many. */
  rulesUsed: number;
  rulesTotal: number;
  /** Everything that the store held in the end, for --debug; empty unless asked for. */
  dump: string[];
}

export interface UnitTestOptions {
  engine?: EngineOptions;
  /** Overrides the file's. */
  fuzzyCompare?: boolean;
  dump?: boolean;
  /** Evaluate every rule, whether or not it can matter. */
  everyRule?: boolean;
  /** Told of what the expectations of a test depend on, as it is evaluated. */
  coverage?: CoverageObserver;
  /** How failures show series; by default as PromQL writes them. */
  labelsText?: (labels: Labels) => string;
}

export interface CoverageObserver {
  /** `rule` of `file` was evaluated at `t` (ms). */
  observe(file: string, rule: RuleConfig, context: RuleContext, t: number): Promise<void>;
  /** A test has looked whether the alert fires. */
  sawAlert(file: string, rule: RuleConfig, fires: boolean): void;
}

interface PlacedGroup {
  group: RuleGroup;
  file: string;
}

/** Groups in the order of evaluation: by the order asked for, then as they came. */
function orderedGroups(
  files: readonly RuleFile[],
  order: readonly string[],
): { group: RuleGroupConfig; file: string }[] {
  const groups = files.flatMap((file) => file.groups.map((group) => ({ group, file: file.file })));
  if (order.length === 0) return groups;
  const rank = (name: string) => {
    const at = order.indexOf(name);
    return at < 0 ? order.length : at;
  };
  return groups.sort((a, b) => rank(a.group.name) - rank(b.group.name));
}

/** The tests of one file, with the rules of the files that it names. */
export class UnitTestSuite {
  private readonly tests: UnitTestFile;
  private readonly groups: { group: RuleGroupConfig; file: string }[];
  private readonly dependencies: RuleDependencies;
  private readonly options: UnitTestOptions;

  constructor(tests: UnitTestFile, rules: readonly RuleFile[], options: UnitTestOptions = {}) {
    this.tests = tests;
    this.groups = orderedGroups(rules, tests.groupEvalOrder);
    this.dependencies = new RuleDependencies(this.groups.map(({ group }) => group));
    this.options = options;
  }

  async run(test: UnitTest): Promise<UnitTestResult> {
    const run = new TestRun(test, this.tests.evaluationIntervalMs, this.options, this.fuzzy);
    const needed = this.options.everyRule === true ? undefined : this.neededRules(test, run);
    await run.play(
      this.groups,
      needed,
      this.options.coverage === undefined ? new Set() : this.assertedRules(run),
    );
    await run.compareExprs();
    let total = 0;
    for (const { group } of this.groups) total += group.rules.length;
    return {
      test,
      failures: run.failures,
      rulesUsed: needed?.size ?? total,
      rulesTotal: total,
      dump: this.options.dump === true ? await run.dump() : [],
    };
  }

  private get fuzzy(): boolean {
    return this.options.fuzzyCompare ?? this.tests.fuzzyCompare;
  }

  private neededRules(test: UnitTest, run: TestRun): Set<RuleConfig> {
    return this.dependencies.needed({
      ...run.expectations(),
      input: test.series.map(({ labels }) => labels),
    });
  }

  /** Only those that an expectation depends on: without input, none is needed because it may fail on that. */
  private assertedRules(run: TestRun): Set<RuleConfig> {
    return this.dependencies.needed({ ...run.expectations(), input: [] });
  }
}

class TestRun {
  readonly failures: UnitTestFailure[] = [];
  private readonly test: UnitTest;
  private readonly intervalMs: number;
  private readonly options: UnitTestOptions;
  private readonly fuzzy: boolean;
  private readonly source = new GrowingSource();

  constructor(test: UnitTest, intervalMs: number, options: UnitTestOptions, fuzzy: boolean) {
    this.test = test;
    this.intervalMs = intervalMs;
    this.options = options;
    this.fuzzy = fuzzy;
    const series = withStartTimes(test.series);
    load(
      { kind: 'load', line: 0, stepMs: test.intervalMs, withNhcb: false, series },
      this.source,
      test.startMs,
    );
  }

  /** What the test compares: expressions as far as they can be parsed (the others fail later), and alerts. */
  expectations(): { exprs: Expr[]; alerts: Set<string> } {
    return {
      exprs: this.parsedExprs(),
      alerts: new Set(this.test.alertTests.map(({ alertName }) => alertName)),
    };
  }

  private parsedExprs(): Expr[] {
    return this.test.exprTests.flatMap(({ expr }) => {
      try {
        return parseQuery(expr, this.options.engine?.parser);
      } catch (error) {
        if (error instanceof InputError) return [];
        throw error;
      }
    });
  }

  async play(
    configs: readonly { group: RuleGroupConfig; file: string }[],
    needed: ReadonlySet<RuleConfig> | undefined,
    asserted: ReadonlySet<RuleConfig>,
  ): Promise<void> {
    const { test, source } = this;
    const groups = configs
      .filter(({ group }) => needed === undefined || group.rules.some((rule) => needed.has(rule)))
      .map(({ group, file }) => ({ group: new RuleGroup(group), file }));
    const context = {
      source,
      engine: this.options.engine ?? {},
      externalLabels: test.externalLabels,
      externalUrl: test.externalUrl,
    };
    const times = [...new Set(test.alertTests.map(({ evalTimeMs }) => evalTimeMs))].sort((a, b) => a - b);
    const lastMs = Math.max(0, ...times, ...test.exprTests.map(({ evalTimeMs }) => evalTimeMs));
    const steps = {
      first: test.startMs,
      stepMs: this.intervalMs,
      count: Math.floor(lastMs / this.intervalMs) + 1,
    };
    const ordered = configs.map(({ group }) => group);
    const ahead =
      needed === undefined
        ? new Set()
        : await recordAhead(ordered, needed, test, source, context.engine, steps);
    const wanted = ({ config }: Rule) => !ahead.has(config) && (needed?.has(config) ?? true);
    let next = 0;
    for (let at = 0; at <= lastMs; at += this.intervalMs) {
      const t = test.startMs + at;
      source.untilMs = t;
      const unseen = next === times.length || times[next] >= at + this.intervalMs;
      let failed = false;
      for (const { group, file } of groups) {
        const failures = await group.evaluate({ ...context, unseen }, t, source, wanted);
        for (const { rule, error } of failures) {
          failed = true;
          this.failures.push({
            kind: 'rule',
            group: group.config.name,
            rule: rule.config.name,
            timeMs: at,
            error: error.message,
            file,
            line: rule.config.place.line,
          });
        }
      }
      if (failed) return;
      if (asserted.size > 0) await this.observe(groups, asserted, context, t);
      // An expectation between two steps is about the step before it.
      for (; next < times.length && times[next] < at + this.intervalMs; next++) {
        this.compareAlerts(times[next], groups);
      }
    }
  }

  private async observe(
    groups: readonly PlacedGroup[],
    asserted: ReadonlySet<RuleConfig>,
    context: RuleContext,
    t: number,
  ): Promise<void> {
    for (const { group, file } of groups) {
      const at = t - (group.config.queryOffsetMs ?? 0);
      for (const { config } of group.rules) {
        if (asserted.has(config)) await this.options.coverage?.observe(file, config, context, at);
      }
    }
  }

  private compareAlerts(evalTimeMs: number, groups: readonly PlacedGroup[]): void {
    for (const test of this.test.alertTests) {
      if (test.evalTimeMs !== evalTimeMs) continue;
      const got: AlertTexts[] = [];
      const names = new Set<string>();
      for (const { group, file } of groups) {
        for (const rule of group.rules) {
          if (!(rule instanceof AlertingRule) || rule.config.name !== test.alertName) continue;
          const firing = rule.alerts().filter(({ state }) => state === 'firing');
          got.push(...firing);
          names.add(group.config.name);
          this.options.coverage?.sawAlert(file, rule.config, firing.length > 0);
        }
      }
      this.compareAlertLists(test, got, [...names]);
    }
  }

  private compareAlertLists(test: AlertTest, found: readonly AlertTexts[], groups: string[]): void {
    const expected = [...test.expected].sort(byLabels);
    const got = [...found].sort(byLabels);
    const expectedLines = expected.map(alertLine);
    const gotLines = got.map(alertLine);
    if (expectedLines.length === gotLines.length && expectedLines.every((line, i) => line === gotLines[i]))
      return;
    this.failures.push({
      kind: 'alert',
      alert: test.alertName,
      groups,
      timeMs: test.evalTimeMs,
      line: test.place.line,
      expected: expectedLines,
      got: gotLines,
      alerts: { expected, got },
    });
  }

  async compareExprs(): Promise<void> {
    // After a rule has failed, nothing more is compared.
    if (this.failures.some(({ kind }) => kind === 'rule')) return;
    for (const test of this.test.exprTests) {
      const place = { expr: test.expr, timeMs: test.evalTimeMs, line: test.place.line };
      try {
        const expected = test.expected.map(expectedSample);
        const got = await this.samplesOf(test);
        expected.sort((a, b) => a.labels.compare(b.labels));
        got.sort((a, b) => a.labels.compare(b.labels));
        if (expected.length === got.length && expected.every((sample, i) => this.same(sample, got[i])))
          continue;
        this.failures.push({
          kind: 'expr',
          ...place,
          expected: expected.map((sample) => this.sampleText(sample)),
          got: got.map((sample) => this.sampleText(sample)),
        });
      } catch (error) {
        if (!(error instanceof InputError || error instanceof RuleError)) throw error;
        this.failures.push({ kind: 'error', ...place, error: error.message });
      }
    }
  }

  private async samplesOf(test: ExprTest): Promise<Sample[]> {
    const t = this.test.startMs + test.evalTimeMs;
    const { value } = await instantQuery(this.source, test.expr, t, this.options.engine);
    if (value.type === 'scalar') return [{ labels: EMPTY_LABELS, value: value.v, histogram: '' }];
    if (value.type !== 'vector') throw new RuleError('rule result is not a vector or scalar');
    return value.series.map(({ labels, v, histograms }) => {
      const histogram = histograms?.[0] ?? null;
      return { labels, value: v[0], histogram: histogram === null ? '' : formatTestHistogram(histogram) };
    });
  }

  private same(a: Sample, b: Sample): boolean {
    if (!a.labels.equals(b.labels) || a.histogram !== b.histogram) return false;
    if (a.value === b.value || (Number.isNaN(a.value) && Number.isNaN(b.value))) return true;
    if (!this.fuzzy) return false;
    return isNeighbour(a.value, b.value);
  }

  private sampleText({ labels, value, histogram }: Sample): string {
    const series = this.options.labelsText?.(labels) ?? String(labels);
    return `${series} ${histogram === '' ? exponentForm(value) : histogram}`;
  }

  /** Every series with its samples, a line each, as the input would be written. */
  async dump(): Promise<string[]> {
    const set = await this.source.select([], {
      mint: -Number.MAX_SAFE_INTEGER,
      maxt: Number.MAX_SAFE_INTEGER,
    });
    const lines: string[] = [];
    for (let i = 0; i < set.length; i++) {
      const columns = new SampleColumns();
      set.read(i, columns);
      const samples: string[] = [];
      for (let row = 0; row < columns.length; row++) {
        const histogram = columns.histograms?.[row] ?? null;
        const text =
          histogram !== null
            ? formatTestHistogram(histogram)
            : isStale(columns.v, row)
              ? 'stale'
              : formatG(columns.v[row]);
        samples.push(`${text}@${(columns.t[row] - this.test.startMs) / 1000}s`);
      }
      lines.push(`${set.labels(i)} ${samples.join(' ')}`);
    }
    return lines;
  }
}

/** Puts start timestamps beside the values that they belong to. */
function withStartTimes(series: UnitTest['series']): LoadSeries[] {
  const values = series.filter(({ isStartTime }) => !isStartTime);
  return values.map(({ labels, values }) => {
    const starts = series.find((other) => other.isStartTime && other.labels.equals(labels));
    return { line: 0, labels, values, startTimes: starts?.values ?? null };
  });
}

interface Sample {
  labels: Labels;
  value: number;
  /** In the notation of tests, '' for a float. */
  histogram: string;
}

function expectedSample({ labels, value, histogram }: ExprTest['expected'][number]): Sample {
  const wrap = (error: unknown): never => {
    if (error instanceof InputError) throw new RuleError(`labels ${JSON.stringify(labels)}: ${error.reason}`);
    throw error;
  };
  let parsed: Labels;
  try {
    parsed = labels === '' ? EMPTY_LABELS : parseMetric(labels);
    if (histogram === '') return { labels: parsed, value, histogram: '' };
    const { values } = parseSeriesNotation(`{} ${histogram}`);
    const found = values.histogramAt(0);
    if (values.length !== 1)
      throw new RuleError(`labels ${JSON.stringify(labels)}: expected 1 value, got ${values.length}`);
    if (found === null)
      throw new RuleError(`labels ${JSON.stringify(labels)}: expected histogram, got ${histogram}`);
    return { labels: parsed, value, histogram: formatTestHistogram(found) };
  } catch (error) {
    return wrap(error);
  }
}

/** Whether at most one float lies between the two: what a sum in another order may come out as. */
function isNeighbour(a: number, b: number): boolean {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  const bits = new BigInt64Array(Float64Array.of(a, b).buffer);
  const distance = bits[0] - bits[1];
  return distance >= -1n && distance <= 1n;
}

function byLabels(a: AlertTexts, b: AlertTexts): number {
  return a.labels.compare(b.labels);
}

function alertLine({ labels, annotations }: AlertTexts): string {
  return `Labels:${labels} Annotations:${annotationsText(annotations)}`;
}

/** `1E+00`, as promtool shows values. */
function exponentForm(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return value
    .toExponential()
    .toUpperCase()
    .replace(/E([+-])(\d)$/, 'E$10$2');
}
