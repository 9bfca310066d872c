/** An export request as it is read: what the decoders tell, in this order, and to whom. */
import type { Attributes, DataPoint } from './data-point.ts';

export type MetricKind = 'gauge' | 'sum' | 'histogram' | 'exponential' | 'summary';

/** Numbers as in the messages. */
export const Temporality = { unspecified: 0, delta: 1, cumulative: 2 } as const;

export interface MetricHead {
  name: string;
  description: string;
  unit: string;
  /** Undefined where the metric has no data that is known here. */
  kind: MetricKind | undefined;
  /** Of sums and histograms. */
  temporality: number;
  /** Of sums. */
  isMonotonic: boolean;
  pointCount: number;
}

export interface Scope {
  name: string;
  version: string;
  schemaUrl: string;
  attributes: Attributes;
}

/** What is given may be filled anew when the call has returned. */
export interface RequestReader {
  /** Of what follows until `endResource`. */
  resource(attributes: Attributes): void;
  scope(scope: Scope): void;
  metric(head: MetricHead): void;
  /** Of the metric before. */
  point(point: DataPoint): void;
  endResource(): void;
}

/** So many points are read before others have a turn. */
export const TURN_POINTS = 1000;

/** Values nest as deep as their sender likes; this is deeper than any that means something. */
export const MAX_VALUE_DEPTH = 100;
