/** Rules: files, evaluation and unit tests. */
export { type Alert, type AlertState, type Annotations, alertSeries, alertStateSeries } from './alert.ts';
export { type BackfillOptions, type BackfillResult, backfill } from './backfill.ts';
export {
  type AlertComparison,
  type AlertRecord,
  type AlertReport,
  type BacktestOptions,
  type BacktestResult,
  backtest,
  compareBacktests,
  type Interval,
} from './backtest.ts';
export { type Needs, RuleDependencies } from './dependencies.ts';
export { type DuplicateRule, duplicateRules } from './duplicates.ts';
export { formatRuleFile, sameMeaning } from './format.ts';
export {
  type ContextMaker,
  type RuleFailure,
  RuleGroup,
  type RuleHealth,
  type RuleSink,
  type RuleStatus,
} from './group.ts';
export { GroupLoop, type GroupStats } from './group-loop.ts';
export { groupPhaseMs } from './group-phase.ts';
export {
  type HistoryAlerts,
  type HistoryFailure,
  type HistoryOptions,
  type HistorySink,
  RuleHistory,
} from './history.ts';
export { RuleManager, type RuleManagerOptions, type RuleSettings } from './manager.ts';
export { orderRules, type PlacedRule, placeRules, type RuleOrder, type RuleUnit } from './order.ts';
export { DEFAULT_RESTORE, type RestoreOptions } from './restore.ts';
export {
  AlertingRule,
  RecordingRule,
  type Rule,
  type RuleContext,
  RuleError,
  type RuleEvaluation,
  type RuleSample,
} from './rule.ts';
export * from './rule-file.ts';
export { ruleFamilies } from './rule-metrics.ts';
export type { SentAlert } from './sent-alert.ts';
export {
  type CoverageObserver,
  type UnitTestOptions,
  type UnitTestResult,
  UnitTestSuite,
} from './unit-test.ts';
export type { UnitTestFailure } from './unit-test-failure.ts';
export {
  type AlertTest,
  type ExprTest,
  parseUnitTestFile,
  type UnitTest,
  type UnitTestFile,
} from './unit-test-file.ts';
