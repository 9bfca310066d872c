/** What of rules their unit tests exercise. */
export { type CoveragePoint, RuleCoverage } from './points.ts';
export { CoverageRecorder } from './recorder.ts';
