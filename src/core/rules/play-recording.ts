/** What a recording rule writes over a stretch of times, made from the columns of one range query. */
import type { Histogram } from '../model/histogram.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import { LabelsBuilder } from '../model/labels-builder.ts';
import type { ResultSeries } from '../promql/index.ts';
import { recordingLimitError, SAME_SERIES } from './rule.ts';
import type { LabelPairs } from './rule-file.ts';
import type { RuleOutput } from './rule-output.ts';

/** Times of a range query, as the data sees them: `count` of them from `first` (ms), `stepMs` apart. */
export interface Steps {
  first: number;
  stepMs: number;
  count: number;
}

/** Told of every time at which a rule failed, and why. */
export type OnStepFailure = (step: number, reason: string) => void;

/**
 * Writes the samples of the result to `output`. At a time at which two series would be one, or at which there are more
 * than `limit` (0 for any number), nothing is written and nothing ends, as if the rule had not been evaluated.
 */
export function playRecording(
  name: string,
  ruleLabels: LabelPairs,
  result: readonly ResultSeries[],
  { first, stepMs, count }: Steps,
  limit: number,
  output: RuleOutput,
  onFailure: OnStepFailure,
): void {
  const stepOf = (t: number) => Math.round((t - first) / stepMs);
  const grouped = groupByLabels(name, ruleLabels, result);
  const failed = new Uint8Array(count);
  for (const { parts } of grouped) {
    if (parts.length < 2) continue;
    const seen = new Uint8Array(count);
    for (const { t } of parts) {
      for (let i = 0; i < t.length; i++) {
        const step = stepOf(t[i]);
        if (seen[step] === 1 && failed[step] === 0) {
          failed[step] = 1;
          onFailure(step, SAME_SERIES);
        }
        seen[step] = 1;
      }
    }
  }
  if (limit > 0) failBeyond(limit, result, stepOf, failed, onFailure);
  /** The first step from `step` on that did not fail. */
  const good = (step: number): number => {
    let at = step;
    while (at < count && failed[at] === 1) at++;
    return at;
  };
  const written = new Set<unknown>();
  for (const { labels, parts } of grouped) {
    const series = output.series(labels);
    written.add(series);
    const { t, v, histograms } = parts.length === 1 ? parts[0] : merged(parts);
    // Where the series would end if it had no more samples.
    let end = series.live ? good(0) : -1;
    for (let i = 0; i < t.length; i++) {
      const step = stepOf(t[i]);
      if (failed[step] === 1) continue;
      if (end >= 0 && end < step) series.end(first + end * stepMs);
      const histogram = histograms?.[i] ?? null;
      if (histogram === null) series.addFloat(t[i], v, i);
      else series.addHistogram(t[i], histogram);
      end = good(step + 1);
    }
    if (series.live && end >= 0 && end < count) series.end(first + end * stepMs);
  }
  const end = good(0);
  if (end === count) return;
  for (const series of output.all())
    if (series.live && !written.has(series)) series.end(first + end * stepMs);
}

interface Grouped {
  labels: Labels;
  parts: ResultSeries[];
}

function groupByLabels(name: string, ruleLabels: LabelPairs, result: readonly ResultSeries[]): Grouped[] {
  const byKey = new Map<string, Grouped>();
  const builder = new LabelsBuilder();
  for (const series of result) {
    builder.reset(series.labels).set(METRIC_NAME, name);
    for (const [label, value] of ruleLabels) builder.set(label, value);
    const labels = builder.labels();
    const key = labels.toString();
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, { labels, parts: [series] });
    else known.parts.push(series);
  }
  return [...byKey.values()];
}

function failBeyond(
  limit: number,
  result: readonly ResultSeries[],
  stepOf: (t: number) => number,
  failed: Uint8Array,
  onFailure: OnStepFailure,
): void {
  const counts = new Uint32Array(failed.length);
  for (const { t } of result) for (let i = 0; i < t.length; i++) counts[stepOf(t[i])]++;
  for (let step = 0; step < counts.length; step++) {
    if (counts[step] <= limit || failed[step] === 1) continue;
    failed[step] = 1;
    onFailure(step, recordingLimitError(limit, counts[step]));
  }
}

/** Series that are there at different times, in the order of time. */
function merged(parts: readonly ResultSeries[]): Pick<ResultSeries, 't' | 'v' | 'histograms'> {
  const rows = parts.flatMap((part) => Array.from(part.t, (time, i) => ({ time, part, i })));
  rows.sort((a, b) => a.time - b.time);
  const t = new Float64Array(rows.length);
  const v = new Float64Array(rows.length);
  const histograms: (Histogram | null)[] = [];
  for (const [at, { time, part, i }] of rows.entries()) {
    t[at] = time;
    v.set(part.v.subarray(i, i + 1), at);
    histograms.push(part.histograms?.[i] ?? null);
  }
  return { t, v, histograms };
}
