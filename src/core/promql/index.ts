/** PromQL, the language of Prometheus 3.14: parse it, run it. */
export { type Answer, answerPieces, apiErrorType, worded } from './answer-json.ts';
export {
  type EngineOptions,
  instantQuery,
  parsedInstantQuery,
  parsedRangeQuery,
  rangeQuery,
} from './engine/engine.ts';
export { QueryCanceled, QueryError, QueryTimeout, TooManySamples } from './engine/errors.ts';
export type { QueryResult, QueryStats, QueryValue, ResultSeries } from './engine/result.ts';
export { histogramJson, resultJsonPieces, writeResultJson } from './engine/result-json.ts';
export { type Annotation, formatAnnotation } from './functions/annotations.ts';
