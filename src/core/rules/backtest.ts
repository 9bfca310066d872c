/** What the alerts of rules did over a stretch of the past: when each was pending and firing, how often, how long. */
import { compareStrings, type Labels } from '../model/labels.ts';
import type { Source } from '../source/source.ts';
import type { Alert, AlertState } from './alert.ts';
import { type HistoryFailure, type HistoryOptions, RuleHistory } from './history.ts';
import { type PlacedRule, placeRules } from './order.ts';
import type { RuleFile } from './rule-file.ts';

/** Milliseconds; `end` is the first time at which it was over. */
export interface Interval {
  start: number;
  end: number;
}

export interface AlertRecord {
  labels: Labels;
  pending: Interval[];
  firing: Interval[];
}

export interface AlertReport {
  rule: PlacedRule;
  /** Sorted by labels. */
  alerts: AlertRecord[];
  /** When any of its alerts fired. */
  firing: Interval[];
  pending: Interval[];
  /** How often an alert began to fire. */
  firings: number;
  /** How often one was pending and did not fire. */
  dropped: number;
  /** How often an alert fired again soon after it had ended. */
  flaps: number;
  firingMs: number;
  /** The longest time that one alert fired. */
  longestMs: number;
}

export interface BacktestOptions extends HistoryOptions {
  /** An alert that fires again within this time has flapped, ms. */
  flapMs: number;
}

export interface BacktestResult {
  start: number;
  end: number;
  /** In the order of the files. */
  reports: AlertReport[];
  failures: HistoryFailure[];
}

/** From `start` to `end`, ms, inclusive. Rejects with the signal's reason, and what the source throws. */
export async function backtest(
  files: readonly RuleFile[],
  source: Source,
  start: number,
  end: number,
  options: BacktestOptions,
): Promise<BacktestResult> {
  const history = new RuleHistory(files, source, options);
  const tracks = new Map<string, Track>();
  const keyOf = ({ file, group, index }: PlacedRule) => `${file}\0${group.name}\0${index}`;
  for (const rule of placeRules(files))
    if (rule.config.kind === 'alert') tracks.set(keyOf(rule), new Track(rule));
  await history.play(start, end, {
    change: (rule, alert, from, t) => tracks.get(keyOf(rule))!.change(alert, from, t, start),
  });
  const reports = [...tracks.values()].map((track) => track.report(end + 1, options.flapMs));
  return { start, end, reports, failures: history.failures };
}

/** Follows the alerts of one rule. */
class Track {
  private readonly rule: PlacedRule;
  private readonly byKey = new Map<string, AlertRecord>();
  private readonly since = new Map<Alert, { state: AlertState; t: number }>();

  constructor(rule: PlacedRule) {
    this.rule = rule;
  }

  change(alert: Alert, from: AlertState | null, t: number, start: number): void {
    if (from !== null) this.close(alert, t, { state: from, t: start });
    if (alert.state === 'inactive') this.since.delete(alert);
    else this.since.set(alert, { state: alert.state, t });
  }

  /** `known` is what is assumed of an alert that was there before anything was seen of it. */
  private close(alert: Alert, t: number, known: { state: AlertState; t: number }): void {
    const { state, t: start } = this.since.get(alert) ?? known;
    if (state === 'inactive' || t <= start) return;
    const record = this.recordOf(alert);
    (state === 'firing' ? record.firing : record.pending).push({ start, end: t });
  }

  private recordOf({ labels }: Alert): AlertRecord {
    const key = labels.toString();
    let record = this.byKey.get(key);
    if (record === undefined) this.byKey.set(key, (record = { labels, pending: [], firing: [] }));
    return record;
  }

  report(end: number, flapMs: number): AlertReport {
    for (const [alert, { state, t }] of this.since) this.close(alert, end, { state, t });
    const alerts = [...this.byKey.values()].sort((a, b) => a.labels.compare(b.labels));
    let [firings, dropped, flaps, firingMs, longestMs] = [0, 0, 0, 0, 0];
    for (const { firing, pending } of alerts) {
      firings += firing.length;
      const starts = new Set(firing.map(({ start }) => start));
      dropped += pending.filter(({ end: over }) => over < end && !starts.has(over)).length;
      for (const [i, interval] of firing.entries()) {
        if (i > 0 && interval.start - firing[i - 1].end <= flapMs) flaps++;
        longestMs = Math.max(longestMs, interval.end - interval.start);
      }
    }
    const firing = union(alerts.flatMap((alert) => alert.firing));
    for (const interval of firing) firingMs += interval.end - interval.start;
    const pending = union(alerts.flatMap((alert) => alert.pending));
    return { rule: this.rule, alerts, firing, pending, firings, dropped, flaps, firingMs, longestMs };
  }
}

/** Intervals that meet become one. Sorted. */
export function union(intervals: readonly Interval[]): Interval[] {
  const sorted = [...intervals].sort((a, b) => a.start - b.start);
  const joined: Interval[] = [];
  for (const { start, end } of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else joined.push({ start, end });
  }
  return joined;
}

/** What is in `a` and not in `b`; both as `union` returns them. */
export function difference(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const rest: Interval[] = [];
  let next = 0;
  for (const { start, end } of a) {
    while (next < b.length && b[next].end <= start) next++;
    let from = start;
    for (let i = next; i < b.length && b[i].start < end; i++) {
      if (b[i].start > from) rest.push({ start: from, end: b[i].start });
      from = Math.max(from, b[i].end);
    }
    if (from < end) rest.push({ start: from, end });
  }
  return rest;
}

export interface AlertComparison {
  /** The alert's name. */
  name: string;
  before: AlertReport | undefined;
  after: AlertReport | undefined;
  /** When it fires with the new rules and did not with the old ones, and the reverse. */
  gained: Interval[];
  lost: Interval[];
}

/** By name; where rules of one file share a name, the first with the first and so on. */
export function compareBacktests(before: BacktestResult, after: BacktestResult): AlertComparison[] {
  const pairs = new Map<string, { before?: AlertReport; after?: AlertReport }>();
  for (const [side, { reports }] of [
    ['before', before],
    ['after', after],
  ] as const) {
    const seen = new Map<string, number>();
    for (const report of reports) {
      const { name } = report.rule.config;
      const number = (seen.get(name) ?? 0) + 1;
      seen.set(name, number);
      const key = `${name}\0${number}`;
      pairs.set(key, { ...pairs.get(key), [side]: report });
    }
  }
  return [...pairs]
    .map(([key, pair]): AlertComparison => {
      const [old, now] = [pair.before?.firing ?? [], pair.after?.firing ?? []];
      return {
        name: key.split('\0')[0],
        before: pair.before,
        after: pair.after,
        gained: difference(now, old),
        lost: difference(old, now),
      };
    })
    .sort((a, b) => compareStrings(a.name, b.name));
}
