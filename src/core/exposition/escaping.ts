/**
 * How names that only UTF-8 can hold are written for readers of the older formats: the `escaping` parameter of
 * Prometheus' content types. A name that needs no quotes (`[a-zA-Z_:][a-zA-Z0-9_:]*`) is never changed.
 *
 * | scheme        | `my.metric x` becomes   |
 * |---------------|-------------------------|
 * | `allow-utf-8` | `my.metric x` (quoted)  |
 * | `underscores` | `my_metric_x`           |
 * | `dots`        | `my_dot_metric__x`      |
 * | `values`      | `U__my_2e_metric_20_x`  |
 *
 * A family's name is escaped by itself and `_bucket`, `_sum` or `_count` then follows as it is.
 */
import { isLegacyMetricName } from '../model/labels.ts';

export type EscapingScheme = 'allow-utf-8' | 'underscores' | 'dots' | 'values';

export const ESCAPING_SCHEMES: readonly EscapingScheme[] = ['allow-utf-8', 'underscores', 'dots', 'values'];

/** `name` (of a metric or a label) as `scheme` writes it. */
export function escapeName(name: string, scheme: EscapingScheme): string {
  if (scheme === 'allow-utf-8' || name === '' || isLegacyMetricName(name)) return name;
  let out = scheme === 'values' ? 'U__' : '';
  let first = true;
  for (const c of name) {
    if (isPlain(c, first)) out += c === '_' && scheme !== 'underscores' ? '__' : c;
    else if (scheme === 'underscores') out += '_';
    else if (scheme === 'dots') out += c === '.' ? '_dot_' : '__';
    else out += `_${c.codePointAt(0)!.toString(16)}_`;
    first = false;
  }
  return out;
}

function isPlain(c: string, first: boolean): boolean {
  return (
    (c >= 'a' && c <= 'z') ||
    (c >= 'A' && c <= 'Z') ||
    c === '_' ||
    c === ':' ||
    (c >= '0' && c <= '9' && !first)
  );
}
