/** A metric family with its samples as objects: what collectors and instruments produce, before it is written. */
import type { Exemplar } from './exemplar.ts';
import type { Histogram } from './histogram.ts';
import type { Labels } from './labels.ts';
import type { Metadata } from './metadata.ts';

export interface FamilySample {
  /** The full label set, including `__name__` with its suffix (`_total`, `_bucket`, …). */
  labels: Labels;
  v: number;
  /** Milliseconds since the epoch; undefined means the time of the collection. */
  t?: number;
  histogram?: Histogram;
  exemplar?: Exemplar;
}

export interface MetricFamily extends Metadata {
  name: string;
  samples: FamilySample[];
}
