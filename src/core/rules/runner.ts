/** A rule at work over the past, and the times at which it is evaluated. */
import type { PlacedRule } from './order.ts';
import type { AlertPlayer } from './play-alerts.ts';
import type { AlertingRule, RecordingRule } from './rule.ts';
import type { RuleOutput } from './rule-output.ts';

export interface Runner {
  readonly placed: PlacedRule;
  readonly rule: RecordingRule | AlertingRule;
  /** Of alerts; null for a recording rule. */
  readonly player: AlertPlayer | null;
  readonly output: RuleOutput;
  readonly intervalMs: number;
  readonly phaseMs: number;
  readonly offsetMs: number;
  /** Some other rule reads what it writes. */
  readonly isRead: boolean;
}

/** The first time from `t` (ms) on at which the rule is evaluated. */
export function firstTime({ intervalMs, phaseMs }: Runner, t: number): number {
  return Math.ceil((t - phaseMs) / intervalMs) * intervalMs + phaseMs;
}

/** The first time from `t` (ms) on at which one of them is evaluated. */
export function nextTime(runners: readonly Runner[], t: number): number {
  return Math.min(...runners.map((runner) => firstTime(runner, t)));
}

/** How often the rule is evaluated from `from` to `to`, both inclusive. */
export function countTimes(runner: Runner, from: number, to: number): number {
  return Math.max(0, Math.floor((to - firstTime(runner, from)) / runner.intervalMs) + 1);
}
