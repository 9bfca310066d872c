/** What a backtest is held to: flags that make it fail. */
import { InputError } from '../core/errors.ts';
import { parseDuration } from '../core/model/duration.ts';
import { parseTimestamp } from '../core/model/timestamp.ts';
import type { AlertReport } from '../core/rules/backtest.ts';
import { span } from './backtest-printer.ts';
import { iso } from './rule-eval.ts';

export interface LimitFlags {
  'max-firing'?: string | undefined;
  'max-longest'?: string | undefined;
  'max-firings'?: number | undefined;
  'max-flaps'?: number | undefined;
  'expect-firing'?: string[] | undefined;
  'expect-quiet'?: string[] | undefined;
}

interface Expectation {
  name: string;
  /** ms; undefined for any time. */
  at: number | undefined;
  firing: boolean;
  text: string;
}

export class BacktestLimits {
  private readonly flags: LimitFlags;
  private readonly maxFiringMs: number;
  private readonly maxLongestMs: number;
  private readonly expectations: Expectation[];

  /** Throws InputError for what cannot be read, or where no rule has a name that is expected. */
  constructor(flags: LimitFlags, names: ReadonlySet<string>, now: number) {
    this.flags = flags;
    this.maxFiringMs = durationOr(flags['max-firing']);
    this.maxLongestMs = durationOr(flags['max-longest']);
    const expected = (texts: readonly string[] | undefined, firing: boolean) =>
      (texts ?? []).map((text) => expectation(text, firing, names, now));
    this.expectations = [
      ...expected(flags['expect-firing'], true),
      ...expected(flags['expect-quiet'], false),
    ];
  }

  /** What one alert does that it should not, a sentence each. */
  violations(report: AlertReport): string[] {
    const { rule, firingMs, longestMs, firings, flaps } = report;
    const { name } = rule.config;
    const { 'max-firings': maxFirings, 'max-flaps': maxFlaps } = this.flags;
    const found: string[] = [];
    if (firingMs > this.maxFiringMs)
      found.push(`${name} fired for ${span(firingMs)}, more than ${span(this.maxFiringMs)}`);
    if (longestMs > this.maxLongestMs)
      found.push(
        `${name} fired for ${span(longestMs)} without a break, more than ${span(this.maxLongestMs)}`,
      );
    if (maxFirings !== undefined && firings > maxFirings)
      found.push(`${name} fired ${firings} times, more than ${maxFirings}`);
    if (maxFlaps !== undefined && flaps > maxFlaps)
      found.push(`${name} flapped ${flaps} times, more than ${maxFlaps}`);
    for (const { name: wanted, at, firing, text } of this.expectations) {
      if (wanted !== name || firing === firesAt(report, at)) continue;
      const when = firing
        ? `did not fire${at === undefined ? '' : ` at ${iso(at)}`}`
        : `fired ${at === undefined ? `at ${iso(report.firing[0].start)}` : `at ${iso(at)}`}`;
      found.push(`${name} ${when}, against --expect-${firing ? 'firing' : 'quiet'} ${text}`);
    }
    return found;
  }
}

function firesAt({ firing }: AlertReport, at: number | undefined): boolean {
  return at === undefined ? firing.length > 0 : firing.some(({ start, end }) => start <= at && at < end);
}

function expectation(text: string, firing: boolean, names: ReadonlySet<string>, now: number): Expectation {
  const [, name, time] = /^([^@]+)(?:@(.+))?$/s.exec(text) ?? [];
  if (name === undefined || !names.has(name)) {
    const reason = `--expect-${firing ? 'firing' : 'quiet'} ${text}: no rule is called ${name ?? text}`;
    throw new InputError('bad_expectation', reason);
  }
  return { name, at: time === undefined ? undefined : parseTimestamp(time, now), firing, text };
}

function durationOr(text: string | undefined): number {
  return text === undefined ? Number.POSITIVE_INFINITY : parseDuration(text);
}
