/**
 * A rule group: its rules evaluated one after another, each seeing what those before it wrote, at a time that the
 * caller gives; unit tests, backfill and a server own the clock.
 */
import { InputError } from '../errors.ts';
import type { Histogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import { writeStale } from '../model/value.ts';
import { AlertingRule, RecordingRule, type Rule, type RuleContext, RuleError } from './rule.ts';
import { labelsOf, type RuleGroupConfig } from './rule-file.ts';

/** Where the series of rules go. What it takes must be visible to the next query of its source. */
export interface RuleSink {
  /** Row `row` of a value column at `t` (ms). */
  addFloat(labels: Labels, t: number, vs: Float64Array, row: number): void;
  addHistogram(labels: Labels, t: number, histogram: Histogram): void;
}

export interface RuleFailure {
  rule: Rule;
  error: Error;
}

export class RuleGroup {
  readonly config: RuleGroupConfig;
  readonly rules: Rule[];
  private readonly offsetMs: number;
  /** For each rule the series of its last successful evaluation, by their text. */
  private readonly previous: Map<string, Labels>[];

  /** `offsetMs` is for groups that name no `query_offset`. */
  constructor(config: RuleGroupConfig, { offsetMs = 0, restored = true } = {}) {
    this.config = config;
    this.rules = config.rules.map((rule) =>
      rule.kind === 'record'
        ? new RecordingRule(rule, labelsOf(config, rule))
        : new AlertingRule(rule, labelsOf(config, rule), restored),
    );
    this.offsetMs = config.queryOffsetMs ?? offsetMs;
    this.previous = this.rules.map(() => new Map());
  }

  /**
   * Evaluates every rule for which `wanted` holds at `t` (ms). A rule that fails stops nothing; its series are neither
   * written nor ended.
   */
  async evaluate(
    context: RuleContext,
    t: number,
    sink: RuleSink,
    wanted: (rule: Rule) => boolean = () => true,
  ): Promise<RuleFailure[]> {
    const failures: RuleFailure[] = [];
    for (const [i, rule] of this.rules.entries()) {
      if (!wanted(rule)) continue;
      try {
        await this.evaluateRule(i, context, t, sink);
      } catch (error) {
        if (!(error instanceof RuleError || error instanceof InputError)) throw error;
        failures.push({ rule, error });
      }
    }
    return failures;
  }

  private async evaluateRule(i: number, context: RuleContext, t: number, sink: RuleSink): Promise<void> {
    const samples = await this.rules[i].evaluate(context, t, this.offsetMs, this.config.limit);
    const at = t - this.offsetMs;
    const now = new Map<string, Labels>();
    for (const { labels, v, histogram } of samples) {
      if (histogram === null) sink.addFloat(labels, at, v, 0);
      else sink.addHistogram(labels, at, histogram);
      now.set(labels.toString(), labels);
    }
    const stale = new Float64Array(1);
    writeStale(stale, 0);
    for (const [key, labels] of this.previous[i]) if (!now.has(key)) sink.addFloat(labels, at, stale, 0);
    this.previous[i] = now;
  }
}
