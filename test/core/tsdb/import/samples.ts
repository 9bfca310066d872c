/** Samples written as exposition, and what is in a directory, for the tests of import. */

import { SampleColumns } from '../../../../src/core/model/index.ts';
import { DirectorySource } from '../../../../src/core/source/directory.ts';

export interface Sample {
  series: number;
  t: number;
  v: number;
}

export function openMetrics(samples: readonly Sample[]): string {
  return `${samples.map(({ series, t, v }) => `m{s="${series}"} ${v} ${t / 1000}\n`).join('')}# EOF\n`;
}

/** `s t v` of all samples of a directory, sorted by series and time. */
export async function contents(dir: string): Promise<string[]> {
  const source = new DirectorySource(dir);
  const set = await source.select([], { mint: -1e15, maxt: 1e15 });
  const columns = new SampleColumns();
  const lines: string[] = [];
  for (let i = 0; i < set.length; i++) {
    columns.clear();
    set.read(i, columns);
    for (let row = 0; row < columns.length; row++) {
      const h = columns.histograms?.[row];
      const v = h ? `count ${h.count}` : String(columns.v[row]);
      lines.push(`${set.labels(i)} ${columns.t[row]} ${v}`);
    }
  }
  await source.close();
  return lines;
}

/** What should be in a directory: of several samples at one time, the first. */
export function expected(samples: readonly Sample[]): string[] {
  const bySeries = new Map<string, Map<number, number>>();
  for (const { series, t, v } of samples) {
    const labels = `m{s="${series}"}`;
    let own = bySeries.get(labels);
    if (own === undefined) bySeries.set(labels, (own = new Map()));
    if (!own.has(t)) own.set(t, v);
  }
  return [...bySeries]
    .sort((a, b) => (a[0] < b[0] ? -1 : 1))
    .flatMap(([labels, own]) => [...own].sort((a, b) => a[0] - b[0]).map(([t, v]) => `${labels} ${t} ${v}`));
}

export function bytesInput(text: string, pieceBytes = 1000) {
  const bytes = Buffer.from(text);
  return {
    name: 'test',
    tail: () => bytes.subarray(-64),
    *pieces(offset: number) {
      for (let at = offset; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
    },
  };
}
