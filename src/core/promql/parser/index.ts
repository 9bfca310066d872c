/** Reads and writes PromQL, the language of Prometheus 3.14. */
export * from './ast.ts';
export { exprToJson } from './ast-json.ts';
export { type QueryTimes, resolveDurations } from './durations.ts';
export { FUNCTIONS, type FunctionSignature } from './functions.ts';
export { parseNumber, quoteString, unquoteString } from './literals.ts';
export { parseMetric, parseMetricPrefix } from './metric-parser.ts';
export * from './options.ts';
export { parseQuery, parseSelector } from './parser.ts';
export { prettyPrint } from './prettier.ts';
export { printExpr } from './printer.ts';
export { DurationError, markedLine, PromQLSyntaxError } from './syntax-error.ts';
