/**
 * Rules evaluated over a stretch of the past, as a server would have done: every group at its interval, alerts with
 * their whole state machine, rules seeing what others wrote. Not one time after the other, though: each rule's
 * expression is a few range queries over long windows, and the state machine plays over their columns. Rules go in the
 * order of who reads whom (order.ts); those that need each other are evaluated step by step.
 */
import { InputError } from '../errors.ts';
import type { Labels } from '../model/labels.ts';
import { type EngineOptions, parsedRangeQuery, QueryCanceled, type ResultSeries } from '../promql/index.ts';
import { MemorySource, type SampleRows } from '../source/memory.ts';
import type { Source } from '../source/source.ts';
import type { Alert, AlertState } from './alert.ts';
import { CarryOver } from './carry-over.ts';
import { orderRules, type PlacedRule, placeRules, type RuleUnit, reachOf } from './order.ts';
import { AlertPlayer } from './play-alerts.ts';
import { playRecording, type Steps } from './play-recording.ts';
import { RuleOutputs, withOutputs } from './recorded-source.ts';
import { AlertingRule, RecordingRule, type RuleContext, RuleError } from './rule.ts';
import { labelsOf, type RuleFile } from './rule-file.ts';
import { RuleOutput } from './rule-output.ts';
import { countTimes, firstTime, nextTime, type Runner } from './runner.ts';
import { SharedSelections } from './shared-selections.ts';

export interface HistoryOptions {
  engine?: EngineOptions;
  externalLabels: Labels;
  externalUrl: string;
  /** Of groups that name none, ms. */
  intervalMs: number;
  /** `query_offset` of groups that name none, ms. */
  queryOffsetMs?: number;
  /** How much later than multiples of its interval a group is evaluated, ms; 0 for all unless given. */
  phaseMs?: (rule: PlacedRule, intervalMs: number) => number;
  /** How much is evaluated at once, ms. */
  windowMs?: number;
  /**
   * Whether what most rules need is read at once (the default). Servers rather answer small questions.
   */
  prefetch?: boolean;
  signal?: AbortSignal;
  /** How many evaluations of single rules are done, of how many. */
  onProgress?: (done: number, total: number) => void;
}

export interface HistorySink {
  /** The next samples of a series, in the order of time; the columns are the history's. Absent: nobody wants them. */
  samples?(rule: PlacedRule, labels: Labels, rows: SampleRows): void;
  /** A change of state at `t` (ms); `from` is null for an alert that is new. */
  change?(rule: PlacedRule, alert: Alert, from: AlertState | null, t: number): void;
  /** Everything up to `t` (ms) was handed over. */
  upTo?(t: number): Promise<void>;
}

/** Times at which a rule could not be evaluated. */
export interface HistoryFailure {
  rule: PlacedRule;
  /** The first reason. */
  reason: string;
  count: number;
  firstT: number;
  lastT: number;
}

export interface HistoryAlerts {
  rule: PlacedRule;
  alerts: readonly Alert[];
}

const DAY_MS = 24 * 3_600_000;
const LEAST_WINDOW_MS = 6 * 3_600_000;
/** How long work goes on before others get their turn. */
const STRETCH_MS = 50;
const DEFAULT_LOOKBACK_MS = 5 * 60_000;
/** Codes of errors of a server that cannot be talked to at all. */
const UNREACHABLE = new Set(['http_lookup', 'http_connect', 'http_tls']);

export class RuleHistory {
  readonly failures: HistoryFailure[] = [];
  private readonly rules: readonly PlacedRule[];
  private readonly source: Source;
  private readonly options: HistoryOptions;
  private readonly written = new MemorySource();
  private readonly runners = new Map<PlacedRule, Runner>();
  private context!: RuleContext;
  private sink: HistorySink = {};
  private done = 0;
  private total = 0;
  private lastPause = performance.now();

  constructor(files: readonly RuleFile[], source: Source, options: HistoryOptions) {
    this.rules = placeRules(files);
    this.source = source;
    this.options = options;
  }

