/**
 * The rules of a server: every group evaluated at its own times, alerts handed over to be sent, groups exchanged while
 * the rest goes on. Wiring: `new RuleManager(options)`, `load(files)`, `start()`; `load` again for each reload; `stop()`.
 */
import type { Clock } from '../clock.ts';
import { InputError } from '../errors.ts';
import { RecentValues } from '../instrument/index.ts';
import { compareStrings, EMPTY_LABELS, type Labels } from '../model/labels.ts';
import type { EngineOptions } from '../promql/index.ts';
import type { Appender, Source } from '../source/source.ts';
import { AppenderSink } from './appender-sink.ts';
import { RuleGroup } from './group.ts';
import { GroupLoop } from './group-loop.ts';
import { DEFAULT_RESTORE, type RestoreOptions } from './restore.ts';
import type { Rule, RuleContext, RuleEvaluation, TemplateCounts } from './rule.ts';
import type { RuleFile, RuleGroupConfig } from './rule-file.ts';
import { alertsToSend, type SentAlert } from './sent-alert.ts';

export interface RuleManagerOptions {
  clock: Clock;
  /** What a rule reads: opened for each, so that it shows what the appender has committed, and closed. */
  source: () => Source;
  /** A new appender for each rule that writes. */
  appender: () => Appender;
  engine?: EngineOptions;
  /** Evaluates the rules' expressions, where that is not to be done on `source` and in this thread. */
  evaluate?: (...of: [...Parameters<RuleEvaluation>, group: GroupName]) => ReturnType<RuleEvaluation>;
  /** Gets the alerts that are due, after each evaluation of a rule that has any. */
  send: (alerts: readonly SentAlert[]) => void;
  /** How long until a firing alert is sent again, ms (1 minute); it is when this is exceeded. */
  resendDelayMs?: number;
  restore?: RestoreOptions;
  /** How many rules of a group may be evaluated at a time: 1, more where the source is one that waits. */
  concurrency?: number;
  /** Lines for the log. */
  onWarning?: (text: string) => void;
}

/** No two groups have both alike. */
export interface GroupName {
  file: string;
  name: string;
}

/** What a reload may change for all groups. */
export interface RuleSettings {
  /** Of groups that name none, ms. */
  intervalMs: number;
  queryOffsetMs?: number;
  externalLabels?: Labels;
  externalUrl?: string;
}

const DEFAULT_RESEND_DELAY_MS = 60_000;
/** How many intervals after a group has gone its series end, so that a group by another name may have taken over. */
const INTERVALS_BEFORE_END = 2;

export class RuleManager {
  private readonly options: RuleManagerOptions;
  private settings: RuleSettings = { intervalMs: 0 };
  private readonly durations = { rules: new RecentValues(), groups: new RecentValues() };
  /** Live. */
  readonly templates: TemplateCounts = { expanded: 0, failed: 0 };
  private readonly abort = new AbortController();
  private loops = new Map<string, { loop: GroupLoop; text: string }>();
  private started = false;
  /** Settles when the last `load` is done. */
  private loading: Promise<void> = Promise.resolve();
  /** Whether rules were loaded before: alerts that come later have nothing to be restored from. */
  private loaded = false;

  constructor(options: RuleManagerOptions) {
    this.options = options;
  }

  /**
   * Takes these groups and no others. Groups that are as they were go on undisturbed; those that changed keep the state
   * of the rules that did not. Rejects with InputError where a file has faults, and then nothing has changed. One that
   * is called while another is at work comes after it.
   */
  load(files: readonly RuleFile[], settings: RuleSettings): Promise<void> {
    const loading = this.loading.then(() => this.exchange(files, settings));
    this.loading = loading.catch(() => {});
    return loading;
  }

  /** Begins to evaluate; groups that are loaded later begin at once. */
  start(): void {
    this.started = true;
    for (const { loop } of this.loops.values()) loop.start();
  }

  /** Resolves when the evaluations that run have ended. Series do not end: after a restart they go on. */
  async stop(): Promise<void> {
    this.started = false;
    this.abort.abort();
    await this.loading;
    await Promise.all([...this.loops.values()].map(({ loop }) => loop.stop()));
  }

  /** By file and name. Live: what is read of them is as it is at that moment. */
  groups(): readonly GroupLoop[] {
    return [...this.loops.values()]
      .map(({ loop }) => loop)
      .sort(
        (a, b) =>
          compareStrings(a.options.file, b.options.file) ||
          compareStrings(a.group.config.name, b.group.config.name),
      );
  }

