/**
 * The newest samples of many series, as the table of series has them: what a query at one time needs of a series that is
 * alive, without its chunk being copied and decoded.
 */
import type { SampleColumns } from '../../model/index.ts';
import { halvesOf } from '../chunk/index.ts';
import type { Head } from './head.ts';
import { Newest } from './series-table.ts';

export interface NewestSamples {
  /** ms; NaN where a series' chunks have to be read. */
  t: Float64Array;
  /** The halves of the values' bits, low half first. */
  halves: Uint32Array;
}

/** Notes the newest sample of a row as that of series `i`. False where it is not in [mint, maxt], or is no plain float. */
export function noteNewest(
  samples: NewestSamples,
  i: number,
  head: Head,
  row: number,
  mint: number,
  maxt: number,
): boolean {
  const { series, late, deleted } = head;
  const { xor } = series;
  const t = xor.t[row];
  const isEnough =
    t >= mint &&
    t <= maxt &&
    series.newest[row] === Newest.float &&
    series.isValueKnown(row) &&
    series.newestLateChunk[row] === 0 &&
    !late.has(row) &&
    !deleted.has(row);
  samples.t[i] = isEnough ? t : Number.NaN;
  if (!isEnough) return false;
  samples.halves[i * 2] = xor.low[row];
  samples.halves[i * 2 + 1] = xor.high[row];
  return true;
}

/** Appends the sample of series `i`; false where its chunks have to be read. */
export function readNewest(samples: NewestSamples, i: number, out: SampleColumns): boolean {
  const t = samples.t[i];
  if (Number.isNaN(t)) return false;
  const row = out.length;
  out.reserve(row + 1);
  out.t[row] = t;
  const to = halvesOf(out.v);
  to[row * 2] = samples.halves[i * 2];
  to[row * 2 + 1] = samples.halves[i * 2 + 1];
  out.length = row + 1;
  return true;
}