  /**
   * Evaluates all rules from `start` to `end` (ms, inclusive). What `source` has of their outputs before the start is
   * carried on: alerts keep their state, and series that vanish get their stale marker. Rejects with the signal's
   * reason, and where a server that is read cannot be reached; a rule that fails stops nothing and is told of in
   * `failures`. To be called once.
   */
  async play(start: number, end: number, sink: HistorySink): Promise<void> {
    const { options } = this;
    this.sink = sink;
    const order = orderRules(this.rules);
    const selections = new SharedSelections(this.source, this.rules, this.lookbackMs);
    this.context = {
      source: withOutputs(selections, this.written, new RuleOutputs(this.rules), start),
      engine: options.engine ?? {},
      externalLabels: options.externalLabels,
      externalUrl: options.externalUrl,
    };
    for (const placed of this.rules) this.runners.set(placed, this.runnerOf(placed, order.read.has(placed)));
    const carryOver = new CarryOver(this.source, this.lookbackMs);
    for (const runner of this.runners.values()) {
      this.total += countTimes(runner, start, end);
      const first = firstTime(runner, start);
      if (first > end) continue;
      await this.guard(runner, first, () =>
        carryOver.bring(runner, first, (from, to) => this.warmUp(runner, from, to)),
      );
    }
    const reach = this.rules.reduce((most, { config }) => {
      const own = reachOf(config.parsed, this.lookbackMs);
      return Math.max(most, own);
    }, 0);
    let windowMs = options.windowMs ?? DAY_MS;
    for (let from = start; from <= end; ) {
      const windowEnd = () => Math.min(end, (Math.floor(from / windowMs) + 1) * windowMs - 1);
      let to = windowEnd();
      if (options.prefetch !== false) {
        const fromSample = from - this.mostOffsetMs;
        let fits = await selections.begin(fromSample, to);
        // Decoding once is worth more than long columns.
        for (; !fits && options.windowMs === undefined && windowMs > LEAST_WINDOW_MS; to = windowEnd()) {
          windowMs /= 2;
          fits = await selections.begin(fromSample, windowEnd(), true);
        }
      }
      for (const unit of order.units) {
        if (unit.stepwise) await this.playTogether(unit, from, to);
        else await this.playWindow(this.runners.get(unit.rules[0])!, from, to);
      }
      selections.forget();
      await sink.upTo?.(to);
      if (Number.isFinite(reach)) this.written.dropBefore(to - reach - 2 * windowMs);
      from = to + 1;
    }
  }

  /** The active alerts of every alerting rule as they are after the last time, with annotations as of `t` (ms). */
  async alerts(t: number): Promise<HistoryAlerts[]> {
    const all: HistoryAlerts[] = [];
    for (const { placed, rule, player } of this.runners.values()) {
      if (player === null) continue;
      await player.annotate(t);
      all.push({ rule: placed, alerts: (rule as AlertingRule).alerts() });
    }
    return all;
  }

  private get mostOffsetMs(): number {
    return Math.max(0, ...[...this.runners.values()].map(({ offsetMs }) => offsetMs));
  }

  private get lookbackMs(): number {
    return this.options.engine?.lookbackMs ?? DEFAULT_LOOKBACK_MS;
  }

  private runnerOf(placed: PlacedRule, isRead: boolean): Runner {
    const { config, group } = placed;
    const { intervalMs: defaultMs, queryOffsetMs = 0, phaseMs } = this.options;
    const intervalMs = group.intervalMs ?? defaultMs;
    const offsetMs = group.queryOffsetMs ?? queryOffsetMs;
    const labels = labelsOf(group, config);
    const rule =
      config.kind === 'record' ? new RecordingRule(config, labels) : new AlertingRule(config, labels);
    const isAlerting = rule instanceof AlertingRule;
    if (isAlerting) {
      rule.active.onChange = (alert, from, t) => this.sink.change?.(placed, alert, from, t);
    }
    return {
      placed,
      rule,
      player: isAlerting ? new AlertPlayer(rule, this.context, offsetMs, group.limit) : null,
      output: new RuleOutput(),
      intervalMs,
      phaseMs: phaseMs?.(placed, intervalMs) ?? 0,
      offsetMs,
      isRead,
    };
  }

  /** A rule that nobody in its window depends on: all times at once. */
  private async playWindow(runner: Runner, from: number, to: number): Promise<void> {
    const first = firstTime(runner, from);
    const count = countTimes(runner, from, to);
    if (count === 0) return;
    await this.playSpan(runner, first, count);
    this.flush(runner);
    this.done += count;
    this.options.onProgress?.(this.done, this.total);
    await this.pause();
  }

