/** Prints what an evaluation of rules has yielded: samples in the forms that queries have, alerts as a table or JSON. */

import { SampleColumns } from '../core/model/columns.ts';
import { formatDuration } from '../core/model/duration.ts';
import { formatG } from '../core/model/number.ts';
import { isStale } from '../core/model/value.ts';
import { histogramJson, type QueryValue, type ResultSeries } from '../core/promql/index.ts';
import type { Alert } from '../core/rules/alert.ts';
import type { HistoryAlerts, HistoryFailure } from '../core/rules/history.ts';
import type { MemorySource } from '../core/source/memory.ts';
import type { Output } from './output.ts';
import type { Painter } from './paint.ts';
import { iso } from './rule-eval.ts';
import { type Column, tableLines } from './text-table.ts';

/** All that was written, as series sorted by their labels. */
export async function seriesOf(samples: MemorySource): Promise<ResultSeries[]> {
  const set = await samples.select([], { mint: Number.MIN_SAFE_INTEGER, maxt: Number.MAX_SAFE_INTEGER });
  const series: ResultSeries[] = [];
  for (let i = 0; i < set.length; i++) {
    const columns = new SampleColumns();
    set.read(i, columns);
    const { length, t, v, histograms } = columns;
    series.push({
      labels: set.labels(i),
      t: t.subarray(0, length),
      v: v.subarray(0, length),
      histograms,
    });
  }
  return series;
}

/** The series without their stale markers, which only some forms can carry. */
export function withoutStale(all: readonly ResultSeries[]): ResultSeries[] {
  return all.flatMap(({ labels, t, v, histograms }) => {
    const rows = Array.from(t.keys()).filter((i) => !isStale(v, i));
    if (rows.length === 0) return [];
    return [
      {
        labels,
        t: Float64Array.from(rows, (i) => t[i]),
        v: Float64Array.from(rows, (i) => v[i]),
        histograms: histograms === null ? null : rows.map((i) => histograms[i]),
      },
    ];
  });
}

export function asValue(series: ResultSeries[], instant: boolean): QueryValue {
  return { type: instant ? 'vector' : 'matrix', series };
}

const ALERT_COLUMNS: readonly Column[] = [
  { title: 'STATE', align: 'left', shrinks: false },
  { title: 'ALERT', align: 'left', shrinks: true },
  { title: 'LABELS', align: 'left', shrinks: true },
  { title: 'VALUE', align: 'right', shrinks: false },
  { title: 'ACTIVE', align: 'right', shrinks: false },
  { title: 'SUMMARY', align: 'left', shrinks: true },
];

export function printAlertTable(
  all: readonly HistoryAlerts[],
  t: number,
  out: Output,
  paint: Painter,
  width: number,
): void {
  const rows = all.flatMap(({ rule, alerts }) =>
    current(alerts).map((alert) => [
      alert.state,
      rule.config.name,
      alert.labels.without('alertname').toString(),
      formatG(alert.value),
      formatDuration(Math.max(0, Math.round((t - alert.activeAt) / 1000) * 1000)),
      summaryOf(alert),
    ]),
  );
  if (rows.length === 0) out.line('no alert is pending or firing');
  else
    for (const line of tableLines(ALERT_COLUMNS, rows, width, (title) => paint.bold(title))) out.line(line);
}

function current(alerts: readonly Alert[]): Alert[] {
  return alerts
    .filter(({ state }) => state !== 'inactive')
    .sort((a, b) => a.state.localeCompare(b.state) || a.labels.compare(b.labels));
}

function summaryOf({ annotations }: Alert): string {
  const found = annotations.find(([name]) => name === 'summary') ?? annotations[0];
  return found?.[1] ?? '';
}

/** Alerts as the HTTP API has them, with their rule. */
export function alertRecords(all: readonly HistoryAlerts[]): object[] {
  return all.flatMap(({ rule, alerts }) =>
    current(alerts).map((alert) => ({
      alert: rule.config.name,
      group: rule.group.name,
      file: rule.file,
      state: alert.state,
      labels: Object.fromEntries(alert.labels),
      annotations: Object.fromEntries(alert.annotations),
      value: formatG(alert.value),
      activeAt: iso(alert.activeAt),
      ...(alert.firedAt !== undefined && { firedAt: iso(alert.firedAt) }),
      ...(alert.keepFiringSince !== undefined && { keepFiringSince: iso(alert.keepFiringSince) }),
    })),
  );
}

export function failureRecord({ rule, reason, count, firstT, lastT }: HistoryFailure): object {
  return {
    file: rule.file,
    line: rule.config.place.line,
    group: rule.group.name,
    rule: rule.config.name,
    reason,
    count,
    first: iso(firstT),
    last: iso(lastT),
  };
}

/** Series as the HTTP API's matrix has them; a stale marker is the text "stale". */
export function seriesRecord({ labels, t, v, histograms }: ResultSeries): object {
  const values: [number, string][] = [];
  const native: [number, unknown][] = [];
  for (let i = 0; i < t.length; i++) {
    const histogram = histograms?.[i] ?? null;
    if (histogram === null) values.push([t[i] / 1000, isStale(v, i) ? 'stale' : formatG(v[i])]);
    else native.push([t[i] / 1000, JSON.parse(histogramJson(histogram))]);
  }
  return {
    metric: Object.fromEntries(labels),
    ...(values.length > 0 && { values }),
    ...(native.length > 0 && { histograms: native }),
  };
}
