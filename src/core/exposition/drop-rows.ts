import type { Batch } from './batch.ts';

/** Takes rows `from` and after out of a batch: what came of a record in which a fault was found later. */
export function dropRows(batch: Batch, from: number): void {
  if (batch.histograms.size > 0) for (let row = from; row < batch.length; row++) batch.histograms.delete(row);
  while (batch.exemplars.length > 0 && batch.exemplars.at(-1)!.row >= from) batch.exemplars.pop();
  batch.length = from;
}
