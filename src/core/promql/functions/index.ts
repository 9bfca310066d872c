/** The functions that map one series at a time, by name. */
import { changes, resets } from './changes.ts';
import { dateFunctions } from './dates.ts';
import { maxOverTime, minOverTime, tsOfMaxOverTime, tsOfMinOverTime } from './extremes.ts';
import type { Implementation } from './function.ts';
import { histogramFunctions } from './histogram-values.ts';
import { mathFunctions } from './math.ts';
import * as overTime from './over-time.ts';
import { delta, idelta, increase, irate, rate } from './rate.ts';
import { deriv, doubleExponentialSmoothing, predictLinear } from './regression.ts';

const IMPLEMENTATIONS: ReadonlyMap<string, Implementation> = new Map(
  Object.entries<Implementation>({
    ...mathFunctions,
    ...dateFunctions,
    ...histogramFunctions,
    avg_over_time: overTime.avgOverTime,
    changes,
    count_over_time: overTime.countOverTime,
    delta,
    deriv,
    double_exponential_smoothing: doubleExponentialSmoothing,
    first_over_time: overTime.firstOverTime,
    idelta,
    increase,
    irate,
    last_over_time: overTime.lastOverTime,
    mad_over_time: overTime.madOverTime,
    max_over_time: maxOverTime,
    min_over_time: minOverTime,
    predict_linear: predictLinear,
    present_over_time: overTime.presentOverTime,
    quantile_over_time: overTime.quantileOverTime,
    rate,
    resets,
    stddev_over_time: overTime.stddevOverTime,
    stdvar_over_time: overTime.stdvarOverTime,
    sum_over_time: overTime.sumOverTime,
    ts_of_first_over_time: overTime.tsOfFirstOverTime,
    ts_of_last_over_time: overTime.tsOfLastOverTime,
    ts_of_max_over_time: tsOfMaxOverTime,
    ts_of_min_over_time: tsOfMinOverTime,
  }),
);

/** Undefined for the functions that look across series, which promql/engine/calls builds. */
export function implementationOf(name: string): Implementation | undefined {
  return IMPLEMENTATIONS.get(name);
}
