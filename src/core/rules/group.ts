/**
 * A rule group: its rules evaluated at a time that the caller gives, each seeing what those before it wrote; unit tests
 * and the server own the clock. Where the source is one that waits, a rule may be asked for while those before it that it
 * does not read still are; what they yield is written in their order all the same.
 */
import { type Clock, systemClock } from '../clock.ts';
import { InputError } from '../errors.ts';
import type { Histogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import { writeStale } from '../model/value.ts';
import { placeRules, readers } from './order.ts';
import { type RefusedSample, reasonOf } from './refused-sample.ts';
import {
  AlertingRule,
  RecordingRule,
  type Rule,
  type RuleContext,
  RuleError,
  type RuleSample,
} from './rule.ts';
import { labelsOf, type RuleGroupConfig } from './rule-file.ts';

/** Where the series of rules go. What it takes must be visible to the next query of its source. */
export interface RuleSink {
  /** Row `row` of a value column at `t` (ms). */
  addFloat(labels: Labels, t: number, vs: Float64Array, row: number): void;
  addHistogram(labels: Labels, t: number, histogram: Histogram): void;
  /** One rule has written all it had for this time; returns what was not taken. */
  commit?(): readonly RefusedSample[];
}

export interface RuleFailure {
  rule: Rule;
  error: Error;
}

export type RuleHealth = 'unknown' | 'ok' | 'err';

/** A context for one rule, whose source shows what rules before it have written; it is closed afterwards. */
export type ContextMaker = () => RuleContext;

/** What is known of a rule's last evaluation. */
export interface RuleStatus {
  health: RuleHealth;
  /** '' where it was evaluated. */
  lastError: string;
  durationMs: number;
  /** Undefined before the first. */
  evaluatedAt: number | undefined;
  /** Samples of its last successful evaluation. */
  samples: number;
  evaluations: number;
  failures: number;
}

export interface RuleGroupOptions {
  /** Of groups that name no `query_offset`, ms. */
  offsetMs?: number;
  /** Whether alerts are written from the start; see AlertingRule.restored. */
  restored?: boolean;
  /** How many rules may be asked for at a time. */
  concurrency?: number;
  /** For durations. */
  clock?: Clock;
  /** Told of every alerting rule that was evaluated at `t` (ms). */
  onAlerts?: (rule: AlertingRule, t: number) => void;
  /** Told of a rule of whose samples at `t` (ms) some were not stored, and why one of them was not. */
  onRefused?: (rule: Rule, refused: readonly RefusedSample[], reason: string, t: number) => void;
}

export class RuleGroup {
  readonly config: RuleGroupConfig;
  readonly rules: (RecordingRule | AlertingRule)[];
  readonly statuses: RuleStatus[];
  readonly offsetMs: number;
  private readonly options: RuleGroupOptions;
  /** For each rule the series of its last successful evaluation, by their text. */
  private readonly previous: Map<string, Labels>[];
  /** Series of rules that are no more, to be ended at the next evaluation. */
  private orphans: Labels[] = [];
  private needs: Int32Array | undefined;
  /** When the last evaluation of a rule ended, by the monotonic clock (ms). */
  private lastEnd = 0;

  constructor(config: RuleGroupConfig, options: RuleGroupOptions = {}) {
    const { offsetMs = 0, restored = true } = options;
    this.config = config;
    this.options = options;
    this.rules = config.rules.map((rule) =>
      rule.kind === 'record'
        ? new RecordingRule(rule, labelsOf(config, rule))
        : new AlertingRule(rule, labelsOf(config, rule), restored),
    );
    this.statuses = config.rules.map(() => ({
      health: 'unknown',
      lastError: '',
      durationMs: 0,
      evaluatedAt: undefined,
      samples: 0,
      evaluations: 0,
      failures: 0,
    }));
    this.offsetMs = config.queryOffsetMs ?? offsetMs;
    this.previous = this.rules.map(() => new Map());
  }

  /**
   * Evaluates every rule for which `wanted` holds at `t` (ms). A rule that fails stops nothing; its series are neither
   * written nor ended.
   */
  async evaluate(
    context: RuleContext | ContextMaker,
    t: number,
    sink: RuleSink,
    wanted: (rule: Rule) => boolean = () => true,
  ): Promise<RuleFailure[]> {
    const failures: RuleFailure[] = [];
    const { concurrency = 1 } = this.options;
    if (concurrency > 1) this.needs ??= lastRead(this.config);
    /** By rule: it is written, and so are all before it. */
    const written: Promise<void>[] = [];
    const evaluate = async (i: number): Promise<void> => {
      const error = await this.evaluateRule(i, context, t, sink, written[i - 1]);
      // One that fails had nothing to wait for.
      await written[i - 1];
      if (error !== undefined) failures.push({ rule: this.rules[i], error });
    };
    for (let i = 0; i < this.rules.length; i++) {
      const awaited = Math.max(i - concurrency, this.needs?.[i] ?? NONE);
      if (awaited !== NONE) await written[awaited];
      const one = wanted(this.rules[i]) ? evaluate(i) : (written[i - 1] ?? Promise.resolve());
      // What is no rule's fault rejects this call, once.
      one.catch(() => {});
      written.push(one);
    }
    await Promise.all(written);
    if (this.orphans.length > 0) this.endSeries(this.orphans.splice(0), t, sink);
    return failures;
  }

  /** The series that were written last and have not ended. */
  *liveSeries(): Generator<Labels> {
    for (const series of this.previous) yield* series.values();
  }

  /** Ends these series at `t` (ms). */
  endSeries(series: Iterable<Labels>, t: number, sink: RuleSink): void {
    const stale = new Float64Array(1);
    writeStale(stale, 0);
    for (const labels of series) sink.addFloat(labels, t - this.offsetMs, stale, 0);
    sink.commit?.();
  }

  /**
   * Goes on where an older version of the group stopped: rules with the same name and labels keep their alerts and what
   * is known of them. What rules that are no more had written ends at the next evaluation.
   */
  copyState(from: RuleGroup): void {
    const known = new Map<string, number[]>();
    for (const [i, rule] of from.rules.entries()) {
      const key = identity(rule);
      known.set(key, [...(known.get(key) ?? []), i]);
    }
    for (const [i, rule] of this.rules.entries()) {
      const j = known.get(identity(rule))?.shift();
      if (j === undefined) continue;
      this.previous[i] = from.previous[j];
      this.statuses[i] = { ...from.statuses[j] };
      const old = from.rules[j];
      if (!(rule instanceof AlertingRule && old instanceof AlertingRule)) continue;
      for (const alert of old.alerts()) rule.active.put(alert);
      rule.restored = old.restored;
    }
    this.orphans = [...from.orphans];
    for (const rest of known.values()) {
      for (const j of rest) this.orphans.push(...from.previous[j].values());
    }
  }

  /** Returns what stopped the rule, if anything did. */
  private async evaluateRule(
    i: number,
    context: RuleContext | ContextMaker,
    t: number,
    sink: RuleSink,
    before: Promise<void> | undefined,
  ): Promise<Error | undefined> {
    const status = this.statuses[i];
    const { clock = systemClock } = this.options;
    const began = clock.monotonic();
    let fault: Error | undefined;
    status.evaluations++;
    try {
      const samples = await this.samplesOf(this.rules[i], context, t);
      await before;
      const refused = this.writeSamples(i, samples, t, sink);
      const reason = refused.length === 0 ? '' : await this.reasonOf(refused[refused.length - 1], context);
      status.health = reason === '' ? 'ok' : 'err';
      status.lastError = reason;
      if (reason !== '') this.options.onRefused?.(this.rules[i], refused, reason, t);
    } catch (error) {
      if (!(error instanceof RuleError || error instanceof InputError)) throw error;
      fault = error;
      status.failures++;
      status.health = 'err';
      status.lastError = error.message;
    }
    const end = clock.monotonic();
    // While others were still at work, a rule that was asked for ahead has only waited.
    status.durationMs = end - Math.max(began, this.lastEnd);
    this.lastEnd = end;
    status.evaluatedAt = t;
    return fault;
  }

  private writeSamples(
    i: number,
    samples: readonly RuleSample[],
    t: number,
    sink: RuleSink,
  ): readonly RefusedSample[] {
    const rule = this.rules[i];
    if (rule instanceof AlertingRule) this.options.onAlerts?.(rule, t);
    this.statuses[i].samples = samples.length;
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
    const refused = sink.commit?.() ?? [];
    // What another rule has written is that one's to end.
    for (const { labels } of refused) now.delete(labels.toString());
    return refused;
  }

  private samplesOf(rule: Rule, context: RuleContext | ContextMaker, t: number): Promise<RuleSample[]> {
    return within(context, (own) => rule.evaluate(own, t, this.offsetMs, this.config.limit));
  }

  private reasonOf(refused: RefusedSample, context: RuleContext | ContextMaker): Promise<string> {
    return within(context, ({ source }) => reasonOf(refused, source));
  }
}

/** Work with a context of its own where there is a maker of them. */
async function within<T>(
  context: RuleContext | ContextMaker,
  work: (context: RuleContext) => Promise<T>,
): Promise<T> {
  if (typeof context !== 'function') return work(context);
  const own = context();
  try {
    return await work(own);
  } finally {
    await own.source.close();
  }
}

function identity({ config, labels }: RecordingRule | AlertingRule): string {
  return JSON.stringify([config.kind, config.name, labels]);
}

/** The number of no rule. */
const NONE = -1;

/** For each rule the last one before it whose output it reads, or NONE. */
function lastRead(config: RuleGroupConfig): Int32Array {
  const reads = readers(placeRules([{ file: '', groups: [config], errors: [] }]));
  return Int32Array.from(reads, (read, i) => Math.max(NONE, ...read.filter((j) => j < i)));
}