  /** Evaluates `count` times from `first` (ms); halves the span where the query fails, to find out when it does. */
  private async playSpan(runner: Runner, first: number, count: number): Promise<void> {
    const { intervalMs, offsetMs } = runner;
    const steps: Steps = { first: first - offsetMs, stepMs: intervalMs, count };
    let result: readonly ResultSeries[];
    try {
      result = await this.query(runner, steps);
    } catch (error) {
      this.checkEnd(error);
      if (!(error instanceof InputError || error instanceof RuleError)) throw error;
      if (count === 1) {
        this.fail(runner, first, error.message);
        return;
      }
      const half = Math.ceil(count / 2);
      await this.playSpan(runner, first, half);
      await this.playSpan(runner, first + half * intervalMs, count - half);
      await this.pause();
      return;
    }
    await this.playResult(runner, result, steps);
  }

  private async playResult(
    { placed, rule, player, output, isRead, offsetMs }: Runner,
    result: readonly ResultSeries[],
    steps: Steps,
  ): Promise<void> {
    const onFailure = (step: number, reason: string) =>
      this.fail(this.runners.get(placed)!, steps.first + step * steps.stepMs + offsetMs, reason);
    if (rule instanceof RecordingRule) {
      playRecording(rule.config.name, rule.labels, result, steps, placed.group.limit, output, onFailure);
      return;
    }
    const wanted = isRead || this.sink.samples !== undefined;
    await player!.play(result, steps, wanted ? output : null, onFailure);
  }

  /** Times before the start, for what the state of alerts does not tell; nothing is written or told. */
  private async warmUp(runner: Runner, from: number, to: number): Promise<void> {
    const { rule, player, intervalMs, offsetMs } = runner;
    const count = countTimes(runner, from, to);
    if (!(rule instanceof AlertingRule) || count === 0) return;
    const steps = { first: firstTime(runner, from) - offsetMs, stepMs: intervalMs, count };
    const { onChange } = rule.active;
    rule.active.onChange = null;
    try {
      await player!.play(await this.query(runner, steps), steps, null, () => {});
    } finally {
      rule.active.onChange = onChange;
    }
  }

  private async query({ placed }: Runner, { first, stepMs, count }: Steps): Promise<readonly ResultSeries[]> {
    const { source, engine } = this.context;
    const last = first + (count - 1) * stepMs;
    const { expr, parsed } = placed.config;
    const { value } = await parsedRangeQuery(source, expr, parsed, first, last, stepMs, engine);
    if (value.type !== 'matrix') throw new RuleError('rule result is not a vector or scalar');
    return value.series;
  }

  /** Rules that read each other: one time after the other, and at each time in the order of the file. */
  private async playTogether({ rules }: RuleUnit, from: number, to: number): Promise<void> {
    const runners = rules.map((placed) => this.runners.get(placed)!);
    for (let t = nextTime(runners, from); t <= to; t = nextTime(runners, t + 1)) {
      for (const runner of runners) {
        if (firstTime(runner, t) !== t) continue;
        await this.guard(runner, t, () => this.playTime(runner, t));
        this.flush(runner);
        this.done++;
      }
      this.options.onProgress?.(this.done, this.total);
      await this.pause();
    }
  }

  private async playTime({ placed, rule, output, offsetMs }: Runner, t: number): Promise<void> {
    const at = t - offsetMs;
    for (const { labels, v, histogram } of await rule.evaluate(
      this.context,
      t,
      offsetMs,
      placed.group.limit,
    )) {
      if (histogram === null) output.series(labels).addFloat(at, v, 0);
      else output.series(labels).addHistogram(at, histogram);
    }
    output.endAbsent(at);
  }

  private async guard(runner: Runner, t: number, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.checkEnd(error);
      if (!(error instanceof InputError || error instanceof RuleError)) throw error;
      this.fail(runner, t, error.message);
    }
  }

  private flush({ placed, output, isRead }: Runner): void {
    output.flush((labels, columns) => {
      if (isRead) this.written.add(labels, columns);
      this.sink.samples?.(placed, labels, columns);
    });
  }

  private fail({ placed }: Runner, t: number, reason: string): void {
    const known = this.failures.find(({ rule }) => rule === placed);
    if (known === undefined) this.failures.push({ rule: placed, reason, count: 1, firstT: t, lastT: t });
    else {
      known.count++;
      known.lastT = t;
    }
  }

  private checkEnd(error: unknown): void {
    this.options.signal?.throwIfAborted();
    if (error instanceof QueryCanceled) throw error;
    // Nobody is there: it would be the same for every rule at every time.
    if (error instanceof InputError && UNREACHABLE.has(error.code)) throw error;
  }

  /** Lets signals in. */
  private async pause(): Promise<void> {
    if (performance.now() - this.lastPause < STRETCH_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.lastPause = performance.now();
    this.options.signal?.throwIfAborted();
  }
}
