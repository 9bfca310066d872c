/**
 * How names that only UTF-8 can hold are written where the legacy scheme is demanded: the `escaping` parameter of
 * Prometheus' content types, and label names in URLs.
 * Specified in https://prometheus.io/docs/instrumenting/escaping_schemes/
 *
 * | scheme        | `my.metric_1 x` becomes   |
 * |---------------|---------------------------|
 * | `allow-utf-8` | `my.metric_1 x`           |
 * | `underscores` | `my_metric_1_x`           |
 * | `dots`        | `my_dot_metric__1__x`     |
 * | `values`      | `U__my_2e_metric__1_20_x` |
 */
import { isLegacyMetricName } from './names.ts';

export type EscapingScheme = 'allow-utf-8' | 'underscores' | 'dots' | 'values';

export const ESCAPING_SCHEMES: readonly EscapingScheme[] = ['allow-utf-8', 'underscores', 'dots', 'values'];

/**
 * The name of a metric or label as `scheme` writes it. A legacy name stays as it is, except that `dots` doubles
 * its underscores; expositions leave legacy names alone in every scheme (`escapeExposedName`).
 */
export function escapeName(name: string, scheme: EscapingScheme): string {
  if (scheme === 'allow-utf-8' || name === '') return name;
  if (scheme !== 'dots' && isLegacyMetricName(name)) return name;
  let out = scheme === 'values' ? 'U__' : '';
  let first = true;
  for (const c of name) {
    if (isLegacyCharacter(c, first)) out += c === '_' && scheme !== 'underscores' ? '__' : c;
    else if (scheme === 'underscores') out += '_';
    else if (scheme === 'dots') out += c === '.' ? '_dot_' : '__';
    else out += `_${hexOf(c)}_`;
    first = false;
  }
  return out;
}

/** As `escapeName`, but never changes a legacy name: what expositions do. */
export function escapeExposedName(name: string, scheme: EscapingScheme): string {
  return isLegacyMetricName(name) ? name : escapeName(name, scheme);
}

/**
 * What was escaped, as far as the scheme tells (`underscores` does not; `dots` takes any other character for an
 * underscore). A name that the scheme cannot have written is returned as it is.
 */
export function unescapeName(name: string, scheme: EscapingScheme): string {
  if (scheme === 'dots') return name.replaceAll('_dot_', '.').replaceAll('__', '_');
  if (scheme !== 'values' || !name.startsWith('U__')) return name;
  const escaped = name.slice(3);
  if (!/^(?:[^_]|__|_[\da-f]{1,6}_)*$/i.test(escaped)) return name;
  let valid = true;
  const plain = escaped.replace(/__|_([\da-f]{1,6})_/gi, (_, hex: string | undefined) => {
    if (hex === undefined) return '_';
    const rune = Number.parseInt(hex, 16);
    if (rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff)) {
      valid = false;
      return '';
    }
    return String.fromCodePoint(rune);
  });
  return valid ? plain : name;
}

function isLegacyCharacter(c: string, first: boolean): boolean {
  return first ? /^[a-zA-Z_:]$/.test(c) : /^[a-zA-Z0-9_:]$/.test(c);
}

function hexOf(c: string): string {
  const rune = c.codePointAt(0)!;
  return rune >= 0xd800 && rune <= 0xdfff ? 'FFFD' : rune.toString(16);
}
