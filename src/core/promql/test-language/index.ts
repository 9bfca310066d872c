/** The PromQL test language, and the series notation that rule unit tests share with it. */
export { parseTestScript, type TestScriptOptions } from './parser.ts';
export * from './script.ts';
export { Sequence } from './sequence.ts';
export { parseSeriesNotation, parseSeriesValues, type SeriesNotation } from './series-notation.ts';
