import type { Labels } from './labels.ts';

/** One observation behind a sample, usually with a `trace_id`. */
export interface Exemplar {
  labels: Labels;
  v: number;
  /** Milliseconds since the epoch; undefined where the exposition gave none (the sample's time is meant). */
  t: number | undefined;
}

/** OpenMetrics: label names and values of an exemplar may not exceed this many characters together. */
export const EXEMPLAR_MAX_RUNES = 128;

/** Whether its labels have more characters, as people count them, than OpenMetrics allows. Stores take no such exemplar. */
export function isExemplarTooLong({ labels: { names, values } }: Exemplar): boolean {
  // Each character is at most two units.
  let units = 0;
  for (let i = 0; i < names.length; i++) units += names[i].length + values[i].length;
  if (units <= EXEMPLAR_MAX_RUNES) return false;
  if (units > EXEMPLAR_MAX_RUNES * 2) return true;
  let runes = 0;
  for (let i = 0; i < names.length; i++) runes += [...names[i]].length + [...values[i]].length;
  return runes > EXEMPLAR_MAX_RUNES;
}
