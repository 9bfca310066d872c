/** Lints of rules, with data or without. */
export {
  CHECKS,
  type Check,
  type CheckId,
  type Finding,
  isCheckId,
  SEVERITIES,
  type Severity,
} from './finding.ts';
export { type LintedFile, type LintOptions, type LintReport, lintRules } from './lint.ts';
