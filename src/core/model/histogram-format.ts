/** Histograms as text: the form that messages and tables use, and the one of PromQL's test language. */

import { CounterReset, type Histogram, type Span } from './histogram.ts';
import { isCustomSchema } from './histogram-bounds.ts';
import { BoundaryRule, bucketsOf } from './histogram-buckets.ts';
import { copyHistogram } from './histogram-copy.ts';
import { compactHistogram } from './histogram-layout.ts';
import { formatG } from './number.ts';

const LEFT = { [BoundaryRule.openRight]: '[', [BoundaryRule.closedBoth]: '[' } as Record<number, string>;
const RIGHT = { [BoundaryRule.openLeft]: ']', [BoundaryRule.closedBoth]: ']' } as Record<number, string>;

/**
 * `{count:4, sum:5, (0.5,1]:1, (1,2]:3}`: the buckets that hold anything, with their bounds. Where one reaches into
 * the zero bucket, both are given as they are.
 */
export function formatHistogram(h: Histogram): string {
  const parts = [`count:${formatG(h.count)}`, `sum:${formatG(h.sum)}`];
  const { length, lower, upper, count, rule } = bucketsOf({ ...h, zeroThreshold: 0 }, false);
  for (let i = 0; i <= length; i++) {
    if (i === h.negativeBuckets.length && h.zeroCount !== 0) {
      parts.push(`[${formatG(-h.zeroThreshold)},${formatG(h.zeroThreshold)}]:${formatG(h.zeroCount)}`);
    }
    if (i === length || count[i] === 0) continue;
    const left = LEFT[rule[i]] ?? '(';
    const right = RIGHT[rule[i]] ?? ')';
    parts.push(`${left}${formatG(lower[i])},${formatG(upper[i])}${right}:${formatG(count[i])}`);
  }
  return `{${parts.join(', ')}}`;
}

/** `{{schema:1 count:4 sum:5 buckets:[1 2 1]}}`, as rule tests write it; what is zero is left out. */
export function formatTestHistogram(h: Histogram): string {
  const compact = copyHistogram(h);
  compactHistogram(compact, Number.POSITIVE_INFINITY);
  const parts: string[] = [];
  const number = (name: string, v: number) => {
    if (v !== 0) parts.push(`${name}:${formatG(v)}`);
  };
  number('schema', h.schema);
  number('count', h.count);
  number('sum', h.sum);
  number('z_bucket', h.zeroCount);
  number('z_bucket_w', h.zeroThreshold);
  if (isCustomSchema(h.schema)) parts.push(`custom_values:${list(h.customValues)}`);
  if (h.counterReset !== CounterReset.unknown) parts.push(`counter_reset_hint:${HINTS[h.counterReset]}`);
  side(parts, '', compact.positiveSpans, compact.positiveBuckets);
  side(parts, 'n_', compact.negativeSpans, compact.negativeBuckets);
  return `{{${parts.join(' ')}}}`;
}

const HINTS = ['', 'reset', 'not_reset', 'gauge'];

function side(parts: string[], prefix: string, spans: readonly Span[], buckets: Float64Array): void {
  if (spans.length > 0 && spans[0].offset !== 0) parts.push(`${prefix}offset:${spans[0].offset}`);
  if (buckets.length > 0) parts.push(`${prefix}buckets:${list(buckets)}`);
}

function list(vs: Float64Array): string {
  return `[${Array.from(vs, formatG).join(' ')}]`;
}
