/**
 * The functions of PromQL (Prometheus 3.14) with their types, as listed in
 * https://prometheus.io/docs/prometheus/latest/querying/functions/. What they compute is promql/functions' business.
 */
import type { ValueType } from './ast.ts';

export interface FunctionSignature {
  readonly name: string;
  /** Types of the arguments; the last one stands for all that follow it in a variadic function. */
  readonly argTypes: readonly ValueType[];
  /** How many arguments at the end may be left out (n > 0: up to n), or -1: the last one any number of times. */
  readonly variadic: number;
  readonly returnType: ValueType;
  /** Refused unless the feature `promql-experimental-functions` is on. */
  readonly experimental: boolean;
}
