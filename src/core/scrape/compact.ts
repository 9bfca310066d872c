/** Takes rows out of a batch in place. Columns are moved in stretches, as bytes, so that NaN payloads survive. */
import type { Batch } from '../exposition/batch.ts';

/** In a batch's series column: this row is to be taken out. */
export const LEFT_OUT = 0xffffffff;

/** Removes the rows whose series is LEFT_OUT, with their histograms and exemplars. */
export function compact(batch: Batch): void {
  const rows = batch.length;
  const first = batch.series.subarray(0, rows).indexOf(LEFT_OUT);
  if (first < 0) return;
  const decorated = batch.histograms.size > 0 || batch.exemplars.length > 0;
  const movedTo = decorated ? new Uint32Array(rows).fill(LEFT_OUT) : null;
  if (movedTo !== null) for (let row = 0; row < first; row++) movedTo[row] = row;
  let to = first;
  for (let row = first; row < rows; ) {
    if (batch.series[row] === LEFT_OUT) {
      row++;
      continue;
    }
    let end = row + 1;
    while (end < rows && batch.series[end] !== LEFT_OUT) end++;
    for (const column of [batch.series, batch.t, batch.v]) column.copyWithin(to, row, end);
    batch.st?.copyWithin(to, row, end);
    if (movedTo !== null) for (let i = row; i < end; i++) movedTo[i] = to + i - row;
    to += end - row;
    row = end;
  }
  batch.length = to;
  if (movedTo !== null) moveDecorations(batch, movedTo);
}

function moveDecorations(batch: Batch, movedTo: Uint32Array): void {
  const histograms = [...batch.histograms];
  batch.histograms.clear();
  for (const [row, histogram] of histograms) {
    if (movedTo[row] !== LEFT_OUT) batch.histograms.set(movedTo[row], histogram);
  }
  let kept = 0;
  for (const entry of batch.exemplars) {
    if (movedTo[entry.row] === LEFT_OUT) continue;
    batch.exemplars[kept++] = { row: movedTo[entry.row], exemplar: entry.exemplar };
  }
  batch.exemplars.length = kept;
}
