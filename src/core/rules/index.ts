/** Rules: files, evaluation and unit tests. */
export { type Alert, type AlertState, type Annotations, alertSeries, alertStateSeries } from './alert.ts';
export { type Needs, RuleDependencies } from './dependencies.ts';
export { type DuplicateRule, duplicateRules } from './duplicates.ts';
export { formatRuleFile, sameMeaning } from './format.ts';
export { type RuleFailure, RuleGroup, type RuleSink } from './group.ts';
export {
  AlertingRule,
  RecordingRule,
  type Rule,
  type RuleContext,
  RuleError,
  type RuleSample,
} from './rule.ts';
export * from './rule-file.ts';
export {
  type UnitTestFailure,
  type UnitTestOptions,
  type UnitTestResult,
  UnitTestSuite,
} from './unit-test.ts';
export {
  type AlertTest,
  type ExprTest,
  parseUnitTestFile,
  type UnitTest,
  type UnitTestFile,
} from './unit-test-file.ts';
