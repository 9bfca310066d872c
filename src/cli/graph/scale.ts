/** Axes: round numbers to label, and numbers and times short enough to stand beside a graph. */

/** About `count` round values that lie within [min, max]. */
export function ticks(min: number, max: number, count: number): number[] {
  if (!(max > min)) return [min];
  const rough = (max - min) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const out: number[] = [];
  // A rounding error must not cost a tick, and must not make it -0.
  const first = Math.ceil(min / step - 1e-9) + 0;
  for (let i = first; i * step <= max + step * 1e-9; i++) out.push(i * step);
  return out;
}

const PREFIXES: readonly (readonly [number, string])[] = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];

/** A value in at most seven characters: `1.5G`, `0.025`, `1.2e-7`. */
export function shortNumber(v: number): string {
  if (Number.isNaN(v)) return 'NaN';
  if (!Number.isFinite(v)) return v > 0 ? '+Inf' : '-Inf';
  const abs = Math.abs(v);
  if (abs !== 0 && (abs < 1e-3 || abs >= 1e15)) return v.toExponential(1).replace('e+', 'e');
  for (const [size, prefix] of PREFIXES) if (abs >= size) return `${trimmed(v / size)}${prefix}`;
  return trimmed(v);
}

function trimmed(v: number): string {
  const digits = Math.abs(v) >= 100 ? 0 : Math.abs(v) >= 10 ? 1 : Math.abs(v) >= 1 ? 2 : 3;
  const text = v.toFixed(digits);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** A time on an axis that spans `spanMs`: to the second, the minute or the day. Local time. */
export function shortTime(t: number, spanMs: number): string {
  const date = new Date(t);
  const two = (n: number) => String(n).padStart(2, '0');
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (spanMs <= 10 * 60_000) return `${clock}:${two(date.getSeconds())}`;
  if (spanMs <= 24 * 3_600_000) return clock;
  const day = `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return spanMs <= 7 * 24 * 3_600_000 ? `${day} ${clock}` : day;
}
