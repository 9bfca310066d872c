/**
 * Samples of rules that a store does not take, most often because another rule writes the same series. The rule has
 * been evaluated all the same, but it is not healthy; why, is said in Prometheus' words.
 */
import { SampleColumns } from '../model/columns.ts';
import type { Histogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import { Matcher } from '../model/matcher.ts';
import { formatG } from '../model/number.ts';
import { Outcome, type Source } from '../source/source.ts';

export interface RefusedSample {
  labels: Labels;
  /** Milliseconds since the epoch. */
  t: number;
  value: number | Histogram;
  /** A store that takes nothing out of order has bounds, too. */
  outcome: Outcome | 'outOfBounds';
}

/** Why the sample was refused; `source` knows what is there already. */
export async function reasonOf(
  { labels, t, value, outcome }: RefusedSample,
  source: Source,
): Promise<string> {
  if (outcome === Outcome.outOfOrder) return 'out of order sample';
  if (outcome === Outcome.tooOld) return 'too old sample';
  if (outcome !== Outcome.conflict) return 'out of bounds';
  // Prometheus names neither the time of histograms nor that of 1970.
  if (typeof value !== 'number' || t === 0) return 'duplicate sample for timestamp';
  const existing = await floatAt(source, labels, t);
  const overrides = `duplicate sample for timestamp ${t}; overrides not allowed: existing`;
  if (existing === undefined) return `${overrides} is a histogram, new value is ${formatG(value)}`;
  return `${overrides} ${formatG(existing)}, new value ${formatG(value)}`;
}

/** Undefined where there is no float. */
async function floatAt(source: Source, labels: Labels, t: number): Promise<number | undefined> {
  const matchers = [...labels].map(([name, value]) => new Matcher('=', name, value));
  const set = await source.select(matchers, { mint: t, maxt: t });
  for (let i = 0; i < set.length; i++) {
    if (!set.labels(i).equals(labels)) continue;
    const columns = new SampleColumns();
    set.read(i, columns);
    const row = columns.t.subarray(0, columns.length).indexOf(t);
    if (row >= 0 && (columns.histograms?.[row] ?? null) === null) return columns.v[row];
  }
  return undefined;
}
