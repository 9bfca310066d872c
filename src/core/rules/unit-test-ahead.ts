/**
 * Recording rules of a unit test, evaluated for all its times by one range query each. That is done where nobody can
 * tell it from one evaluation after the other: what the rule reads is known before it, and nothing in it looks ahead.
 */
import { InputError } from '../errors.ts';
import { METRIC_NAME } from '../model/labels.ts';
import { type EngineOptions, rangeQuery } from '../promql/index.ts';
import { type Expr, walk } from '../promql/parser/index.ts';
import { mayReturn, selectorsOf, templatesQuery } from './dependencies.ts';
import type { GrowingSource } from './growing-source.ts';
import { playRecording, type Steps } from './play-recording.ts';
import { labelsOf, type RecordingRuleConfig, type RuleConfig, type RuleGroupConfig } from './rule-file.ts';
import { RuleOutput } from './rule-output.ts';
import type { UnitTest } from './unit-test-file.ts';

/** Fewer evaluations are not worth the while. */
const FEWEST_STEPS = 3;

/**
 * Writes what the rules yield to `source`, where it is not seen before its time, and returns them. `groups` are in the
 * order of evaluation. Rules that fail at any time are left to be evaluated one time after the other.
 */
export async function recordAhead(
  groups: readonly RuleGroupConfig[],
  needed: ReadonlySet<RuleConfig>,
  test: UnitTest,
  source: GrowingSource,
  engine: EngineOptions,
  steps: Steps,
): Promise<Set<RuleConfig>> {
  const done = new Set<RuleConfig>();
  if (steps.count < FEWEST_STEPS) return done;
  const taken = takenNames(needed, test);
  /** Those before a rule that are evaluated at every time: what they read must not be there too early. */
  const earlier: { rule: RuleConfig; group: RuleGroupConfig }[] = [];
  for (const group of groups) {
    for (const rule of group.rules) {
      if (!needed.has(rule)) continue;
      const may =
        rule.kind === 'record' &&
        group.limit === 0 &&
        (group.queryOffsetMs ?? 0) === 0 &&
        !taken.has(rule.name) &&
        looksBack(rule.parsed) &&
        isReady(rule, needed, done) &&
        !earlier.some((other) => mayRead(other.rule, other.group, rule));
      if (may && (await record(rule, group, source, engine, steps))) done.add(rule);
      else earlier.push({ rule, group });
    }
  }
  return done;
}

/** Names that more than one rule writes, or the input has, too: which sample comes first matters there. */
function takenNames(needed: ReadonlySet<RuleConfig>, { series }: UnitTest): Set<string> {
  const taken = new Set(series.map(({ labels }) => labels.get(METRIC_NAME)));
  const seen = new Set<string>();
  for (const { kind, name } of needed) {
    if (kind !== 'record') continue;
    if (seen.has(name)) taken.add(name);
    seen.add(name);
  }
  return taken;
}

/** Whether `reader` of `group` may read what `rule` writes; templates that run queries may read anything. */
function mayRead(reader: RuleConfig, group: RuleGroupConfig, rule: RuleConfig): boolean {
  if (reader.kind === 'alert' && templatesQuery(labelsOf(group, reader), reader.annotations)) return true;
  return selectorsOf(reader.parsed).some((selector) => mayReturn(selector, rule));
}

/** Whether all that the rule may read from other rules is there for all times. */
function isReady(
  rule: RecordingRuleConfig,
  needed: ReadonlySet<RuleConfig>,
  done: ReadonlySet<RuleConfig>,
): boolean {
  const selectors = selectorsOf(rule.parsed);
  for (const other of needed) {
    if (!done.has(other) && selectors.some((selector) => mayReturn(selector, other))) return false;
  }
  return true;
}

/** Whether the value at a time depends on nothing but samples up to that time, and not on the other times. */
function looksBack(expr: Expr): boolean {
  let does = true;
  walk(expr, (node) => {
    if (node.kind === 'vectorSelector' || node.kind === 'subquery') {
      if (node.at !== null || typeof node.offset !== 'number' || node.offset < 0) does = false;
    }
    if ((node.kind === 'matrixSelector' || node.kind === 'subquery') && typeof node.window !== 'number')
      does = false;
    if (node.kind === 'subquery' && node.step !== null && typeof node.step !== 'number') does = false;
    if (node.kind === 'vectorSelector' && (node.anchored || node.smoothed)) does = false;
    if (node.kind === 'call' && node.func.name === 'info') does = false;
    if (node.kind === 'aggregate' && (node.op === 'limitk' || node.op === 'limit_ratio')) does = false;
  });
  return does;
}

async function record(
  rule: RecordingRuleConfig,
  group: RuleGroupConfig,
  source: GrowingSource,
  engine: EngineOptions,
  steps: Steps,
): Promise<boolean> {
  const { first, stepMs, count } = steps;
  const { untilMs } = source;
  source.untilMs = Number.POSITIVE_INFINITY;
  try {
    const { value } = await rangeQuery(
      source,
      rule.expr,
      first,
      first + (count - 1) * stepMs,
      stepMs,
      engine,
    );
    if (value.type !== 'matrix') return false;
    const output = new RuleOutput();
    let failed = false;
    const onFailure = () => {
      failed = true;
    };
    playRecording(rule.name, labelsOf(group, rule), value.series, steps, 0, output, onFailure);
    if (failed) return false;
    for (const series of output.all()) source.add(series.labels, series);
    return true;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  } finally {
    source.untilMs = untilMs;
  }
}
