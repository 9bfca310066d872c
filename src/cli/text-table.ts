/**
 * Columns of text that fit a terminal: two spaces between columns, numbers to the right, and where a line is too long
 * the widest columns give way, with `…` for what was cut.
 */
import { clip, displayWidth } from './display-width.ts';

export interface Column {
  title: string;
  align: 'left' | 'right';
  /** Gives way when there is no room; numbers should not. */
  shrinks: boolean;
}

const GAP = '  ';
const LEAST_WIDTH = 4;

/** A title line and a line for each row. `emphasize` is applied to the titles. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  emphasize: (title: string) => string,
): string[] {
  const widths = columnWidths(columns, rows, width);
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => fitted(cell, widths[i], columns[i].align, i === columns.length - 1))
      .join(GAP)
      .trimEnd();
  const title = emphasize(line(columns.map((column) => column.title)));
  return [title, ...rows.map(line)];
}

function columnWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): number[] {
  const widths = columns.map((column) => displayWidth(column.title));
  for (const row of rows) {
    for (let i = 0; i < widths.length; i++) widths[i] = Math.max(widths[i], displayWidth(row[i]));
  }
  let excess = widths.reduce((sum, w) => sum + w, 0) + GAP.length * (widths.length - 1) - width;
  while (excess > 0) {
    const widest = widestShrinkable(columns, widths);
    if (widest < 0) break;
    widths[widest]--;
    excess--;
  }
  return widths;
}

function widestShrinkable(columns: readonly Column[], widths: readonly number[]): number {
  let widest = -1;
  for (let i = 0; i < widths.length; i++) {
    if (!columns[i].shrinks || widths[i] <= LEAST_WIDTH) continue;
    if (widest < 0 || widths[i] > widths[widest]) widest = i;
  }
  return widest;
}

function fitted(cell: string, width: number, align: Column['align'], last: boolean): string {
  const shown = clip(cell, width);
  const padding = ' '.repeat(width - displayWidth(shown));
  if (align === 'right') return padding + shown;
  return last ? shown : shown + padding;
}
