/** The part of the screen that shows an answer, as lines of text: a graph, a table, or both. */

import { renderGraph } from '../graph/graph.ts';
import { linePaint } from '../graph/palette.ts';
import type { Painter } from '../paint.ts';
import { graphLines } from '../query-graph.ts';
import { resultTable } from '../query-table.ts';
import type { LiveAnswer } from './use-query.ts';

export type View = 'both' | 'graph' | 'table';

export interface BodyStyle {
  view: View;
  width: number;
  height: number;
  /** Lines of the table that are scrolled away. */
  scroll: number;
  paint: Painter;
}

/** Below the plot: the axis with its times. */
const AXIS_LINES = 2;
const LEAST_PLOT = 3;
/** Beside a table, a legend names only the first few: one line in so many. */
const LINES_PER_LEGEND = 6;

/** At most `height` lines. */
export function bodyLines(answer: LiveAnswer, style: BodyStyle): string[] {
  const { height, view } = style;
  if (answer.error !== null) return answer.error.split('\n').slice(0, height);
  const series = answer.series ?? [];
  if (view === 'table' || series.length === 0) return tablePart(answer, style, height);
  if (view === 'graph') return graphPart(answer, style, height, Math.max(0, Math.floor(height / 3)));
  const table = resultSizeOf(answer) + 2;
  const graphHeight = Math.max(Math.floor(height * 0.55), height - table - 1);
  const graph = graphPart(answer, style, graphHeight, Math.floor(height / LINES_PER_LEGEND));
  const left = height - graph.length - 1;
  return left < 2 ? graph : [...graph, '', ...tablePart(answer, style, left)];
}

function graphPart(
  { series, range }: LiveAnswer,
  { width, paint }: BodyStyle,
  height: number,
  mostLegend: number,
): string[] {
  const lines = graphLines(series ?? []);
  const room = height - AXIS_LINES - LEAST_PLOT;
  const legend = Math.max(0, Math.min(mostLegend, lines.length, room));
  // One line more says how many are not named.
  const taken = legend + (lines.length > legend && legend > 0 ? 1 : 0);
  return renderGraph(lines, {
    width,
    height: Math.max(LEAST_PLOT, height - AXIS_LINES - taken),
    start: range.start,
    end: range.end,
    stepMs: range.stepMs,
    legendLines: legend,
    paint: linePaint(paint.colored),
  }).slice(0, height);
}

function tablePart(answer: LiveAnswer, { width, scroll, paint }: BodyStyle, height: number): string[] {
  if (answer.value === null) return [];
  const times = { kind: 'instant', t: answer.range.end } as const;
  const lines = resultTable(answer.value, { paint, width, times });
  const from = Math.max(0, Math.min(scroll, lines.length - height));
  return lines.slice(from, from + height);
}

function resultSizeOf({ value }: LiveAnswer): number {
  return value?.type === 'vector' || value?.type === 'matrix' ? value.series.length : 1;
}
