/** PromQL, the language of Prometheus 3.14: parse it, run it. */
export { type EngineOptions, instantQuery, parsedInstantQuery, rangeQuery } from './engine/engine.ts';
export { QueryCanceled, QueryError, QueryTimeout, TooManySamples } from './engine/errors.ts';
export type { QueryResult, QueryStats, QueryValue, ResultSeries } from './engine/result.ts';
export { histogramJson, writeResultJson } from './engine/result-json.ts';
export { type Annotation, formatAnnotation } from './functions/annotations.ts';
