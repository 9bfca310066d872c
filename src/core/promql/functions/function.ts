/**
 * The shapes of function implementations. Most functions look at one series at a time and are given here as plain
 * functions over columns; the few that look across series (`histogram_quantile`, `label_replace`, `absent`, `sort`,
 * `info`, …) are operators of their own in promql/engine/calls.
 */
import type { Labels } from '../../model/labels.ts';
import type { Call, SourceRange } from '../parser/ast.ts';
import type { Annotations } from './annotations.ts';
import type { StepColumn } from './column.ts';
import type { RangeSamples } from './range-samples.ts';

/** Where a function was called, for annotations and for what is neither samples nor a parameter. */
export interface CallSite {
  readonly call: Call;
  readonly annotations: Annotations;
  /** The place in the query of each argument. */
  readonly argRanges: readonly SourceRange[];
  /** Evaluation time of each step, ms. */
  readonly stepTimes: Float64Array;
  /** Set before each series: its labels as selected, for annotations that name the metric. */
  labels: Labels;
  /** Which modifier the range selector has, if any: `anchored` and `smoothed` change what some functions do. */
  readonly modifier: 'anchored' | 'smoothed' | null;
  /** Whether series have their type as a label. */
  readonly typeLabels: boolean;
}

/** The scalar parameters of a call: for each scalar argument a value a step, in the order of the arguments. */
export type ScalarColumns = readonly Float64Array[];

/** Fills `out`, which arrives cleared, from one series' samples and their windows. */
export type RangeFunction = (
  samples: RangeSamples,
  scalars: ScalarColumns,
  out: StepColumn,
  site: CallSite,
) => void;

/** Fills `out`, which arrives cleared, from one series' column. */
export type VectorFunction = (
  input: StepColumn,
  scalars: ScalarColumns,
  out: StepColumn,
  site: CallSite,
) => void;

export interface RangeImplementation {
  readonly kind: 'range';
  readonly run: RangeFunction;
  /** Whether the metric name survives (`last_over_time`, `first_over_time`). */
  readonly keepsName: boolean;
}

export interface VectorImplementation {
  readonly kind: 'vector';
  readonly run: VectorFunction;
  readonly keepsName: boolean;
}

export type Implementation = RangeImplementation | VectorImplementation;

export function rangeFunction(
  run: RangeFunction,
  options: { keepsName: boolean } = { keepsName: false },
): Implementation {
  return { kind: 'range', run, keepsName: options.keepsName };
}

export function vectorFunction(
  run: VectorFunction,
  options: { keepsName: boolean } = { keepsName: false },
): Implementation {
  return { kind: 'vector', run, keepsName: options.keepsName };
}
