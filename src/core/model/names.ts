/**
 * Which metric and label names are valid. Prometheus 3 takes any UTF-8 by default; the legacy scheme is what
 * needs no quotes in PromQL and the exposition formats.
 */

/** `metric_name_validation_scheme` of Prometheus' configuration. */
export type ValidationScheme = 'utf8' | 'legacy';

/** `[a-zA-Z_:][a-zA-Z0-9_:]*`: what needs no quotes as a metric name. */
export function isLegacyMetricName(name: string): boolean {
  return /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name);
}

/** `[a-zA-Z_][a-zA-Z0-9_]*`: what needs no quotes as a label name. */
export function isLegacyLabelName(name: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name);
}

export function isValidMetricName(name: string, scheme: ValidationScheme = 'utf8'): boolean {
  return scheme === 'legacy' ? isLegacyMetricName(name) : name !== '' && isValidUtf8(name);
}

export function isValidLabelName(name: string, scheme: ValidationScheme = 'utf8'): boolean {
  return scheme === 'legacy' ? isLegacyLabelName(name) : name !== '' && isValidUtf8(name);
}

/** Whether `text` can be written as UTF-8: it has no surrogate without its partner. Values must be so too. */
export function isValidUtf8(text: string): boolean {
  return text.isWellFormed();
}
