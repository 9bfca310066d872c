/** Times and numbers as Go's JSON has them in the answers of the status pages. */
import { formatTimestamp } from '../../model/timestamp.ts';

/** RFC 3339; Go's zero time for never. */
export function timeText(ms: number): string {
  return ms === 0 ? '0001-01-01T00:00:00Z' : formatTimestamp(ms).replace(/\.000Z$/, 'Z');
}

/** A sample's value as the API writes that of an alert: `1.1e+01`. */
export function exponentText(v: number): string {
  if (Number.isNaN(v)) return 'NaN';
  if (!Number.isFinite(v)) return v > 0 ? '+Inf' : '-Inf';
  const [digits, exponent] = v.toExponential().split('e');
  const sign = exponent[0] === '-' ? '-' : '+';
  const shown = Object.is(v, -0) ? `-${digits}` : digits;
  return `${shown}e${sign}${exponent.slice(1).padStart(2, '0')}`;
}
