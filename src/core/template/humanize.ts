/** Numbers as people read them: four digits and a prefix. */
import { significant } from './float-text.ts';

const LARGE = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];
const SMALL = ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y'];
const BINARY = ['ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi'];

/** `1.235M`, `1.235m`. */
export function humanize(v: number): string {
  if (v === 0 || !Number.isFinite(v)) return short(v);
  return Math.abs(v) >= 1 ? scaled(v, LARGE, 1000) : enlarged(v);
}

/** `1.5Ki`-like, with a small k. */
export function humanize1024(v: number): string {
  return Math.abs(v) <= 1 || !Number.isFinite(v) ? short(v) : scaled(v, BINARY, 1024);
}

/** `1d 2h 3m 4s` of seconds, `12.35ms`. */
export function humanizeDuration(v: number): string {
  if (!Number.isFinite(v)) return short(v);
  if (v === 0) return `${short(v)}s`;
  if (Math.abs(v) < 1) return `${enlarged(v)}s`;
  const sign = v < 0 ? '-' : '';
  const whole = int64(Math.abs(v));
  const seconds = whole % 60n;
  const minutes = (whole / 60n) % 60n;
  const hours = (whole / 3600n) % 24n;
  const days = whole / 86_400n;
  if (days !== 0n) return `${sign}${days}d ${hours}h ${minutes}m ${seconds}s`;
  if (hours !== 0n) return `${sign}${hours}h ${minutes}m ${seconds}s`;
  if (minutes !== 0n) return `${sign}${minutes}m ${seconds}s`;
  return `${sign}${short(Math.abs(v))}s`;
}

/** As Go converts on the usual processors: what does not fit becomes the least number. */
function int64(v: number): bigint {
  return v < 2 ** 63 ? BigInt(Math.trunc(v)) : -(2n ** 63n);
}

function scaled(v: number, prefixes: readonly string[], by: number): string {
  let rest = v;
  let prefix = '';
  for (const next of prefixes) {
    if (Math.abs(rest) < by) break;
    prefix = next;
    rest /= by;
  }
  return short(rest) + prefix;
}

function enlarged(v: number): string {
  let rest = v;
  let prefix = '';
  for (const next of SMALL) {
    if (Math.abs(rest) >= 1) break;
    prefix = next;
    rest *= 1000;
  }
  return short(rest) + prefix;
}

/** Go's `%.4g`. */
export function short(v: number): string {
  if (Number.isNaN(v)) return 'NaN';
  if (!Number.isFinite(v)) return v > 0 ? '+Inf' : '-Inf';
  return (v < 0 || Object.is(v, -0) ? '-' : '') + significant(Math.abs(v), 4);
}
