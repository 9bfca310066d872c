/** What prints a query's result: one printer an output format, and where each of them is. */
import type { QueryValue } from '../core/promql/index.ts';
import type { QueryPrinter } from './print-context.ts';

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
