/** Sample columns of queries that are done, for those that come: they have grown already, and growing is not free. */
import { SampleColumns } from '../../model/columns.ts';

const MOST_KEPT = 8;
/** Larger ones are left to the garbage collector: 4 MiB. */
const MOST_ROWS = 256 * 1024;

const kept: SampleColumns[] = [];

export function takeColumns(): SampleColumns {
  return kept.pop() ?? new SampleColumns();
}

/** The giver must not use them any more. */
export function giveColumnsBack(columns: SampleColumns): void {
  if (kept.length >= MOST_KEPT || columns.t.length > MOST_ROWS) return;
  columns.clear();
  kept.push(columns);
}
