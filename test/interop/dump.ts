/** Reads what `promtool tsdb dump` prints, and says the same of blocks of ours, so that the two can be compared. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Histogram,
  isStale,
  type Labels,
  labelsFromObject,
  SampleColumns,
} from '../../src/core/model/index.ts';
import type { StoredSeriesSet } from '../../src/core/tsdb/block/index.ts';

/** Series -> time -> value, or the counts of a histogram. */
export type Dump = Map<string, Map<number, number | string>>;

export function promtoolDump(promtool: string, dir: string): Dump {
  // It insists on a WAL, be it empty.
  mkdirSync(join(dir, 'wal'), { recursive: true });
  const text = execFileSync(promtool, ['tsdb', 'dump', dir], { encoding: 'utf8', maxBuffer: 2 ** 30 });
  const dump: Dump = new Map();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const histogram = /^(\{.*?\}) (\{count:.*\}) (-?\d+)$/.exec(line);
    const float = /^(\{.*\}) (\S+) (-?\d+)$/.exec(line);
    if (histogram !== null) note(dump, histogram[1], Number(histogram[3]), countsIn(histogram[2]));
    else if (float !== null) note(dump, float[1], Number(float[3]), goNumber(float[2]));
    else throw new Error(`cannot read the line ${line}`);
  }
  return dump;
}

/** The answer of the HTTP API to a query for raw samples. */
export function apiDump(answer: unknown): Dump {
  const dump: Dump = new Map();
  for (const { metric, values = [], histograms = [] } of (answer as ApiMatrix).result) {
    const series = goLabels(labelsFromObject(metric));
    for (const [t, v] of values) note(dump, series, Math.round(t * 1000), goNumber(v));
    for (const [t, h] of histograms) {
      const counts = (h.buckets ?? []).map((bucket) => bucket[3]);
      note(dump, series, Math.round(t * 1000), [h.count, h.sum, ...counts].map(goNumber).join(' '));
    }
  }
  return dump;
}

interface ApiMatrix {
  result: {
    metric: Record<string, string>;
    values?: [t: number, v: string][];
    histograms?: [
      t: number,
      h: { count: string; sum: string; buckets?: [rule: number, from: string, to: string, count: string][] },
    ][];
  }[];
}

export function ourDump(set: StoredSeriesSet): Dump {
  const dump: Dump = new Map();
  const out = new SampleColumns();
  for (let i = 0; i < set.length; i++) {
    const series = goLabels(set.labels(i));
    out.clear();
    set.read(i, out);
    for (let row = 0; row < out.length; row++) {
      const h = out.histograms?.[row];
      note(dump, series, out.t[row], h ? countsOf(h) : isStale(out.v, row) ? Number.NaN : out.v[row]);
    }
  }
  return dump;
}

/** As Go prints labels. */
export function goLabels(labels: Labels): string {
  return `{${[...labels].map(([name, value]) => `${/^[a-zA-Z_]\w*$/.test(name) ? name : JSON.stringify(name)}=${JSON.stringify(value)}`).join(', ')}}`;
}

function note(dump: Dump, series: string, t: number, value: number | string): void {
  let samples = dump.get(series);
  if (samples === undefined) dump.set(series, (samples = new Map()));
  samples.set(t, value);
}

function goNumber(text: string): number {
  return text.endsWith('Inf') ? (text.startsWith('-') ? -Infinity : Infinity) : Number(text);
}

/** Count, sum and the counts of the buckets that have any, in order of their bounds. */
function countsIn(text: string): string {
  const [count, sum, ...buckets] = text.slice(1, -1).split(', ');
  const numbers = [
    count.slice('count:'.length),
    sum.slice('sum:'.length),
    ...buckets.map((b) => b.slice(b.lastIndexOf(':') + 1)),
  ];
  return numbers.map(goNumber).join(' ');
}

function countsOf(h: Histogram): string {
  const buckets = [...[...h.negativeBuckets].reverse(), h.zeroCount, ...h.positiveBuckets].filter(
    (n) => n !== 0,
  );
  return [h.count, h.stale ? Number.NaN : h.sum, ...buckets].join(' ');
}
