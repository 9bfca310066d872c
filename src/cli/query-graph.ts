/** A range as a line chart in the terminal. */
import type { QueryValue } from '../core/promql/index.ts';
import { renderGraph } from './graph/graph.ts';
import { linePaint } from './graph/palette.ts';
import type { PrintContext } from './print-context.ts';

const DEFAULT_WIDTH = 80;
const GREATEST_WIDTH = 160;
const HEIGHT = 15;

export function printGraph(value: QueryValue, { out, paint, times, width }: PrintContext): void {
  if (value.type !== 'matrix' || times.kind !== 'range') throw new Error('a graph is of a range');
  const lines = value.series.map(({ labels, t, v, histograms }) => ({
    name: labels.toString(),
    t,
    // What is no number leaves a gap.
    v: histograms === null ? v : v.map((x, i) => (histograms[i] === null ? x : Number.NaN)),
  }));
  const graph = renderGraph(lines, {
    width: Number.isFinite(width) ? Math.min(width, GREATEST_WIDTH) : DEFAULT_WIDTH,
    height: HEIGHT,
    start: times.start,
    end: times.end,
    stepMs: times.stepMs,
    paint: linePaint(paint.colored),
  });
  for (const line of graph) out.line(line);
}
