/** What every printer of query results is given. */
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
