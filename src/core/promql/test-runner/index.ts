/** Runs scripts of the PromQL test language. */
export { load } from './load.ts';
export { type EvalFailure, type EvalOutcome, type RunOptions, runTestScript } from './runner.ts';
