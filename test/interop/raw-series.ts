/** What a source of ours has, in the words of `remoteRead`, so that the two can be compared. */
import { readBits, SampleColumns } from '../../src/core/model/index.ts';
import type { SeriesSet, Source } from '../../src/core/source/source.ts';
import type { RawSeries } from './remote-read.ts';

/** All samples in [mint, maxt]. */
export async function readSource(source: Source, mint: number, maxt: number): Promise<RawSeries> {
  return rawSeries(await source.select([], { mint, maxt }), mint, maxt);
}

export function rawSeries(set: SeriesSet, mint: number, maxt: number): RawSeries {
  const out: RawSeries = new Map();
  const columns = new SampleColumns();
  const bits = new Uint32Array(2);
  for (let i = 0; i < set.length; i++) {
    columns.clear();
    set.read(i, columns);
    const rows: string[] = [];
    for (let row = 0; row < columns.length; row++) {
      const t = columns.t[row];
      if (t < mint || t > maxt) continue;
      const h = columns.histograms?.[row];
      readBits(columns.v, row, bits);
      if (h) rows.push(`${t} histogram ${h.count} ${h.stale ? '0x7ff0000000000002' : h.sum}`);
      else if (Number.isNaN(columns.v[row])) {
        rows.push(`${t} 0x${(BigInt(bits[0]) * 2n ** 32n + BigInt(bits[1])).toString(16)}`);
      } else rows.push(`${t} ${columns.v[row]}`);
    }
    if (rows.length > 0) out.set(set.labels(i).toString(), rows);
  }
  return out;
}
