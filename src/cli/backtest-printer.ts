/** Prints what a backtest has found: a table, a timeline of every alert, what has changed, or JSON. */
import { formatDuration } from '../core/model/duration.ts';
import type { AlertComparison, AlertReport, BacktestResult, Interval } from '../core/rules/backtest.ts';
import type { Output } from './output.ts';
import type { Painter } from './paint.ts';
import { iso } from './rule-eval.ts';
import { failureRecord } from './rule-eval-printer.ts';
import { type Column, tableLines } from './text-table.ts';

const right = (title: string): Column => ({ title, align: 'right', shrinks: false });
const left = (title: string): Column => ({ title, align: 'left', shrinks: true });

const COLUMNS: readonly Column[] = [
  left('ALERT'),
  left('GROUP'),
  right('FIRED'),
  right('TOTAL'),
  right('LONGEST'),
  right('FLAPS'),
  right('DROPPED'),
  right('SERIES'),
];

const CHANGE_COLUMNS: readonly Column[] = [
  left('ALERT'),
  right('FIRED'),
  right('TOTAL'),
  right('FLAPS'),
  right('GAINED'),
  right('LOST'),
];

const LEAST_TIMELINE = 20;
const MOST_TIMELINE = 120;
const NAME_WIDTH = 32;

/** Whole seconds, or the largest units that say nothing wrong. */
export function span(ms: number): string {
  return formatDuration(Math.round(ms / 1000) * 1000);
}

export function printReports({ reports }: BacktestResult, out: Output, paint: Painter, width: number): void {
  const rows = reports.map((report) => [
    report.rule.config.name,
    report.rule.group.name,
    String(report.firings),
    span(report.firingMs),
    span(report.longestMs),
    String(report.flaps),
    String(report.dropped),
    String(report.alerts.length),
  ]);
  for (const line of tableLines(COLUMNS, rows, width, (title) => paint.bold(title))) out.line(line);
}

/** A line for each alert that was ever active: when it fired (█), when it was pending only (░). */
export function printTimeline(
  { reports, start, end }: BacktestResult,
  out: Output,
  paint: Painter,
  width: number,
): void {
  const active = reports.filter(({ firing, pending }) => firing.length + pending.length > 0);
  if (active.length === 0) return;
  const names = Math.min(NAME_WIDTH, Math.max(...active.map(({ rule }) => rule.config.name.length)));
  const cells = Math.max(
    LEAST_TIMELINE,
    Math.min(MOST_TIMELINE, Number.isFinite(width) ? width - names - 2 : 80),
  );
  out.line('');
  const [from, to] = [iso(start).slice(0, 16), iso(end).slice(0, 16)];
  out.line(`${' '.repeat(names + 2)}${from}${' '.repeat(Math.max(1, cells - from.length - to.length))}${to}`);
  for (const report of active) {
    const name = report.rule.config.name;
    const shown = name.length > names ? `${name.slice(0, names - 1)}…` : name.padEnd(names);
    out.line(`${shown}  ${timeline(report, start, end + 1, cells, paint)}`);
  }
}

function timeline(
  { firing, pending }: AlertReport,
  start: number,
  end: number,
  cells: number,
  paint: Painter,
): string {
  const state = new Uint8Array(cells);
  const mark = (intervals: readonly Interval[], as: number): void => {
    for (const interval of intervals) {
      const first = Math.floor(((interval.start - start) / (end - start)) * cells);
      const last = Math.ceil(((interval.end - start) / (end - start)) * cells);
      state.fill(as, Math.max(0, first), Math.max(first + 1, last));
    }
  };
  mark(pending, 1);
  mark(firing, 2);
  let line = '';
  for (let i = 0; i < cells; ) {
    let next = i;
    while (next < cells && state[next] === state[i]) next++;
    const text = '·░█'[state[i]].repeat(next - i);
    line += state[i] === 2 ? paint.red(text) : state[i] === 1 ? paint.yellow(text) : paint.dim(text);
    i = next;
  }
  return line;
}

/** What changes by new rules, alerts that behave as before left out. */
export function printComparison(
  all: readonly AlertComparison[],
  out: Output,
  paint: Painter,
  width: number,
): void {
  const changed = all.filter(differs);
  out.line('');
  if (changed.length === 0) {
    out.line('no alert fires at other times than with the old rules');
    return;
  }
  const pair = (of: (report: AlertReport) => string, { before, after }: AlertComparison) =>
    `${before === undefined ? '-' : of(before)} → ${after === undefined ? '-' : of(after)}`;
  const rows = changed.map((one) => [
    one.name,
    pair(({ firings }) => String(firings), one),
    pair(({ firingMs }) => span(firingMs), one),
    pair(({ flaps }) => String(flaps), one),
    `+${span(total(one.gained))}`,
    `-${span(total(one.lost))}`,
  ]);
  for (const line of tableLines(CHANGE_COLUMNS, rows, width, (title) => paint.bold(title))) out.line(line);
}

export function differs({ before, after, gained, lost }: AlertComparison): boolean {
  return (
    (before === undefined) !== (after === undefined) ||
    before?.firings !== after?.firings ||
    gained.length + lost.length > 0
  );
}

function total(intervals: readonly Interval[]): number {
  return intervals.reduce((sum, { start, end }) => sum + end - start, 0);
}

export function resultRecord(
  result: BacktestResult,
  comparison: readonly AlertComparison[] | undefined,
  violations: readonly string[],
): object {
  const record = (interval: Interval) => intervalRecord(interval, result.end);
  return {
    start: iso(result.start),
    end: iso(result.end),
    alerts: result.reports.map((report) => reportRecord(report, result.end)),
    ...(comparison !== undefined && {
      changes: comparison.filter(differs).map((one) => ({
        alert: one.name,
        before: one.before === undefined ? null : reportRecord(one.before, result.end),
        gained: one.gained.map(record),
        lost: one.lost.map(record),
      })),
    }),
    violations,
    failures: result.failures.map(failureRecord),
  };
}

/** `last` is the time (ms) of the last evaluation. */
function reportRecord({ rule, alerts, ...numbers }: AlertReport, last: number): object {
  const record = (interval: Interval) => intervalRecord(interval, last);
  return {
    alert: rule.config.name,
    group: rule.group.name,
    file: rule.file,
    line: rule.config.place.line,
    firings: numbers.firings,
    firingSeconds: Math.round(numbers.firingMs / 1000),
    longestSeconds: Math.round(numbers.longestMs / 1000),
    flaps: numbers.flaps,
    dropped: numbers.dropped,
    firing: numbers.firing.map(record),
    series: alerts.map(({ labels, pending, firing }) => ({
      labels: Object.fromEntries(labels),
      pending: pending.map(record),
      firing: firing.map(record),
    })),
  };
}

/** What goes on at the end is known until then. */
function intervalRecord({ start, end }: Interval, last: number): object {
  return { start: iso(start), end: iso(Math.min(end, last)) };
}
