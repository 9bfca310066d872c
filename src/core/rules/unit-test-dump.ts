/** Everything that a unit test had stored in the end: a line a series, as the input would be written. */
import { SampleColumns } from '../model/columns.ts';
import { formatTestHistogram } from '../model/histogram-format.ts';
import { formatG } from '../model/number.ts';
import { isStale } from '../model/value.ts';
import type { Source } from '../source/source.ts';

/** The times of samples are given in seconds since `startMs`. */
export async function dumpOf(source: Source, startMs: number): Promise<string[]> {
  const set = await source.select([], {
    mint: -Number.MAX_SAFE_INTEGER,
    maxt: Number.MAX_SAFE_INTEGER,
  });
  const lines: string[] = [];
  for (let i = 0; i < set.length; i++) {
    const columns = new SampleColumns();
    set.read(i, columns);
    const samples: string[] = [];
    for (let row = 0; row < columns.length; row++) {
      const histogram = columns.histograms?.[row] ?? null;
      const text =
        histogram !== null
          ? formatTestHistogram(histogram)
          : isStale(columns.v, row)
            ? 'stale'
            : formatG(columns.v[row]);
      samples.push(`${text}@${(columns.t[row] - startMs) / 1000}s`);
    }
    lines.push(`${set.labels(i)} ${samples.join(' ')}`);
  }
  return lines;
}
