/**
 * Runs unit tests of rules: plays the input, evaluates the rules that can matter at every step, and compares alerts and
 * query results with what is expected.
 */
import { InputError } from '../errors.ts';
import type { Labels } from '../model/labels.ts';
import { type EngineOptions, instantQuery } from '../promql/index.ts';
import { type Expr, parseQuery } from '../promql/parser/index.ts';
import type { LoadSeries } from '../promql/test-language/index.ts';
import { load } from '../promql/test-runner/index.ts';
import { annotationsText, compareAnnotations } from './alert.ts';
import { RuleDependencies } from './dependencies.ts';
import { type RuleFailure, RuleGroup } from './group.ts';
import { GrowingSource } from './growing-source.ts';
import { AlertingRule, type Rule, type RuleContext, RuleError } from './rule.ts';
import type { RuleConfig, RuleFile, RuleGroupConfig } from './rule-file.ts';
import { recordAhead } from './unit-test-ahead.ts';
import { dumpOf } from './unit-test-dump.ts';
import type { AlertTexts, UnitTestFailure } from './unit-test-failure.ts';
import type { AlertTest, UnitTest, UnitTestFile } from './unit-test-file.ts';
import { expectedSample, sameSamples, samplesOf, sampleText } from './unit-test-sample.ts';

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
      dump: this.options.dump === true ? await dumpOf(run.source, test.startMs) : [],
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
  readonly source = new GrowingSource();
  /** Rules of the group that is being evaluated whose samples the store did not take. */
  private readonly refusals: RuleFailure[] = [];

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
      .map(({ group, file }) => ({ group: this.groupThatReports(group), file }));
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
        failures.push(...this.refusals.splice(0));
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

  private groupThatReports(config: RuleGroupConfig): RuleGroup {
    return new RuleGroup(config, {
      onRefused: (rule, _, reason) => this.refusals.push({ rule, error: new RuleError(reason) }),
    });
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
    const expected = [...test.expected].sort(inOrder);
    const got = [...found].sort(inOrder);
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
    const { labelsText } = this.options;
    for (const test of this.test.exprTests) {
      const place = { expr: test.expr, timeMs: test.evalTimeMs, line: test.place.line };
      try {
        const expected = test.expected.map(expectedSample);
        const t = this.test.startMs + test.evalTimeMs;
        const got = samplesOf((await instantQuery(this.source, test.expr, t, this.options.engine)).value);
        expected.sort((a, b) => a.labels.compare(b.labels));
        got.sort((a, b) => a.labels.compare(b.labels));
        if (
          expected.length === got.length &&
          expected.every((sample, i) => sameSamples(sample, got[i], this.fuzzy))
        )
          continue;
        this.failures.push({
          kind: 'expr',
          ...place,
          expected: expected.map((sample) => sampleText(sample, labelsText)),
          got: got.map((sample) => sampleText(sample, labelsText)),
        });
      } catch (error) {
        if (!(error instanceof InputError || error instanceof RuleError)) throw error;
        this.failures.push({ kind: 'error', ...place, error: error.message });
      }
    }
  }
}

/** Puts start timestamps beside the values that they belong to. Of a series given twice, the later one counts. */
function withStartTimes(series: UnitTest['series']): LoadSeries[] {
  const values = new Map<string, UnitTest['series'][number]>();
  for (const one of series) if (!one.isStartTime) values.set(one.labels.toString(), one);
  return [...values.values()].map(({ labels, values }) => {
    const starts = series.find((other) => other.isStartTime && other.labels.equals(labels));
    return { line: 0, labels, values, startTimes: starts?.values ?? null };
  });
}

/** By labels, then annotations: two rules may make alerts with the same labels. */
function inOrder(a: AlertTexts, b: AlertTexts): number {
  return a.labels.compare(b.labels) || compareAnnotations(a.annotations, b.annotations);
}

function alertLine({ labels, annotations }: AlertTexts): string {
  return `Labels:${labels} Annotations:${annotationsText(annotations)}`;
}
