/**
 * One group evaluated again and again: at multiples of its interval plus the offset that its name and file give it. A
 * time that passes while an evaluation still runs is missed, and counted.
 */
import type { Clock } from '../clock.ts';
import type { RecentValues } from '../instrument/index.ts';
import type { AppenderSink } from './appender-sink.ts';
import type { ContextMaker, RuleFailure, RuleGroup } from './group.ts';
import { groupPhaseMs } from './group-phase.ts';
import { type RestoreOptions, restoreAlerts } from './restore.ts';
import { AlertingRule } from './rule.ts';

export interface GroupLoopOptions {
  file: string;
  intervalMs: number;
  context: ContextMaker;
  sink: AppenderSink;
  clock: Clock;
  /** Undefined where the rules know their state. */
  restore: RestoreOptions | undefined;
  /** Shared by all groups. */
  durations: RuleDurations;
  onFailure: (failure: RuleFailure, t: number) => void;
  onFault: (text: string) => void;
}

/** How long evaluations took, seconds. */
export interface RuleDurations {
  rules: RecentValues;
  groups: RecentValues;
}

/** What a group counts about itself. Times and durations are milliseconds. */
export interface GroupStats {
  iterations: number;
  missed: number;
  lastEvaluation: number | undefined;
  lastDurationMs: number;
  /** All rules of the last iteration together. */
  lastRuleDurationSumMs: number;
  lastRestoreMs: number | undefined;
}

export class GroupLoop {
  readonly group: RuleGroup;
  readonly options: GroupLoopOptions;
  readonly stats: GroupStats = {
    iterations: 0,
    missed: 0,
    lastEvaluation: undefined,
    lastDurationMs: 0,
    lastRuleDurationSumMs: 0,
    lastRestoreMs: undefined,
  };
  private readonly abort = new AbortController();
  private running: Promise<void> | undefined;
  private restoring: boolean;

  constructor(group: RuleGroup, options: GroupLoopOptions) {
    this.group = group;
    this.options = options;
    this.restoring = options.restore !== undefined;
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Resolves when an evaluation that runs has ended. */
  async stop(): Promise<void> {
    this.abort.abort();
    await this.running;
  }

  /** The last time, not after `now`, at which the group is evaluated. */
  slotBefore(now: number): number {
    const { file, intervalMs } = this.options;
    const phase = groupPhaseMs(file, this.group.config.name, intervalMs);
    return Math.floor((now - phase) / intervalMs) * intervalMs + phase;
  }

  /** One evaluation at `t` (ms). */
  async evaluate(t: number): Promise<void> {
    const { clock, context, sink, onFailure, durations } = this.options;
    const { stats, group } = this;
    const before = clock.monotonic();
    stats.iterations++;
    const failures = await group.evaluate(context, t, sink);
    for (const failure of failures) onFailure(failure, t);
    stats.lastEvaluation = t;
    const now = clock.monotonic();
    stats.lastDurationMs = now - before;
    stats.lastRuleDurationSumMs = group.statuses.reduce((sum, { durationMs }) => sum + durationMs, 0);
    durations.groups.observe(stats.lastDurationMs / 1000, now);
    for (const { durationMs } of group.statuses) durations.rules.observe(durationMs / 1000, now);
  }

  private async run(): Promise<void> {
    const { clock, intervalMs, onFault } = this.options;
    const { signal } = this.abort;
    // A clock that is set while we run does not make us evaluate twice, or wait.
    const base = clock.now() - clock.monotonic();
    const now = () => base + clock.monotonic();
    let t = this.slotBefore(now()) + intervalMs;
    try {
      for (;;) {
        const waitMs = t - now();
        if (waitMs > 0) await clock.sleep(waitMs, signal);
        else if (signal.aborted) return;
        try {
          await this.evaluate(t);
          await this.restoreWhenDue(t);
        } catch (error) {
          // The store does not take it, or a fault of our own: the next time may be better.
          onFault(`group ${this.group.config.name}: ${(error as Error).message}`);
        }
        const passed = Math.max(1, Math.floor((now() - t) / intervalMs));
        const missed = passed - 1;
        this.stats.missed += missed;
        this.stats.iterations += missed;
        t += (missed + 1) * intervalMs;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** After the second evaluation: at the first there may be too little data to know what is active. */
  private async restoreWhenDue(t: number): Promise<void> {
    const { restore, context, clock, onFault } = this.options;
    if (!this.restoring || restore === undefined || this.stats.iterations < 2) return;
    this.restoring = false;
    const before = clock.monotonic();
    const { source } = context();
    try {
      for (const rule of this.group.rules) {
        if (!(rule instanceof AlertingRule)) continue;
        try {
          await restoreAlerts(rule, source, t, restore);
        } catch (error) {
          rule.restored = true;
          onFault(`alert ${rule.config.name} cannot be restored: ${(error as Error).message}`);
        }
      }
    } finally {
      await source.close();
    }
    this.stats.lastRestoreMs = clock.monotonic() - before;
  }
}
