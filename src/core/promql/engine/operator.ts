/**
 * Operators: what a query's tree is compiled to. An instant-vector operator first says which series it will return
 * (`prepare`, which waits for the sources), and then evaluates one of them at a time over all steps.
 *
 * Protocol: `prepare` once; then `series` is fixed; then `evaluate(i, out)` for the series wanted, each at most once,
 * in any order. A series whose column turns out to be wholly absent is not part of the result.
 */
import type { Labels } from '../../model/labels.ts';
import type { StepColumn } from '../functions/column.ts';
import type { RangeSamples } from '../functions/range-samples.ts';

export interface SeriesMeta {
  readonly labels: Labels;
  /** With delayed name removal: the metric name is still there and goes at the end. */
  readonly dropName: boolean;
}

export interface VectorOperator {
  readonly kind: 'vector';
  prepare(): Promise<void>;
  readonly series: readonly SeriesMeta[];
  /** Overwrites `out`, which has as many steps as the grid that the operator was built for. */
  evaluate(i: number, out: StepColumn): void;
  /** In place of `evaluate`, where the operator knows that the series has few floats and nothing else; or null. */
  fewPoints?(i: number): FewPoints | null;
}

/** Floats at the first `length` of `steps`, which ascend. The operator's own, valid until it is asked again. */
export interface FewPoints {
  length: number;
  readonly steps: Int32Array;
  readonly v: Float64Array;
}

export interface ScalarOperator {
  readonly kind: 'scalar';
  prepare(): Promise<void>;
  /** A value for every step; the array belongs to the operator. */
  values(): Float64Array;
}

/** A selector with a window or a subquery: only ever the argument of a function. */
export interface RangeOperator {
  readonly kind: 'range';
  prepare(): Promise<void>;
  readonly series: readonly SeriesMeta[];
  /** Length of the window, ms. */
  readonly windowMs: number;
  /** Steps of the grid that the operator was built for. */
  readonly steps: number;
  /** The samples of series `i` with the windows of all steps; valid until the next call. */
  read(i: number): RangeSamples;
}

export interface StringOperator {
  readonly kind: 'string';
  readonly value: string;
}

export type Operator = VectorOperator | ScalarOperator | RangeOperator | StringOperator;
