/** What a query's thread and the thread that owns the database say to each other. */
import type { QueryStats } from '../../promql/index.ts';
import type { SelectHints } from '../../source/source.ts';
import type { PlainFault } from '../../tsdb/db/task-messages.ts';
import type { PlainMatcher } from '../../tsdb/db/tasks.ts';
import type { SelectionData } from '../../tsdb/head/index.ts';
import type { QueryTask } from '../query-runner.ts';
import type { PlainValue } from './vector-message.ts';

/** A block as the owner has it open: `key` is another where its tombstones have changed. */
export interface BlockPlace {
  dir: string;
  key: number;
}

export interface Selected {
  blocks: BlockPlace[];
  head?: SelectionData;
}

/** The part of a selection's hints that matters to who hands the series over. */
export type SelectionHints = Pick<SelectHints, 'mint' | 'maxt' | 'newestOnly'>;

/** To the thread. `id` names a query, `ask` one of its selections. */
export type ToWorker =
  | { kind: 'run'; id: number; task: QueryTask; cancelFlag: Int32Array }
  /** The value of a query at `t` (ms), for somebody in the process. */
  | { kind: 'value'; id: number; query: string; t: number }
  | { kind: 'selected'; ask: number; selected: Selected }
  | { kind: 'refused'; ask: number; fault: PlainFault }
  /** The next pieces of an answer are wanted. */
  | { kind: 'more'; id: number }
  /** The rest of an answer is not wanted. */
  | { kind: 'drop'; id: number };

export type FromWorker =
  | { kind: 'select'; id: number; ask: number; matchers: PlainMatcher[]; hints: SelectionHints }
  /** The query is evaluated: it reads no more. The first pieces come with what it took. */
  | { kind: 'pieces'; id: number; pieces: Uint8Array[]; done: boolean; stats?: QueryStats }
  | { kind: 'value'; id: number; value: PlainValue; stats: QueryStats }
  | { kind: 'failed'; id: number; fault: PlainFault }
  | { kind: 'damage'; message: string };
