/**
 * The functions of PromQL (Prometheus 3.14) with their types, as listed in
 * https://prometheus.io/docs/prometheus/latest/querying/functions/. What they compute is promql/functions' business.
 */
/** `vector` is an instant vector, `matrix` a range vector. */
export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string';

export interface FunctionSignature {
  readonly name: string;
  /** Types of the arguments; the last one stands for all that follow it in a variadic function. */
  readonly argTypes: readonly ValueType[];
  /**
   * 0: exactly the arguments of `argTypes`. Otherwise the last one may be left out, and may be given up to
   * `variadic` times, or any number of times where it is -1.
   */
  readonly variadic: number;
  readonly returnType: ValueType;
  /** Refused unless the feature `promql-experimental-functions` is on. */
  readonly experimental: boolean;
}

const signatures = new Map<string, FunctionSignature>();

/** All functions by name. Names are case-sensitive. */
export const FUNCTIONS: ReadonlyMap<string, FunctionSignature> = signatures;

function define(
  names: readonly string[],
  argTypes: readonly ValueType[],
  returnType: ValueType,
  { variadic = 0, experimental = false } = {},
): void {
  for (const name of names) signatures.set(name, { name, argTypes, variadic, returnType, experimental });
}

const EXPERIMENTAL = { experimental: true };

// An instant vector, element by element.
define(
  ['abs', 'ceil', 'exp', 'floor', 'ln', 'log10', 'log2', 'sgn', 'sqrt', 'timestamp', 'deg', 'rad'],
  ['vector'],
  'vector',
);
define(['sin', 'cos', 'tan', 'asin', 'acos', 'atan'], ['vector'], 'vector');
define(['sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh'], ['vector'], 'vector');
define(['start_timestamp'], ['vector'], 'vector', EXPERIMENTAL);
define(['clamp'], ['vector', 'scalar', 'scalar'], 'vector');
define(['clamp_max', 'clamp_min'], ['vector', 'scalar'], 'vector');
define(['round'], ['vector', 'scalar'], 'vector', { variadic: 1 });

// An instant vector as a whole.
define(['absent', 'sort', 'sort_desc'], ['vector'], 'vector');
define(['sort_by_label', 'sort_by_label_desc'], ['vector', 'string'], 'vector', {
  variadic: -1,
  experimental: true,
});
define(['label_replace'], ['vector', 'string', 'string', 'string', 'string'], 'vector');
define(['label_join'], ['vector', 'string', 'string', 'string'], 'vector', { variadic: -1 });
define(['info'], ['vector', 'vector'], 'vector', { variadic: 1, experimental: true });
define(['scalar'], ['vector'], 'scalar');

// Histograms.
define(
  ['histogram_avg', 'histogram_count', 'histogram_sum', 'histogram_stddev', 'histogram_stdvar'],
  ['vector'],
  'vector',
);
define(['histogram_quantile'], ['scalar', 'vector'], 'vector');
define(['histogram_fraction'], ['scalar', 'scalar', 'vector'], 'vector');
define(['histogram_quantiles'], ['vector', 'string', 'scalar', 'scalar'], 'vector', {
  variadic: 9,
  experimental: true,
});

// Range vectors.
define(['rate', 'irate', 'increase', 'delta', 'idelta', 'changes', 'resets', 'deriv'], ['matrix'], 'vector');
define(['predict_linear'], ['matrix', 'scalar'], 'vector');
define(['double_exponential_smoothing'], ['matrix', 'scalar', 'scalar'], 'vector', EXPERIMENTAL);
define(
  [
    'avg_over_time',
    'count_over_time',
    'max_over_time',
    'min_over_time',
    'stddev_over_time',
    'stdvar_over_time',
  ],
  ['matrix'],
  'vector',
);
define(
  ['sum_over_time', 'first_over_time', 'last_over_time', 'present_over_time', 'absent_over_time'],
  ['matrix'],
  'vector',
);
define(['quantile_over_time'], ['scalar', 'matrix'], 'vector');
define(
  ['mad_over_time', 'ts_of_first_over_time', 'ts_of_last_over_time'],
  ['matrix'],
  'vector',
  EXPERIMENTAL,
);
define(['ts_of_max_over_time', 'ts_of_min_over_time'], ['matrix'], 'vector', EXPERIMENTAL);

// Dates: of the vector's values, or of the evaluation time.
define(
  ['day_of_month', 'day_of_week', 'day_of_year', 'days_in_month', 'hour', 'minute', 'month', 'year'],
  ['vector'],
  'vector',
  { variadic: 1 },
);

// Scalars.
define(['pi', 'time'], [], 'scalar');
define(['vector'], ['scalar'], 'vector');
define(['start', 'end', 'step', 'range'], [], 'scalar', EXPERIMENTAL);
define(['min_of', 'max_of'], ['scalar', 'scalar'], 'scalar', EXPERIMENTAL);
