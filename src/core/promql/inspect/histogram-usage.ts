/**
 * How many of their buckets histograms make use of, classic and native ones, as `promtool query analyze` counts: a
 * bucket is populated at a time when its own count (not the cumulative one) is not zero then.
 */

import { formatDuration } from '../../model/duration.ts';
import { bucketsOf } from '../../model/histogram-buckets.ts';
import { sameColumn } from '../../model/histogram-copy.ts';
import { type Labels, METRIC_NAME } from '../../model/labels.ts';
import { Matcher } from '../../model/matcher.ts';
import { parseGoFloat } from '../../model/number.ts';
import type { Source } from '../../source/source.ts';
import { type EngineOptions, instantQuery } from '../engine/engine.ts';
import type { ResultSeries } from '../engine/result.ts';

export interface HistogramUsage {
  /** Of a classic histogram, those of its bucket series without `le`. */
  labels: Labels;
  kind: 'native' | 'classic';
  /** Populated buckets over time. */
  min: number;
  avg: number;
  max: number;
  /** Buckets that there are (classic), or that were populated at any time (native). */
  total: number;
}

/** Native histograms in the order of the selectors, then classic ones. */
export async function histogramUsage(
  source: Source,
  selectors: readonly string[],
  t: number,
  durationMs: number,
  options: EngineOptions,
): Promise<HistogramUsage[]> {
  const window = `[${formatDuration(durationMs)}]`;
  const read = async (selector: string): Promise<readonly ResultSeries[]> => {
    const { value } = await instantQuery(source, selector + window, t, options);
    return value.type === 'matrix' ? value.series : [];
  };
  const native: HistogramUsage[] = [];
  const classic = new Map<string, Labels>();
  for (const selector of selectors) {
    for (const series of await read(selector)) {
      const { labels } = series;
      if (labels.get(METRIC_NAME).endsWith('_bucket')) {
        const shared = labels.without('le');
        classic.set(shared.toString(), shared);
      } else {
        const usage = nativeUsage(series);
        if (usage !== undefined) native.push(usage);
      }
    }
  }
  const out = native;
  for (const labels of classic.values()) {
    // All its buckets, whichever of them were selected.
    const matchers = [...labels].map(([name, value]) => new Matcher('=', name, value));
    const buckets = (await read(`{${matchers.join(',')}}`)).filter((series) =>
      series.labels.without('le').equals(labels),
    );
    const usage = classicUsage(labels, buckets);
    if (usage !== undefined) out.push(usage);
  }
  return out;
}

/** One sample says nothing about a course. */
const LEAST_SAMPLES = 2;

function nativeUsage({ labels, histograms }: ResultSeries): HistogramUsage | undefined {
  const samples = histograms?.filter((h) => h !== null) ?? [];
  if (samples.length < LEAST_SAMPLES) return undefined;
  const ever = new Set<number>();
  const populated = samples.map((h) => {
    const { length, upper, count } = bucketsOf(h);
    let n = 0;
    for (let i = 0; i < length; i++) {
      if (count[i] === 0) continue;
      ever.add(upper[i]);
      n++;
    }
    return n;
  });
  return { labels, kind: 'native', ...spread(populated), total: ever.size };
}

function classicUsage(labels: Labels, buckets: readonly ResultSeries[]): HistogramUsage | undefined {
  const samples = buckets[0]?.t.length ?? 0;
  if (samples < LEAST_SAMPLES) return undefined;
  // Buckets that were not seen together cannot be compared.
  if (!buckets.every(({ t }) => sameColumn(t, buckets[0].t))) return undefined;
  const sorted = buckets
    .map((series) => ({ series, bound: parseGoFloat(series.labels.get('le')) ?? Number.NaN }))
    .sort((a, b) => a.bound - b.bound);
  const populated: number[] = [];
  for (let i = 0; i < samples; i++) {
    let below = 0;
    let n = 0;
    for (const { series } of sorted) {
      const cumulative = series.v[i];
      if (cumulative !== below) n++;
      below = cumulative;
    }
    populated.push(n);
  }
  return { labels, kind: 'classic', ...spread(populated), total: buckets.length };
}

function spread(values: readonly number[]): { min: number; avg: number; max: number } {
  const sum = values.reduce((total, v) => total + v, 0);
  return { min: Math.min(...values), avg: sum / values.length, max: Math.max(...values) };
}
