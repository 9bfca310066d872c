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
