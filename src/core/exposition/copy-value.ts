import { readBits, writeBits } from '../model/value.ts';
import type { Batch } from './batch.ts';

const halves = new Uint32Array(2);

/** Copies a value between columns with all its bits, which a NaN would not keep in a `number`. */
export function copyValue(from: Float64Array, i: number, batch: Batch, row: number): void {
  const v = from[i];
  if (!Number.isNaN(v)) {
    batch.v[row] = v;
    return;
  }
  readBits(from, i, halves);
  writeBits(batch.v, row, halves[0], halves[1]);
}
