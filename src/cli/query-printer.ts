/** What prints a query's result: one printer an output format, and where each of them is. */
import type { QueryValue } from '../core/promql/index.ts';
import type { Output } from './output.ts';
import type { Painter } from './paint.ts';
import type { QueryTimes } from './query-times.ts';

export interface PrintContext {
  out: Output;
  /** For stdout. */
  paint: Painter;
  times: QueryTimes;
  /** Characters in a line of the terminal; Infinity where there is none. */
  width: number;
  /** A line for people about what the format cannot carry. */
  complain: (line: string) => void;
}

export type QueryPrinter = (value: QueryValue, context: PrintContext) => void;

/** `text` and what follows it need no terminal, `table` and `graph` make use of one. */
export const QUERY_OUTPUTS = [
  'table',
  'text',
  'json',
  'jsonl',
  'csv',
  'prom',
  'openmetrics',
  'value',
  'graph',
] as const;

export type QueryOutput = (typeof QUERY_OUTPUTS)[number];

/** The printer of every output but json, which is the whole answer and not only its value. */
export async function queryPrinter(output: Exclude<QueryOutput, 'json'>): Promise<QueryPrinter> {
  switch (output) {
    case 'text':
      return (await import('./query-text.ts')).printText;
    case 'value':
      return (await import('./query-text.ts')).printValues;
    case 'table':
      return (await import('./query-table.ts')).printTable;
    case 'graph':
      return (await import('./query-graph.ts')).printGraph;
    default: {
      const { printExposition } = await import('./query-exposition.ts');
      return (value, context) => printExposition(output, value, context);
    }
  }
}

/** How many series, or 1 for a scalar or a string. */
export function resultSize(value: QueryValue): number {
  return value.type === 'vector' || value.type === 'matrix' ? value.series.length : 1;
}
