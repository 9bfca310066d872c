/** Runs scripts of the PromQL test language. */
export { type EvalFailure, type EvalOutcome, type RunOptions, runTestScript } from './runner.ts';
