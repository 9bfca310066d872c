/**
 * The labels `le` of classic histograms and `quantile` of summaries are numbers, which exporters spell as they like.
 * Prometheus 3 stores one spelling of each, so that `le="1"` and `le="1.0"` are one series.
 */
import { formatG, parseGoFloat } from '../model/number.ts';

/** `value` in the spelling that is stored; as it is where it is no number. */
export function canonicalBound(value: string): string {
  const v = parseGoFloat(value);
  return v === undefined ? value : formatBound(v);
}

/** A float as OpenMetrics wants it: a whole number gets `.0`. */
export function formatBound(v: number): string {
  // Negative zero becomes `0.0`, as upstream has it.
  const text = formatG(v === 0 ? 0 : v);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