  private async exchange(files: readonly RuleFile[], settings: RuleSettings): Promise<void> {
    for (const { errors } of files) if (errors.length > 0) throw errors[0];
    const next = new Map<string, { loop: GroupLoop; text: string }>();
    const fresh: GroupLoop[] = [];
    for (const { file, groups } of files) {
      for (const config of groups) {
        const key = `${file};${config.name}`;
        if (next.has(key))
          throw new InputError('bad_rule', `rule group ${config.name} is loaded twice`, { file });
        const text = groupText(config, settings);
        const known = this.loops.get(key);
        if (known?.text === text) next.set(key, known);
        else {
          const loop = this.makeLoop(file, config, settings);
          next.set(key, { loop, text });
          fresh.push(loop);
        }
      }
    }
    const before = this.loops;
    this.loops = next;
    this.loaded = true;
    this.settings = settings;
    const kept = new Set([...next.values()].map(({ loop }) => loop));
    for (const [key, { loop }] of before) {
      if (kept.has(loop)) continue;
      await loop.stop();
      const successor = next.get(key);
      if (successor !== undefined) successor.loop.group.copyState(loop.group);
      else void this.endLater(loop);
    }
    if (this.started) for (const loop of fresh) loop.start();
  }

  private makeLoop(file: string, config: RuleGroupConfig, settings: RuleSettings): GroupLoop {
    const { clock, concurrency = 1, send, resendDelayMs = DEFAULT_RESEND_DELAY_MS } = this.options;
    const intervalMs = config.intervalMs ?? settings.intervalMs;
    const group = new RuleGroup(config, {
      offsetMs: settings.queryOffsetMs ?? 0,
      restored: this.loaded,
      concurrency,
      clock,
      onAlerts: (rule, t) => {
        const due = alertsToSend(rule, t, resendDelayMs, intervalMs, this.settings.externalUrl ?? '');
        if (due.length > 0) send(due);
      },
      onRefused: (rule, refused, reason, t) => {
        const count = refused.length === 1 ? '1 sample' : `${refused.length} samples`;
        this.warn(file, config.name, rule, `had ${count} refused at ${iso(t)}: ${reason}`);
      },
    });
    return new GroupLoop(group, {
      file,
      intervalMs,
      context: () => this.context({ file, name: config.name }),
      sink: new AppenderSink(this.options.appender),
      clock,
      durations: this.durations,
      restore: this.loaded ? undefined : (this.options.restore ?? DEFAULT_RESTORE),
      onFailure: ({ rule, error }, t) =>
        this.warn(file, config.name, rule, `failed at ${iso(t)}: ${error.message}`),
      onFault: (text) => this.options.onWarning?.(text),
    });
  }

  /** With the settings of the last reload, for groups that it left alone, too. */
  private context(group: GroupName): RuleContext {
    const { source, engine = {}, evaluate } = this.options;
    const { externalLabels = EMPTY_LABELS, externalUrl = '' } = this.settings;
    const context = { source: source(), engine, externalLabels, externalUrl, templates: this.templates };
    if (evaluate === undefined) return context;
    return { ...context, evaluate: (expr, parsed, t) => evaluate(expr, parsed, t, group) };
  }

  private warn(file: string, group: string, { config }: Rule, what: string): void {
    this.options.onWarning?.(`${file}:${config.place.line}: rule ${config.name} of group ${group} ${what}`);
  }

  /** Ends the series of a group that is no more. */
  private async endLater({ group, options }: GroupLoop): Promise<void> {
    const { clock, onWarning } = this.options;
    const goneAt = clock.now();
    try {
      await clock.sleep(INTERVALS_BEFORE_END * options.intervalMs, this.abort.signal);
    } catch {
      // The server stops: its series may go on after a restart.
      return;
    }
    try {
      group.endSeries(group.liveSeries(), goneAt, options.sink);
    } catch (error) {
      onWarning?.(`group ${group.config.name}, which is no more: ${(error as Error).message}`);
    }
  }
}

function iso(t: number): string {
  return new Date(t).toISOString();
}

/** Everything that makes two versions of a group different. */
function groupText(config: RuleGroupConfig, { intervalMs, queryOffsetMs = 0 }: RuleSettings): string {
  const rules = config.rules.map((rule) => [
    rule.kind,
    rule.name,
    rule.expr,
    rule.labels,
    rule.kind === 'alert' ? [rule.forMs, rule.keepFiringForMs, rule.annotations] : [],
  ]);
  const { limit, labels } = config;
  return JSON.stringify([
    config.intervalMs ?? intervalMs,
    config.queryOffsetMs ?? queryOffsetMs,
    limit,
    labels,
    rules,
  ]);
}
