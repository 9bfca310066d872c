import type { SampleColumns } from '../../model/index.ts';

/** Notes the start timestamp (ms) of a row, making the column where this is the first one. */
export function setStart(out: SampleColumns, row: number, st: number): void {
  if (out.st === null || out.st.length < out.t.length) {
    const column = new Float64Array(out.t.length);
    if (out.st !== null) column.set(out.st);
    out.st = column;
  }
  out.st[row] = st;
}
