/** How many series each metric family has, the largest first: `scrape check --extended`. */
import type { LintFamily } from './family-set.ts';

export interface Cardinality {
  metric: string;
  series: number;
  /** Of all series, from 0 to 1. */
  share: number;
}

export function cardinality(families: readonly LintFamily[]): Cardinality[] {
  const counts = families.map((family) => ({ metric: family.name, series: seriesOf(family) }));
  const total = counts.reduce((sum, { series }) => sum + series, 0);
  return counts
    .map((count) => ({ ...count, share: count.series / total }))
    .sort((a, b) => b.series - a.series || (a.metric < b.metric ? -1 : 1));
}

/** A row for each family and one for their sum, in columns as wide as they need to be; for people. */
export function cardinalityTable(counts: readonly Cardinality[]): string[] {
  const total = counts.reduce((sum, { series }) => sum + series, 0);
  const rows = [
    ['Metric', 'Cardinality', 'Percentage'],
    ...counts.map(({ metric, series, share }) => [metric, String(series), percent(share)]),
    ['Total', String(total), '100%'],
  ];
  const widths = [0, 1, 2].map((i) => Math.max(...rows.map((row) => row[i].length)) + COLUMN_GAP);
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i])).join(''));
}

const COLUMN_GAP = 4;

/** With two decimals; what lies halfway goes to the even one, as in Go. */
function percent(share: number): string {
  const hundredths = share * 10_000;
  const below = Math.floor(hundredths);
  const up = hundredths - below === 0.5 ? below % 2 === 1 : hundredths - below > 0.5;
  return `${((below + (up ? 1 : 0)) / 100).toFixed(2)}%`;
}

/**
 * A classic histogram or summary has a series for each bound, and its sum and count. All metrics of a family are taken
 * to have as many bounds as the first, which is how promtool counts.
 */
function seriesOf({ type, metrics }: LintFamily): number {
  if (type !== 'histogram' && type !== 'summary') return metrics.length;
  return metrics.length * (metrics[0].bounds + 2);
}
